"""What a request buys in all: the quantities that tiers over an item or a mix group look at (pricing rule 1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from crossdock.pricing.amounts import decimal_text, read_amount
from crossdock.pricing.context import ItemFacts

_ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Basket:
    """Items with how much of each is bought in all, in base units; an item once."""

    entries: tuple[tuple[ItemFacts, Fraction], ...]

    @classmethod
    def of(cls, bought: Iterable[tuple[ItemFacts, Fraction]]) -> "Basket":
        """The basket of what is bought, summed by item and in one order, whatever order it comes in."""
        facts: dict[str, ItemFacts] = {}
        sums: dict[str, Fraction] = {}
        for item, quantity in bought:
            facts.setdefault(item.sku, item)
            sums[item.sku] = sums.get(item.sku, _ZERO) + quantity
        return cls(tuple((facts[sku], sums[sku]) for sku in sorted(sums)))

    def of_item(self, sku: str) -> Fraction:
        """Base units of an item."""
        return next((quantity for item, quantity in self.entries if item.sku == sku), _ZERO)

    def of_group(self, group: str, unit: str | None) -> Fraction:
        """Units of a mix group's items together. An item that has no such unit counts nothing."""
        total = _ZERO
        for item, quantity in self.entries:
            if group in item.mix_groups and (factor := item.factor(unit)) is not None:
                total += quantity / factor
        return total

    def mattering(self, sku: str, groups: frozenset[str]) -> "Basket":
        """What of it can matter to an item whose rules look at these groups."""
        return Basket(tuple(e for e in self.entries if e[0].sku == sku or not groups.isdisjoint(e[0].mix_groups)))

    def document(self) -> list[dict[str, Any]]:
        """The basket as a trace keeps it."""
        return [{**item.document(), "quantity": decimal_text(quantity)} for item, quantity in self.entries]

    @classmethod
    def read(cls, document: Iterable[dict[str, Any]]) -> "Basket":
        """The basket of a trace."""
        return cls(tuple((ItemFacts.read(e), read_amount(e["quantity"], "basket")) for e in document))
