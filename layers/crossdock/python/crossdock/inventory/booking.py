"""A partner's wish becomes a hold: said where it comes from if it did not say so itself, held, or refused.

What names its warehouses and wants all or nothing is written without reading anything. Everything else is planned from
what is there, and the plan is only a proposal: when somebody else was faster, it is made anew, three times at most.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crossdock.inventory.holds import Decision, HoldRequest, Line, Place, Shortage
from crossdock.inventory.reserving import Reservations
from crossdock.inventory.sourcing import Demand, Plan, fewest, in_order, kept_back
from crossdock.quantities import Quantity

REPLANS = 3


@dataclass(frozen=True, slots=True)
class Holdable:
    """What one warehouse has of an item, in base units: available in all, and of that what the channel may take."""

    available: Quantity
    holdable: Quantity


@dataclass(frozen=True, slots=True)
class Promised:
    """Expected supply that can serve a backorder: where, on which business date, and how much there is by then."""

    warehouse: str
    on: str
    supply: Quantity


@dataclass(frozen=True, slots=True)
class Wish:
    """What a partner wants held. `warehouses` are those the channel sells from, in the order of the sourcing rule."""

    id: str
    partner: str
    channel: str
    payload: str
    demands: tuple[Demand, ...]
    warehouses: tuple[str, ...]
    buffer: Quantity
    rule: Literal["priority", "nearest", "fewest_splits"]
    on_shortage: Literal["refuse", "partial", "backorder"]
    expires: int
    correlation_id: str
    reference: str | None = None


ReadHoldable = Callable[[str, Iterable[str], Sequence[str]], Mapping[tuple[str, str], Holdable]]
"""From a channel, items and warehouses to what is there now by (sku, warehouse); what is left out has nothing."""

FindSupply = Callable[[str, str, Mapping[str, Quantity]], Promised | None]
"""From a channel, an item and what each warehouse would have to give of it to the earliest that will have that."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A hold to be tried; not `possible` when what was read says that it will be refused, which is then recorded."""

    request: HoldRequest
    possible: bool = True


class Booking:
    """Turns wishes into holds."""

    def __init__(self, reservations: Reservations, read: ReadHoldable, find_supply: FindSupply) -> None:
        self._reservations = reservations
        self._read = read
        self._find_supply = find_supply

    def book(self, wish: Wish) -> Decision:
        """Decides a wish once and for all; the same wish again gives the same decision.

        Raises StoreUnavailableError: the same wish may then be booked again.
        """
        if _says_where(wish):
            return self._reservations.create(as_named(wish))
        proposals = [self.propose(wish)]

        def again(_: Sequence[Shortage]) -> HoldRequest | None:
            if len(proposals) > REPLANS or not proposals[-1].possible:
                return None
            proposals.append(self.propose(wish))
            return proposals[-1].request

        return self._reservations.create(proposals[-1].request, again)

    def book_all(self, wishes: Sequence[Wish]) -> list[Decision]:
        """Decides several: those for which nothing has to be read first, and together; then the others, in their order.

        Raises StoreUnavailableError: all of them may then be booked again.
        """
        named = [n for n, wish in enumerate(wishes) if _says_where(wish)]
        found = self._reservations.create_many([as_named(wishes[n]) for n in named])
        decisions = dict(zip(named, found, strict=True))
        return [decisions.get(n) or self.book(wish) for n, wish in enumerate(wishes)]

    def propose(self, wish: Wish) -> Proposal:
        """The hold that what is there now allows; one that will be refused when it allows none."""
        skus = dict.fromkeys(d.sku for d in wish.demands)
        free = self._read(wish.channel, skus, wish.warehouses)
        kept = self._kept(wish, free)
        stock = {key: min(f.holdable, f.available - kept[key]) for key, f in free.items()}
        plan = fewest if wish.rule == "fewest_splits" else in_order
        found = plan(wish.demands, stock, wish.warehouses)
        if found.missing and wish.on_shortage == "backorder":
            return self._with_supply(wish, found, kept)
        if found.missing and (wish.on_shortage == "refuse" or not found.assigned):
            return Proposal(_request(wish, _all_of(wish, found), kept), possible=False)
        return Proposal(_request(wish, [Line(a.line, a.sku, a.warehouse, a.quantity) for a in found.assigned], kept))

    @staticmethod
    def _kept(wish: Wish, free: Mapping[tuple[str, str], Holdable]) -> dict[tuple[str, str], Quantity]:
        """The channel's buffer, by item and warehouse."""
        available = {key: f.available for key, f in free.items()}
        kept = {d.sku: kept_back(wish.buffer, available, d.sku, wish.warehouses) for d in wish.demands}
        return {(sku, w): quantity for sku, by in kept.items() for w, quantity in by.items()}

    def _with_supply(self, wish: Wish, plan: Plan, kept: Mapping[tuple[str, str], Quantity]) -> Proposal:
        """What is there, and the rest from what is expected; when one item's rest has no supply, nothing is held."""
        lines = [Line(a.line, a.sku, a.warehouse, a.quantity) for a in plan.assigned]
        floors: dict[tuple[str, str], Quantity] = {}
        for (sku, warehouse), rests in _by_origin(plan.missing).items():
            missing = sum((d.quantity for d in rests), 0)
            candidates = wish.warehouses if warehouse is None else (warehouse,)
            needed = {w: missing + _given(lines, sku, w) for w in candidates}
            promised = self._find_supply(wish.channel, sku, needed)
            if promised is None:
                return Proposal(_request(wish, _all_of(wish, plan), kept), possible=False)
            at = (sku, promised.warehouse)
            floors[at] = min(floors.get(at, 0), -promised.supply)
            lines += [Line(d.line, sku, promised.warehouse, d.quantity, d.quantity, promised.on) for d in rests]
        return Proposal(_request(wish, _joined(lines), kept, floors))


