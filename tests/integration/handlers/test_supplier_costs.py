"""Supplier costs, from whichever way they come to the prices and floors that are made of them: exact, before and after.

Cost-plus 25 % on SKU-1, a margin of 36 % on SKU-2; SKU-3 is listed at 9.00 with a floor of 15 % margin. A case is 12.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.pricing.candidates import Ask, Candidates
from crossdock.pricing.context import Context as PriceContext
from crossdock.pricing.context import ItemFacts, Line
from crossdock.pricing.facts import ItemStated
from crossdock.pricing.instants import business_instant
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.resolving import quote
from crossdock.pricing.settings import Settings
from tests.support.world import CORRELATION, NOW_TEXT, Context, World, api_event, webhook_event

if TYPE_CHECKING:
    from crossdock.pricing.results import Resolution

pytestmark = pytest.mark.integration

ITEMS = ("SKU-1", "SKU-2", "SKU-3")
TODAY, TOMORROW, DECEMBER = "2026-11-21", "2026-11-22", "2026-12-01"


def cost(item: str = "E1", amount: str = "96.00", /, **fields: Any) -> dict[str, Any]:
    """A cost as the ERP sends it: per case, in GBP, from the beginning of the year."""
    said = {"item": item, "cost": amount, "currency": "GBP", "unit": "CS", "version": 1, "valid_from": "2026-01-01"}
    return {k: v for k, v in {**said, **fields}.items() if v is not None}


def made(rule_id: str, layer: str, operation: str, value: str, item: str, **fields: Any) -> dict[str, Any]:
    scope = {"scope": {"item": item}, "tiers": [{"value": value}], "valid_from": "2026-01-01"}
    return {"rule_id": rule_id, "version": 1, "layer": layer, "operation": operation, **scope, **fields}


@pytest.fixture
def shop(world: World) -> World:
    """The rules that are made of costs, and no cost yet."""
    world.knows(*(("erp", f"E{n}", f"SKU-{n}") for n in (1, 2, 3)))
    facts = [ItemStated(ItemFacts(sku, "EA", {"CS": Fraction(12)}), 1, "erp") for sku in ITEMS]
    Profiles(world.table("pricing")).keep_items(facts, CORRELATION)
    send(
        world,
        "prices.changed",
        {
            "prices": [
                made("PLUS", "cost_plus", "cost_plus", "25", "E1"),
                made("MARGIN", "base_list", "margin", "36", "E2"),
                made("LIST", "base_list", "fixed", "9.00", "E3", currency="GBP"),
                made("FLOOR", "floor", "margin", "15", "E3"),
            ]
        },
    )
    return world


def send(world: World, event_type: str, data: dict[str, Any], delivery: str = "", code: int = 202) -> dict[str, Any]:
    """A webhook of the ERP, and what the bus makes of it applied."""
    body = {"type": event_type, "timestamp": NOW_TEXT, "data": data}
    name = delivery or f"msg_{len(world.rows('exchange'))}"
    answer = world.call("receive_webhook", webhook_event(body, source="erp", delivery=name, at=world.now), Context())
    assert answer["statusCode"] == code, answer["body"]
    events = world.take("prices")
    if events:
        done = world.call("apply_price_changes", world.queue_event("prices", events), Context())
        assert done == {"batchItemFailures": []}
    document = json.loads(answer["body"])
    assert isinstance(document, dict)
    return document


def send_costs(world: World, *costs: dict[str, Any]) -> None:
    send(world, "costs.changed", {"costs": list(costs)})


def resolved(world: World, line: Line, at: str, currency: str = "GBP", known_at: str | None = None) -> Resolution:
    candidates, ask = Candidates(world.table("pricing"), world.clock), Ask((line.item,))
    found = candidates.as_known(ask, known_at) if known_at else candidates.read(ask)
    context = PriceContext(at=business_instant(at, "Europe/London"), currency=currency, known_at=known_at)
    (price,) = quote(context, [line], found.items, found.rules, Settings())
    return price


def price(world: World, sku: str, at: str = TODAY, **fields: Any) -> str | None:
    """What one costs at the beginning of a day, as a text; None without a price."""
    found = resolved(world, Line("1", sku, 1), at, **fields).unit_price
    return None if found is None else str(found)


def prices(world: World, at: str = TODAY, **fields: Any) -> list[str | None]:
    return [price(world, sku, at, **fields) for sku in ITEMS]


def of_all(amount: str, **fields: Any) -> list[dict[str, Any]]:
    return [cost(item, amount, **fields) for item in ("E1", "E2", "E3")]


def test_a_cost_per_case_makes_prices_and_floors_per_piece(shop: World) -> None:
    assert prices(shop) == [None, None, "9.00"], "without a cost there is nothing to make a price of"

    send_costs(shop, *of_all("96.00", supplier="ACME"))

    assert prices(shop) == ["10.00", "12.50", "9.42"], "8 × 1.25; 8 ÷ 0.64; 8 ÷ 0.85, rounded up"
    case = resolved(shop, Line("1", "SKU-1", 2, "CS"), TODAY)
    assert (str(case.unit_price), str(case.extended)) == ("120.00", "240.00")
    assert "made of cost erp:cost/E1/GBP/2026-01-01 version 1: 96 GBP per CS (supplier ACME)" in case.explain()
    assert str(case.statistics.cost) == "192.00"


def test_a_cost_of_a_later_day_moves_prices_on_that_day_and_not_before(shop: World) -> None:
    send_costs(shop, *of_all("96.00"))
    send_costs(shop, *of_all("99.60", valid_from=DECEMBER))

    assert prices(shop) == ["10.00", "12.50", "9.42"]
    assert prices(shop, "2026-11-30") == ["10.00", "12.50", "9.42"]
    assert prices(shop, DECEMBER) == ["10.38", "12.97", "9.77"], "8.30 each: 10.375, 12.96875, 9.7647…"
    then = resolved(shop, Line("1", "SKU-1", 1), DECEMBER)
    assert [(r.name, why) for r, why in then.rejected] == [("erp:cost/E1/GBP/2026-01-01", "other_cost")]
    today = resolved(shop, Line("1", "SKU-1", 1), TODAY)
    assert today.valid_to == "2026-12-01T00:00:00.000000Z", "an answer does not outlive its cost"


def test_each_currency_has_its_own_costs_and_nothing_is_converted(shop: World) -> None:
    send_costs(shop, *of_all("96.00"))
    assert prices(shop, currency="KWD") == [None, None, None]

    send_costs(shop, *of_all("2.505", currency="KWD", unit="EA"))

    assert prices(shop, currency="KWD") == ["3.131", "3.914", None], "3.13125; 3.9140625; the list is in GBP"
    send_costs(shop, cost("E1", "2.605", currency="KWD", unit=None, valid_from=TOMORROW))
    assert (price(shop, "SKU-1", TOMORROW, currency="KWD"), price(shop, "SKU-1", TOMORROW)) == ("3.256", "10.00")


def test_a_withdrawn_cost_leaves_no_price_that_nobody_can_account_for(shop: World) -> None:
    send_costs(shop, *of_all("96.00"))

    send_costs(shop, *of_all("96.00", version=2, withdrawn=True))

    assert prices(shop) == [None, None, "9.00"]
    found = resolved(shop, Line("1", "SKU-1", 1), TODAY)
    assert found.status == "NO_PRICE"
    assert found.reason == (
        "No rule states a price of SKU-1 for this customer, quantity and instant. "
        "erp:PLUS version 1: the cost or price that it is made of is not known."
    )
    assert [(r.name, why) for r, why in found.rejected] == [
        ("erp:PLUS", "no_source_price"),
        ("erp:cost/E1/GBP/2026-01-01", "withdrawn"),
    ]


def test_when_a_later_cost_is_withdrawn_or_ends_the_earlier_one_counts_again(shop: World) -> None:
    send_costs(shop, *of_all("96.00"), cost("E1", "84.00", valid_from=TODAY, valid_through=TODAY))
    send_costs(shop, cost("E2", "84.00", valid_from=TODAY))
    assert prices(shop) == ["8.75", "10.94", "9.42"]
    assert price(shop, "SKU-1", TOMORROW) == "10.00"

    send_costs(shop, cost("E2", "84.00", valid_from=TODAY, version=2, withdrawn=True))

    assert prices(shop) == ["8.75", "12.50", "9.42"]


def test_a_corrected_cost_counts_and_what_was_known_before_can_still_be_told(shop: World) -> None:
    send_costs(shop, cost())
    before = "2026-11-21T08:00:00.000000Z"
    shop.now = shop.now.replace(hour=9)

    send_costs(shop, cost("E1", "100.80", version=2))

    assert price(shop, "SKU-1") == "10.50"
    assert price(shop, "SKU-1", known_at=before) == "10.00"


def test_the_same_cost_again_changes_nothing_and_another_under_its_version_is_an_exception(shop: World) -> None:
    send_costs(shop, cost())
    before = shop.rows("pricing")

    send_costs(shop, cost())
    send_costs(shop, cost("E1", "1.00"))

    assert shop.rows("pricing") == before
    assert price(shop, "SKU-1") == "10.00"
    assert [(g.kind, g.subject) for g in shop.exceptions.groups()] == [
        ("conflicting_price", "rule/cost/E1/GBP/2026-01-01")
    ]


def test_the_cost_of_an_unknown_item_is_an_exception_and_the_others_count(shop: World) -> None:
    send_costs(shop, cost("E9"), cost("E1"))

    assert price(shop, "SKU-1") == "10.00"
    assert [(g.kind, g.subject) for g in shop.exceptions.groups()] == [("unknown_item", "item/E9")]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cost": 8.5}, "data.costs[1].cost"),
        ({"cost": "-8"}, "data.costs[1].cost"),
        ({"currency": None}, "data.costs[1].currency"),
        ({"valid_to": "2025-12-31"}, "data.costs[1].valid_to"),
        ({"valid_to": DECEMBER, "valid_through": TODAY}, "data.costs[1].valid_through"),
        ({"version": 0}, "data.costs[1].version"),
        ({"price": "8"}, "data.costs[1].price"),
    ],
)
def test_a_wrong_cost_is_refused_by_its_field_and_nothing_is_written(
    shop: World, wrong: dict[str, Any], field: str
) -> None:
    before = shop.dump()

    refused = send(shop, "costs.changed", {"costs": [cost(), cost("E2", **{"version": 1, **wrong})]}, "bad", 422)

    assert [e["field"] for e in refused["errors"]] == [field]
    assert refused["errors"][0]["remedy"]
    assert shop.dump() == before


# -- by people -------------------------------------------------------------------------------------------------


def as_rule(amount: str, version: int = 1, **fields: Any) -> dict[str, Any]:
    """A cost of SKU-1 as a rule document."""
    return made("C1", "cost", "fixed", amount, "E1", currency="GBP", unit="CS", **fields) | {"version": version}


def call(world: World, route: str, body: dict[str, Any], partner: str) -> dict[str, Any]:
    scopes = "prices:write prices:approve"
    event = api_event(body, route=route, sources="erp", scopes=scopes, partner=partner)
    answer = world.call("change_price_rules", event, Context())
    assert answer["statusCode"] < 300, answer["body"]
    document = json.loads(answer["body"])
    assert isinstance(document, dict)
    return document


def test_a_cost_that_a_buyer_proposes_moves_prices_once_it_is_approved(shop: World) -> None:
    call(shop, "POST /v1/price-rules", {"rules": [as_rule("96.00")]}, "mara")
    assert price(shop, "SKU-1") is None

    decision = {"approvals": [{"rule_id": "C1", "version": 1}], "reference": "T-7"}
    call(shop, "POST /v1/price-rules/approvals", decision, "noor")

    assert price(shop, "SKU-1") == "10.00"
    call(shop, "POST /v1/price-rules", {"rules": [as_rule("99.60", 2)]}, "mara")
    assert price(shop, "SKU-1") == "10.00"


def test_costs_of_a_file_count_from_their_day_on(shop: World) -> None:
    then = {**as_rule("99.60"), "rule_id": "C2", "valid_from": DECEMBER}
    event = {"source": "erp", "by": "mara", "correlation_id": CORRELATION, "rules": [as_rule("96.00"), then]}

    seen = shop.call("import_price_rules", {"action": "preview", **event}, Context())
    assert [v["outcome"] for v in seen["verdicts"]] == ["new", "new"]
    assert price(shop, "SKU-1") is None
    shop.call("import_price_rules", {"action": "keep", **event}, Context())

    assert [price(shop, "SKU-1"), price(shop, "SKU-1", DECEMBER)] == ["10.00", "10.38"]
