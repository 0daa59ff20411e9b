"""Where a reservation's lines come from: the channel's order of warehouses, the nearest first, or the fewest of them.

A plan is made of what was read and is only a proposal: whether it holds is decided by the conditions of the writes.
Demand is summed per item and warehouse over all lines (domain rule 5), so two lines never count the same unit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import asin, cos, radians, sin, sqrt

from crossdock.quantities import Quantity

EXACT_UP_TO = 12
"""Warehouses up to which `fewest` tries every choice, 4,096 at most; above, it adds the most helpful one each time."""
_EARTH_KM = 6371.0088

Stock = Mapping[tuple[str, str], Quantity]
"""What may be promised, by (sku, warehouse); what is not in it is 0."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a line asks for, above 0; with a warehouse it comes from there or not at all."""

    line: str
    sku: str
    quantity: Quantity
    warehouse: str | None = None


@dataclass(frozen=True, slots=True)
class Assigned:
    """A part of a line that a warehouse has."""

    line: str
    sku: str
    warehouse: str
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Plan:
    """Every demand is split between what was assigned and what is missing; nothing is lost or added."""

    assigned: tuple[Assigned, ...]
    missing: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the earth, in degrees."""

    latitude: float
    longitude: float


def kilometres(a: Point, b: Point) -> float:
    """The great-circle distance, by the haversine formula."""
    north = radians(b.latitude - a.latitude)
    east = radians(b.longitude - a.longitude)
    h = sin(north / 2) ** 2 + cos(radians(a.latitude)) * cos(radians(b.latitude)) * sin(east / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(h)))


def nearest_first(warehouses: Sequence[str], places: Mapping[str, Point], to: Point) -> list[str]:
    """The warehouses by distance; equally near ones in the order given, and last those whose place is not known."""
    return sorted(warehouses, key=lambda w: kilometres(places[w], to) if w in places else float("inf"))


def in_order(demands: Sequence[Demand], stock: Stock, warehouses: Sequence[str]) -> Plan:
    """Takes from the first warehouse what it has, then from the next: the rules `priority` and `nearest`."""
    taking = _Taking(stock)
    pinned = [d for d in demands if d.warehouse is not None]
    taking.serve(pinned, ())
    for demand in demands:
        if demand.warehouse is None:
            taking.take(demand, warehouses)
    return taking.plan(demands)


def fewest(demands: Sequence[Demand], stock: Stock, warehouses: Sequence[str]) -> Plan:
    """Uses as few warehouses as can give all that can be given; of equally few, the earliest in the order.

    The least number for up to 12 warehouses, a good one above (see `EXACT_UP_TO`). A line is split only when none of
    the chosen warehouses has all of it.
    """
    taking = _Taking(stock)
    pinned = [d for d in demands if d.warehouse is not None]
    taking.serve(pinned, ())
    free = [d for d in demands if d.warehouse is None]
    wanted = _summed(free)
    left = {key: taking.left(*key) for key in ((sku, w) for sku in wanted for w in warehouses)}
    visited = frozenset(warehouse for _, warehouse in taking.taken)
    chosen = _choose(wanted, left, warehouses, visited)
    taking.serve(free, chosen)
    return taking.plan(demands)


def kept_back(buffer: Quantity, stock: Stock, sku: str, warehouses: Sequence[str]) -> dict[str, Quantity]:
    """Where a channel's buffer lies: in its last warehouses first, so that the preferred ones can be sold out."""
    kept: dict[str, Quantity] = dict.fromkeys(warehouses, 0)
    rest = buffer
    for warehouse in reversed(warehouses):
        kept[warehouse] = min(rest, max(0, stock.get((sku, warehouse), 0)))
        rest -= kept[warehouse]
    return kept


def _summed(demands: Iterable[Demand]) -> dict[str, Quantity]:
    wanted: dict[str, Quantity] = {}
    for demand in demands:
        wanted[demand.sku] = wanted.get(demand.sku, 0) + demand.quantity
    return wanted


