"""Where a price may change: the quantities and the instants of an item's candidates."""

from collections.abc import Iterable
from fractions import Fraction

from crossdock.pricing.context import ItemFacts
from crossdock.pricing.rules import ALWAYS, FOREVER, Rule


def breaks(candidates: Iterable[Rule], item: ItemFacts) -> tuple[Fraction, ...]:
    """The quantities, in the item's base units and rising, at which its unit price may change with the quantity.

    Between two of them it does not, but for graduated tiers, whose average moves with every unit. The smallest is where
    the first rule begins; below it there is no price.
    """
    found: set[Fraction] = set()
    for rule in candidates:
        factor = item.factor(rule.unit)
        if factor is not None and rule.layer not in {"surcharge", "freight", "rebate"}:
            found.update(tier.min_quantity * factor for tier in rule.tiers)
    return tuple(sorted(found))


def edges(candidates: Iterable[Rule], since: str = ALWAYS) -> tuple[str, ...]:
    """The instants after `since`, rising, at which a window of the candidates opens or closes (pricing rule 10)."""
    found: set[str] = set()
    for rule in candidates:
        if not rule.withdrawn:
            found.update((rule.opens, rule.closes))
    return tuple(sorted(instant for instant in found - {ALWAYS, FOREVER} if instant > since))
