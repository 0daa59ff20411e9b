"""What quotes, checks and proofs read: the trips that follow each other, and the read units, as exact figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts, ShipTo
from tests.support.metering import metered
from tests.support.price_world import asked, given, order, rule
from tests.support.world import World, api_event

if TYPE_CHECKING:
    from crossdock.pricing.rules import Rule

pytestmark = pytest.mark.integration

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "price-quote.json"
SKUS = tuple(f"SKU-{n:02}" for n in range(50))
ITEMS = [ItemFacts(sku, families=(f"F{n % 10}",)) for n, sku in enumerate(SKUS)]
BUYER = CustomerFacts("C1", ("GOLD", "TRADE"), ("HOLDING",), {"YARD": ShipTo("NORTH", "EAST")})
LINES = [{"line": str(n), "item": sku, "quantity": 1} for n, sku in enumerate(SKUS)]
BODY = {"customer": "C1", "ship_to": "YARD", "channel": "webshop", "lines": LINES}
# Profile, contract, 50 items, all items; then 10 families and the parent's contract: 53 + 11 keys, half a unit each.
TRIPS = ["BatchGetItem", "BatchGetItem"]
KEYS, RCU = 64, 32.0


def rules(*, per_item: int = 1) -> list[Rule]:
    """A list price and segment prices for each item, discounts of families, contracts of customer and parent."""
    found = [rule(f"list-{sku}", "2.55", (24, "2.10"), scope={"item": sku}) for sku in SKUS]
    for sku in SKUS:
        scopes = [{"item": sku, "segment": f"S{n}"} for n in range(per_item)]
        found += [rule(f"{sku}-{n}", "2.50", layer="segment_item", scope=s) for n, s in enumerate(scopes)]
    off = {"layer": "discount", "operation": "percent"}
    found += [rule(f"off-{n}", "1", scope={"family": f"F{n}"}, **off) for n in range(10)]
    found.append(rule("holding", "2.30", layer="parent_contract", scope={"parent": "HOLDING", "item": "SKU-01"}))
    found.append(rule("own", "2.20", layer="customer_item", scope={"customer": "C1", "item": "SKU-02"}))
    return found


def broken(document: Any) -> list[str]:
    """What of a document is not as the published schema of one answer says."""
    published = json.loads(SCHEMA.read_text())
    one = {"$ref": "#/$defs/PriceAnswer", "$defs": published["$defs"]}
    return [f"{'.'.join(map(str, e.path))}: {e.message[:200]}" for e in Draft202012Validator(one).iter_errors(document)]


def quoted(world: World, *, key: str = "", **body: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    status, found, _ = asked(world, "POST /v1/quotes", {**BODY, **body}, headers=headers)
    assert status in {200, 201}, found
    return found


def test_fifty_lines_are_two_trips_cold_and_one_warm(world: World) -> None:
    given(world, rules(), ITEMS, [BUYER])
    world.forget_warm_state()

    with metered() as cold:
        first = quoted(world)
    with metered() as warm:
        again = quoted(world)

    assert (cold.calls, cold.keys, cold.rcu) == ([*TRIPS, "PutItem"], KEYS, RCU)
    assert (warm.calls, warm.keys, warm.rcu) == ([*TRIPS[:1], "PutItem"], KEYS, RCU)
    assert [x["unit_price"] for x in first["lines"][:3]] == ["2.52", "2.28", "2.18"]
    assert again["lines"] == first["lines"]


def test_it_costs_the_same_with_ten_times_the_rules(world: World) -> None:
    given(world, rules(per_item=10), ITEMS, [BUYER])
    with metered() as count:
        quoted(world)
    assert (count.calls, count.keys, count.rcu) == ([*TRIPS, "PutItem"], KEYS, RCU)


def test_a_key_costs_a_look_at_its_quote_and_a_repetition_nothing_more(world: World) -> None:
    given(world, rules(), ITEMS, [BUYER])
    with metered() as first:
        found = quoted(world, key="cart-1")
    with metered() as repeated:
        same = quoted(world, key="cart-1")

    assert (first.calls, first.rcu) == (["GetItem", *TRIPS, "PutItem"], RCU + 0.5)
    assert (repeated.calls, repeated.rcu) == (["GetItem"], 1.0), "a quote of 50 lines with its traces: 8 KB"
    assert same == found


def test_a_proof_reads_nothing_and_a_check_what_a_quote_reads(world: World) -> None:
    given(world, rules(), ITEMS, [BUYER])
    found = quoted(world)
    world.forget_warm_state()
    with metered() as proof:
        status, verdict, _ = asked(world, "POST /v1/quotes/verify", order(found))
    assert (status, verdict["valid"], proof.calls) == (200, True, [])

    claims = [{**a, "unit_price": b["unit_price"]} for a, b in zip(LINES, found["lines"], strict=True)]
    body = {"channel": "webshop", "customer": "C1", "ship_to": "YARD", "lines": claims}
    with metered() as check:
        status, judged, _ = asked(world, "POST /v1/price-checks", body)
    assert (status, judged["accepted"]) == (200, True)
    assert (check.calls, check.keys, check.rcu) == (TRIPS, KEYS, RCU)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"show": ["trace", "cost", "margin", "rebates"]},
        {"at": "2026-06-15"},
        {"known_at": "2026-11-21T07:59:59Z"},
        {"lines": [*LINES, {"line": "none", "item": "ROPE", "quantity": "1.5", "unit": "EA"}]},
        {"lines": [{**LINES[0], "substitute_for": "SKU-07"}], "basket": {"SKU-00": 30}},
    ],
    ids=["plain", "all", "at", "known_at", "no-price", "substitute"],
)
def test_answers_are_documents_of_the_published_schema(world: World, more: dict[str, Any]) -> None:
    costs = [rule(f"cost-{sku}", "1.10", layer="cost", scope={"item": sku}) for sku in SKUS]
    extra = [
        rule("plus", "30", layer="cost_plus", operation="cost_plus", scope={"item": "SKU-09"}),
        rule("floor", "99", layer="floor", operation="cost_plus", scope={"item": "SKU-08"}),
        rule("freight", "3.00", layer="freight", per="line", scope={}),
        rule("bonus", "2", layer="rebate", operation="percent", scope={"item": "SKU-07"}),
    ]
    given(world, [*rules(), *costs, *extra], ITEMS, [BUYER])
    rights = {"scopes": "prices:read prices:cost", "channels": "webshop", "customers": "C1"}
    for scopes in ("prices:read prices:cost", "prices:read"):
        if "show" in more and scopes == "prices:read":
            continue
        event = {**rights, "scopes": scopes}
        answer = world.call("quote_prices", api_event({**BODY, **more}, route="POST /v1/quotes", **event))
        assert answer["statusCode"] == 201, answer["body"]
        document = json.loads(answer["body"])
        assert broken(document) == []
        path = {"id": document["quote_id"]}
        again = world.call("quote_prices", api_event(route="GET /v1/quotes/{id}", path=path, **event))
        assert broken(json.loads(again["body"])) == []