@dataclass(slots=True)
class _Taking:
    """What is still there while lines take from it."""

    stock: Stock
    taken: dict[tuple[str, str], Quantity] = field(default_factory=dict)
    parts: dict[str, list[Assigned]] = field(default_factory=dict)

    def left(self, sku: str, warehouse: str) -> Quantity:
        return max(0, self.stock.get((sku, warehouse), 0)) - self.taken.get((sku, warehouse), 0)

    def take(self, demand: Demand, warehouses: Iterable[str]) -> None:
        """As much as there is of what the line still lacks, warehouse by warehouse."""
        for warehouse in warehouses:
            have = sum((a.quantity for a in self.parts.get(demand.line, ())), 0)
            part = min(self.left(demand.sku, warehouse), demand.quantity - have)
            if part > 0:
                key = (demand.sku, warehouse)
                self.taken[key] = self.taken.get(key, 0) + part
                found = Assigned(demand.line, demand.sku, warehouse, part)
                self.parts.setdefault(demand.line, []).append(found)

    def serve(self, demands: Sequence[Demand], warehouses: Sequence[str]) -> None:
        """First the lines that one warehouse can give whole, then the others from wherever something is left."""
        split: list[Demand] = []
        for demand in demands:
            order = [demand.warehouse] if demand.warehouse else warehouses
            whole = next((w for w in order if self.left(demand.sku, w) >= demand.quantity), None)
            if whole is None:
                split.append(demand)
            else:
                self.take(demand, [whole])
        for demand in split:
            self.take(demand, [demand.warehouse] if demand.warehouse else warehouses)

    def plan(self, demands: Sequence[Demand]) -> Plan:
        assigned = tuple(part for d in demands for part in self.parts.get(d.line, ()))
        missing = []
        for d in demands:
            rest = d.quantity - sum((a.quantity for a in self.parts.get(d.line, ())), 0)
            if rest > 0:
                missing.append(Demand(d.line, d.sku, rest, d.warehouse))
        return Plan(assigned, tuple(missing))


def _choose(
    wanted: Mapping[str, Quantity], left: Stock, warehouses: Sequence[str], visited: frozenset[str]
) -> list[str]:
    """The warehouses to take from, in their order; those visited anyway cost nothing more."""
    already = [w for w in warehouses if w in visited]
    others = [w for w in warehouses if w not in already]
    aims = {sku: min(quantity, sum((left.get((sku, w), 0) for w in warehouses), 0)) for sku, quantity in wanted.items()}
    if len(others) > EXACT_UP_TO:
        return _ordered(warehouses, _greedy(aims, left, already, others))
    # The items of the last refusal are looked at first: most choices are refused by their first item.
    order = sorted(aims, key=lambda sku: sum(left.get((sku, w), 0) > 0 for w in warehouses))
    for size in range(len(others) + 1):
        for more in combinations(others, size):
            failing = _lacking(order, aims, left, (*already, *more))
            if failing is None:
                return _ordered(warehouses, (*already, *more))
            order.remove(failing)
            order.insert(0, failing)
    raise AssertionError("all warehouses together give all that there is")


def _lacking(order: Sequence[str], aims: Mapping[str, Quantity], left: Stock, chosen: Sequence[str]) -> str | None:
    for sku in order:
        if sum((left.get((sku, w), 0) for w in chosen), 0) < aims[sku]:
            return sku
    return None


def _greedy(aims: Mapping[str, Quantity], left: Stock, already: Sequence[str], others: Sequence[str]) -> Sequence[str]:
    """Adds the warehouse that completes the most items, then the one that brings the most units, until all is there."""
    chosen = list(already)

    def gain(warehouse: str) -> tuple[int, Quantity]:
        rests = {sku: aim - sum((left.get((sku, w), 0) for w in chosen), 0) for sku, aim in aims.items()}
        parts = {sku: min(max(0, rest), left.get((sku, warehouse), 0)) for sku, rest in rests.items()}
        return sum(0 < rests[sku] <= parts[sku] for sku in aims), sum(parts.values(), 0)

    while _lacking(list(aims), aims, left, chosen) is not None:
        chosen.append(max((w for w in others if w not in chosen), key=gain))
    return chosen


def _ordered(warehouses: Sequence[str], chosen: Iterable[str]) -> list[str]:
    wanted = frozenset(chosen)
    return [w for w in warehouses if w in wanted]
