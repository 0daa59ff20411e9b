"""The answer for a line: a price, or why there is none (pricing rules 3–8). All but the outcome is made when asked."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crossdock.pricing import details, documents, wording
from crossdock.pricing.details import Component, NextBreak, Statistics
from crossdock.pricing.outcomes import BLOCKED, NO_PRICE, PRICED, Asked, Outcome
from crossdock.pricing.rounding import exponent, money
from crossdock.pricing.rules import Rule

__all__ = ["BLOCKED", "NO_PRICE", "PRICED", "Asked", "Component", "NextBreak", "Resolution", "Statistics"]


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer for a line. Without a price (`status` NO_PRICE or BLOCKED) there is no amount at all, never 0.

    Money is Decimal in the context's currency, with as many decimals as it is stated in.
    """

    asked: Asked
    outcome: Outcome

    @property
    def status(self) -> str:
        """PRICED, NO_PRICE (no rule states a base price) or BLOCKED (a guard forbids the price)."""
        return self.outcome.status

    @property
    def rule(self) -> Rule | None:
        """The rule of the base price; None without one."""
        return self.outcome.steps[0].rule if self.outcome.steps else None

    @property
    def currency(self) -> str:
        """ISO 4217."""
        return self.asked.context.currency

    @property
    def unit(self) -> str:
        """The ordered unit, which `unit_price` is of."""
        return self.asked.line.unit or self.asked.item.unit

    @property
    def unit_price(self) -> Decimal | None:
        """Per ordered unit, at the unit scale."""
        return self._at_unit_scale(self.outcome.amounts.unit_price) if self.outcome.amounts else None

    @property
    def price(self) -> Decimal | None:
        """Per `price_unit`, at the unit scale: times the exact quantity it is the line."""
        return self._at_unit_scale(self.outcome.amounts.price) if self.outcome.amounts else None

    @property
    def price_unit(self) -> str | None:
        """The winning rule's unit."""
        return (self.rule.unit or self.asked.item.unit) if self.rule and self.outcome.amounts else None

    @property
    def extended(self) -> Decimal | None:
        """The line without surcharges and freight, at the currency's exponent."""
        return self._of_line(self.outcome.amounts.extended) if self.outcome.amounts else None

    @property
    def surcharges(self) -> Decimal | None:
        """All surcharges of the line."""
        return self._charges("surcharge")

    @property
    def freight(self) -> Decimal | None:
        """The freight of the line."""
        return self._charges("freight")

    @property
    def total(self) -> Decimal | None:
        """The line with surcharges and freight."""
        amounts = self.outcome.amounts
        return self._of_line(amounts.extended + sum(amounts.charges)) if amounts else None

    @property
    def list_price(self) -> Decimal | None:
        """What the base list says at this quantity, per ordered unit; None where it says nothing."""
        found = details.list_price(self.asked)
        return None if found is None else self._at_unit_scale(found)

    @property
    def components(self) -> tuple[Component, ...]:
        """The steps of the price, in order, then the charges."""
        return details.components(self.asked, self.outcome)

    @property
    def rejected(self) -> tuple[tuple[Rule, str], ...]:
        """The candidates that did not apply, each with the word for its reason (`wording.REASONS`), by name."""
        return details.rejected(self.asked, self.outcome)

    @property
    def valid_from(self) -> str | None:
        """The latest instant up to `at` at which a window of the candidates opened or closed; None when none did."""
        return details.validity(self.asked, self.outcome)[0]

    @property
    def valid_to(self) -> str | None:
        """The earliest instant after `at` at which one opens or closes; None when none does."""
        return details.validity(self.asked, self.outcome)[1]

    @property
    def next_break(self) -> NextBreak | None:
        """The next quantity at which a unit costs less, and what that saves; None when there is none."""
        return details.next_break(self.asked, self.outcome)

    @property
    def statistics(self) -> Statistics:
        """Rebates, cost and margin of the line: for whom may see them, never part of the price (pricing rule 7)."""
        return details.statistics(self.asked, self.outcome)

    @property
    def reason(self) -> str:
        """Why the price is what it is, in plain words."""
        return wording.reason(self.asked, self.outcome)

    def explain(self) -> str:
        """The steps, the charges and the rejected candidates in plain words, a line each."""
        return wording.explain(self.asked, self.outcome)

    @property
    def hash(self) -> str:
        """Over context and result, in 32 hexadecimal digits."""
        return documents.result_hash(self.asked, self.outcome)

    def trace(self) -> dict[str, Any]:
        """All that the price follows from, as a document: `crossdock.pricing.trace.replay` makes the same of it."""
        return documents.trace(self.asked, self.outcome)

    def document(self, show: Collection[str] = ()) -> dict[str, Any]:
        """The answer as JSON carries it, money as texts. `show` adds "rebates", "cost", "margin", "trace".

        An unpriced line has no amounts at all. A partner is shown what it may see: that is the caller's to decide.
        """
        return documents.answer(self, show)

    def _charges(self, kind: str) -> Decimal | None:
        amounts = self.outcome.amounts
        if amounts is None:
            return None
        steps = self.outcome.steps[len(self.outcome.steps) - len(amounts.charges) :]
        return self._of_line(sum(c for s, c in zip(steps, amounts.charges, strict=True) if s.kind == kind))

    def _at_unit_scale(self, amount: int) -> Decimal:
        return money(amount, details.unit_scale(self.asked))

    def _of_line(self, amount: int) -> Decimal:
        return money(amount, exponent(self.currency))
