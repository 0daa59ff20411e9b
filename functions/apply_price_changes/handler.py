"""Prices queue (from the bus) → rule ledger and the rows where rules stand."""

from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.contracts.prices import PriceRulesChanged
from crossdock.exceptions.store import ExceptionsStore
from crossdock.flows.bus_events import take
from crossdock.identity.references import References
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume
from crossdock.platform.dynamo import Table
from crossdock.platform.facts import UNREADABLE, Came, counted
from crossdock.platform.logs import passed
from crossdock.platform.queues import Record
from crossdock.platform.startup import warm
from crossdock.pricing.applying import apply_price_rules
from crossdock.pricing.store import PricingStore


@dataclass(frozen=True, slots=True)
class Env:
    pricing_table: str
    identity_table: str
    exceptions_table: str


@dataclass(frozen=True, slots=True)
class App:
    pricing: PricingStore
    references: References
    exceptions: ExceptionsStore
    time_zone: str


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    return App(
        PricingStore(Table(client, values.pricing_table), system_clock),
        References(Table(client, values.identity_table)),
        ExceptionsStore(Table(client, values.exceptions_table), system_clock),
        config.load().time_zone,
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, counted("prices", system_clock, apply), app().exceptions.settle)


def apply(record: Record) -> Came:
    """Applies one `pricing.rules.changed.v1` event."""
    refuse = app().exceptions.refuse
    taken = take(record, "prices", PriceRulesChanged, refuse)
    if taken is None:
        return UNREADABLE
    changed = taken.data
    stores = (app().pricing, app().references.skus, refuse)
    result = apply_price_rules(*stores, changed.source, changed.prices, taken.message, app().time_zone)
    passed(
        "applied",
        "price rules",
        [taken.correlation_id],
        current=result.current,
        superseded=result.superseded,
        duplicates=result.duplicates,
        drafts=result.drafts,
        refused=result.refused,
    )
    return Came(result.current + result.drafts, result.refused, result.duplicates)
