"""Reservations by their endpoints: what is held, what is answered, and that a refusal leaves nothing behind."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.items import ItemProfile
from crossdock.identity.items import Items
from tests.support.reserving import act, body, header, line, post, stocked
from tests.support.world import CORRELATION, api_event, later

if TYPE_CHECKING:
    from tests.support.world import World

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(world: World) -> World:
    """Ten units of A1 and four of A2 in MAIN."""
    stocked(world, A1=10, A2=4)
    return world


# -- create ----------------------------------------------------------------------------------------------------


def test_a_hold_takes_its_units_from_what_is_available(shop: World) -> None:
    status, document = post(shop, body(line("1", quantity=3), line("2", "A2", 4), reference="cart 7"))

    assert status == 201
    rid = document["id"]
    assert document == {
        "id": rid,
        "status": "held",
        "channel": "webshop",
        "expires_at": "2026-11-21T08:15:00.000Z",
        "lines": [
            {"line": "1", "sku": "A1", "warehouse": "MAIN", "quantity": 3},
            {"line": "2", "sku": "A2", "warehouse": "MAIN", "quantity": 4},
        ],
        "places": [
            {"sku": "A1", "warehouse": "MAIN", "quantity": 3},
            {"sku": "A2", "warehouse": "MAIN", "quantity": 4},
        ],
        "created_at": "2026-11-21T08:00:00.000Z",
        "reference": "cart 7",
        "correlation_id": CORRELATION,
    }
    assert header(shop) == {"oh": 10, "av": 7, "rsv": 3, "cm": 0}
    assert header(shop, "A2") == {"oh": 4, "av": 0, "rsv": 4, "cm": 0}
    assert act(shop, rid, "read") == (200, {k: v for k, v in document.items() if k != "correlation_id"})


def test_the_same_request_again_gets_the_same_answer_and_takes_nothing(shop: World) -> None:
    first = post(shop)
    before = shop.dump()

    assert post(shop) == first
    assert post(shop, json.dumps(body(), indent=3).encode()) == first
    after = shop.dump()
    # A hold of one place stands by its marker; whoever meets it again writes that down, once.
    assert header(shop) == {"oh": 10, "av": 5, "rsv": 5, "cm": 0}
    assert [r for r in after["inventory"] if r not in before["inventory"]] == [
        shop.row("inventory", f"RSV#{first[1]['id']}", "R")
    ]


def test_the_same_key_with_another_request_is_refused(shop: World) -> None:
    assert post(shop)[0] == 201
    before = shop.dump()

    status, problem = post(shop, body(line(quantity=6)))

    assert (status, problem["type"]) == (422, "urn:crossdock:problem:idempotency-key-reused")
    assert problem["errors"][0]["field"] == "Idempotency-Key"
    assert shop.dump() == before


def test_the_same_key_of_another_partner_is_another_reservation(shop: World) -> None:
    _, mine = post(shop)
    status, theirs = post(shop, partner="beta")

    assert status == 201
    assert mine["id"] != theirs["id"]
    assert header(shop)["rsv"] == 10


def test_demand_is_summed_before_it_is_judged(shop: World) -> None:
    status, problem = post(shop, body(line("1", quantity=6), line("2", quantity=6)))

    assert (status, problem["type"]) == (409, "urn:crossdock:problem:not-available")
    assert problem["shortages"] == [{"sku": "A1", "warehouse": "MAIN", "asked": 12, "available": 10}]
    assert problem["errors"][0]["field"] == "lines[0].quantity"
    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}


def test_all_lines_are_held_or_none(shop: World) -> None:
    status, problem = post(shop, body(line("1"), line("2", "A2", 5)))

    assert status == 409
    assert problem["shortages"] == [{"sku": "A2", "warehouse": "MAIN", "asked": 5, "available": 4}]
    assert [problem["errors"][0][k] for k in ("field", "problem")] == [
        "lines[1].quantity",
        "5 of A2 asked of MAIN, 4 available",
    ]
    assert header(shop)["rsv"] == header(shop, "A2")["rsv"] == 0


def test_an_id_once_refused_never_later_succeeds(shop: World) -> None:
    refused = post(shop, body(line(quantity=11)))
    assert refused[0] == 409
    stocked(shop, A1_MAIN=50)

    assert post(shop, body(line(quantity=11))) == refused
    assert header(shop) == {"oh": 60, "av": 60, "rsv": 0, "cm": 0}
    assert act(shop, refused[1]["reservation"], "read")[1]["status"] == "refused"


def test_what_there_is_is_held_when_that_is_enough(shop: World) -> None:
    asked = body(line("1", quantity=8), line("2", quantity=8), line("3", "A2", 9), on_shortage="partial")

    status, document = post(shop, asked)

    assert status == 201
    assert [(x["line"], x["quantity"]) for x in document["lines"]] == [("1", 8), ("2", 2), ("3", 4)]
    assert document["missing"] == [
        {"line": "2", "sku": "A1", "missing": 6},
        {"line": "3", "sku": "A2", "missing": 5},
    ]
    assert header(shop)["av"] == header(shop, "A2")["av"] == 0
    assert post(shop, asked) == (status, document)


def test_of_nothing_no_part_can_be_held(shop: World) -> None:
    assert post(shop, body(line(quantity=10)), "all")[0] == 201

    status, problem = post(shop, body(line(quantity=1), on_shortage="partial"), "more")

    assert (status, problem["type"]) == (409, "urn:crossdock:problem:not-available")


def test_the_buffer_of_a_channel_is_left_alone(shop: World) -> None:
    status, problem = post(shop, body(line(quantity=9), channel="marketplace"), "nine")
    assert status == 409
    assert problem["shortages"] == [{"sku": "A1", "warehouse": "MAIN", "asked": 9, "available": 8}]

    assert post(shop, body(line(quantity=8), channel="marketplace"), "eight")[0] == 201
    assert post(shop, body(line(quantity=2)), "what-was-kept")[0] == 201


def test_an_expired_hold_counts_as_free_at_once(shop: World) -> None:
    _, old = post(shop, body(line(quantity=10), expires_in_seconds=30), "old")
    shop.now = later(30)

    status, _ = post(shop, body(line(quantity=10)), "new")

    assert status == 201
    assert header(shop) == {"oh": 10, "av": 0, "rsv": 10, "cm": 0}
    assert act(shop, old["id"], "read")[1]["status"] == "expired"


def test_an_item_that_nobody_knows_is_named(shop: World) -> None:
    status, problem = post(shop, body(line("1"), line("2", "NOPE")))

    assert (status, problem["type"]) == (422, "urn:crossdock:problem:unknown-item")
    assert [e["field"] for e in problem["errors"]] == ["lines[1].sku"]
    assert header(shop)["rsv"] == 0


def test_whoever_would_rather_not_wait_is_answered_with_the_id(shop: World) -> None:
    before = shop.dump()

    status, document = post(shop, headers={"Prefer": "respond-async"})

    assert (status, document["status"]) == (202, "queued")
    assert shop.dump() == before
    (message,) = shop.take("reservations")
    assert message == {
        "v": 1,
        "kind": "reserve",
        "id": document["id"],
        "partner": "acme",
        "key": "key-1",
        "correlation_id": CORRELATION,
        "request": {**body(), "on_shortage": "refuse", "sourcing": "priority"},
    }
    assert act(shop, document["id"], "read")[0] == 404


LINES_501 = body(*(line(str(n), quantity=1) for n in range(501)))


@pytest.mark.parametrize(
    ("document", "status", "problem", "field"),
    [
        (b"{", 400, "malformed-json", "body"),
        (body(line(quantity=0)), 422, "invalid-document", "lines[0].quantity"),
        (body(line(quantity=-5)), 422, "invalid-document", "lines[0].quantity"),
        (body(line(quantity=10**13)), 422, "invalid-document", "lines[0].quantity"),
        (body(line(quantity="2.5")), 422, "fraction-not-allowed", "lines[0].quantity"),
        (body(line(warehouse="MOON")), 422, "unknown-warehouse", "lines[0].warehouse"),
        (body(line(lot="L1")), 422, "invalid-document", "lines[0].lot"),
        (body(line(unit="case")), 422, "invalid-document", "lines[0].unit"),
        (LINES_501, 422, "invalid-document", "lines"),
        (body(line(), line()), 422, "invalid-document", "lines"),
        (body(channel="other"), 403, "channel-not-yours", "channel"),
        (body(sourcing="nearest"), 422, "invalid-document", "ship_to"),
        (body(expires_in_seconds=1), 422, "invalid-document", "expires_in_seconds"),
    ],
)
def test_bad_input_is_refused_by_field_and_leaves_nothing(
    shop: World, document: Any, status: int, problem: str, field: str
) -> None:
    before = shop.dump()

    answer = post(shop, document)

    assert (answer[0], answer[1]["type"]) == (status, f"urn:crossdock:problem:{problem}")
    assert answer[1]["errors"][0]["field"] == field
    assert answer[1]["errors"][0]["remedy"]
    assert shop.dump() == before
    assert shop.take("reservations") == []


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (None, "idempotency-key-missing"),
        ("", "idempotency-key-missing"),
        ("x" * 101, "idempotency-key-unusable"),
        ("a b", "idempotency-key-unusable"),
        ("é", "idempotency-key-unusable"),
    ],
)
def test_a_request_needs_a_key_of_its_own(shop: World, key: str | None, problem: str) -> None:
    before = shop.dump()

    status, document = post(shop, key=key)

    assert (status, document["type"]) == (400, f"urn:crossdock:problem:{problem}")
    assert document["errors"][0]["field"] == "Idempotency-Key"
    assert shop.dump() == before


def test_a_channel_that_is_configured_no_more_is_named(shop: World) -> None:
    before = shop.dump()

    status, document = post(shop, body(channel="gone"), channels="gone")

    assert (status, document["type"]) == (422, "urn:crossdock:problem:unknown-channel")
    assert shop.dump() == before


def test_reserving_and_reading_need_their_scopes(shop: World) -> None:
    assert post(shop, scopes="reservations:read inventory:write")[0] == 403
    _, held = post(shop)
    assert act(shop, held["id"], "read", scopes="reservations:write")[0] == 403
    assert act(shop, held["id"], "release", scopes="reservations:read")[0] == 403


# -- ends ------------------------------------------------------------------------------------------------------


def test_a_confirmed_hold_waits_for_its_goods_to_leave(shop: World) -> None:
    _, held = post(shop)

    status, document = act(shop, held["id"], "confirm")

    assert (status, document["status"]) == (200, "confirmed")
    assert header(shop) == {"oh": 10, "av": 5, "rsv": 0, "cm": 5}
    before = shop.dump()
    assert act(shop, held["id"], "confirm") == (status, document)
    assert shop.dump() == before


def test_a_released_hold_is_free_again(shop: World) -> None:
    _, held = post(shop)

    status, document = act(shop, held["id"], "release")

    assert (status, document["status"]) == (200, "released")
    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}
    before = shop.dump()
    assert act(shop, held["id"], "release") == (status, document)
    assert shop.dump() == before


def test_a_confirmed_hold_is_cancelled_not_released(shop: World) -> None:
    _, held = post(shop)
    act(shop, held["id"], "confirm")

    status, problem = act(shop, held["id"], "release")
    assert (status, problem["type"]) == (409, "urn:crossdock:problem:already-ended")
    assert "cancel it" in problem["errors"][0]["remedy"]

    assert act(shop, held["id"], "cancel")[1]["status"] == "cancelled"
    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}
    assert act(shop, held["id"], "cancel")[0] == 200
    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}


def test_a_hold_that_was_not_confirmed_is_not_cancelled(shop: World) -> None:
    _, held = post(shop)
    act(shop, held["id"], "read")  # by now it is written down that it is held
    before = shop.dump()

    status, problem = act(shop, held["id"], "cancel")

    assert (status, problem["type"]) == (409, "urn:crossdock:problem:not-confirmed")
    assert shop.dump() == before


def test_an_expired_hold_cannot_be_confirmed(shop: World) -> None:
    _, held = post(shop, body(expires_in_seconds=30))
    shop.now = later(30)

    status, problem = act(shop, held["id"], "confirm")

    assert (status, problem["type"]) == (409, "urn:crossdock:problem:expired")
    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}
    assert act(shop, held["id"], "release")[1]["status"] == "expired", "what was wanted has happened already"
    assert act(shop, held["id"], "extend", {"expires_in_seconds": 60})[0] == 409


def test_a_hold_is_confirmed_until_its_last_second(shop: World) -> None:
    _, held = post(shop, body(expires_in_seconds=30))
    shop.now = later(29.9)

    assert act(shop, held["id"], "confirm")[0] == 200


@pytest.mark.parametrize("action", ["read", "confirm", "release", "cancel", "extend", "change"])
def test_another_partners_hold_does_not_exist(shop: World, action: str) -> None:
    _, held = post(shop)
    act(shop, held["id"], "read")
    before = shop.dump()

    status, problem = act(shop, held["id"], action, {"expires_in_seconds": 60}, partner="beta")

    assert (status, problem["type"]) == (404, "urn:crossdock:problem:no-such-reservation")
    assert shop.dump() == before


@pytest.mark.parametrize("rid", ["a" * 20, "", "../x", "x" * 5000])
def test_a_hold_that_never_was_is_not_found(shop: World, rid: str) -> None:
    assert act(shop, rid, "read")[0] == 404
    assert act(shop, rid, "confirm")[0] == 404


def test_an_action_that_is_none_is_named(shop: World) -> None:
    _, held = post(shop)

    status, problem = act(shop, held["id"], "explode")

    assert (status, problem["errors"][0]["field"]) == (404, "action")


def test_a_reservation_is_asked_for_again_by_its_tag(shop: World) -> None:
    _, held = post(shop)
    event = api_event(route="GET /v1/reservations/{id}", path={"id": held["id"]})
    first = shop.call("change_reservation", event)

    event["headers"]["If-None-Match"] = first["headers"]["ETag"]
    assert shop.call("change_reservation", event)["statusCode"] == 304

    act(shop, held["id"], "confirm")
    assert shop.call("change_reservation", event)["statusCode"] == 200


# -- longer, more, less, elsewhere -----------------------------------------------------------------------------


def test_a_hold_is_made_longer_and_never_shorter(shop: World) -> None:
    _, held = post(shop)
    shop.now = later(60)

    assert act(shop, held["id"], "extend", {"expires_in_seconds": 900})[1]["expires_at"] == "2026-11-21T08:16:00.000Z"
    before = shop.dump()
    assert act(shop, held["id"], "extend", {"expires_in_seconds": 30})[1]["expires_at"] == "2026-11-21T08:16:00.000Z"
    assert act(shop, held["id"], "extend", {"expires_in_seconds": 5})[0] == 422
    assert shop.dump() == before


def test_lines_are_adjusted_and_taken_out(shop: World) -> None:
    _, held = post(shop, body(line("1", quantity=3), line("2", "A2", 4)))

    status, document = act(
        shop, held["id"], "change", {"lines": [{"line": "1", "quantity": 7}, {"line": "2", "quantity": 0}]}
    )

    assert status == 200
    assert document["lines"] == [{"line": "1", "sku": "A1", "warehouse": "MAIN", "quantity": 7}]
    assert header(shop) == {"oh": 10, "av": 3, "rsv": 7, "cm": 0}
    assert header(shop, "A2") == {"oh": 4, "av": 4, "rsv": 0, "cm": 0}


def test_a_change_that_needs_more_than_there_is_changes_nothing(shop: World) -> None:
    _, held = post(shop, body(line("1", quantity=3), line("2", "A2", 4)))
    before = shop.dump()

    status, problem = act(
        shop, held["id"], "change", {"lines": [{"line": "1", "quantity": 11}, {"line": "2", "quantity": 1}]}
    )

    assert (status, problem["type"]) == (409, "urn:crossdock:problem:not-available")
    assert problem["shortages"] == [{"sku": "A1", "warehouse": "MAIN", "asked": 11, "available": 10}]
    assert shop.dump() == before


@pytest.mark.parametrize(
    ("lines", "status", "field"),
    [
        ([{"line": "9", "quantity": 1}], 422, "lines[0].line"),
        ([{"line": "1", "quantity": 0}], 422, "lines"),
        ([{"line": "1", "quantity": -1}], 422, "lines[0].quantity"),
        ([{"line": "1", "warehouse": "MOON"}], 422, "lines[0].warehouse"),
        ([], 422, "lines"),
    ],
)
def test_a_bad_change_is_refused_by_field(shop: World, lines: Any, status: int, field: str) -> None:
    _, held = post(shop)
    act(shop, held["id"], "read")
    before = shop.dump()

    answer, problem = act(shop, held["id"], "change", {"lines": lines})

    assert (answer, problem["errors"][0]["field"]) == (status, field)
    assert shop.dump() == before


# -- under way, and fractions ----------------------------------------------------------------------------------


def test_a_request_that_is_being_decided_is_to_be_sent_again(shop: World) -> None:
    """Its row stands, its marker does not yet: only whoever wrote the row may say what becomes of it."""
    _, held = post(shop)
    act(shop, held["id"], "release")
    row = shop.row("inventory", f"RSV#{held['id']}", "R")
    shop.table("inventory").put({**(row or {}), "st": "OPEN"})

    event = api_event(body(), headers={"Idempotency-Key": "key-1"}, channels="webshop")
    answer = shop.call("reserve_stock", event)

    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (409, "2")
    assert json.loads(answer["body"])["type"] == "urn:crossdock:problem:in-progress"
    assert act(shop, held["id"], "read")[1]["status"] == "deciding"
    assert act(shop, held["id"], "confirm")[1]["type"] == "urn:crossdock:problem:in-progress"
    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}, "what it took for a moment is back"


def test_fractions_are_held_of_items_that_may_have_them(shop: World) -> None:
    Items(shop.table("identity")).declare(
        [ItemProfile("A1", 1, "kg", {}, places=1, lot_policy="free", lots=(), substitutes=())]
    )

    status, document = post(shop, body(line(quantity="2.5")))

    assert (status, document["lines"][0]["quantity"]) == (201, "2.5")
    assert header(shop) == {"oh": 10, "av": Decimal("7.5"), "rsv": Decimal("2.5"), "cm": 0}
    status, problem = post(shop, body(line(quantity="0.25")), "too-fine")
    assert (status, problem["errors"][0]["problem"]) == (422, "A1 is counted with 1 decimal places")
    assert act(shop, document["id"], "release")[0] == 200
    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}


def test_five_hundred_lines_of_as_many_items_are_held_or_none(world: World) -> None:
    """More places than a transaction takes: taken one by one under a row that is held when all of them are."""
    stocked(world, **{f"B{n:03}": 5 for n in range(500)})
    lines = [line(str(n), f"B{n:03}", 2) for n in range(500)]

    status, held = post(world, body(*lines), "all")
    assert (status, len(held["places"])) == (201, 500)
    assert post(world, body(*lines), "all") == (status, held)

    status, problem = post(world, body(*lines[:499], line("499", "B499", 4)), "one-too-many")
    assert (status, problem["shortages"]) == (409, [{"sku": "B499", "warehouse": "MAIN", "asked": 4, "available": 3}])
    headers = [r for r in world.rows("inventory") if r["pk"].startswith("T#")]
    assert {(r["av"], r["rsv"]) for r in headers} == {(3, 2)}

    assert act(world, held["id"], "confirm")[0] == 200
    status, problem = act(world, held["id"], "change", {"lines": [{"line": "1", "quantity": 1}]})
    assert (status, problem["type"]) == (409, "urn:crossdock:problem:already-ended")
