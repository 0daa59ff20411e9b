"""The amounts of a line: each is rounded once, and none falls below what a guard allows (pricing rules 5 and 6).

The price per price unit (the winning rule's unit) is rounded to the unit scale, and the line is that price times the
exact quantity, rounded to the currency's exponent: so the price shown times the quantity is the line, and 24 pieces
cost what two cases of 12 do. A graduated line is the exact sum of its slices, and its price their average.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from crossdock.pricing.context import ONE
from crossdock.pricing.outcomes import Amounts, Asked, Step
from crossdock.pricing.rounding import POWERS, exponent, scaled, whole
from crossdock.pricing.rules import Rule

_ZERO: Final = Fraction(0)


class LineRounding:
    """Rounds the amounts of one line. `minimum` is the lowest price per base unit that a guard allows."""

    __slots__ = ("_at_least", "_bought", "_graduated", "_minimum", "_mode", "_ordered", "exponent", "factor", "scale")

    def __init__(self, asked: Asked, bought: Fraction, rule: Rule, minimum: Fraction | None) -> None:
        self.factor = asked.item.factor(rule.unit) or ONE
        self._ordered = asked.item.factor(asked.line.unit) or ONE
        currency, settings = asked.context.currency, asked.settings
        self.exponent = exponent(currency)
        self.scale = settings.unit_scales.get(currency, self.exponent)
        self._mode = settings.rounding
        self._bought = bought
        self._minimum = minimum
        self._at_least = self._up(self.factor) if minimum is not None else 0
        self._graduated = rule.tier_mode == "graduated" and len(rule.tiers) > 1

    def is_below_minimum(self, price: Fraction) -> bool:
        """Whether an exact price per base unit, once rounded, breaks the guard."""
        return self._minimum is not None and self._scaled(price, self.factor) < self._at_least

    def goods(self, price: Fraction | None) -> Amounts:
        """The amounts of an exact price per base unit; None is the guard's minimum, rounded up."""
        if price is None:
            amount, line = self._at_least, None
        else:
            amount = self._scaled(price, self.factor)
            line = price * self._bought if self._graduated else None
        extended = self._extended(amount) if line is None else scaled(line, self.exponent, self._mode)
        if self._ordered is self.factor:
            unit_price = amount
        elif price is not None and self._graduated:
            unit_price = self._scaled(price, self._ordered)
        else:
            share = self._ordered / self.factor
            unit_price = whole(amount * share.numerator, share.denominator, self._mode)
        if self._minimum is not None:
            least = self._at_least if self._ordered is self.factor else self._up(self._ordered)
            unit_price = max(unit_price, least)
            extended = max(extended, self._least_extended(self._minimum))
        return Amounts(amount, unit_price, extended)

    def _least_extended(self, minimum: Fraction) -> int:
        (top, bottom), (units, of) = minimum.as_integer_ratio(), self._bought.as_integer_ratio()
        return whole(top * units * POWERS[self.exponent], bottom * of, "up")

    def with_charges(self, goods: Amounts, steps: Iterable[Step]) -> Amounts:
        """The amounts with each charge rounded to the currency's exponent."""
        charges = tuple(scaled(step.output, self.exponent, self._mode) for step in steps)
        return goods._replace(charges=charges) if charges else goods

    def amount(self, extended: int) -> Fraction:
        """A line's amount as an exact number."""
        return Fraction(extended, POWERS[self.exponent])

    def _scaled(self, price: Fraction, factor: Fraction) -> int:
        return scaled(price if factor is ONE else price * factor, self.scale, self._mode)

    def _up(self, factor: Fraction) -> int:
        """The guard's minimum per unit, rounded up."""
        minimum = self._minimum or _ZERO
        return scaled(minimum if factor is ONE else minimum * factor, self.scale, "up")

    def _extended(self, amount: int) -> int:
        """A price per price unit times the exact quantity, rounded once."""
        units = self._bought if self.factor is ONE else self._bought / self.factor
        digits = self.exponent - self.scale
        top, bottom = amount * units.numerator, units.denominator
        if digits >= 0:
            return whole(top * POWERS[digits], bottom, self._mode)
        return whole(top, bottom * POWERS[-digits], self._mode)
