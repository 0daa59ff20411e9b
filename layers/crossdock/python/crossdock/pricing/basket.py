"""What a request buys in all: the quantities that tiers over an item or a mix group look at (pricing rule 1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from crossdock.pricing.amounts import decimal_text, read_amount
from crossdock.pricing.context import ItemFacts

_ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Basket:
    """Items with how much of each is bought in all, in base units."""

    entries: Mapping[str, tuple[ItemFacts, Fraction]]
    groups: dict[tuple[str, str | None], Fraction] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, bought: Iterable[tuple[ItemFacts, Fraction]]) -> "Basket":
        """The basket of what is bought, summed by item."""
        entries: dict[str, tuple[ItemFacts, Fraction]] = {}
        for item, quantity in bought:
            known = entries.get(item.sku)
            entries[item.sku] = (known[0], known[1] + quantity) if known else (item, quantity)
        return cls(entries)

    def of_item(self, sku: str) -> Fraction:
        """Base units of an item."""
        return self.entries[sku][1] if sku in self.entries else _ZERO

    def of_group(self, group: str, unit: str | None) -> Fraction:
        """Units of a mix group's items together. An item that has no such unit counts nothing."""
        known = self.groups.get((group, unit))
        if known is None:
            known = _ZERO
            for item, quantity in self.entries.values():
                if group in item.mix_groups and (factor := item.factor(unit)) is not None:
                    known += quantity / factor
            self.groups[group, unit] = known
        return known

    def with_more(self, item: ItemFacts, quantity: Fraction) -> "Basket":
        """The basket with more of an item."""
        return Basket({**self.entries, item.sku: (item, self.of_item(item.sku) + quantity)})

    def mattering(self, sku: str, groups: frozenset[str]) -> "Basket":
        """What of it can matter to an item whose rules look at these groups."""
        if not groups:
            return Basket({sku: self.entries[sku]} if sku in self.entries else {})
        return Basket({s: e for s, e in self.entries.items() if s == sku or not groups.isdisjoint(e[0].mix_groups)})

    def document(self) -> list[dict[str, Any]]:
        """The basket as a trace keeps it, in one order."""
        entries = (self.entries[sku] for sku in sorted(self.entries))
        return [{**item.document(), "quantity": decimal_text(quantity)} for item, quantity in entries]

    @classmethod
    def read(cls, document: Iterable[Mapping[str, Any]]) -> "Basket":
        """The basket of a trace."""
        return cls.of((ItemFacts.read(e), read_amount(e["quantity"], "basket")) for e in document)
