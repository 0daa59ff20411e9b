"""Answers and traces as documents: money as texts, exact numbers as decimals or fractions."""

import hashlib
import json
from collections.abc import Collection
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from crossdock import quantities
from crossdock.pricing import details, wording
from crossdock.pricing.amounts import decimal_text
from crossdock.pricing.basket import Basket
from crossdock.pricing.levels import RANKS
from crossdock.pricing.outcomes import Asked, Outcome
from crossdock.pricing.rules import Rule
from crossdock.pricing.situation import base_quantity, own_quantity

if TYPE_CHECKING:
    from crossdock.pricing.results import Resolution

RESOLVER: Final = 1
"""Which rules of resolving a trace was made with: a trace of others is never replayed by these."""


def answer(resolution: "Resolution", show: Collection[str]) -> dict[str, Any]:
    """The answer for a line."""
    asked, outcome = resolution.asked, resolution.outcome
    line = asked.line
    valid_from, valid_to = details.validity(asked, outcome)
    steps = components(asked, outcome)
    found_hash = _hash(asked, outcome, steps)
    document: dict[str, Any] = {
        "line": line.line,
        "item": line.item,
        "quantity": quantities.to_json(line.quantity),
        "unit": resolution.unit,
        "status": outcome.status,
        "currency": resolution.currency,
        **_amounts(resolution),
        "components": steps,
        "reason": wording.reason(asked, outcome),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "hash": found_hash,
    }
    if line.substitute_for is not None:
        document |= {"substitute_for": line.substitute_for, "priced_as": asked.item.sku}
    if not {"rebates", "cost", "margin"}.isdisjoint(show):
        document |= _statistics(resolution, show)
    if "trace" in show:
        # A copy of the steps: a caller may add to those of the answer.
        document["trace"] = _trace(asked, outcome, [dict(step) for step in steps], found_hash)
    return document


def _amounts(resolution: "Resolution") -> dict[str, Any]:
    if resolution.price is None:
        return {}
    found = {
        "unit_price": _text(resolution.unit_price),
        "price": {"value": _text(resolution.price), "per": resolution.price_unit},
        "extended_price": _text(resolution.extended),
        "total": _text(resolution.total),
        "list_price": _text(resolution.list_price),
        "next_break": _next_break(resolution),
    }
    return {name: value for name, value in found.items() if value is not None}


def _next_break(resolution: "Resolution") -> dict[str, Any] | None:
    found = resolution.next_break
    if found is None:
        return None
    return {
        "quantity": quantities.to_json(found.quantity),
        "unit": resolution.unit,
        "unit_price": _text(found.unit_price),
        "saves_per_unit": _text(found.saves_per_unit),
        "saves": _text(found.saves),
    }


def _statistics(resolution: "Resolution", show: Collection[str]) -> dict[str, Any]:
    found = resolution.statistics
    document: dict[str, Any] = {}
    if "rebates" in show:
        document["rebates"] = [{"rule": versioned(rule), "amount": _text(amount)} for rule, amount in found.rebates]
    if "cost" in show and found.unit_cost is not None:
        document["cost"] = {"per_base_unit": decimal_text(found.unit_cost), "line": _text(found.cost)}
    if "margin" in show and found.margin is not None:
        document["margin"] = {"line": _text(found.margin), "percent": _text(found.margin_percent)}
    return document


def components(asked: Asked, outcome: Outcome) -> list[dict[str, Any]]:
    """The steps of a price as documents: rule and version, contract, input, operation, value, output."""
    return [_component(c) for c in details.components(asked, outcome)]


def _component(component: details.Component) -> dict[str, Any]:
    rule = component.rule
    document: dict[str, Any] = {"kind": component.kind, "rule": versioned(rule)}
    if rule.layer in RANKS:
        document["level"] = rule.layer
    elif rule.layer == "discount":
        document["band"] = rule.band
    elif component.kind == "guard":
        document["guard"] = rule.layer
    if rule.contract is not None:
        document["contract"] = rule.contract
    document["operation"] = rule.operation
    if component.input is not None:
        document["input"] = decimal_text(component.input)
    return document | {
        "value": decimal_text(component.value),
        "output": decimal_text(component.output),
        "amount": decimal_text(component.amount),
    }


def versioned(rule: Rule) -> str:
    """A rule's name with its version."""
    return f"{rule.name}@{rule.version}"


def result_hash(asked: Asked, outcome: Outcome) -> str:
    """Over context and result (pricing rule 8): what did not matter to the price does not matter to it either."""
    return _hash(asked, outcome, components(asked, outcome))


def _hash(asked: Asked, outcome: Outcome, steps: list[dict[str, Any]]) -> str:
    basket = _basket_of(asked, outcome.looked_at)
    text = json.dumps(
        {
            "context": asked.context.document(),
            "line": asked.line.document(),
            "item": asked.item.document(),
            "basket": basket.document(),
            "result": _result(asked, outcome, steps),
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _result(asked: Asked, outcome: Outcome, steps: list[dict[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {"status": outcome.status, "components": steps}
    if (amounts := outcome.amounts) is not None:
        result["amounts"] = [amounts.price, amounts.unit_price, amounts.extended, *amounts.charges]
        result["scale"] = details.unit_scale(asked)
    return result


def trace(asked: Asked, outcome: Outcome) -> dict[str, Any]:
    """Question, steps, rejected candidates and hash; of the basket what the candidates may have looked at."""
    steps = components(asked, outcome)
    return _trace(asked, outcome, steps, _hash(asked, outcome, steps))


def _trace(asked: Asked, outcome: Outcome, steps: list[dict[str, Any]], found_hash: str) -> dict[str, Any]:
    return {
        "resolver": RESOLVER,
        "context": asked.context.document(),
        "line": asked.line.document(),
        "item": asked.item.document(),
        "basket": _basket_of(asked, asked.candidates).document(),
        "settings": asked.settings.document(),
        "rules": [rule.document() for rule in _in_order(asked.candidates)],
        **({"beside": [rule.document() for rule in _in_order(asked.beside)]} if asked.beside else {}),
        "steps": steps,
        "rejected": [
            {"rule": versioned(rule), "reason": why, "why": wording.REASONS.get(why, wording.other(why))}
            for rule, why in details.rejected(asked, outcome)
        ],
        "hash": found_hash,
    }


def _in_order(rules: Collection[Rule]) -> list[Rule]:
    """By name and version; by their texts, which take long to make, only where two have the same."""
    found = sorted(rules, key=lambda r: (r.name, r.version))
    if any((a.name, a.version) == (b.name, b.version) for a, b in pairwise(found)):
        found.sort(key=lambda r: (r.name, r.version, r.text()))
    return found


def _basket_of(asked: Asked, rules: Collection[Rule]) -> Basket:
    sku = asked.item.sku
    if asked.basket is None:
        return Basket({sku: (asked.item, own_quantity(asked, base_quantity(asked)))})
    groups = frozenset(
        r.mix_group for r in rules if r.tier_basis == "mix_group" and r.mix_group in asked.item.mix_groups
    )
    return asked.basket.mattering(sku, frozenset(g for g in groups if g is not None))


def _text(amount: Decimal | Fraction | None) -> str | None:
    return None if amount is None else f"{amount:f}"
