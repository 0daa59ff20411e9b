"""Queue of cells → prices of each class, computed where a change can have moved them and written where they did."""

from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exceptions.unreadable import unreadable
from crossdock.flows.price_publication import Publication
from crossdock.flows.price_reading import BuyerOf, reading
from crossdock.flows.price_windows import expecting
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume, one_by_one
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.queues import Record, Sender, dumps
from crossdock.platform.schedules import Schedules
from crossdock.platform.startup import warm
from crossdock.pricing import cell_messages
from crossdock.pricing.candidates import Candidates
from crossdock.pricing.cell_store import CellStore
from crossdock.pricing.publishing import Publisher
from crossdock.pricing.settings import Settings

QUEUE = "price-cells"


@dataclass(frozen=True, slots=True)
class Env:
    pricing_table: str
    exceptions_table: str
    price_cells_queue_url: str
    price_cells_queue_arn: str
    price_schedule_group: str
    price_schedule_role_arn: str


@dataclass(frozen=True, slots=True)
class App:
    publication: Publication
    exceptions: ExceptionsStore


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    table, queue = Table(client, values.pricing_table), Sender(clients.sqs(), values.price_cells_queue_url)
    schedules = Schedules(
        clients.scheduler(), values.price_schedule_group, values.price_cells_queue_arn, values.price_schedule_role_arn
    )
    store, candidates = CellStore(table), Candidates(table, system_clock)
    settings = Settings.read(business.pricing.settings)
    publisher = Publisher(store, reading(candidates), expecting(store, schedules, system_clock), settings, system_clock)
    return App(
        Publication(
            store,
            publisher,
            BuyerOf(business.price_classes, candidates, system_clock),
            lambda messages: queue.send([dumps(m) for m in messages]),
            system_clock,
        ),
        ExceptionsStore(Table(client, values.exceptions_table), system_clock),
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, one_by_one(publish), app().exceptions.settle)


def publish(record: Record) -> None:
    """Does what one message asks for."""
    try:
        asked = cell_messages.read(record.message)
    except ValueError as exc:
        app().exceptions.refuse([unreadable(QUEUE, record, exc)])
        return
    done = app().publication.do(asked)
    if done is not None:
        causes = record.message.get("correlation_ids", []) if record.message else []
        passed(
            "published",
            "prices",
            causes,
            computed=len(done.computed),
            pruned=len(done.pruned),
            written=len(done.written),
            changed=len(done.changed),
        )
