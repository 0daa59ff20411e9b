"""Counts queue (from the bus) → the newest count of each item."""

from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.contracts.counts import CountsReported
from crossdock.exceptions.store import ExceptionsStore
from crossdock.flows.bus_events import take
from crossdock.identity.items import Items
from crossdock.identity.references import References
from crossdock.inventory.counting import CountKeeper
from crossdock.inventory.store import InventoryStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume
from crossdock.platform.dynamo import Table
from crossdock.platform.facts import UNREADABLE, Came, counted
from crossdock.platform.logs import passed
from crossdock.platform.queues import Record
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    identity_table: str
    exceptions_table: str


@dataclass(frozen=True, slots=True)
class App:
    keeper: CountKeeper
    exceptions: ExceptionsStore


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    exceptions = ExceptionsStore(Table(client, values.exceptions_table), system_clock)
    keeper = CountKeeper(
        store=InventoryStore(Table(client, values.inventory_table), system_clock),
        resolve=References(Table(client, values.identity_table)).skus,
        refuse=exceptions.refuse,
        owners={w.id: w.source for w in business.warehouses.values()},
        profiles=Items(Table(client, values.identity_table)).profiles,
        observers={w.id: w.observers for w in business.warehouses.values()},
    )
    return App(keeper, exceptions)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, counted("counts", system_clock, keep), app().exceptions.settle)


def keep(record: Record) -> Came:
    """Keeps the counts of one `inventory.counts.reported.v1` event."""
    taken = take(record, "counts", CountsReported, app().exceptions.refuse)
    if taken is None:
        return UNREADABLE
    kept, refused = app().keeper.keep(taken.data.source, taken.data.report, taken.message)
    passed("counted", "stock counts", [taken.correlation_id], kept=kept, refused=refused)
    return Came(kept, refused)