def as_named(wish: Wish) -> HoldRequest:
    """The hold of a wish whose lines say where they come from, or whose channel sells from one warehouse only."""
    lines = [Line(d.line, d.sku, d.warehouse or wish.warehouses[0], d.quantity) for d in wish.demands]
    return _request(wish, lines, {(d.sku, w): wish.buffer for d in wish.demands for w in wish.warehouses})


def _says_where(wish: Wish) -> bool:
    """Whether nothing has to be read: each line has one warehouse, and the buffer can lie in one only."""
    one = len(wish.warehouses) == 1
    named = one or all(d.warehouse for d in wish.demands)
    return wish.on_shortage == "refuse" and named and (one or wish.buffer == 0)


def _request(
    wish: Wish,
    lines: Sequence[Line],
    kept: Mapping[tuple[str, str], Quantity],
    floors: Mapping[tuple[str, str], Quantity] | None = None,
) -> HoldRequest:
    def place(line: Line) -> Place:
        key = (line.sku, line.warehouse)
        floor = (floors or {}).get(key)
        return Place(*key, line.quantity, keep=kept.get(key, 0) if floor is None else 0, floor=floor)

    return HoldRequest(
        id=wish.id,
        partner=wish.partner,
        channel=wish.channel,
        payload=wish.payload,
        expires=wish.expires,
        lines=tuple(lines),
        places=tuple(place(line) for line in lines),
        correlation_id=wish.correlation_id,
        reference=wish.reference,
    )


def _all_of(wish: Wish, plan: Plan) -> list[Line]:
    """Every unit that was asked for, what is missing at the first warehouse: writing it says no, and keeps that."""
    lines = [Line(a.line, a.sku, a.warehouse, a.quantity) for a in plan.assigned]
    lines += [Line(d.line, d.sku, d.warehouse or wish.warehouses[0], d.quantity) for d in plan.missing]
    return _joined(lines)


def _joined(lines: Iterable[Line]) -> list[Line]:
    """Parts of one line in one warehouse as one."""
    found: dict[tuple[str, str], Line] = {}
    for line in lines:
        key = (line.line, line.warehouse)
        seen = found.get(key)
        found[key] = (
            line
            if seen is None
            else Line(
                *(line.line, line.sku, line.warehouse),
                seen.quantity + line.quantity,
                seen.backordered + line.backordered,
                line.promised or seen.promised,
            )
        )
    return list(found.values())


def _by_origin(missing: Iterable[Demand]) -> dict[tuple[str, str | None], list[Demand]]:
    """What is missing by item and, where a line insists on one, by warehouse."""
    found: dict[tuple[str, str | None], list[Demand]] = {}
    for demand in missing:
        found.setdefault((demand.sku, demand.warehouse), []).append(demand)
    return found


def _given(lines: Iterable[Line], sku: str, warehouse: str) -> Quantity:
    return sum((x.quantity for x in lines if (x.sku, x.warehouse) == (sku, warehouse)), 0)
