"""Quotes through the API: given once, kept with their traces, sealed, shown to their partner alone."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts, ShipTo
from crossdock.pricing.trace import replay
from tests.support.price_world import asked, given, order, rule
from tests.support.world import NOW, World, later, set_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.integration

LAMP = ItemFacts("LAMP", "EA", {"CS": Fraction(12)}, ("LIGHTS",))
C1 = CustomerFacts("C1", segments=("GOLD",), ship_tos={"S1": ShipTo(branch="NORTH")})
EUROS = CustomerFacts("C2", currency="EUR")
LIST = rule("LIST", "2.55", (24, "2.10"))
GOLD = rule("GOLD", "2.40", layer="segment_item", scope={"item": "LAMP", "segment": "GOLD"})
COST = rule("COST", "1.00", layer="cost")
COSTS = "prices:read prices:cost"


@pytest.fixture
def priced(world: World) -> World:
    """LAMP at 2.55, at 2.10 from 24 on, and 2.40 for gold customers, of whom C1 is one."""
    given(world, [LIST, GOLD, COST], [LAMP], [C1, EUROS])
    return world


def line(quantity: Any = 1, **fields: Any) -> dict[str, Any]:
    return {"line": "1", "item": "LAMP", "quantity": quantity, **fields}


def quote(
    world: World, *lines: Mapping[str, Any], key: str = "", event: dict[str, Any] | None = None, **body: Any
) -> Any:
    """(status, document) of POST /v1/quotes."""
    headers = {"Idempotency-Key": key} if key else {}
    body = {**body, "lines": list(lines or [line()])}
    status, document, _ = asked(world, "POST /v1/quotes", body, headers=headers, **(event or {}))
    return status, document


def again(world: World, quote_id: str, query: dict[str, str] | None = None, **event: Any) -> tuple[int, dict[str, Any]]:
    status, document, _ = asked(world, "GET /v1/quotes/{id}", path={"id": quote_id}, query=query, **event)
    return status, document


def test_a_quote_tells_price_reason_break_validity_and_its_end(priced: World) -> None:
    status, found = quote(priced, line(6), line(2, line="2", unit="CS"))

    assert status == 201
    assert (found["status"], found["currency"], found["unpriced"]) == ("open", "GBP", [])
    assert (found["made_at"], found["expires_at"]) == ("2026-11-21T08:00:00.000Z", "2026-11-21T08:30:00.000Z")
    assert found["totals"] == {"extended": "65.70", "surcharges": "0.00", "freight": "0.00", "total": "65.70"}
    first, second = found["lines"]
    assert (first["unit_price"], first["extended_price"], first["status"]) == ("2.55", "15.30", "PRICED")
    assert first["next_break"] == {
        "quantity": 24,
        "unit": "EA",
        "unit_price": "2.10",
        "saves_per_unit": "0.45",
        "saves": "10.80",
    }
    assert [(c["kind"], c["rule"], c["output"]) for c in first["components"]] == [("base", "erp:LIST@1", "2.55")]
    assert "LIST" in first["reason"]
    assert (first["valid_from"], first["valid_to"]) == ("2026-01-01T00:00:00.000000Z", None)
    assert (second["unit_price"], second["price"]) == ("25.20", {"value": "2.10", "per": "EA"})
    assert not {"trace", "cost", "margin", "rebates"} & first.keys()


def test_a_customers_own_facts_are_used_and_its_price_is_its_own(priced: World) -> None:
    _, gold = quote(priced, customer="C1", ship_to="S1")
    _, anybody = quote(priced)

    assert gold["lines"][0]["unit_price"] == "2.40"
    assert anybody["lines"][0]["unit_price"] == "2.55"
    assert (gold["customer"], gold["ship_to"]) == ("C1", "S1")
    assert "notes" not in gold


def test_no_price_is_said_and_is_never_zero(priced: World) -> None:
    status, found = quote(priced, line(), {"line": "2", "item": "ROPE", "quantity": 1})

    assert (status, found["unpriced"], found["status"]) == (201, ["2"], "open")
    assert found["lines"][1]["status"] == "NO_PRICE"
    assert not {"unit_price", "extended_price", "total"} & found["lines"][1].keys()
    assert found["totals"]["total"] == "2.55"
    assert found["notes"] == ["nothing is known of 1 of the items: ROPE"]


def test_a_customers_currency_is_its_own_and_nothing_is_converted(priced: World) -> None:
    _, found = quote(priced, customer="C2")
    assert (found["currency"], found["lines"][0]["status"], found["status"]) == ("EUR", "NO_PRICE", "informative")
    assert "token" not in found


def test_a_quote_is_found_again_and_changes_with_the_clock_only(priced: World) -> None:
    _, given_ = quote(priced)
    given(priced, [rule("LIST", "9.99", version=2)], [LAMP], [C1])

    status, found = again(priced, given_["quote_id"])
    assert (status, found) == (200, given_)

    priced.now = later(1800)
    assert again(priced, given_["quote_id"]) == (200, {**given_, "status": "expired"})


def test_how_long_the_answer_stays_true_is_said(priced: World) -> None:
    _, document, headers = asked(priced, "POST /v1/quotes", {"lines": [line()]})
    assert headers["Cache-Control"] == "private, max-age=1800"
    assert headers["Location"] == f"/v1/quotes/{document['quote_id']}"

    priced.now = later(1000)
    route, path = "GET /v1/quotes/{id}", {"id": document["quote_id"]}
    status, _, headers = asked(priced, route, path=path)
    assert (status, headers["Cache-Control"]) == (200, "private, max-age=800")
    status, nothing, _ = asked(priced, route, path=path, headers={"If-None-Match": headers["ETag"]})
    assert (status, nothing) == (304, {})


def test_a_quote_ends_with_the_window_of_a_price_in_it(priced: World) -> None:
    ends = "2026-11-21T08:10:00.000000Z"
    given(priced, [rule("LIST", "2.55", valid_to=ends)], [LAMP])
    _, found = quote(priced)
    assert (found["expires_at"], found["lines"][0]["valid_to"]) == ("2026-11-21T08:10:00.000Z", ends)


def test_prices_of_another_time_are_told_and_not_promised(priced: World) -> None:
    given(
        priced,
        [rule("OLD", "1.00", valid_from="2020-01-01T00:00:00.000000Z", valid_to="2026-01-01T00:00:00.000000Z"), LIST],
    )
    _, by_date = quote(priced, at="2025-06-01")
    _, known = quote(priced, known_at="2026-11-21T07:59:59Z")
    _, now = quote(priced, known_at="2026-11-21T08:00:00Z")

    assert (by_date["lines"][0]["unit_price"], by_date["at"]) == ("1.00", "2025-05-31T23:00:00.000000Z")
    assert known["known_at"] == "2026-11-21T07:59:59.000000Z"
    assert known["lines"][0]["status"] == "NO_PRICE", "nothing was known of it a second before"
    assert now["lines"][0]["unit_price"] == "2.55"
    for found in (by_date, known, now):
        assert found["status"] == "informative"
        assert not {"token", "expires_at"} & found.keys()


def test_the_same_key_gives_the_same_quote_also_when_prices_changed(priced: World) -> None:
    status, first = quote(priced, key="order-1")
    given(priced, [rule("LIST", "9.99", version=2)], [LAMP], [C1])
    before = priced.dump()

    assert (status, quote(priced, key="order-1")) == (201, (200, first))
    assert quote(priced, key="order-2")[1]["lines"][0]["unit_price"] == "9.99"
    assert quote(priced, key="order-1", event={"partner": "other"})[1]["lines"][0]["unit_price"] == "9.99"
    assert len(priced.dump()["pricing"]) == len(before["pricing"]) + 2


def test_eight_at_once_under_one_key_are_given_one_quote(priced: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: quote(priced, key="order-1"), range(8)))
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert all(document == answers[0][1] for _, document in answers)


def test_a_key_that_was_used_for_another_request_is_refused(priced: World) -> None:
    quote(priced, key="order-1")
    before = priced.dump()
    status, found = quote(priced, line(2), key="order-1")
    assert (status, found["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert priced.dump() == before


def test_without_a_key_each_quote_is_new(priced: World) -> None:
    assert quote(priced)[1]["quote_id"] != quote(priced)[1]["quote_id"]


def test_another_partners_quote_is_as_if_it_were_not_there(priced: World) -> None:
    _, mine = quote(priced, customer="C1")
    _, of_channel = quote(priced, channel="webshop")
    wanted = (404, "urn:crossdock:problem:no-such-quote")
    for name, event in [
        (mine["quote_id"], {"partner": "rival"}),
        (mine["quote_id"], {"customers": "C2"}),
        (of_channel["quote_id"], {"channels": "marketplace"}),
        ("a" * 20, {}),
        ("x", {}),
        ("Q#../../", {}),
    ]:
        status, found = again(priced, name, **event)
        assert (status, found["type"]) == wanted


# -- what costs are behind a price ---------------------------------------------------------------------------------


def test_cost_margin_rebates_and_traces_are_shown_on_request_and_with_the_scope(priced: World) -> None:
    status, found = quote(priced, show=["cost", "margin", "rebates", "trace"], event={"scopes": COSTS})
    shown = found["lines"][0]
    assert status == 201
    assert shown["cost"] == {"per_base_unit": "1", "line": "1.00"}
    assert shown["margin"] == {"line": "1.55", "percent": "60.78"}
    assert shown["rebates"] == []
    assert str(replay(shown["trace"]).unit_price) == "2.55"

    _, again_ = again(priced, found["quote_id"], {"show": "cost"}, scopes=COSTS)
    assert "cost" in again_["lines"][0]
    assert "trace" not in again_["lines"][0]


@pytest.mark.parametrize("show", ["trace", "cost", "margin", "rebates"])
def test_without_the_scope_they_are_not_shown(priced: World, show: str) -> None:
    before = priced.dump()
    status, found = quote(priced, show=[show])
    assert (status, found["errors"][0]["remedy"]) == (403, "use a key with this scope")
    assert priced.dump() == before
    _, mine = quote(priced)
    assert again(priced, mine["quote_id"], {"show": show})[0] == 403


def test_a_price_made_of_the_cost_does_not_give_the_cost_away(priced: World) -> None:
    plus = rule("PLUS", "37", layer="cost_plus", operation="cost_plus", reason="cost and a third")
    floor = rule("FLOOR", "77", layer="floor", operation="cost_plus")
    secret = rule("COST", "123.45", layer="cost")
    given(priced, [plus, floor, secret], [LAMP])
    _, found = quote(priced)
    assert found["lines"][0]["unit_price"] == "218.51"
    text = json.dumps({k: v for k, v in found.items() if k != "token"})
    for hidden in ("123.45", "37 %", '"37"', '"77"', "77 %"):
        assert hidden not in text
    assert found["lines"][0]["reason"] == (
        "PRICED by base erp:PLUS@1 (from the cost); guard erp:FLOOR@1 (from the cost)."
    )
    _, seen = quote(priced, event={"scopes": COSTS})
    assert "123.45" in json.dumps(seen)


# -- tokens --------------------------------------------------------------------------------------------------------


def verified(world: World, body: Any, **event: Any) -> tuple[bool, list[str]]:
    status, found, _ = asked(world, "POST /v1/quotes/verify", body, **event)
    assert status == 200, found
    return found["valid"], [m["code"] for m in found["mismatches"]]


def test_a_token_proves_the_quote_and_any_of_its_lines_without_the_table(priced: World) -> None:
    _, found = quote(priced, line(6), line(24, line="2"), customer="C1")
    priced.target.dynamodb.delete_item(
        TableName="crossdock-local-pricing", Key={"pk": {"S": f"Q#{found['quote_id']}"}, "sk": {"S": "Q"}}
    )
    assert verified(priced, order(found)) == (True, [])
    assert verified(priced, order(found, only=1)) == (True, [])


@pytest.mark.parametrize(
    ("field", "other"),
    [("item", "ROPE"), ("quantity", 7), ("unit", "CS"), ("unit_price", "2.39"), ("extended_price", "0.01")],
)
def test_an_order_that_differs_from_its_quote_is_refused_by_the_field(priced: World, field: str, other: Any) -> None:
    _, found = quote(priced, line(6), customer="C1")
    assert verified(priced, order(found, **{field: other})) == (False, [f"other_{field}"])


def test_an_expired_forged_or_strange_token_is_refused(priced: World) -> None:
    _, found = quote(priced, customer="C1")
    good = order(found)
    assert verified(priced, {**good, "customer": "C2"}) == (False, ["wrong_customer"])
    assert verified(priced, {**good, "currency": "EUR"}) == (False, ["wrong_currency"])
    assert verified(priced, {**good, "token": found["token"][:-4] + "AAAA"}) == (False, ["forged"])
    assert verified(priced, {**good, "token": "something"}) == (False, ["not_a_token"])
    assert verified(priced, good, partner="rival") == (False, ["forged"])
    assert verified(priced, good, partner="our-shop", customers="*") == (True, [])
    priced.now = NOW + timedelta(minutes=30)
    assert verified(priced, good) == (False, ["expired"])


def test_keys_are_rotated_without_a_gap(priced: World) -> None:
    _, old = quote(priced)
    set_secret(priced, "quotes/key", {"seals_with": "k2", "k1": "a key of quotes that tests know", "k2": "the next"})
    priced.forget_warm_state()
    _, new = quote(priced)

    assert (old["token"].split(".")[1], new["token"].split(".")[1]) == ("k1", "k2")
    assert verified(priced, order(old)) == verified(priced, order(new)) == (True, [])
    set_secret(priced, "quotes/key", {"seals_with": "k2", "k2": "the next"})
    priced.forget_warm_state()
    assert verified(priced, order(old)) == (False, ["unknown_key"])
    assert verified(priced, order(new)) == (True, [])


# -- what cannot be asked ------------------------------------------------------------------------------------------

LINE = line()
BAD: list[tuple[Any, str]] = [
    (b"{", "body"),
    (b"[1]", "body"),
    (b"\xff", "body"),
    ({}, "lines"),
    ({"lines": []}, "lines"),
    ({"lines": [{**LINE, "line": str(n)} for n in range(501)]}, "lines"),
    ({"lines": "all"}, "lines"),
    ({"lines": [LINE, LINE]}, "lines[0].line"),
    ({"lines": [LINE, {**LINE, "line": None, "item": "ROPE"}, {**LINE, "line": "2"}]}, "lines[1].line"),
    ({"lines": [{**LINE, "line": "a b"}]}, "lines[0].line"),
    ({"lines": [{**LINE, "unit": "PALLET"}]}, "lines[0].unit"),
    ({"lines": [{**LINE, "unit": ""}]}, "lines[0].unit"),
    ({"lines": [{**LINE, "quantity": -1}]}, "lines[0].quantity"),
    ({"lines": [{**LINE, "quantity": 0}]}, "lines[0].quantity"),
    ({"lines": [{**LINE, "quantity": 1.5}]}, "lines[0].quantity"),
    ({"lines": [{**LINE, "quantity": "1e3"}]}, "lines[0].quantity"),
    ({"lines": [{**LINE, "quantity": True}]}, "lines[0].quantity"),
    ({"lines": [{**LINE, "quantity": None}]}, "lines[0].quantity"),
    ({"lines": [{**LINE, "quantity": 10**12}]}, "lines[0].quantity"),
    ({"lines": [{"line": "1", "quantity": 1}]}, "lines[0].item"),
    ({"lines": [{**LINE, "item": ""}]}, "lines[0].item"),
    ({"lines": [{**LINE, "item": "A\nB"}]}, "lines[0].item"),
    ({"lines": [{**LINE, "unit_price": "0.01"}]}, "lines[0].unit_price"),
    ({"lines": [LINE], "currency": "XXZ"}, "currency"),
    ({"lines": [LINE], "currency": "gbp"}, "currency"),
    ({"lines": [LINE], "at": "nonsense"}, "at"),
    ({"lines": [LINE], "at": "2026-02-30"}, "at"),
    ({"lines": [LINE], "at": "2026-11-21T08:00:00"}, "at"),
    ({"lines": [LINE], "known_at": 1}, "known_at"),
    ({"lines": [LINE], "discount": "50"}, "discount"),
    ({"lines": [LINE], "segments": ["GOLD"]}, "segments"),
    ({"lines": [LINE], "parents": ["HOLDING"]}, "parents"),
    ({"lines": [LINE], "ship_to": "S1"}, "customer"),
    ({"lines": [LINE], "customer": "C9"}, "customer"),
    ({"lines": [LINE], "customer": ""}, "customer"),
    ({"lines": [LINE], "channel": "marketplace"}, "channel"),
    ({"lines": [LINE], "basket": {"ROPE": -1}}, "basket.ROPE"),
    ({"lines": [LINE], "basket": {f"I{n}": 1 for n in range(501)}}, "basket"),
    ({"lines": [LINE], "show": ["everything"]}, "show[0]"),
    ({"lines": [{**LINE, "line": str(n)} for n in range(101)], "show": ["trace"]}, "show"),
    ({"item": "LAMP"}, "quantity"),
    ({"item": "LAMP", "quantity": 1, "lines": [LINE]}, "item"),
]


@pytest.mark.parametrize(("body", "field"), BAD, ids=[f"{n}-{f}" for n, (_, f) in enumerate(BAD)])
def test_what_cannot_be_asked_is_refused_by_its_field_and_stores_nothing(priced: World, body: Any, field: str) -> None:
    before = priced.dump()
    status, found, _ = asked(priced, "POST /v1/quotes", body, headers={"Idempotency-Key": "k"})
    assert 400 <= status < 500
    assert field in [e["field"] for e in found["errors"]]
    assert all(e["remedy"] for e in found["errors"])
    assert priced.dump() == before


@pytest.mark.parametrize(
    ("event", "status"),
    [({"scopes": ""}, 403), ({"scopes": "inventory:read"}, 403), ({"headers": {"Idempotency-Key": "a b"}}, 400)],
)
def test_who_may_not_ask_is_told_so(priced: World, event: dict[str, Any], status: int) -> None:
    before = priced.dump()
    assert asked(priced, "POST /v1/quotes", {"lines": [LINE]}, **event)[0] == status
    assert priced.dump() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"token": ""}, "token"),
        ({"token": None}, "token"),
        ({"lines": []}, "lines"),
        ({"lines": [{"line": "1"}]}, "lines[0].item"),
        ({"customer": "C9"}, "customer"),
        ({"now": "2026-01-01"}, "now"),
        ({"currency": "pounds"}, "currency"),
    ],
)
def test_a_verification_that_cannot_be_read_is_refused(priced: World, change: dict[str, Any], field: str) -> None:
    _, found = quote(priced)
    status, refused, _ = asked(priced, "POST /v1/quotes/verify", {**order(found), **change})
    assert 400 <= status < 500
    assert field in [e["field"] for e in refused["errors"]]


@pytest.mark.parametrize("query", [{"show": "all"}, {"line": "1"}, {"lines": ""}, {"lines": "1,2"}])
def test_a_query_that_is_not_known_is_refused(priced: World, query: dict[str, str]) -> None:
    _, found = quote(priced)
    status, refused = again(priced, found["quote_id"], query)
    assert (status, [e["field"] for e in refused["errors"]]) == (422, list(query))


def test_traces_of_a_large_quote_are_shown_some_lines_at_a_time(priced: World) -> None:
    _, found = quote(priced, *({**LINE, "line": f"L{n}"} for n in range(101)))
    status, refused = again(priced, found["quote_id"], {"show": "trace"}, scopes=COSTS)
    assert (status, refused["errors"][0]["remedy"]) == (422, "name at most 100 lines at a time, such as lines=1,2,3")

    status, part = again(priced, found["quote_id"], {"show": "trace", "lines": "L100, L7,L100"}, scopes=COSTS)
    assert (status, [x["line"] for x in part["lines"]], part["totals"]) == (200, ["L100", "L7"], found["totals"])
    assert all(str(replay(x["trace"]).unit_price) == "2.55" for x in part["lines"])
    named = again(priced, found["quote_id"], {"lines": ",".join(f"L{n}" for n in range(101))})
    assert named == (200, found)


def test_500_lines_are_one_quote(priced: World) -> None:
    status, found = quote(priced, *({**LINE, "line": str(n), "quantity": n} for n in range(1, 501)))
    assert (status, len(found["lines"])) == (201, 500)
    assert verified(priced, order(found)) == (True, [])
    assert again(priced, found["quote_id"]) == (200, found)


def test_a_quote_larger_than_an_item_is_kept_in_parts(priced: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossdock.pricing.quote_store._PART_BYTES", 200)
    _, found = quote(priced, key="large")
    assert len([r for r in priced.rows("pricing") if r["pk"] == f"Q#{found['quote_id']}"]) > 2
    assert again(priced, found["quote_id"]) == (200, found)
    assert quote(priced, key="large") == (200, found)
