"""Customers queue (from the bus) → what prices depend on of each customer."""

from dataclasses import dataclass
from typing import Any

from crossdock.contracts.price_customers import PriceCustomersChanged
from crossdock.exceptions.store import ExceptionsStore
from crossdock.flows.bus_events import take
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume
from crossdock.platform.dynamo import Table
from crossdock.platform.facts import UNREADABLE, Came, counted
from crossdock.platform.logs import passed
from crossdock.platform.queues import Record
from crossdock.platform.startup import warm
from crossdock.pricing.customer_rows import CustomerRows
from crossdock.pricing.customers import ROUTE, apply_customers
from crossdock.pricing.profiles import Profiles


@dataclass(frozen=True, slots=True)
class Env:
    pricing_table: str
    exceptions_table: str


@dataclass(frozen=True, slots=True)
class App:
    profiles: Profiles
    rows: CustomerRows
    exceptions: ExceptionsStore


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    pricing = Table(client, values.pricing_table)
    exceptions = ExceptionsStore(Table(client, values.exceptions_table), system_clock)
    return App(Profiles(pricing), CustomerRows(pricing), exceptions)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, counted("prices", system_clock, apply), app().exceptions.settle)


def apply(record: Record) -> Came:
    """Applies one `pricing.customers.changed.v1` event."""
    refuse = app().exceptions.refuse
    taken = take(record, ROUTE, PriceCustomersChanged, refuse)
    if taken is None:
        return UNREADABLE
    changed = taken.data
    stores = (app().profiles, app().rows.known, refuse)
    result = apply_customers(*stores, changed.source, changed.customers, taken.message)
    passed(
        "applied",
        "price customers",
        [taken.correlation_id],
        current=result.current,
        superseded=result.superseded,
        duplicates=result.duplicates,
        refused=result.refused,
    )
    return Came(result.current, result.refused, result.duplicates)
