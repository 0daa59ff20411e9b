"""What movements need to know of an item, as the domains hand it to each other: no validation library, no table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

FREE, REQUIRED, DECLARED = "free", "required", "declared"
"""Lot policies: any lot may be named or none; one must be named; one of those declared must be named."""


@dataclass(frozen=True, slots=True)
class KnownItem:
    """The item that a system's code means, and its lot policy as the cross-reference carries it along.

    The policy here may be a few minutes old: it says whether the profile has to be asked, and the profile decides.
    """

    sku: str
    lot_policy: str = FREE


@dataclass(frozen=True, slots=True)
class ItemProfile:
    """How an item is counted. `version` is its source's own, the newest one wins.

    `unit` is the base unit; `units` are exact base units per unit (case: 12, half: 1/2); `places` is how many decimal
    places a quantity in base units may have. `lots` are those known, under the policy "declared" only.
    `families` and `mix_groups` are the names that price rules know the item by.
    """

    sku: str
    version: int
    unit: str
    units: Mapping[str, Fraction] = field(default_factory=dict)
    places: int = 0
    lot_policy: str = FREE
    lots: tuple[str, ...] = ()
    substitutes: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    mix_groups: tuple[str, ...] = ()

    def factor(self, unit: str) -> Fraction | None:
        """Base units in one of `unit`, or None when the item has no such unit."""
        return Fraction(1) if unit == self.unit else self.units.get(unit)
