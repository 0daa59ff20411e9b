"""The common way to resolve a price, for comparison: a loop over the candidates with Decimal arithmetic, no trace.

It does the usual least: rules that match, the first level's lowest price, the best discount, a floor, a rounding. It
knows no units, groups, bands, versions or reasons, so it has less to do than the resolver.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LEVELS: Final = ("customer_item", "segment_item", "branch_list", "channel_list", "base_list")
_CENT: Final = Decimal("0.01")


def parsed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's document with its amounts read once, as ours are."""
    tiers = [(Decimal(tier["min_quantity"]), Decimal(tier["value"])) for tier in document["tiers"]]
    return {"operation": "fixed", "scope": {}, **document, "tiers": tiers}


def naive_price(context: Mapping[str, Any], quantity: int, rules: Sequence[Mapping[str, Any]]) -> Decimal | None:
    """The unit price, or None. The rules are `parsed`."""
    at, valid = context["at"], []
    for rule in rules:
        if rule["valid_from"] > at or at >= rule.get("valid_to", "~") or not _matches(context, rule["scope"]):
            continue
        value = None
        for start, worth in rule["tiers"]:
            if quantity >= start:
                value = worth
        if value is not None:
            valid.append((rule, value))
    for level in _LEVELS:
        prices = [value for rule, value in valid if rule["layer"] == level]
        if prices:
            return _finished(min(prices), valid)
    return None


def _matches(context: Mapping[str, Any], scope: Mapping[str, Any]) -> bool:
    for name, wanted in scope.items():
        if name == "channels":
            if context["channel"] not in wanted:
                return False
        elif name in {"segment", "family"}:
            if wanted not in context[name]:
                return False
        elif context.get(name) != wanted:
            return False
    return True


def _finished(price: Decimal, valid: Sequence[tuple[Mapping[str, Any], Decimal]]) -> Decimal:
    discounts = [(rule, value) for rule, value in valid if rule["layer"] == "discount"]
    off = max((price * v / 100 if r["operation"] == "percent" else v for r, v in discounts), default=Decimal(0))
    price -= off
    costs = [value for rule, value in valid if rule["layer"] == "cost"]
    for rule, value in valid:
        if rule["layer"] == "floor" and costs:
            price = max(price, min(costs) / (1 - value / 100))
    return price.quantize(_CENT, ROUND_HALF_UP)
