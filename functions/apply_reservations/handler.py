"""Reservations queue → holds: requests whose senders did not wait, decided in batches; the bus hears of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crossdock import config
from crossdock.contracts.reservations import QueuedReservation
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exceptions.unreadable import unreadable
from crossdock.flows import booking
from crossdock.flows.hold_figures import holds_decided
from crossdock.flows.reservation_answers import announced
from crossdock.flows.reserving import wish_of
from crossdock.inventory.booking import Booking, Wish
from crossdock.inventory.holds import Answer
from crossdock.inventory.reserving import Reservations
from crossdock.inventory.standing_store import StandingStore
from crossdock.inventory.supply_store import SupplyStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.bus import Bus
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.problems import Problem
from crossdock.platform.queues import Record
from crossdock.platform.startup import warm

if TYPE_CHECKING:
    from crossdock.contracts.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    exceptions_table: str
    event_bus_name: str


@dataclass(frozen=True, slots=True)
class App:
    booking: Booking
    exceptions: ExceptionsStore
    bus: Bus
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    table = Table(client, values.inventory_table)
    reservations, standings = Reservations(table, system_clock), StandingStore(table)
    return App(
        booking.over(reservations, standings, SupplyStore(table, system_clock), business, system_clock),
        ExceptionsStore(Table(client, values.exceptions_table), system_clock),
        Bus(clients.events(), values.event_bus_name),
        business,
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, apply, app().exceptions.settle)


def apply(records: Sequence[Record]) -> Iterable[str]:
    """Decides every request of a batch. One that is under way elsewhere comes again; so does what could not be told."""
    refusals: list[Refusal] = []
    wishes: dict[str, Wish] = {}
    for record in records:
        try:
            wishes[record.id] = _wish(record)
        except (ValueError, Problem) as exc:  # pydantic's ValidationError is a ValueError
            refusals.append(unreadable("reservations", record, exc))
    if refusals:
        app().exceptions.refuse(refusals)
    decisions = dict(zip(wishes, app().booking.book_all(list(wishes.values())), strict=True))
    again = [i for i, decision in decisions.items() if decision.answer is Answer.IN_PROGRESS]
    told = [(wishes[i], decision) for i, decision in decisions.items() if i not in again]
    app().bus.put([announced(wish, decision, system_clock()) for wish, decision in told])
    holds_decided([decision for _, decision in told])
    passed(
        "decided",
        "reservations",
        {wish.correlation_id for wish in wishes.values()},
        held=sum(d.answer is Answer.HELD for _, d in told),
        refused=sum(d.answer is not Answer.HELD for _, d in told),
        unreadable=len(refusals),
    )
    return again


def _wish(record: Record) -> Wish:
    queued = QueuedReservation.model_validate_json(record.body)
    request, business = queued.request, app().business
    return wish_of(request, queued.partner, queued.key, business, system_clock(), queued.correlation_id)
