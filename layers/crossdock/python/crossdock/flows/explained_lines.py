"""What is told of a price's origin beside its steps: the candidates that did not apply, and the cost it is made of."""

from collections.abc import Iterable, Mapping
from typing import Any

from crossdock.pricing import details
from crossdock.pricing.amounts import decimal_text
from crossdock.pricing.documents import versioned
from crossdock.pricing.results import Resolution


def cost_used(found: Resolution) -> dict[str, Any]:
    """`cost_used`: the rule, its value and the unit it is per; nothing where no step is made of a cost."""
    cost = details.cost_used(found.asked, found.outcome)
    if cost is None:
        return {}
    per = cost.rule.unit or found.asked.item.unit
    return {"cost_used": {"rule": versioned(cost.rule), "value": decimal_text(cost.rate), "per": per}}


def rejected(trace: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The candidates of a trace that did not apply: rule and version, contract, why."""
    contracts = {_named(rule): rule["contract"] for rule in trace["rules"] if "contract" in rule}
    return [
        {**one, **({"contract": contracts[one["rule"]]} if one["rule"] in contracts else {})}
        for one in trace["rejected"]
    ]


def _named(rule: Mapping[str, Any]) -> str:
    source = f"{rule['source']}:" if "source" in rule else ""
    return f"{source}{rule['rule_id']}@{rule['version']}"


def rules_of(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """The rules that amounts come from, the cost they are made of included."""
    found: dict[str, None] = {}
    for line in lines:
        named = [c["rule"] for c in line["components"]]
        named += [line["cost_used"]["rule"]] if "cost_used" in line else []
        named += line.get("today", {}).get("rules", ())
        found.update(dict.fromkeys(named))
    return list(found)
