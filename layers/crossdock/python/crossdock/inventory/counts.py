"""Counts as values: what a source counted under each of its codes, and what that makes of an item.

A source may know one item by several codes and counts each of them apart, in one report or in several, while the item's
balance holds them all. So counts are kept by code, and an item's count is the sum of those at its newest position: a
part that comes later, or that an operator replays, completes the count and replaces nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from crossdock.quantities import Quantity, whole


@dataclass(frozen=True, slots=True)
class CodeCount:
    """What a source counted of one of its codes in a warehouse, in base units, true at the source's `position`."""

    source: str
    warehouse: str
    sku: str
    code: str
    quantity: Quantity
    position: int
    counted_at: str
    correlation_id: str

    @property
    def order(self) -> str:
        """Which of two counts of a code is the newer one: the further position, then the later count (a recount)."""
        return f"{self.position:019d}@{self.counted_at}"


@dataclass(frozen=True, slots=True)
class ItemCount:
    """What a source counted of an item in a warehouse, over all its codes; `counted_at` is the latest of them."""

    source: str
    warehouse: str
    sku: str
    quantity: Quantity
    position: int
    counted_at: str


def by_item(counts: Iterable[CodeCount]) -> Iterator[ItemCount]:
    """One count per item from those of its codes, which must come item by item.

    A code that was not counted at the item's newest position is not in the count: it may be gone.
    """
    for sku, group in groupby(counts, key=lambda c: c.sku):
        found = list(group)
        newest = max(c.position for c in found)
        parts = [c for c in found if c.position == newest]
        first = parts[0]
        yield ItemCount(
            first.source,
            first.warehouse,
            sku,
            whole(sum((c.quantity for c in parts), start=0)),
            newest,
            max(c.counted_at for c in parts),
        )
