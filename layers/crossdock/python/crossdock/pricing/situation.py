"""A line among its candidates: which of them apply, at what rate, and what the prices they are made of are."""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from operator import attrgetter
from typing import Final, NamedTuple

from crossdock.pricing.context import ONE, ItemFacts, exact
from crossdock.pricing.errors import StatementError
from crossdock.pricing.outcomes import Asked, Rejection
from crossdock.pricing.policies import most_specific, winner
from crossdock.pricing.rules import FOREVER, Rule
from crossdock.pricing.scopes import token
from crossdock.pricing.tiers import rate_at

_name: Final = attrgetter("name")


class Offer(NamedTuple):
    """A base price that a rule makes, per base unit; `source` is the price that it is made of."""

    rule: Rule
    price: Fraction
    rate: Fraction
    source: Fraction | None


class Situation:
    """What solving one line looks at. `layers` has the candidates that apply at this instant."""

    __slots__ = ("_cost", "asked", "bought", "item", "layers", "looked_at", "rejected")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.item = asked.item
        self.bought = base_quantity(asked)
        self.layers: dict[str, list[Rule]] = defaultdict(list)
        self.looked_at: list[Rule] = []
        self.rejected: list[Rejection] = []
        self._cost: Offer | None = None
        self._sort_out()

    def _sort_out(self) -> None:  # noqa: C901 - one chain of questions, asked of every candidate: calls would cost more
        """Puts each candidate among its layer or the rejected, with the reason (pricing rules 1 and 2)."""
        asked, context = self.asked, self.asked.context
        have = context.tokens | asked.item.tokens
        at, currency, channel, known_at = context.at, context.currency, context.channel, context.known_at or FOREVER
        layers, rejected, looked_at = self.layers, self.rejected, self.looked_at
        overtaken = _overtaken(asked.candidates, known_at)
        for rule in asked.candidates:
            if rule.status != "approved":
                why = "draft"
            elif rule.known_from > known_at:
                why = "not_known_then"
            elif overtaken and id(rule) in overtaken:
                why = "superseded"
            elif rule.withdrawn:
                why = "withdrawn"
            elif not rule.needs <= have:
                why = "scope"
            elif rule.scope.channels and channel not in rule.scope.channels:
                why = "other_channel"
            elif rule.currency is not None and rule.currency != currency:
                why = "other_currency"
            else:
                looked_at.append(rule)
                if rule.opens > at:
                    why = "not_yet_valid"
                elif at >= rule.closes:
                    why = "expired"
                else:
                    layers[rule.layer].append(rule)
                    continue
            rejected.append((rule, why))

    def quantity(self, rule: Rule) -> Fraction | None:
        """How much the rule's tiers look at, in its unit; None where the item has no such unit."""
        factor = self.item.factor(rule.unit)
        if factor is None:
            return None
        if rule.tier_basis == "line":
            return self.bought if factor is ONE else self.bought / factor
        basket = self.asked.basket
        if rule.tier_basis == "mix_group" and rule.mix_group in self.item.mix_groups and basket is not None:
            return basket.of_group(rule.mix_group, rule.unit)
        bought = own_quantity(self.asked, self.bought) if basket is None else basket.of_item(self.item.sku)
        return bought / factor

    def rate(self, rule: Rule) -> Fraction | str:
        """The rate of the rule at this quantity, or the reason why it has none."""
        quantity = self.quantity(rule)
        if quantity is None:
            return "unknown_unit"
        if rule.tier_basis == "mix_group" and rule.mix_group not in self.item.mix_groups:
            return "other_mix_group"
        rate = rate_at(rule, quantity)
        return "below_first_tier" if rate is None else rate

    def per_base_unit(self, rule: Rule, rate: Fraction) -> Fraction:
        """An amount per the rule's unit as one per base unit."""
        factor = self.item.factor(rule.unit)
        return rate if factor is None or factor is ONE else rate / factor

    def offer(self, rule: Rule) -> Offer | str:
        """The price that a rule makes, or the reason why it makes none."""
        rate = self.rate(rule)
        if isinstance(rate, str):
            return rate
        if rule.operation == "fixed":
            return Offer(rule, self.per_base_unit(rule, rate), rate, None)
        source = self.level_offer("base_list" if rule.of == "list" else rule.of) if _of_level(rule) else self.cost()
        return "no_source_price" if source is None else Offer(rule, source.price * rate, rate, source.price)

    def level_offers(self, level: str) -> list[Offer]:
        """The prices of a level's eligible rules; of parents only the nearest one's. Notes who has none, and why."""
        offers = []
        for rule in self.layers.get(level, ()):
            offer = self.offer(rule)
            if isinstance(offer, str):
                self.rejected.append((rule, offer))
            else:
                offers.append(offer)
        if level == "parent_contract" and len(offers) > 1:
            return self._of_nearest_parent(offers)
        return offers

    def _of_nearest_parent(self, offers: list[Offer]) -> list[Offer]:
        for parent in self.asked.context.parents:
            if near := [offer for offer in offers if offer.rule.scope.parent == parent]:
                self.rejected += [(o.rule, "farther_parent") for o in offers if o not in near]
                return near
        return offers

    def level_offer(self, level: str) -> Offer | None:
        """The price that a level by itself has: what multiples are of. Says nothing of the rejected."""
        noted = len(self.rejected)
        offers = self.level_offers(level)
        del self.rejected[noted:]
        return winner(offers, policy(self.asked, level)) if offers else None

    def cost(self) -> Offer | None:
        """The item's cost: of the most specific cost rules the newest (pricing rule 5: cost changes are dated)."""
        if self._cost is None and "cost" in self.layers:
            offers = [o for rule in self.layers["cost"] if not isinstance(o := self.offer(rule), str)]
            self._cost = most_specific(offers) if offers else None
        return self._cost


