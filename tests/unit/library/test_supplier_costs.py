"""Costs of a generic ERP as rules: their ids, and that nothing is added to what was said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossdock.connectors.generic_erp import translate
from crossdock.contracts.inbound import Fact
from crossdock.contracts.prices import MAX_RULES, PriceRulesChanged

pytestmark = pytest.mark.unit


def cost(**fields: Any) -> dict[str, Any]:
    said = {"item": "E1", "cost": "96.00", "currency": "GBP", "version": 1, "valid_from": "2026-03-01"}
    return {**said, **fields}


def rules(*costs: dict[str, Any]) -> list[dict[str, Any]]:
    body = {"type": "costs.changed", "timestamp": "2026-11-21T08:00:00Z", "data": {"costs": costs}}
    fact = translate("erp", json.dumps(body).encode())
    assert isinstance(fact, Fact)
    assert (fact.type, fact.subject, fact.data["source"]) == ("pricing.rules.changed.v1", "prices/erp", "erp")
    PriceRulesChanged.model_validate_json(json.dumps(fact.data))
    found = fact.data["prices"]
    assert isinstance(found, list)
    return found


def test_a_cost_is_a_rule_of_its_layer() -> None:
    assert rules(cost(unit="CS", supplier="ACME", valid_through="2026-06-30"), cost(version=2, withdrawn=True)) == [
        {
            "rule_id": "cost/E1/GBP/2026-03-01",
            "version": 1,
            "layer": "cost",
            "currency": "GBP",
            "unit": "CS",
            "scope": {"item": "E1"},
            "tiers": [{"value": "96"}],
            "valid_from": "2026-03-01",
            "valid_through": "2026-06-30",
            "reason": "supplier ACME",
        },
        {
            "rule_id": "cost/E1/GBP/2026-03-01",
            "version": 2,
            "layer": "cost",
            "currency": "GBP",
            "scope": {"item": "E1"},
            "tiers": [{"value": "96"}],
            "valid_from": "2026-03-01",
            "withdrawn": True,
        },
    ]


@pytest.mark.parametrize(
    ("item", "rule_id"),
    [
        ("A#1", "cost/A%231/GBP/2026-03-01"),
        (" A 1 ", "cost/ A 1 /GBP/2026-03-01"),
        ("100%", "cost/100%25/GBP/2026-03-01"),
        ("Ü1", "cost/%C3%9C1/GBP/2026-03-01"),
        ("x" * 50, f"cost/{'x' * 50}/GBP/2026-03-01"),
        ("x" * 51, f"cost/{'x' * 50}~3ecd502a/GBP/2026-03-01"),
    ],
)
def test_every_code_of_an_item_makes_an_id(item: str, rule_id: str) -> None:
    assert rules(cost(item=item))[0]["rule_id"] == rule_id


def test_items_currencies_and_beginnings_are_told_apart() -> None:
    told = [
        cost(),
        cost(item="E2"),
        cost(currency="KWD"),
        cost(valid_from="2026-03-02"),
        cost(valid_from="2026-03-01T00:00:00Z"),
        cost(item="x" * 80),
        cost(item="x" * 79),
    ]

    assert len({rule["rule_id"] for rule in rules(*told)}) == len(told)
    assert max(len(rule["rule_id"]) for rule in rules(*told)) <= 100


def test_as_many_costs_as_rules_fit_into_one_event() -> None:
    assert len(rules(*(cost(item=f"E{n}") for n in range(MAX_RULES)))) == MAX_RULES
