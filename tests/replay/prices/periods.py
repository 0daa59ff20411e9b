"""Dated price lists out of what was asked: periods, each with quantity breaks, no more of them than pay for themselves.

A rule costs as much as `Cost.rule` lines that it leaves unexplained, and each of its tiers as `Cost.tier` lines. Of
all ways to cut the days into periods, and to give each period quantity breaks or no rule at all, the cheapest is taken.
So a rule stands for more than that many lines which would not be explained without it, and a model as large as its
ledger is never the cheapest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

Tier = tuple[int, int]
"""(from this quantity on, price)"""
_Way = tuple[int, int, tuple["Period", ...]]
"""What some periods cost, how many days they leave bare (of equal costs, fewer are better), and the periods."""
_SEEN_OFTEN: Final = 3  # a price asked less often neither begins nor ends a period
_PRICES: Final = 12  # of a group, that periods begin or end with
_TIER_PRICES: Final = 8  # of a period, that tiers are made of
_TWICE: Final = 2
ALWAYS: Final = 0
"""The day on which a period without a beginning begins."""
FOREVER: Final = 4_000_000
"""The day on which a period without an end ends."""
_WITHOUT: Final = -1  # the state before the first tier


@dataclass(frozen=True, slots=True)
class Cost:
    """What a rule and each of its tiers cost, in unexplained lines."""

    rule: int = 1
    tier: int = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A price that was asked. `otherwise` is what the less specific levels say, None for nothing."""

    day: int
    quantity: int
    price: int
    otherwise: int | None = None

    @property
    def is_explained(self) -> bool:
        return self.price == self.otherwise


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open `[begin, end)`, in days."""

    begin: int
    end: int
    tiers: tuple[Tier, ...]

    def price(self, day: int, quantity: int) -> int | None:
        """What this period says, None outside of it and below its first tier."""
        found = [price for least, price in self.tiers if quantity >= least] if self.begin <= day < self.end else []
        return found[-1] if found else None


def periods(asked: Sequence[Asked], cost: Cost) -> list[Period]:
    """The cheapest periods of one group of lines, which are in the order of their days."""
    if sum(not a.is_explained for a in asked) <= cost.rule + cost.tier:
        return []
    edges = _edges(asked)
    parts = _parts(asked, edges)
    cheapest: list[_Way] = [(0, 0, ())]
    for last in range(1, len(edges)):
        cheapest.append(min(_ending(parts, edges, last, cheapest, cost), key=lambda way: way[:2]))
    return list(cheapest[-1][2])


def _ending(
    parts: Sequence[Sequence[Asked]],
    edges: Sequence[int],
    last: int,
    cheapest: Sequence[_Way],
    cost: Cost,
) -> list[_Way]:
    """The ways to cover the days up to an edge, with each edge at which the last period may begin, latest first."""
    cells: Counter[tuple[int, int]] = Counter()
    without: Counter[int] = Counter()
    found: list[_Way] = []
    for first in range(last - 1, -1, -1):
        cells.update((a.quantity, a.price) for a in parts[first])
        without.update(a.quantity for a in parts[first] if not a.is_explained)
        spent, bare, before = cheapest[first]
        days = edges[last] - edges[first]
        found.append((spent + without.total(), bare + days, before))
        if without.total() > cost.rule + cost.tier:
            missed, tiers = best_tiers(cells, without, cost)
            if tiers:
                found.append((spent + cost.rule + missed, bare, (*before, Period(edges[first], edges[last], tiers))))
    return found


def best_tiers(cells: Counter[tuple[int, int]], without: Counter[int], cost: Cost) -> tuple[int, tuple[Tier, ...]]:
    """Falling prices for rising quantities, and what they cost: unexplained lines and `Cost.tier` for each.

    `cells` counts lines by (quantity, price); `without`, by quantity, those that nothing else explains. No tier
    at all is a way too, where quantities below the first tier stay with the less specific levels.
    """
    often: Counter[int] = Counter()
    of_quantity: Counter[int] = Counter()
    for (quantity, price), lines in cells.items():
        often[price] += lines
        of_quantity[quantity] += lines
    prices = sorted((p for p, lines in often.most_common(_TIER_PRICES) if lines >= _TWICE), reverse=True)
    ways: dict[int, tuple[int, tuple[Tier, ...]]] = {_WITHOUT: (0, ())}
    for number, quantity in enumerate(sorted(of_quantity)):
        following: dict[int, tuple[int, tuple[Tier, ...]]] = {}
        least = quantity if number else 1
        for before, (spent, tiers) in ways.items():
            for now in range(before, len(prices)):
                told = without[quantity] if now == _WITHOUT else of_quantity[quantity] - cells[quantity, prices[now]]
                paid = spent + told + (cost.tier if now != before else 0)
                if now not in following or paid < following[now][0]:
                    following[now] = paid, (tiers if now == before else (*tiers, (least, prices[now])))
        ways = following
    return min(ways.values(), key=lambda way: way[0])


def _edges(asked: Sequence[Asked]) -> list[int]:
    """The days on which a period may begin or end: an often asked price was asked first, or the day before last."""
    often = {p for p, n in Counter(a.price for a in asked).most_common(_PRICES) if n >= _SEEN_OFTEN}
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for each in asked:
        if each.price in often:
            first.setdefault(each.price, each.day)
            last[each.price] = each.day
    return sorted({asked[0].day, asked[-1].day + 1, *first.values(), *(day + 1 for day in last.values())})


def _parts(asked: Sequence[Asked], edges: Sequence[int]) -> list[list[Asked]]:
    parts: list[list[Asked]] = [[] for _ in edges[1:]]
    number = 0
    for each in asked:
        while each.day >= edges[number + 1]:
            number += 1
        parts[number].append(each)
    return parts