def policy(asked: Asked, level: str) -> str:
    """How a level's winner is found."""
    return asked.settings.levels.get(level, asked.settings.level_policy)


def base_quantity(asked: Asked) -> Fraction:
    """What the line buys, in the item's base units. Raises StatementError for a unit that the item does not have."""
    factor = asked.item.factor(asked.line.unit)
    if factor is None:
        raise unknown_unit(asked.item, asked.line.unit)
    quantity = exact(asked.line.quantity)
    return quantity if factor is ONE else quantity * factor


def own_quantity(asked: Asked, bought: Fraction) -> Fraction:
    """What is bought of the line's item where nothing is known of other lines."""
    return bought + exact(asked.context.basket.get(asked.item.sku, 0))


def unknown_unit(item: ItemFacts, unit: str | None) -> StatementError:
    """What is wrong with a line whose unit its item does not have."""
    known = ", ".join(dict.fromkeys([item.unit, *sorted(item.units)]))
    return StatementError("unit", f"{item.sku} has no unit {unit!r}", f"order it in {known}, or tell its factor first")


def scope_reason(rule: Rule, asked: Asked) -> str:
    """Which name of its scope keeps a rule away: the first that does not hold, in the order of a scope."""
    have = asked.context.tokens | asked.item.tokens
    named = rule.scope.document()
    return next(f"other_{n}" for n, value in named.items() if n != "channels" and token(n, value) not in have)


def _of_level(rule: Rule) -> bool:
    return rule.operation == "multiple" and rule.of != "cost"


def _overtaken(candidates: Sequence[Rule], known_at: str) -> frozenset[int]:
    """Which candidates (by `id`) a newer version of the same rule has overtaken, as known then."""
    if len(set(map(_name, candidates))) == len(candidates):
        return frozenset()
    newest: dict[str, Rule] = {}
    counting = [r for r in candidates if r.status == "approved" and r.known_from <= known_at]
    for rule in counting:
        best = newest.get(rule.name)
        if best is None or (rule.version, rule.text()) > (best.version, best.text()):
            newest[rule.name] = rule
    return frozenset(id(rule) for rule in counting if newest[rule.name] is not rule)
