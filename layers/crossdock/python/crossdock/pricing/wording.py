"""A price in plain words, for whoever has to tell a customer why (pricing rule 8)."""

from fractions import Fraction
from types import MappingProxyType
from typing import Final

from crossdock import quantities
from crossdock.pricing import details
from crossdock.pricing.amounts import decimal_text
from crossdock.pricing.details import Component
from crossdock.pricing.outcomes import BLOCKED, NO_PRICE, Asked, Outcome
from crossdock.pricing.rounding import exponent, money
from crossdock.pricing.rules import Rule

REASONS: Final = MappingProxyType(
    {
        "draft": "it is a draft and not approved",
        "not_known_then": "it was not recorded or not approved at the time that is asked about",
        "superseded": "a newer version of it was known",
        "withdrawn": "it is withdrawn",
        "other_channel": "it is for other channels",
        "other_currency": "it is in another currency",
        "not_yet_valid": "it is not valid yet",
        "expired": "it is not valid any more",
        "unknown_unit": "the item does not have its unit",
        "other_mix_group": "the item is not in its mix group",
        "below_first_tier": "the quantity is below its first tier",
        "no_source_price": "the cost or price that it is made of is not known",
        "farther_parent": "a nearer parent has a contract price",
        "lost": "another rule of the same level won by the level's policy",
        "weaker_level": "a more specific level has a price",
        "higher_price": "another level has a lower price",
        "forbidden": "the base price allows no discounts",
        "not_alone": "it is exclusive, and a higher band has taken something off already",
        "beaten": "another discount of its band takes off more",
        "no_effect": "it takes nothing off",
        "after_exclusive": "an exclusive discount applies alone",
        "after_band": "a higher band has taken something off, and the settings stop there",
        "lower_guard": "another guard asks for more",
        "kept": "the price is not below it",
        "waived": "a recorded waiver allows a lower price",
        "waives_nothing": "the guard that it waives does not apply, or allows as low a price anyway",
        "less_specific": "more specific freight terms apply",
        "other_cost": "another cost is more specific, or began later",
    }
)
"""Why a candidate does not apply, in a word and a sentence. "other_<name>": that name of its scope is another one."""

_LEVELS: Final = MappingProxyType(
    {
        "job": "price of the job",
        "ship_to_item": "price of the item for this delivery address",
        "customer_item": "customer's price of the item",
        "customer_family": "customer's price of a family of items",
        "parent_contract": "contract of the customer's parent",
        "segment_item": "segment's price of the item",
        "segment_family": "segment's price of a family of items",
        "branch_list": "list of the branch or region",
        "channel_list": "list of the channel",
        "base_list": "base list",
        "cost_plus": "price made of the cost",
    }
)

_GUARDS: Final = MappingProxyType(
    {
        "floor": "floor",
        "advertised_minimum": "minimum advertised price",
        "contract_minimum": "contract minimum",
        "waiver": "waiver",
    }
)


def other(reason: str) -> str:
    """The sentence of a reason "other_<name>"."""
    return f"its {reason.removeprefix('other_').replace('_', ' ')} is another"


def reason(asked: Asked, outcome: Outcome) -> str:
    """Why the price is what it is, in one line."""
    if outcome.status == NO_PRICE:
        return " ".join(
            [f"No rule states a price of {asked.item.sku} for this customer, quantity and instant.", *_unmade(outcome)]
        )
    said = [_step(asked, outcome, c) for c in details.components(asked, outcome)]
    if outcome.status == BLOCKED:
        return "; ".join([*said[:-1], f"blocked: {said[-1]}"]) + "."
    return "; ".join(said) + "."


def _unmade(outcome: Outcome) -> list[str]:
    """The base prices that would be made of a cost or price that there is none of: what is missing, not just that."""
    rules = sorted({_name(r) for r, why in outcome.rejected if why == "no_source_price" and r.layer in _LEVELS})
    return [f"{', '.join(rules)}: {REASONS['no_source_price']}."] if rules else []


