"""Supply queue (from the bus) → the lines of expected supply."""

from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.contracts.supply import SupplyReported
from crossdock.exceptions.store import ExceptionsStore
from crossdock.flows.bus_events import take
from crossdock.identity.items import Items
from crossdock.identity.references import References
from crossdock.inventory.supply_store import SupplyStore
from crossdock.inventory.supplying import ROUTE, SupplyKeeper
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
    keeper: SupplyKeeper
    exceptions: ExceptionsStore


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    exceptions = ExceptionsStore(Table(client, values.exceptions_table), system_clock)
    keeper = SupplyKeeper(
        store=SupplyStore(Table(client, values.inventory_table), system_clock),
        resolve=References(Table(client, values.identity_table)).skus,
        profiles=Items(Table(client, values.identity_table)).profiles,
        refuse=exceptions.refuse,
        owners={w.id: w.source for w in business.warehouses.values()},
        suppliers=frozenset(s.name for s in business.sources.values() if s.supply),
    )
    return App(keeper, exceptions)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, counted("supply", system_clock, keep), app().exceptions.settle)


def keep(record: Record) -> Came:
    """Keeps the statements of one `inventory.supply.reported.v1` event."""
    taken = take(record, ROUTE, SupplyReported, app().exceptions.refuse)
    if taken is None:
        return UNREADABLE
    done = app().keeper.keep(taken.data.source, taken.data.supply, taken.message)
    passed(
        "applied",
        "expected supply",
        [taken.correlation_id],
        kept=done.kept,
        superseded=done.superseded,
        duplicates=done.duplicates,
        refused=done.refused,
    )
    return Came(done.kept, done.refused, done.duplicates)
