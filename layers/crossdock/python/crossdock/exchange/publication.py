"""When a change of what a channel may see is worth telling it (domain rule: publication).

A channel that is told every unit of a fast mover drowns; one that is told too little sells what is gone. So small
changes of a large stock may be kept back, and nothing else may:

    told 40, true 38, threshold 5      kept back
    told 40, true 35, threshold 5      sent
    told  6, true  5, exact_below 10   sent: near the end every unit counts
    told  2, true  0                   sent, whatever the threshold: nothing is ever shown that is not there
    told  0, true  3, restock_at 5     kept at 0, so that an item at its end does not flicker
    told  0, true  5, restock_at 5     sent

It is judged when it is delivered, against what the channel acknowledged. That is what it holds only while nothing newer
is on its way to it; with a delivery whose answer was lost, nothing is kept back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.quantities import Quantity, parse

STOCK = "available"
"""The field of a value that is a stock figure; a value without one is told whenever it changed."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A channel's settings, in base units, as the configuration calls them. The defaults tell everything."""

    threshold: int = 0
    exact_below: int = 0
    restock_at: int = 0

    def shown(self, told: Mapping[str, Any] | None, true: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the channel is to hold: what is true, or still 0 while the stock is too small to be offered again."""
        if told is None or stock(told) != 0:
            return true
        now = stock(true)
        return true if now is None or now >= self.restock_at else {**true, STOCK: 0}

    def holds_back(self, told: Mapping[str, Any] | None, shown: Mapping[str, Any]) -> bool:
        """Whether a change may wait for a larger one. `told` is what the channel holds for certain, or None."""
        before, after = stock(told or {}), stock(shown)
        if told is None or before is None or after is None or _but_stock(told) != _but_stock(shown):
            return False
        if not before or not after or after <= self.exact_below:
            return False
        return after - self.threshold < before < after + self.threshold


EVERYTHING = Publication()


def stock(fields: Mapping[str, Any]) -> Quantity | None:
    """The stock figure of a value, or None where it has none."""
    return parse(fields[STOCK]) if STOCK in fields else None


def crosses_zero(told: Mapping[str, Any] | None, shown: Mapping[str, Any]) -> bool:
    """Whether a value makes an item sold out or available again: that is told before everything else."""
    after = stock(shown)
    return after is not None and bool(after) != bool(stock(told or {}))


def _but_stock(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != STOCK}
