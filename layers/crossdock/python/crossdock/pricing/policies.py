"""Who wins within a level (pricing rule 3): the policy, and then a total order, so that no order of reading matters."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol, TypeVar

from crossdock.pricing.levels import RANKS, level_of
from crossdock.pricing.rules import Rule

_LAST = 10**12


class Priced(Protocol):
    """A rule and the price that it makes."""

    @property
    def rule(self) -> Rule: ...
    @property
    def price(self) -> Fraction: ...


P = TypeVar("P", bound=Priced)


def winner(offers: Sequence[P], policy: str) -> P:
    """The one offer that a policy chooses; ties: lower price, newer `valid_from`, name, higher version."""
    if len(offers) == 1:
        return offers[0]
    if policy == "FIRST":
        first = min(_sequence(o) for o in offers)
        offers = [o for o in offers if _sequence(o) == first]
    elif policy == "HIGHEST":
        highest = max(o.price for o in offers)
        offers = [o for o in offers if o.price == highest]
    elif policy == "NEWEST":
        newest = max(o.rule.opens for o in offers)
        offers = [o for o in offers if o.rule.opens == newest]
    elif policy == "OLDEST":
        oldest = min(o.rule.opens for o in offers)
        offers = [o for o in offers if o.rule.opens == oldest]
    return _cheapest(offers)


def _sequence(offer: Priced) -> int:
    return _LAST if offer.rule.sequence is None else offer.rule.sequence


def _cheapest(offers: Sequence[P]) -> P:
    lowest = min(o.price for o in offers)
    return _newest([o for o in offers if o.price == lowest])


def _newest(offers: Sequence[P]) -> P:
    newest = max(o.rule.opens for o in offers)
    return min((o for o in offers if o.rule.opens == newest), key=lambda o: (o.rule.name, -o.rule.version))


def most_specific(offers: Sequence[P]) -> P:
    """The one whose rule names the most specific thing, then the most things; of these the newest, then by name."""
    if len(offers) == 1:
        return offers[0]
    strongest = min(specificity(o.rule) for o in offers)
    return _newest([o for o in offers if specificity(o.rule) == strongest])


def specificity(rule: Rule) -> tuple[int, int]:
    """How specific a rule's scope is: smaller is more."""
    return RANKS[level_of(rule.scope)], -len(rule.needs) - bool(rule.scope.channels)
