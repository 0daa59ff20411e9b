"""Webhooks queue → what a kept delivery says, sent on: for large ones, thin ones, and those not mapped at first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crossdock import config
from crossdock.contracts.fetching import FetchUnavailableError
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange import backoff
from crossdock.exchange.inbox import Inbox
from crossdock.flows.forwarding import Forwarding
from crossdock.flows.mapping_deliveries import DeliveryMapper
from crossdock.platform import clients, deadline, env
from crossdock.platform.bus import Bus
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.metrics import happened
from crossdock.platform.objects import Bucket
from crossdock.platform.outbound import Http
from crossdock.platform.queues import Record, Sender, hide
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Env:
    bodies_bucket: str
    event_bus_name: str
    exceptions_table: str
    exchange_table: str
    movements_queue_url: str
    source_secret_prefix: str
    stage: str
    webhooks_queue_url: str
    retry_cap_seconds: str = "900"


@dataclass(frozen=True, slots=True)
class App:
    mapper: DeliveryMapper
    exceptions: ExceptionsStore
    sqs: "SQSClient"
    queue_url: str
    retry_cap_s: int


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    local = values.stage == "local"
    secrets = Secrets(clients.secrets(), values.source_secret_prefix, max_age=2 if local else 60)
    exceptions = ExceptionsStore(Table(client, values.exceptions_table), system_clock)
    mapper = DeliveryMapper(
        business=config.load(),
        inbox=Inbox(Table(client, values.exchange_table), system_clock, Bucket(clients.s3, values.bodies_bucket)),
        forwarding=Forwarding(
            Sender(clients.sqs(), values.movements_queue_url),
            Bus(clients.events(), values.event_bus_name),
            system_clock,
        ),
        refuse=exceptions.refuse,
        secret=lambda source, remedy: secrets.get(source, remedy, needs="api"),
        get=Http(allow_plain=local).get,
    )
    return App(mapper, exceptions, clients.sqs(), values.webhooks_queue_url, int(values.retry_cap_seconds))


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, map_all, app().exceptions.settle)


def map_all(records: Sequence[Record]) -> Iterable[str]:
    """Maps each delivery; gives back the records whose source has to be asked again, after spacing them out."""
    failed: Counter[str] = Counter()
    again = [record.id for record in records if not _mapped(record, failed)]
    for source, parts in failed.items():
        happened(("MappingFailed", parts, "Count"), source=source)
    return again


def _mapped(record: Record, failed: Counter[str]) -> bool:
    try:
        failed.update(app().mapper.map(record))
    except FetchUnavailableError as exc:
        seconds = backoff.delay_seconds(record.receive_count, app().retry_cap_s)
        hide(app().sqs, app().queue_url, record, seconds)
        cause = str((record.message or {}).get("correlation_id", "unknown"))
        passed("waits", "webhook", [cause], reason=str(exc), seconds=seconds)
        return False
    return True
