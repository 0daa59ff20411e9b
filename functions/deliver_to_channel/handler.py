"""A channel's queue → the channel: current values, until it acknowledges."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crossdock import config
from crossdock.connectors import channel_connector
from crossdock.contracts.deliveries import Answer, Batch
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exceptions.unreadable import unreadable
from crossdock.exchange import backoff, dirty
from crossdock.exchange.delivery import Dirty, Teller, Told
from crossdock.exchange.pending import PendingStore
from crossdock.exchange.refused import rejections
from crossdock.exchange.shadow import ShadowStore
from crossdock.flows.channel_targets import Reach
from crossdock.flows.channel_views import publication
from crossdock.flows.current_values import reader
from crossdock.identity.references import References
from crossdock.inventory.standing_store import StandingStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import from_text, system_clock
from crossdock.platform.consuming import consume
from crossdock.platform.drops import Drops
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.metrics import measured
from crossdock.platform.outbound import Http
from crossdock.platform.queues import Record, hide
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm
from crossdock.pricing.cell_store import CellStore

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    pricing_table: str
    exchange_table: str
    exceptions_table: str
    identity_table: str
    channel_secret_prefix: str
    channel_queue_urls: str
    stage: str
    drops_bucket: str = ""
    retry_cap_seconds: str = "900"


@dataclass(frozen=True, slots=True)
class App:
    standings: StandingStore
    cells: CellStore
    pending: PendingStore
    shadow: ShadowStore
    exceptions: ExceptionsStore
    reach: Reach
    sqs: "SQSClient"
    queue_urls: dict[str, str]
    business: config.BusinessConfig
    retry_cap_s: int
    queue_prefix: str


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    local = values.stage == "local"
    return App(
        standings=StandingStore(Table(client, values.inventory_table)),
        cells=CellStore(Table(client, values.pricing_table)),
        pending=PendingStore(Table(client, values.exchange_table)),
        shadow=ShadowStore(Table(client, values.exchange_table), system_clock),
        exceptions=ExceptionsStore(Table(client, values.exceptions_table), system_clock),
        reach=_reach(values, Table(client, values.identity_table), local=local),
        sqs=clients.sqs(),
        queue_urls=json.loads(values.channel_queue_urls),
        business=config.load(),
        retry_cap_s=int(values.retry_cap_seconds),
        queue_prefix=f"crossdock-{values.stage}-",
    )


def _reach(values: Env, identity: Table, *, local: bool) -> Reach:
    return Reach(
        secrets=Secrets(clients.secrets(), values.channel_secret_prefix, max_age=2 if local else 60),
        references=References(identity),
        store=Drops(clients.s3, values.drops_bucket).write,
        http=Http(allow_plain=local),
        clock=system_clock,
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, tell, app().exceptions.settle)


@dataclass(slots=True)
class _Work:
    """The marks of one channel, kind and segment, and the records they came in: they are delivered together."""

    marks: list[Dirty]
    records: list[tuple[Record, set[str]]]


def tell(records: Sequence[Record]) -> Iterable[str]:
    """Tells the channel what is dirty; gives back the records with items that must wait, after spacing them out."""
    work: dict[tuple[str, str, str], _Work] = {}
    for record in records:
        try:
            channel, by_kind = dirty.read(record.message)
            if channel not in app().business.channels:
                raise ValueError(f"channel: {channel!r} is not in the configuration")  # noqa: TRY301
        except ValueError as exc:
            app().exceptions.refuse([unreadable(record.queue.removeprefix(app().queue_prefix), record, exc)])
            continue
        for kind, marks in by_kind.items():
            item = work.setdefault((channel, kind, dirty.segment(record.message)), _Work([], []))
            item.marks += marks
            item.records.append((record, {m.key for m in marks}))
    again: dict[str, Record] = {}
    for (channel, kind, _), item in work.items():
        told = _tell(channel, kind, item)
        again |= {r.id: r for r, keys in item.records if keys & told.waiting.keys()}
    for record in again.values():
        _space_out(record)
    _settle([r for item in work.values() for r, _ in item.records if r.id not in again])
    return list(again)


def _settle(records: Sequence[Record]) -> None:
    """Notes that what these records asked for is done, and how long after each change it was."""
    announced = {r.id: found for r in records if (found := dirty.announced(r.message))}
    app().pending.settle([a.row for a in announced.values()])
    for one in announced.values():
        lag = max(0, int((system_clock() - from_text(one.since)).total_seconds()))
        measured("PriceLag", lag, "Seconds", price_class=one.price_class)


def _tell(channel: str, kind: str, work: _Work) -> Told:
    settings = app().business.channels[channel]
    read_current = reader(kind, settings, app().standings, app().cells, system_clock)
    teller = Teller(
        app().shadow, read_current, lambda batch: _deliver(settings, batch), system_clock, publication(settings)
    )
    told = teller.tell(channel, kind, work.marks, settings.max_batch)
    causes = {m.key: m.correlation_ids[0] for m in work.marks if m.correlation_ids}
    for record, keys in work.records:
        rejected = {k: why for k, why in told.rejected.items() if k in keys}
        if rejected:
            app().exceptions.refuse(rejections(channel, kind, rejected, causes, record.replay))
    passed(
        "acknowledged" if told.acknowledged else "told",
        f"{kind} to {channel}",
        {c for m in work.marks for c in m.correlation_ids},
        channel=channel,
        kind=kind,
        acknowledged=len(told.acknowledged),
        unchanged=len(told.unchanged),
        held_back=len(told.held_back),
        rejected=len(told.rejected),
        waiting=len(told.waiting),
        reason=next(iter(told.waiting.values()), None),
    )
    return told


def _deliver(channel: config.Channel, batch: Batch) -> Answer:
    connector = channel_connector(channel.connector)
    return connector.deliver(batch, app().reach.target(channel, connector.NEEDS))


def _space_out(record: Record) -> None:
    """Hides a record longer each time it comes."""
    url = app().queue_urls.get(dirty.read(record.message)[0])
    if url:
        hide(app().sqs, url, record, backoff.delay_seconds(record.receive_count, app().retry_cap_s))
