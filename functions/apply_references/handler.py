"""References queue (from the bus) → cross-references, both ways, and what is known of items."""

from dataclasses import dataclass
from typing import Any

from crossdock.contracts.references import ReferencesDeclared
from crossdock.exceptions.store import ExceptionsStore
from crossdock.flows.bus_events import take
from crossdock.flows.item_facts import tell_prices
from crossdock.identity.declaring import declare_items
from crossdock.identity.items import Items
from crossdock.identity.references import References
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume
from crossdock.platform.dynamo import Table
from crossdock.platform.facts import UNREADABLE, Came, counted
from crossdock.platform.logs import passed
from crossdock.platform.queues import Record
from crossdock.platform.startup import warm
from crossdock.pricing.profiles import Profiles


@dataclass(frozen=True, slots=True)
class Env:
    identity_table: str
    exceptions_table: str
    pricing_table: str


@dataclass(frozen=True, slots=True)
class App:
    references: References
    profiles: Items
    exceptions: ExceptionsStore
    prices: Profiles


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    return App(
        References(Table(client, values.identity_table)),
        Items(Table(client, values.identity_table)),
        ExceptionsStore(Table(client, values.exceptions_table), system_clock),
        Profiles(Table(client, values.pricing_table)),
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, counted("references", system_clock, declare), app().exceptions.settle)


def declare(record: Record) -> Came:
    """Keeps the references and profiles of one `identity.references.declared.v1` event."""
    refuse = app().exceptions.refuse
    taken = take(record, "references", ReferencesDeclared, refuse)
    if taken is None:
        return UNREADABLE
    done = declare_items(app().references, app().profiles, refuse, taken.data.items, taken.message)
    profiled = [i.sku for i in taken.data.items if i.profile is not None]
    tell_prices(app().profiles.profiles, app().prices, profiled, taken.data.source, taken.correlation_id)
    passed(
        "declared",
        "cross-references",
        [taken.correlation_id],
        new=done.references,
        profiles=done.profiles,
        refused=done.refused,
    )
    return Came(done.references + done.profiles, done.refused)
