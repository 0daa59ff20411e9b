"""Expected supply: what purchase orders and supplier confirmations say will come, when, and how sure that is.

One line of an order is one row, `P#warehouse#id`. The order and its confirmation each keep their own newest version, so
that they may come in any order and from two systems:

    order         100 open, expected on the 10th
    confirmation  60 on the 12th                    the supplier's word: overrides quantity and date
      partial     60 on the 12th, the rest (40) as ordered, on the 10th

The order's open quantity is the upper bound: when goods arrive the ERP lowers it, and what the supplier once confirmed
for them is no longer to come. The earliest parts are taken as those that have arrived. At 0 the line is closed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from crossdock.quantities import Quantity, whole

UNSAID = -1
"""The version of what has not been said yet."""


@dataclass(frozen=True, slots=True)
class Part:
    """Base units that are expected on a business date."""

    quantity: Quantity
    on: date


@dataclass(frozen=True, slots=True)
class Order:
    """What is still open of an order line, absolute, and the date that was asked for.

    `transfer` says that it is our own stock under way between warehouses.
    """

    quantity: Quantity
    on: date
    version: int
    transfer: bool = False


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the supplier has promised of an order line; with `partial`, the rest of it comes as ordered."""

    parts: tuple[Part, ...]
    version: int
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """A part of a supply line as it counts: so many base units on a date, confirmed by the supplier or not."""

    sku: str
    warehouse: str
    id: str
    quantity: Quantity
    on: date
    confirmed: bool
    transfer: bool = False


@dataclass(frozen=True, slots=True)
class SupplyLine:
    """One line of expected supply with all that is known of it; `id` names order and line, such as `PO-4711/10`."""

    sku: str
    warehouse: str
    id: str
    order: Order | None = None
    confirmation: Confirmation | None = None

    def expected(self) -> list[Expected]:
        """The parts that are still to come, earliest first; none of a line that is closed."""
        confirmed = sorted(self.confirmation.parts, key=lambda p: p.on) if self.confirmation else []
        if self.order is None:
            return self._parts(confirmed, confirmed=True)
        kept = _last(confirmed, self.order.quantity)
        rest = whole(self.order.quantity - sum(p.quantity for p in confirmed))
        if self.confirmation is None or (self.confirmation.partial and rest > 0):
            kept_as_ordered = self._parts([Part(rest, self.order.on)], confirmed=False)
            return sorted([*self._parts(kept, confirmed=True), *kept_as_ordered], key=lambda e: e.on)
        return self._parts(kept, confirmed=True)

    def _parts(self, parts: Iterable[Part], *, confirmed: bool) -> list[Expected]:
        transfer = self.order is not None and self.order.transfer
        return [
            Expected(self.sku, self.warehouse, self.id, p.quantity, p.on, confirmed, transfer)
            for p in parts
            if p.quantity > 0
        ]


def _last(parts: Sequence[Part], quantity: Quantity) -> list[Part]:
    """The latest of the parts (which come by date) that together are no more than a quantity."""
    kept: list[Part] = []
    left = quantity
    for part in reversed(parts):
        taken = min(part.quantity, left)
        if taken > 0:
            kept.append(Part(whole(taken), part.on))
        left -= taken
    return kept[::-1]


def with_transit(expected: Iterable[Expected], in_transit: Mapping[str, Quantity]) -> list[Expected]:
    """The supply with transfers held to what is really in transit to each warehouse, earliest first.

    Units in transit are visible once (domain rule 7): a transfer's line says when they come, never that there are more.
    """
    left = dict(in_transit)
    found: list[Expected] = []
    for part in sorted(expected, key=lambda e: (e.on, e.warehouse, e.id)):
        if not part.transfer:
            found.append(part)
            continue
        taken = min(part.quantity, left.get(part.warehouse, 0))
        if taken > 0:
            left[part.warehouse] -= taken
            found.append(
                Expected(part.sku, part.warehouse, part.id, whole(taken), part.on, part.confirmed, transfer=True)
            )
    return found