def _step(asked: Asked, outcome: Outcome, component: Component) -> str:
    rule, currency = component.rule, asked.context.currency
    unit = (outcome.steps[0].rule.unit or asked.item.unit) if outcome.steps else asked.item.unit
    output = f"{_readable(component.output)} {currency} per {unit}"
    match component.kind:
        case "base":
            text = f"{_LEVELS[rule.layer].capitalize()} {_name(rule)}: {_base(component)}{output}"
        case "discount":
            text = f"discount {_name(rule)}: {_off(component, currency)} off, leaves {output}"
        case "guard":
            text = f"{_GUARDS[rule.layer]} {_name(rule)}: not below {output}"
        case _:
            charge = money(int(component.amount * 10 ** exponent(currency)), exponent(currency))
            text = f"{component.kind} {_name(rule)}: {charge} {currency} on the line"
    return text + (f" ({rule.reason})" if rule.reason else "")


def _base(component: Component) -> str:
    value = decimal_text(component.value)
    match component.rule.operation:
        case "cost_plus":
            return f"cost and {value} %, "
        case "margin":
            return f"cost with a margin of {value} %, "
        case "multiple":
            return f"{value} times {_readable(component.input or Fraction(0))}, "
        case _:
            return ""


def _off(component: Component, currency: str) -> str:
    if component.rule.operation == "percent":
        return f"{_readable(component.value)} %"
    return f"{_readable(-component.amount)} {currency}"


def _name(rule: Rule) -> str:
    contract = f", contract {rule.contract}" if rule.contract else ""
    return f"{rule.name} version {rule.version}{contract}"


def _readable(amount: Fraction) -> str:
    """An exact number as people read it: a fraction that is no decimal to six places."""
    text = decimal_text(amount)
    if "/" not in text:
        return text
    return f"about {decimal_text(Fraction(round(amount * 10**6), 10**6))}"


def explain(asked: Asked, outcome: Outcome) -> str:
    """The whole chain: what was asked, each step, the amounts, and each candidate that does not apply, with why."""
    line, context = asked.line, asked.context
    unit = line.unit or asked.item.unit
    lines = [f"{quantities.to_json(line.quantity)} {unit} of {line.item} at {context.at}: {outcome.status}"]
    if outcome.status == NO_PRICE:
        lines.append(f"  {reason(asked, outcome)}")
    for number, component in enumerate(details.components(asked, outcome), start=1):
        lines.append(f"  {number}. {_step(asked, outcome, component)}")
    if cost := cost_used(asked, outcome):
        lines.append(f"  made of {cost}")
    if outcome.amounts is not None:
        lines += _amounts(asked, outcome, unit)
    lines += [
        f"  not {_name(rule)}: {REASONS.get(why) or other(why)}" for rule, why in details.rejected(asked, outcome)
    ]
    return "\n".join(lines)


def cost_used(asked: Asked, outcome: Outcome) -> str | None:
    """The cost that a step of the price is made of, for who may see costs; None where none is."""
    offer = details.cost_used(asked, outcome)
    if offer is None:
        return None
    rule, currency = offer.rule, asked.context.currency
    text = f"cost {_name(rule)}: {_readable(offer.rate)} {currency} per {rule.unit or asked.item.unit}"
    return text + (f" ({rule.reason})" if rule.reason else "")


def _amounts(asked: Asked, outcome: Outcome, unit: str) -> list[str]:
    amounts, currency = outcome.amounts, asked.context.currency
    if amounts is None:
        return []
    scale, digits = details.unit_scale(asked), exponent(currency)
    said = (
        f"  {money(amounts.unit_price, scale)} {currency} per {unit}, line {money(amounts.extended, digits)} {currency}"
    )
    total = money(amounts.extended + sum(amounts.charges), digits)
    return [said + (f", with charges {total} {currency}" if amounts.charges else "")]
