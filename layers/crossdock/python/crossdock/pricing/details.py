"""What a price is shown with, worked out when it is shown: components, list price, next break, validity, statistics."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final

from crossdock.pricing.context import ONE, exact
from crossdock.pricing.outcomes import Amounts, Asked, Outcome, Rejection, Step
from crossdock.pricing.rounding import POWERS, exponent, money, scaled
from crossdock.pricing.rules import ALWAYS, FOREVER, Rule
from crossdock.pricing.situation import Offer, Situation, scope_reason
from crossdock.pricing.solving import solve
from crossdock.pricing.tiers import slice_begin
from crossdock.quantities import Quantity, whole

_HUNDRED: Final = Fraction(100)
_CHARGES: Final = frozenset({"surcharge", "freight"})
_STATISTICAL: Final = frozenset({"cost", "rebate"})
_PRICING: Final = frozenset({"surcharge", "freight", "rebate"})


@dataclass(frozen=True, slots=True)
class Component:
    """A step of a price, exactly: per price unit, or for a charge of the line. `value` is what the rule's tier says.

    `kind` is base, discount, guard, surcharge or freight. `amount` is what the step adds (a discount's is below 0), and
    of a charge what it puts on the line, rounded.
    """

    kind: str
    rule: Rule
    input: Fraction | None
    value: Fraction
    output: Fraction
    amount: Fraction


@dataclass(frozen=True, slots=True)
class NextBreak:
    """The next quantity (in the ordered unit) at which a unit costs less; money in the context's currency.

    `saves` is what that many cost less than at today's unit price.
    """

    quantity: Quantity
    unit_price: Decimal
    saves_per_unit: Decimal
    saves: Decimal


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of the line, in its currency; None where it is not known. `margin_percent` is of the net line, to 2 decimals."""

    rebates: tuple[tuple[Rule, Decimal], ...]
    cost: Decimal | None
    unit_cost: Fraction | None
    margin: Decimal | None
    margin_percent: Decimal | None


def unit_scale(asked: Asked) -> int:
    """Decimals of a unit price."""
    currency = asked.context.currency
    return asked.settings.unit_scales.get(currency, exponent(currency))


def components(asked: Asked, outcome: Outcome) -> tuple[Component, ...]:
    """The steps of the price per price unit, then the charges."""
    charges = outcome.amounts.charges if outcome.amounts else ()
    factor = _price_factor(asked, outcome)
    priced = len(outcome.steps) - len(charges)
    found = [_component(step, factor) for step in outcome.steps[:priced]]
    power = POWERS[exponent(asked.context.currency)]
    for step, charge in zip(outcome.steps[priced:], charges, strict=True):
        amount = Fraction(charge, power)
        found.append(Component(step.kind, step.rule, step.input, _value(step), step.output, amount))
    return tuple(found)


def _price_factor(asked: Asked, outcome: Outcome) -> Fraction:
    return (asked.item.factor(outcome.steps[0].rule.unit) or ONE) if outcome.steps else ONE


def _component(step: Step, factor: Fraction) -> Component:
    start = None if step.input is None else step.input * factor
    output = step.output * factor
    amount = output if step.kind == "base" else output - (start or 0)
    return Component(step.kind, step.rule, start, _value(step), output, amount)


def _value(step: Step) -> Fraction:
    """What the rule's tier says, back from its rate; of graduated tiers the average."""
    match step.rule.operation:
        case "percent":
            return step.rate * _HUNDRED
        case "cost_plus":
            return (step.rate - 1) * _HUNDRED
        case "margin":
            return _HUNDRED - _HUNDRED / step.rate
        case _:
            return step.rate


def rejected(asked: Asked, outcome: Outcome) -> tuple[Rejection, ...]:
    """Each rejection with its reason in one word, by name, version and reason, whatever order they were found in."""
    found = [(r, scope_reason(r, asked) if why == "scope" else why) for r, why in outcome.rejected]
    found += _unused(asked)
    return tuple(sorted(found, key=lambda f: (f[0].name, f[0].version, f[1])))


def _unused(asked: Asked) -> list[Rejection]:
    """The costs and rebates that do not count: no price is solved with them, so they are judged when told of."""
    if _STATISTICAL.isdisjoint(rule.layer for rule in asked.candidates):
        return []
    situation = Situation(asked)
    used = situation.cost()
    costs = [(r, situation.rate(r)) for r in situation.layers.get("cost", ()) if used is None or r is not used.rule]
    rebates = [(r, why) for r in situation.layers.get("rebate", ()) if isinstance(why := situation.rate(r), str)]
    return [(r, why if isinstance(why, str) else "other_cost") for r, why in costs] + rebates


def validity(asked: Asked, outcome: Outcome) -> tuple[str | None, str | None]:
    """Between which instants around `at` no window of what could apply opens or closes."""
    at, latest, earliest = asked.context.at, ALWAYS, FOREVER
    for rule in (*outcome.looked_at, *asked.beside):
        for edge in (rule.opens, rule.closes):
            if edge <= at:
                latest = max(latest, edge)
            else:
                earliest = min(earliest, edge)
    return latest or None, None if earliest == FOREVER else earliest


def list_price(asked: Asked) -> int | None:
    """The base list's price per ordered unit at this quantity, at the unit scale."""
    offer = Situation(asked).level_offer("base_list")
    if offer is None:
        return None
    return scaled(offer.price * (asked.item.factor(asked.line.unit) or ONE), unit_scale(asked), asked.settings.rounding)


def cost_used(asked: Asked, outcome: Outcome) -> Offer | None:
    """The cost that a step is made of (pricing rule 5), or None: it stands in no step by itself."""
    if not any(from_cost(step.rule) for step in outcome.steps):
        return None
    return Situation(asked).cost()


def from_cost(rule: Rule) -> bool:
    """Whether what a rule says is reckoned from the item's cost."""
    return rule.operation in {"cost_plus", "margin"} or (rule.operation == "multiple" and rule.of == "cost")


def statistics(asked: Asked, outcome: Outcome) -> Statistics:
    """Rebates, cost and margin of the line (pricing rule 7)."""
    situation = Situation(asked)
    digits, mode = exponent(asked.context.currency), asked.settings.rounding
    offer = situation.cost()
    cost = None if offer is None else scaled(offer.price * situation.bought, digits, mode)
    rebates = _rebates(situation, outcome.amounts) if outcome.amounts else ()
    margin, percent = None, None
    if outcome.amounts and cost is not None:
        extended = outcome.amounts.extended
        margin = money(extended - cost, digits)
        percent = money(scaled(Fraction(100 * (extended - cost), extended), 2, mode), 2) if extended else None
    return Statistics(
        rebates, None if cost is None else money(cost, digits), offer.price if offer else None, margin, percent
    )


def _rebates(situation: Situation, amounts: Amounts) -> tuple[tuple[Rule, Decimal], ...]:
    asked = situation.asked
    digits, mode = exponent(asked.context.currency), asked.settings.rounding
    found = []
    for rule in sorted(situation.layers.get("rebate", ()), key=lambda r: r.name):
        rate = situation.rate(rule)
        if isinstance(rate, str):
            continue
        if rule.operation == "percent":
            amount = rate * Fraction(amounts.extended, POWERS[digits])
        else:
            amount = situation.per_base_unit(rule, rate) * situation.bought
        found.append((rule, money(scaled(amount, digits, mode), digits)))
    return tuple(found)


# -- the next quantity break -----------------------------------------------------------------------------------


def next_break(asked: Asked, outcome: Outcome) -> NextBreak | None:
    """The smallest larger quantity of the ordered unit at which the unit price is lower, tried break by break."""
    if outcome.amounts is None:
        return None
    now = outcome.amounts.unit_price
    for quantity in _larger_quantities(asked):
        then = solve(_at_quantity(asked, quantity)).amounts
        if then is not None and then.unit_price < now:
            scale, digits = unit_scale(asked), exponent(asked.context.currency)
            before = scaled(Fraction(now, POWERS[scale]) * exact(quantity), digits, asked.settings.rounding)
            return NextBreak(
                quantity,
                money(then.unit_price, scale),
                money(now - then.unit_price, scale),
                money(before - then.extended, digits),
            )
    return None


def _larger_quantities(asked: Asked) -> list[Quantity]:
    """The quantities of the line, rising, at which one of what applies reaches a further tier."""
    situation = Situation(asked)
    per_unit = asked.item.factor(asked.line.unit) or ONE
    ordered = exact(asked.line.quantity)
    found: set[int] = set()
    for layer, rules in situation.layers.items():
        for rule in rules if layer not in _PRICING else ():
            counted, factor = situation.quantity(rule), asked.item.factor(rule.unit)
            if counted is None or factor is None:
                continue
            for tier in rule.tiers:
                begins = tier.min_quantity
                if rule.tier_mode == "graduated" and len(rule.tiers) > 1:
                    begins = Fraction(slice_begin(begins) + 1)
                if begins > counted:
                    found.add(ceil(ordered + (begins - counted) * factor / per_unit))
    return [n for n in sorted(found) if n > ordered]


def _at_quantity(asked: Asked, quantity: Quantity) -> Asked:
    """The same question with more of the line, and of the basket that it is in."""
    more = exact(quantity) - exact(asked.line.quantity)
    basket = asked.basket
    if basket is not None:
        basket = basket.with_more(asked.item, more * (asked.item.factor(asked.line.unit) or ONE))
    return asked._replace(line=replace(asked.line, quantity=whole(quantity)), basket=basket)
