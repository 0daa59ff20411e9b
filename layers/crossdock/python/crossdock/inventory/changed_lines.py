"""Other quantities or warehouses for a hold's lines: what the whole hold then looks like."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from crossdock.inventory.holds import Line, Place, Reservation
from crossdock.quantities import Quantity


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of one line: another quantity (0: none), another warehouse, or both."""

    line: str
    quantity: Quantity | None = None
    warehouse: str | None = None


def unknown_lines(reservation: Reservation, changes: Iterable[Change]) -> list[str]:
    """Lines that are to change and are not there. One that is to be taken out may be gone: it was, the first time."""
    known = {x.line for x in reservation.lines}
    return [c.line for c in changes if c.line not in known and c.quantity != 0]


def changed(
    reservation: Reservation, changes: Sequence[Change], keep: Quantity
) -> tuple[tuple[Line, ...], tuple[Place, ...]]:
    """All lines and places after the changes; `keep` must remain wherever more is taken (the channel's buffer).

    More of a line comes from the warehouse of its first part; less is given back from its last part first. What is
    not touched keeps its places as they are, shards included.
    """
    lines = list(reservation.lines)
    for change in changes:
        parts = [x for x in lines if x.line == change.line]
        if parts:
            others = [x for x in lines if x.line != change.line]
            lines = [*others, *_parts(parts, change)]
    order = {x.line: n for n, x in reversed(list(enumerate(reservation.lines)))}
    lines.sort(key=lambda x: order[x.line])
    return tuple(lines), tuple(_places(reservation, lines, keep))


def _parts(parts: Sequence[Line], change: Change) -> list[Line]:
    total = sum((x.quantity for x in parts), 0)
    wanted = total if change.quantity is None else change.quantity
    if change.warehouse is not None:
        same = len(parts) == 1 and parts[0].warehouse == change.warehouse
        parts = parts if same else [Line(parts[0].line, parts[0].sku, change.warehouse, total)]
    if wanted >= total:
        first, *rest = parts
        return [replace(first, quantity=first.quantity + wanted - total), *rest]
    left: list[Line] = []
    for part in parts:
        quantity = min(part.quantity, wanted)
        wanted -= quantity
        if quantity:
            # What waits for supply is given up first.
            there = part.quantity - part.backordered
            waiting = max(0, quantity - there)
            left.append(
                replace(part, quantity=quantity, backordered=waiting, promised=part.promised if waiting else None)
            )
    return left


def _places(reservation: Reservation, lines: Iterable[Line], keep: Quantity) -> Iterable[Place]:
    wanted = _summed((x.sku, x.warehouse, x.quantity) for x in lines)
    held: dict[tuple[str, str], list[Place]] = {}
    for place in reservation.places:
        held.setdefault((place.sku, place.warehouse), []).append(replace(place, keep=keep))
    for key, quantity in wanted.items():
        places = held.get(key) or [Place(*key, 0, keep=keep)]
        more = quantity - sum((p.quantity for p in places), 0)
        if more > 0:
            places[0] = replace(places[0], quantity=places[0].quantity + more)
        yield from _less(places, -more) if more < 0 else places


def _less(places: Sequence[Place], less: Quantity) -> Iterable[Place]:
    for place in reversed(places):
        given_up = min(place.quantity, less)
        less -= given_up
        if place.quantity > given_up:
            quantity = place.quantity - given_up
            yield replace(place, quantity=quantity, own=min(place.own, quantity))


def _summed(parts: Iterable[tuple[str, str, Quantity]]) -> Mapping[tuple[str, str], Quantity]:
    found: dict[tuple[str, str], Quantity] = {}
    for sku, warehouse, quantity in parts:
        found[sku, warehouse] = found.get((sku, warehouse), 0) + quantity
    return found
