"""Discounts (pricing rule 4): bands from high to low, one exclusive at most, best against compounded, *always* last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from typing import Final, NamedTuple

from crossdock.pricing.context import ONE
from crossdock.pricing.outcomes import Rejection, Step
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings

_ZERO: Final = Fraction(0)
_LAST: Final = 10**12


class Discount(NamedTuple):
    """A discount that may apply: its rate, and `amount`, the same in money per base unit."""

    rule: Rule
    rate: Fraction
    amount: Fraction


@dataclass(slots=True)
class Discounting:
    """Takes discounts off a base price per base unit. `price` is what is left; it never falls below 0."""

    base: Fraction
    settings: Settings
    price: Fraction = field(init=False)
    steps: list[Step] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing is taken off yet."""
        self.price = self.base

    def take(self, discounts: Iterable[Discount]) -> None:
        """Applies the discounts by bands, those that always apply last, whatever went before."""
        always: list[Discount] = []
        others: list[Discount] = []
        for discount in sorted(discounts, key=_order):
            (always if discount.rule.concurrency == "always" else others).append(discount)
        stopped = ""
        for _, band in groupby(others, key=lambda d: d.rule.band):
            if stopped:
                self._reject(band, stopped)
            else:
                stopped = self._take_band(list(band))
        self._apply(always)

    def _take_band(self, band: list[Discount]) -> str:
        """Takes a band; the reason why lower ones do not apply, or nothing."""
        before = self.price
        if len(band) == 1 and band[0].rule.concurrency != "exclusive":
            self._apply(band)
            return self._stop_after(before)
        exclusives = [d for d in band if d.rule.concurrency == "exclusive"]
        if exclusives and self.price != self.base:
            self._reject(exclusives, "not_alone")
        elif exclusives:
            best, left = self._best(exclusives)
            if left != self.price:
                self._leave(best, left)
                self._reject([d for d in exclusives if d is not best], "beaten")
                self._reject([d for d in band if d not in exclusives], "after_exclusive")
                return "after_exclusive"
            self._reject(exclusives, "no_effect")
        self._take_best_or_compound([d for d in band if d not in exclusives])
        return self._stop_after(before)

    def _stop_after(self, before: Fraction) -> str:
        return "after_band" if self.settings.across_bands == "stop" and self.price != before else ""

    def _take_best_or_compound(self, band: Sequence[Discount]) -> None:
        singles = [d for d in band if d.rule.concurrency == "best"]
        compound = [d for d in band if d.rule.concurrency == "compound"]
        if not singles:
            self._apply(compound)
            return
        best, left = self._best(singles)
        if compound and self._left_by(compound) < left:
            self._apply(compound)
            self._reject(singles, "beaten")
        else:
            self._leave(best, left)
            self._reject(compound, "beaten")
            self._reject([d for d in singles if d is not best], "beaten")

    def _best(self, discounts: Sequence[Discount]) -> tuple[Discount, Fraction]:
        """The one that takes off most, the first of equals in the order of discounts; and what it leaves."""
        lefts = [self._left(d, self.price) for d in discounts]
        best = lefts.index(min(lefts)) if len(lefts) > 1 else 0
        return discounts[best], lefts[best]

    def _left_by(self, discounts: Iterable[Discount]) -> Fraction:
        """What the discounts leave, one after the other."""
        price = self.price
        for discount in discounts:
            price = self._left(discount, price)
        return price

    def _left(self, discount: Discount, price: Fraction) -> Fraction:
        """What a discount leaves of a price that others may have lowered already: never less than 0."""
        rule = discount.rule
        if rule.operation == "fixed":
            return min(price, discount.amount)
        if rule.operation == "amount":
            return _less(price, discount.amount, ONE)
        of = self.base if (rule.basis or self.settings.discount_basis) == "list" else price
        return _less(price, discount.rate, of)

    def _apply(self, discounts: Iterable[Discount]) -> None:
        for discount in discounts:
            self._leave(discount, self._left(discount, self.price))

    def _leave(self, discount: Discount, left: Fraction) -> None:
        if left.as_integer_ratio() == self.price.as_integer_ratio():
            self.rejected.append((discount.rule, "no_effect"))
        else:
            self.steps.append(Step("discount", discount.rule, self.price, discount.rate, left))
            self.price = left

    def _reject(self, discounts: Iterable[Discount], reason: str) -> None:
        self.rejected += [(d.rule, reason) for d in discounts]


def _less(price: Fraction, rate: Fraction, of: Fraction) -> Fraction:
    """`price - rate * of`, never less than 0: in whole numbers, since exact fractions cost most of resolving a line."""
    top, bottom = rate.as_integer_ratio()
    if of is not ONE:
        times, by = of.as_integer_ratio()
        top, bottom = top * times, bottom * by
    price_top, price_bottom = price.as_integer_ratio()
    left = price_top * bottom - top * price_bottom
    return Fraction(left, price_bottom * bottom) if left > 0 else _ZERO


def _order(discount: Discount) -> tuple[int, int, str]:
    rule = discount.rule
    return -rule.band, _LAST if rule.sequence is None else rule.sequence, rule.name
