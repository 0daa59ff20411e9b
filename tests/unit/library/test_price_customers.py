"""Customers as pricing hears of them: what is taken, and every fault by its field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from crossdock.connectors.generic_erp import translate
from crossdock.contracts.inbound import Fact
from crossdock.contracts.price_customers import PriceCustomerList, a_circle
from crossdock.platform.problems import Problem, from_validation

pytestmark = pytest.mark.unit


def customer(name: str = "C1", /, **fields: Any) -> dict[str, Any]:
    return {"customer": name, "version": 1, **fields}


def refused(*customers: dict[str, Any]) -> Problem:
    with pytest.raises(ValidationError) as caught:
        PriceCustomerList.model_validate_json(json.dumps({"customers": customers}))
    return from_validation(caught.value)


def test_an_erp_says_what_prices_depend_on_and_nothing_is_added() -> None:
    said = customer(
        segments=["retail", "north"],
        parents=["HOLDING"],
        ship_tos={"S1": {"branch": "LEEDS", "region": "north"}, "S2": {}},
        branch="YORK",
        region="east",
        currency="GBP",
        freight_terms="FOB",
        strategic=True,
    )
    body = {"type": "customers.priced", "timestamp": "2026-11-21T08:00:00Z", "data": {"customers": [said]}}

    found = translate("erp", json.dumps(body).encode())

    assert found == Fact("pricing.customers.changed.v1", "price-customers/erp", {"source": "erp", "customers": [said]})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"customer": ""}, "customers[0].customer"),
        ({"customer": "a#b"}, "customers[0].customer"),
        ({"customer": 7}, "customers[0].customer"),
        ({"version": 0}, "customers[0].version"),
        ({"version": "1"}, "customers[0].version"),
        ({"segments": ["a", "a"]}, "customers[0].segments"),
        ({"segments": "a"}, "customers[0].segments"),
        ({"segments": [f"s{n}" for n in range(21)]}, "customers[0].segments"),
        ({"parents": ["C1"]}, "customers[0].parents"),
        ({"parents": ["P", "P"]}, "customers[0].parents"),
        ({"parents": [f"P{n}" for n in range(6)]}, "customers[0].parents"),
        ({"ship_tos": {"S": {"branch": ""}}}, "customers[0].ship_tos.S.branch"),
        ({"ship_tos": {"S": {"town": "York"}}}, "customers[0].ship_tos.S.town"),
        ({"ship_tos": [{"S": {}}]}, "customers[0].ship_tos"),
        ({"branch": "line\nfeed"}, "customers[0].branch"),
        ({"region": ""}, "customers[0].region"),
        ({"currency": "gbp"}, "customers[0].currency"),
        ({"currency": "XXQ"}, "customers[0].currency"),
        ({"freight_terms": " FOB"}, "customers[0].freight_terms"),
        ({"strategic": "yes"}, "customers[0].strategic"),
        ({"discount": "5"}, "customers[0].discount"),
    ],
)
def test_each_fault_of_a_customer_is_named(fields: dict[str, Any], field: str) -> None:
    problem = refused({**customer(), **fields})

    assert [e.field for e in problem.errors] == [field]
    assert all(e.problem and e.remedy for e in problem.errors)


def test_a_customer_stands_in_a_delivery_once() -> None:
    (error,) = refused(customer(), customer(version=2)).errors

    assert (error.field, error.problem) == (
        "customers",
        "'C1' stands there twice; send its newest version only",
    )


def test_parents_that_go_in_a_circle_are_named_in_its_order() -> None:
    (error,) = refused(customer("A", parents=["B"]), customer("B", parents=["C"]), customer("C", parents=["A"])).errors

    assert error.field == "customers"
    assert "the parents go in a circle: A → B → C → A" in error.problem


def test_a_family_tree_that_meets_again_is_no_circle() -> None:
    assert a_circle({"A": ["B", "C"], "B": ["D"], "C": ["D"], "D": []}) == []
    assert a_circle({"A": ["B"], "B": ["C", "D"], "D": ["B"]}) == ["B", "D", "B"]


def test_nobody_is_no_delivery() -> None:
    assert [e.field for e in refused().errors] == ["customers"]
    assert [e.field for e in refused(*(customer(f"C{n}") for n in range(501))).errors] == ["customers"]
