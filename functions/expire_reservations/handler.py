"""Expiries queue → ends: a hold is looked at when its time is over, and again while it has some left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crossdock.exceptions.store import ExceptionsStore
from crossdock.exceptions.unreadable import unreadable
from crossdock.inventory.expiring import ROUTE, Look, next_look, read_look, read_overdue
from crossdock.inventory.holds import Ended, Ending, State
from crossdock.inventory.reserving import Reservations
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.metrics import happened
from crossdock.platform.queues import Record, Sender, dumps
from crossdock.platform.startup import warm

if TYPE_CHECKING:
    from crossdock.contracts.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    exceptions_table: str
    expiries_queue_url: str


@dataclass(frozen=True, slots=True)
class App:
    reservations: Reservations
    exceptions: ExceptionsStore
    later: Sender


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    return App(
        Reservations(Table(client, values.inventory_table), system_clock),
        ExceptionsStore(Table(client, values.exceptions_table), system_clock),
        Sender(clients.sqs(), values.expiries_queue_url),
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, expire, app().exceptions.settle)


def expire(records: Sequence[Record]) -> Iterable[str]:
    """Ends what is due. What is not is looked at later, by a new message: sent first, so that none gets lost."""
    refusals: list[Refusal] = []
    looks: list[tuple[Look, Ended]] = []
    for record in records:
        try:
            place = read_overdue(record.message or {})
            look = None if place else read_look(record.message or {})
        except ValueError as exc:
            refusals.append(unreadable(ROUTE, record, exc))
            continue
        if place:
            app().reservations.reclaim(place)
        elif look:
            looks.append((look, app().reservations.expire(look.reservation, abandoned=look.abandoned)))
    if refusals:
        app().exceptions.refuse(refusals)
    again = [following for look, ended in looks if (following := next_look(look, ended, system_clock()))]
    app().later.send_later([(dumps(look.message()), seconds) for look, seconds in again])
    _tell(looks, len(again))
    return ()


def _tell(looks: Sequence[tuple[Look, Ended]], again: int) -> None:
    ended = [e.reservation for _, e in looks if e.ending is Ending.DONE and e.reservation]
    now = int(system_clock().timestamp())
    late = [max(0, now - r.expires) for r in ended if r.state is State.EXPIRED]
    happened(("HoldsExpired", len(late), "Count"), ("ExpiredLate", late, "Seconds"))
    causes = {look.correlation_id for look, _ in looks}
    passed("expired", "reservations", causes, ended=len(ended), later=again, late_s=max(late, default=0))
