"""The list prices among an item's rules, in the form in which channels are told of them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from crossdock.platform.clock import from_text, to_text
from crossdock.pricing import base_rules
from crossdock.pricing.amounts import decimal_text
from crossdock.pricing.rules import Rule

_CENT: Final = Decimal("0.01")
_LONG_AGO: Final = "1970-01-01T00:00:00.000Z"


def listed(rules: Iterable[Rule]) -> list[base_rules.Rule]:
    """The fixed prices of one item's base list; `unit` is the item's own where the rule names none."""
    return [_listed(r) for r in rules if r.layer == "base_list" and r.operation == "fixed" and r.scope.item]


def _listed(rule: Rule) -> base_rules.Rule:
    return base_rules.Rule(
        rule_id=rule.rule_id,
        version=rule.version,
        sku=rule.scope.item or "",
        currency=rule.currency or "",
        unit=rule.unit or "EA",
        tiers=tuple(
            base_rules.Tier(max(1, int(t.min_quantity)), _price(Decimal(decimal_text(t.value)))) for t in rule.tiers
        ),
        valid_from=to_text(from_text(rule.valid_from)) if rule.valid_from else _LONG_AGO,
        valid_to=to_text(from_text(rule.valid_to)) if rule.valid_to else None,
        withdrawn=rule.withdrawn,
    )


def _price(amount: Decimal) -> Decimal:
    exponent = amount.as_tuple().exponent
    return amount.quantize(_CENT) if amount and isinstance(exponent, int) and exponent > -2 else amount  # noqa: PLR2004 - cents
