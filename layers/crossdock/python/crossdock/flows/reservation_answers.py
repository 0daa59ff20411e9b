"""What partners are told of their reservations: the one place where decisions and ends become HTTP answers."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from crossdock.contracts.events import RESERVATION_DECIDED, Event
from crossdock.inventory.booking import Wish
from crossdock.inventory.hold_documents import missing, shortages, status, to_document
from crossdock.inventory.holds import Answer, Decision, Ended, Ending, Reservation, Shortage
from crossdock.inventory.sourcing import Demand
from crossdock.platform.clock import to_text
from crossdock.platform.http import Response
from crossdock.platform.problems import FieldError, Problem
from crossdock.quantities import to_json

RETRY_AFTER = {"Retry-After": "2"}

KnownItems = Callable[[Iterable[str]], Collection[str]]
"""Of some items, those that anything was ever recorded of."""


def decided(decision: Decision, demands: Sequence[Demand], known: KnownItems, now: int) -> Response:
    """201 with the hold; else a problem. The same request gets the same answer for as long as the hold stands."""
    found = decision.reservation
    if decision.answer is Answer.OTHER_PAYLOAD:
        raise Problem(
            422,
            "idempotency-key-reused",
            "Idempotency-Key: another request was sent under it before. Nothing was changed.",
            [FieldError("Idempotency-Key", "names another request", "send this request under a key of its own")],
        )
    if decision.answer is Answer.IN_PROGRESS or found is None:
        raise in_progress()
    if decision.answer is Answer.REFUSED:
        raise _refused(found, decision.short or found.short, demands, known)
    document = to_document(found, held=True, now=now)
    if lacking := missing(demands, found):
        document["missing"] = lacking
    return Response(201, document, {"Location": f"/v1/reservations/{found.id}"})


def announced(wish: Wish, decision: Decision, now: datetime) -> Event:
    """The event that tells everybody what became of a request whose sender did not wait for the answer."""
    found, epoch_s = decision.reservation, int(now.timestamp())
    data: dict[str, Any] = {
        "reservation": wish.id,
        "partner": wish.partner,
        "channel": wish.channel,
        "outcome": "key_reused" if decision.answer is Answer.OTHER_PAYLOAD else decision.answer.value,
    }
    if found and decision.answer is not Answer.OTHER_PAYLOAD:
        data["decision"] = to_document(found, held=True, now=epoch_s)
        data["missing"] = missing(wish.demands, found) if decision.answer is Answer.HELD else []
    return Event(
        id=f"reservation:{wish.id}:decided",
        type=RESERVATION_DECIDED,
        source="crossdock",
        subject=f"reservation/{wish.id}",
        time=to_text(now),
        correlation_id=wish.correlation_id,
        data=data,
    )


def in_progress() -> Problem:
    """An earlier request of the same id is still being decided."""
    return Problem(
        409,
        "in-progress",
        "The same request is being decided right now. Send it again in a moment: it will be recognised.",
        [FieldError("Idempotency-Key", "in use by a request under way", "wait as long as Retry-After says, repeat")],
        headers=RETRY_AFTER,
    )


def _refused(found: Reservation, short: Sequence[Shortage], demands: Sequence[Demand], known: KnownItems) -> Problem:
    members = {"reservation": found.id, "shortages": shortages(short)}
    empty = {s.sku for s in short if s.available <= 0}
    strange = empty - set(known(empty))
    if strange:
        errors = [
            FieldError(f"lines[{n}].sku", f"nothing was ever recorded of {d.sku!r}", "use our item code, not your own")
            for n, d in enumerate(demands)
            if d.sku in strange
        ]
        text = f"{len(strange)} of the items are unknown. Nothing is held."
        return Problem(422, "unknown-item", text, errors, members=members)
    return _not_available(short, demands, members)


def _not_available(short: Sequence[Shortage], demands: Sequence[Demand], members: Mapping[str, Any]) -> Problem:
    errors = []
    for s in short:
        lines = [n for n, d in enumerate(demands) if d.sku == s.sku and d.warehouse in {None, s.warehouse}]
        field = f"lines[{lines[0]}].quantity" if lines else "lines"
        problem = f"{to_json(s.asked)} of {s.sku} asked of {s.warehouse}, {to_json(s.available)} available"
        remedy = "ask for less, or for what there is (on_shortage: partial), under another Idempotency-Key"
        errors.append(FieldError(field, problem, remedy))
    text = f"{errors[0].problem if errors else 'not enough is available'}. Nothing is held: all lines or none."
    return Problem(409, "not-available", text, errors, members=members)


def unknown(rid: str) -> Problem:
    """There is no such reservation, or it is another partner's, which is not told apart."""
    remedy = "use the id that the reservation was answered with; one that is queued comes in a moment"
    text = f"You have no reservation {rid[:40]!r}."
    return Problem(404, "no-such-reservation", text, [FieldError("id", "unknown", remedy)])


def unknown_action(action: str) -> Problem:
    """There is nothing of that name to be done with a reservation."""
    known = "confirm, release, cancel or extend"
    text = f"A reservation cannot be told to {action[:40]!r}."
    return Problem(404, "no-such-action", text, [FieldError("action", "unknown", f"use one of {known}")])


def ended(result: Ended, wanted: str, now: int) -> Response:
    """200 with the reservation as it is now; else a problem. `wanted` is the verb: confirm, release, cancel, …"""
    found = result.reservation
    if result.ending is Ending.IN_PROGRESS:
        raise in_progress()
    if found is None:
        raise unknown("")
    shown = status(found, held=True, now=now)
    if result.ending is Ending.DONE or (wanted == "release" and shown in {"released", "expired"}):
        return Response(200, to_document(found, held=True, now=now))
    if result.ending is Ending.SHORT:
        raise _change_is_short(found, result.short)
    raise _cannot(wanted, result.ending, found.id, shown)


def _change_is_short(found: Reservation, short: Sequence[Shortage]) -> Problem:
    demands = [Demand(x.line, x.sku, x.quantity, x.warehouse) for x in found.lines]
    members = {"reservation": found.id, "shortages": shortages(short)}
    errors = _not_available(short, demands, members).errors
    return Problem(
        409, "not-available", "The change needs more than there is; nothing was changed.", errors, {}, members
    )


def _cannot(wanted: str, ending: Ending, rid: str, shown: str) -> Problem:
    name, why = "already-ended", f"it is {shown}"
    if ending is Ending.EXPIRED:
        name, why, remedy = "expired", "its time was over", "reserve anew, under another Idempotency-Key"
    elif ending is Ending.NOT_YET:
        name, remedy = "not-confirmed", "release it: only a confirmed reservation is cancelled"
    elif shown == "confirmed":
        remedy = "cancel it: a confirmed reservation is not released or changed"
    else:
        remedy = "reserve anew, under another Idempotency-Key"
    text = f"You cannot {wanted} this reservation: {why}. Nothing was changed."
    members = {"reservation": rid, "reservation_status": shown}
    return Problem(409, name, text, [FieldError("id", why, remedy)], members=members)
