"""The public form of reservations (API v1): what partners and operators are shown of one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from crossdock.inventory.holds import LIVE, Line, Reservation, Shortage, State
from crossdock.inventory.sourcing import Demand
from crossdock.platform.clock import to_text
from crossdock.quantities import Quantity, to_json


def status(reservation: Reservation, *, held: bool, now: int) -> str:
    """held, confirmed, released, expired, cancelled, refused, or deciding. `held` is whether an OPEN one stands.

    An expired hold is called so at once, also before anybody has ended it (domain rule 6).
    """
    if reservation.expired(now):
        return "expired"
    if reservation.state is State.OPEN:
        return "held" if held else "deciding"
    return str(reservation.state.value).lower()


def to_document(reservation: Reservation, *, held: bool, now: int) -> dict[str, Any]:
    """One reservation: its lines by what they were asked as, its places by where the units are taken."""
    shown = status(reservation, held=held, now=now)
    document: dict[str, Any] = {
        "id": reservation.id,
        "status": shown,
        "channel": reservation.channel,
        "expires_at": instant(reservation.expires),
        "lines": [_line(x) for x in reservation.lines],
        "places": _places(reservation) if shown in {"held", "confirmed"} else [],
        "created_at": reservation.created_at,
    }
    if reservation.reference is not None:
        document["reference"] = reservation.reference
    if reservation.state is State.REFUSED:
        document["shortages"] = shortages(reservation.short)
    if reservation.state not in LIVE:
        document["ended_at"] = reservation.changed_at
    return document


def missing(demands: Sequence[Demand], reservation: Reservation) -> list[dict[str, Any]]:
    """What was asked for and is not held, by line: of a request that takes what there is."""
    held: dict[str, Quantity] = {}
    for line in reservation.lines:
        held[line.line] = held.get(line.line, 0) + line.quantity
    return [
        {"line": d.line, "sku": d.sku, "missing": to_json(d.quantity - held.get(d.line, 0))}
        for d in demands
        if d.quantity > held.get(d.line, 0)
    ]


def shortages(short: Iterable[Shortage]) -> list[dict[str, Any]]:
    """What places could not give."""
    return [
        {"sku": s.sku, "warehouse": s.warehouse, "asked": to_json(s.asked), "available": to_json(s.available)}
        for s in short
    ]


def instant(epoch_s: int) -> str:
    """An expiry as a text."""
    return to_text(datetime.fromtimestamp(epoch_s, UTC))


def _line(line: Line) -> dict[str, Any]:
    document: dict[str, Any] = {
        "line": line.line,
        "sku": line.sku,
        "warehouse": line.warehouse,
        "quantity": to_json(line.quantity),
    }
    if line.backordered:
        document |= {"backordered": to_json(line.backordered), "promised_on": line.promised}
    return document


def _places(reservation: Reservation) -> list[Mapping[str, Any]]:
    """Units by item and warehouse; that some lie in shards is nobody's business."""
    found: dict[tuple[str, str], Quantity] = {}
    for place in reservation.places:
        key = (place.sku, place.warehouse)
        found[key] = found.get(key, 0) + place.quantity
    return [{"sku": sku, "warehouse": w, "quantity": to_json(q)} for (sku, w), q in sorted(found.items())]
