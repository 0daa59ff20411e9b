"""Solving a line: base price, discounts, guard, rounding, charges (pricing rules 3–6), in exact numbers."""

from collections.abc import Sequence
from fractions import Fraction

from crossdock.pricing import guards
from crossdock.pricing.charges import charges
from crossdock.pricing.discounts import Discount, Discounting
from crossdock.pricing.levels import LEVELS
from crossdock.pricing.line_rounding import LineRounding
from crossdock.pricing.outcomes import BLOCKED, NO_PRICE, PRICED, Asked, Outcome, Step
from crossdock.pricing.policies import winner
from crossdock.pricing.rules import Rule
from crossdock.pricing.situation import Offer, Situation, policy


def solve(asked: Asked) -> Outcome:
    """What becomes of a line. Raises StatementError for a unit that its item does not have."""
    situation = Situation(asked)
    base = _base_price(situation)
    if base is None:
        return _without(situation, NO_PRICE, ())
    price: Fraction | None
    steps, price = _discounted(situation, base)
    guard = guards.highest(situation) if not guards.NAMES.isdisjoint(situation.layers) else None
    rounding = LineRounding(asked, situation.bought, base.rule, guard.minimum if guard else None)
    if guard is not None:
        if not rounding.is_below_minimum(price):
            situation.rejected.append((guard.rule, "kept"))
        else:
            steps.append(Step("guard", guard.rule, price, guard.rate, guard.minimum))
            if guard.blocks:
                return _without(situation, BLOCKED, steps)
            price = None
    return _priced(situation, rounding, steps, price)


def _without(situation: Situation, status: str, steps: Sequence[Step]) -> Outcome:
    return Outcome(status, tuple(steps), tuple(situation.rejected), tuple(situation.looked_at))


def _base_price(situation: Situation) -> Offer | None:
    """The offer of the first level that has one, or the lowest of all levels' winners (pricing rule 3)."""
    layers, rejected = situation.layers, situation.rejected
    lowest = situation.asked.settings.across_levels == "lowest"
    best: Offer | None = None
    for level in LEVELS:
        if level not in layers:
            continue
        if best is not None and not lowest:
            rejected += [(rule, "weaker_level") for rule in layers[level]]
            continue
        offers = situation.level_offers(level)
        if not offers:
            continue
        chosen = winner(offers, policy(situation.asked, level))
        rejected += [(o.rule, "lost") for o in offers if o is not chosen]
        if best is None:
            best = chosen
            continue
        if chosen.price < best.price:
            best, chosen = chosen, best
        rejected.append((chosen.rule, "higher_price"))
    return best


def _discounted(situation: Situation, base: Offer) -> tuple[list[Step], Fraction]:
    """The steps from nothing to the price after discounts, per base unit (pricing rule 4)."""
    steps = [Step("base", base.rule, base.source, base.rate, base.price)]
    rules = situation.layers.get("discount")
    if not rules:
        return steps, base.price
    if not base.rule.allow_discounts:
        situation.rejected += [(rule, "forbidden") for rule in rules]
        return steps, base.price
    discounting = Discounting(base.price, situation.asked.settings)
    discounting.take(_discounts(situation, rules))
    situation.rejected += discounting.rejected
    return steps + discounting.steps, discounting.price


def _discounts(situation: Situation, rules: Sequence[Rule]) -> list[Discount]:
    found = []
    for rule in rules:
        rate = situation.rate(rule)
        if isinstance(rate, str):
            situation.rejected.append((rule, rate))
        else:
            amount = rate if rule.operation == "percent" else situation.per_base_unit(rule, rate)
            found.append(Discount(rule, rate, amount))
    return found


def _priced(situation: Situation, rounding: LineRounding, steps: list[Step], price: Fraction | None) -> Outcome:
    """The outcome of an exact price per base unit; None is the guard's minimum."""
    goods = rounding.goods(price)
    extra = charges(situation, lambda: rounding.amount(goods.extended))
    return Outcome(
        PRICED,
        (*steps, *extra),
        tuple(situation.rejected),
        tuple(situation.looked_at),
        rounding.with_charges(goods, extra),
        rounding.factor,
    )
