"""Which of its tiers a rule speaks with at a quantity (pricing rule 1)."""

from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Final

from crossdock.pricing.rules import Rule

_ZERO: Final = Fraction(0)


def rate_at(rule: Rule, quantity: Fraction) -> Fraction | None:
    """The rate at a quantity in the rule's unit; None below the first tier.

    All units: that of the highest tier reached. Graduated: the average over the units, each of which, counted 1, 2, 3,
    has the rate of the tier that its number is in; part of a unit has the rate of that unit, and units before the first
    tier have the first tier's. The average is never rounded.
    """
    tiers = rule.tiers
    if rule.tier_mode == "graduated" and len(tiers) > 1:
        return None if quantity < tiers[0].min_quantity else _average(rule, quantity)
    top, bottom = quantity.as_integer_ratio()
    for tier in reversed(tiers):
        least, of = tier.min_quantity.as_integer_ratio()  # in whole numbers: a comparison of fractions costs more
        if least * bottom <= top * of:
            return tier.rate
    return None


def _average(rule: Rule, quantity: Fraction) -> Fraction:
    total, begun = _ZERO, 0
    for tier, after in pairwise(rule.tiers):
        ends = slice_begin(after.min_quantity)
        if quantity <= ends:
            return (total + (quantity - begun) * tier.rate) / quantity
        total += (ends - begun) * tier.rate
        begun = ends
    return (total + (quantity - begun) * rule.tiers[-1].rate) / quantity


def slice_begin(min_quantity: Fraction) -> int:
    """How many units lie before the slice of a graduated tier."""
    return max(0, ceil(min_quantity) - 1)
