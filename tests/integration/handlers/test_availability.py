"""Questions about stock over HTTP: for whom, of how many items, for which date; what it costs, and who may ask."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.items import ItemProfile
from crossdock.identity.items import Items
from crossdock.inventory.header_rows import new_header
from crossdock.inventory.supply import Confirmation, Order, Part, SupplyLine
from crossdock.inventory.supply_store import SupplyStore
from tests.support.crashes import reaper
from tests.support.world import NOW, NOW_TEXT, Context, World, api_event, configuration

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

GET, ATP, POST = "GET /v1/items/{sku}/availability", "GET /v1/items/{sku}/atp", "POST /v1/availability"
SOON, PAST = int(NOW.timestamp()) + 60, int(NOW.timestamp())


@pytest.fixture
def shop(world: World, tmp_path: Path) -> World:
    """Two more warehouses, one of them the webshop's too; a segment with the webshop's share, and one without."""
    owned = {"source": "wms", "latitude": None, "longitude": None}
    document = json.loads(configuration(tmp_path).read_text(encoding="utf-8"))
    webshop = {**document["channels"]["webshop"], "warehouses": ["MAIN", "NORTH"], "buffer": 1}
    path = configuration(
        tmp_path,
        warehouses={"NORTH": owned, "SOUTH": owned},
        channels={"webshop": webshop},
        segments={
            "gold": {"warehouses": ["MAIN", "NORTH", "SOUTH"], "buffer": 0, "channel": "webshop"},
            "new": {"warehouses": ["MAIN"], "buffer": 2, "channel": None},
        },
        warehouse_sets={"mainland": ["NORTH", "SOUTH"], "far": ["SOUTH"]},
    )
    world.patch.setenv("CROSSDOCK_CONFIG", str(path))
    world.forget_warm_state()
    return world


def put(world: World, sku: str, warehouse: str = "MAIN", /, shard: str = "", **values: Any) -> None:
    """A header; what is available and the pool follow from the parts."""
    taken = ("ss", "qc", "dmg", "rsv", "cm", "sh")
    available = values.get("oh", 0) - sum(values.get(name, 0) for name in taken)
    pool = available - sum(v for n, v in values.items() if n.startswith("ac_"))
    row = {"av": available, "pl": pool, "ver": 3, "seq": "1", "at": NOW_TEXT, "lag": 40, "pos": 1, "cors": [], **values}
    world.table("inventory").put(new_header((f"T#{sku}{shard}", f"A#{warehouse}"), row))


def ask(world: World, sku: str = "S", route: str = GET, /, channels: str = "webshop", **query: str) -> dict[str, Any]:
    event = api_event(path={"sku": sku}, query=query, route=route, channels=channels)
    return dict(world.call("read_availability", event, Context()))


def ask_many(world: World, /, channels: str = "webshop", **body: Any) -> dict[str, Any]:
    return dict(world.call("read_availability", api_event(body, route=POST, channels=channels), Context()))


def said(answer: dict[str, Any], status: int = 200) -> dict[str, Any]:
    assert answer["statusCode"] == status, answer["body"]
    return dict(json.loads(answer["body"]))


def expect(
    world: World, sku: str, *orders: tuple[str, str, int, str], confirmed: tuple[int, str] | None = None
) -> None:
    lines = [
        SupplyLine(sku, wh, id_, Order(q, date.fromisoformat(on), 1, transfer=id_.startswith("T")))
        for id_, wh, q, on in orders
    ]
    if confirmed:
        part = Part(confirmed[0], date.fromisoformat(confirmed[1]))
        lines.append(SupplyLine(sku, "MAIN", "PO-1", confirmation=Confirmation((part,), 1)))
    SupplyStore(world.table("inventory"), world.clock).keep(lines, "cd-1")


# -- one item --------------------------------------------------------------------------------------------------


def test_every_part_of_a_stock_is_shown_by_warehouse_and_in_all(shop: World) -> None:
    put(shop, "S", oh=20, ss=1, qc=2, dmg=3, rsv=4, cm=5, ac_webshop=2, ox_NORTH=7)
    put(shop, "S", "NORTH", oh=5, ix=3, cm=6)

    document = said(ask(shop))

    assert document == {
        "sku": "S",
        "on_hand": 25,
        "available": 5,
        "reserved": 4,
        "committed": 11,
        "in_transit": 4,
        "as_of": NOW_TEXT,
        "lag_ms": 40,
        "warehouses": [
            {
                "warehouse": "MAIN",
                "on_hand": 20,
                "safety_stock": 1,
                "quality_hold": 2,
                "damaged": 3,
                "reserved": 4,
                "committed": 5,
                "available": 5,
                "in_transit": 0,
                "version": 3,
                "as_of": NOW_TEXT,
                "lag_ms": 40,
            },
            {
                "warehouse": "NORTH",
                "on_hand": 5,
                "safety_stock": 0,
                "quality_hold": 0,
                "damaged": 0,
                "reserved": 0,
                "committed": 6,
                "available": -1,
                "in_transit": 4,
                "version": 3,
                "as_of": NOW_TEXT,
                "lag_ms": 40,
            },
        ],
    }


def test_a_transfer_is_visible_before_anything_has_ever_arrived(shop: World) -> None:
    put(shop, "S", oh=3, ox_SOUTH=7)

    document = said(ask(shop))

    assert (document["on_hand"], document["in_transit"]) == (3, 7)
    assert [(w["warehouse"], w["in_transit"], w["as_of"]) for w in document["warehouses"]] == [
        ("MAIN", 0, NOW_TEXT),
        ("SOUTH", 7, None),
    ]


def test_a_hold_that_has_expired_is_free_at_once(shop: World) -> None:
    put(shop, "S", oh=10, rsv=7, ac_webshop=0, r_aaa=f"4|{SOON}|n", r_bbb=f"3|{PAST}|n|2|webshop")

    document = said(ask(shop))
    webshop = said(ask(shop, channel="webshop"))
    marketplace = said(ask(shop, channels="marketplace", channel="marketplace"))

    assert (document["available"], document["reserved"]) == (6, 4)
    assert webshop["available"] == 5, "all 6 less its buffer"
    assert marketplace["available"] == 4, "2 of the 6 are the webshop's own; its buffer of 2 leaves as many"


@pytest.mark.parametrize(
    ("query", "available", "warehouses"),
    [
        ({}, 30, {"MAIN": 10, "NORTH": 15, "SOUTH": 5}),
        ({"warehouses": "SOUTH,MAIN"}, 15, {"SOUTH": 5, "MAIN": 10}),
        ({"warehouse_set": "mainland"}, 20, {"NORTH": 15, "SOUTH": 5}),
        ({"channel": "webshop"}, 21, {"MAIN": 6, "NORTH": 15}),
        ({"channel": "webshop", "warehouses": "MAIN"}, 6, {"MAIN": 6}),
        ({"channel": "webshop", "warehouse_set": "mainland"}, 14, {"NORTH": 14}),
        ({"segment": "gold"}, 26, {"MAIN": 6, "NORTH": 15, "SOUTH": 5}),
        ({"segment": "new"}, 2, {"MAIN": 2}),
    ],
)
def test_who_asks_is_promised_what_is_theirs_and_the_pool_where_they_are_served(
    shop: World, query: dict[str, str], available: int, warehouses: dict[str, int]
) -> None:
    put(shop, "S", oh=10, ac_webshop=4, ac_marketplace=4)
    put(shop, "S", "NORTH", oh=15)
    put(shop, "S", "SOUTH", oh=5)

    document = said(ask(shop, **query))

    assert document["available"] == available
    assert {w["warehouse"]: w["available"] for w in document["warehouses"]} == warehouses


def test_the_free_units_of_a_hot_items_shards_can_be_promised(shop: World) -> None:
    put(shop, "S", oh=100, sh=90, hot=2)
    put(shop, "S", shard="#S00", g=45, av=40, rsv=5, r_ccc=f"5|{PAST}|n")
    put(shop, "S", shard="#S01", g=45, av=30, rsv=5, cm=10)

    document = said(ask(shop))

    assert (document["available"], document["reserved"], document["committed"]) == (10 + 45 + 30, 5, 10)
    assert said(ask(shop, channel="webshop"))["available"] == 84
    assert said(ask_many(shop, items=[{"sku": "S"}], channel="webshop"))["items"][0]["available"] == 84


def test_units_that_move_to_a_shard_while_both_are_read_are_not_counted_twice(shop: World) -> None:
    put(shop, "S", oh=100, sh=40, hot=1)
    put(shop, "S", shard="#S00", g=90, av=80, rsv=10)  # 50 were granted after the header was read

    assert said(ask(shop))["available"] == 60 + 40 - 10


def test_fractions_are_texts(shop: World) -> None:
    put(shop, "S", oh=Decimal("5.5"), cm=3)

    document = said(ask(shop, quantity="2.25"))

    assert (document["on_hand"], document["available"]) == ("5.5", "2.5")
    assert document["asked"] == {"promised": "2.5", "quantity": "2.25", "suffices": True, "first_date": "2026-11-21"}


# -- asking again ----------------------------------------------------------------------------------------------


def test_who_has_the_answer_already_is_told_so_until_it_changes(shop: World) -> None:
    put(shop, "S", oh=10, r_aaa=f"4|{SOON}|n", rsv=4)
    first = ask(shop)
    tag = first["headers"]["ETag"]
    assert first["headers"]["Cache-Control"] == "private, no-cache"

    def again() -> dict[str, Any]:
        event = api_event(path={"sku": "S"}, route=GET, headers={"If-None-Match": tag})
        return dict(shop.call("read_availability", event, Context()))

    assert (again()["statusCode"], again()["body"], again()["headers"]["ETag"]) == (304, "", tag)
    shop.now = NOW.replace(minute=2)  # the hold has expired, and no row has changed
    assert (again()["statusCode"], said(again())["available"]) == (200, 10)


def test_a_list_can_be_asked_for_again_too(shop: World) -> None:
    put(shop, "S", oh=10)
    first = ask_many(shop, items=[{"sku": "S"}])
    headers = {"If-None-Match": first["headers"]["ETag"]}

    event = api_event({"items": [{"sku": "S"}]}, route=POST, headers=headers)

    assert shop.call("read_availability", event, Context())["statusCode"] == 304


# -- many items ------------------------------------------------------------------------------------------------


def test_items_are_answered_in_the_order_asked_and_an_unknown_one_fails_no_other(shop: World) -> None:
    put(shop, "S1", oh=3)
    put(shop, "S2", "NORTH", oh=4, ox_SOUTH=1)

    document = said(ask_many(shop, items=[{"sku": "S2"}, {"sku": "NONE"}, {"sku": "S1", "quantity": 4}]))

    two, none, one = document["items"]
    assert (two["sku"], two["available"], two["in_transit"]) == ("S2", 4, 1)
    assert (none["sku"], none["error"]["type"]) == ("NONE", "urn:crossdock:problem:no-stock-record")
    assert one["asked"] == {"promised": 3, "quantity": 4, "suffices": False}
    assert "correlation_id" not in document


def test_an_item_that_is_asked_for_twice_is_judged_on_the_sum(shop: World) -> None:
    put(shop, "S", oh=5)

    document = said(ask_many(shop, items=[{"sku": "S", "quantity": 5}, {"sku": "S"}, {"sku": "S", "quantity": 5}]))

    assert [i["asked"] for i in document["items"]] == [{"promised": 5, "quantity": 10, "suffices": False}]


def test_transit_is_said_of_a_list_when_all_of_an_item_is_read(shop: World) -> None:
    put(shop, "S", oh=5, ox_NORTH=2)
    put(shop, "S", "NORTH", oh=1)

    asked: dict[str, Any] = {"items": [{"sku": "S"}], "warehouses": ["NORTH"]}

    assert "in_transit" not in said(ask_many(shop, **asked))["items"][0]
    assert said(ask_many(shop, **asked, in_transit=True))["items"][0]["in_transit"] == 2
    assert said(ask_many(shop, items=[{"sku": "S"}]))["items"][0]["in_transit"] == 2


def test_five_hundred_items_are_five_round_trips_a_warehouse(shop: World) -> None:
    put(shop, "S7", oh=5)
    items = [{"sku": f"S{n}"} for n in range(500)]
    ask_many(shop, items=items[:1], channel="webshop")

    with reaper() as found:
        document = said(ask_many(shop, items=items, warehouses="MAIN", channel="webshop"))

    assert found.calls == ["dynamodb.BatchGetItem"] * 5
    assert [i["sku"] for i in document["items"] if "error" not in i] == ["S7"]
    with reaper() as found:
        said(ask(shop, "S7"))
    assert found.calls == ["dynamodb.Query"]
    with reaper() as found:
        said(ask(shop, "S7", expected="true"))
    assert found.calls == ["dynamodb.Query"] * 2


# -- dates, supply, substitutes --------------------------------------------------------------------------------


def test_what_can_be_promised_by_date_and_from_what(shop: World) -> None:
    put(shop, "S", oh=2, cm=5, ox_NORTH=6)
    put(shop, "S", "NORTH", oh=4)
    expect(
        shop,
        "S",
        ("PO-1", "MAIN", 100, "2026-11-25"),
        ("PO-2", "NORTH", 9, "2026-11-20"),
        ("T-1", "NORTH", 50, "2026-11-23"),
        confirmed=(30, "2026-11-28"),
    )

    document = said(ask(shop, "S", ATP, channel="webshop", quantity="12"))

    assert document == {
        "sku": "S",
        "today": "2026-11-21",
        "promised": 3,
        "quantity": 12,
        "suffices": False,
        "first_date": "2026-11-28",
        "dates": [
            {"date": "2026-11-21", "arriving": 0, "projected": 1, "promised": 3},
            {"date": "2026-11-23", "arriving": 6, "projected": 7, "promised": 9},
            {"date": "2026-11-28", "arriving": 30, "projected": 37, "promised": 36},
        ],
        "supply": [
            {
                "id": "PO-2",
                "kind": "order",
                "warehouse": "NORTH",
                "quantity": 9,
                "date": "2026-11-20",
                "confirmed": False,
                "overdue": True,
            },
            {
                "id": "T-1",
                "kind": "transfer",
                "warehouse": "NORTH",
                "quantity": 6,
                "date": "2026-11-23",
                "confirmed": False,
                "overdue": False,
            },
            {
                "id": "PO-1",
                "kind": "order",
                "warehouse": "MAIN",
                "quantity": 30,
                "date": "2026-11-28",
                "confirmed": True,
                "overdue": False,
            },
        ],
        "as_of": NOW_TEXT,
        "lag_ms": 40,
        "substitutes": [],
    }


def test_a_date_and_a_quantity_can_be_asked_of_availability_too(shop: World) -> None:
    put(shop, "S", oh=2)
    expect(shop, "S", ("PO-1", "MAIN", 10, "2026-11-25"))

    now = said(ask(shop, quantity="5"))
    later = said(ask(shop, quantity="5", date="2026-11-26"))
    (listed,) = said(ask_many(shop, items=[{"sku": "S", "quantity": 5}], date="2026-11-24"))["items"]

    assert (now["available"], now["expected"], now["warehouses"][0]["expected"]) == (2, 10, 10)
    assert now["asked"] == {"promised": 2, "quantity": 5, "suffices": False, "first_date": "2026-11-25"}
    assert later["asked"] == {
        "date": "2026-11-26",
        "promised": 12,
        "quantity": 5,
        "suffices": True,
        "first_date": "2026-11-25",
    }
    assert (listed["asked"]["suffices"], listed["asked"]["promised"]) == (False, 2)


def test_what_has_never_been_there_can_be_expected(shop: World) -> None:
    expect(shop, "S", ("PO-1", "MAIN", 10, "2026-11-25"))

    assert said(ask(shop, "S", ATP, quantity="10"))["first_date"] == "2026-11-25"
    assert said(ask(shop, "S", expected="true"))["expected"] == 10
    assert ask(shop, "S")["statusCode"] == 404
    assert ask(shop, "NONE", ATP)["statusCode"] == 404


def test_the_business_date_is_that_of_the_distributors_zone(shop: World) -> None:
    put(shop, "S", oh=2)
    shop.now = NOW.replace(month=7, day=1, hour=23, minute=30)  # half past midnight in London

    assert said(ask(shop, "S", ATP))["today"] == "2026-07-02"


def test_substitutes_are_offered_when_they_have_what_the_item_has_not(shop: World) -> None:
    Items(shop.table("identity")).declare([ItemProfile("S", 1, "piece", substitutes=("FEW", "ENOUGH", "NONE", "S"))])
    put(shop, "S", oh=2)
    put(shop, "FEW", oh=4)
    put(shop, "ENOUGH", oh=9, ac_marketplace=3)

    assert said(ask(shop, quantity="5"))["substitutes"] == [{"sku": "ENOUGH", "available": 9}]
    assert said(ask(shop, quantity="5", channel="webshop"))["substitutes"] == [{"sku": "ENOUGH", "available": 6}]
    assert said(ask(shop, "S", ATP, quantity="5", date="2026-11-30"))["substitutes"] == [
        {"sku": "ENOUGH", "available": 9}
    ]
    assert "substitutes" not in said(ask(shop, quantity="2"))
    short, enough = said(ask_many(shop, items=[{"sku": "S", "quantity": 4}, {"sku": "FEW", "quantity": 4}]))["items"]
    assert [s["sku"] for s in short["substitutes"]] == ["FEW", "ENOUGH"]
    assert "substitutes" not in enough


# -- who may ask, and what cannot be asked -----------------------------------------------------------------------


@pytest.mark.parametrize("channels", ["", "marketplace"])
@pytest.mark.parametrize("query", [{"channel": "webshop"}, {"segment": "gold"}])
def test_a_channel_that_is_not_the_partners_is_refused(shop: World, channels: str, query: dict[str, str]) -> None:
    put(shop, "S", oh=2)

    for answer in (
        ask(shop, channels=channels, **query),
        ask(shop, "S", ATP, channels=channels, **query),
        ask_many(shop, channels=channels, items=[{"sku": "S"}], **query),
    ):
        problem = said(answer, 403)
        assert (problem["type"], problem["errors"][0]["field"]) == (
            "urn:crossdock:problem:channel-not-yours",
            "channel",
        )
    assert said(ask(shop, channels=channels, segment="new"))["available"] == 0


@pytest.mark.parametrize(
    ("query", "field", "remedy"),
    [
        ({"chanel": "webshop"}, "chanel", "leave it out, or send one of: channel, date, expected"),
        ({"channel": "webshop", "segment": "gold"}, "segment", "name one of the two"),
        ({"segment": "silver"}, "segment", "name one of: gold, new"),
        ({"warehouses": "MAIN,MOON"}, "warehouses", "name one of: MAIN, NORTH, SOUTH"),
        ({"channel": "webshop", "warehouses": "SOUTH"}, "warehouses", "name one of: MAIN, NORTH"),
        ({"warehouses": ""}, "warehouses", "name one of: MAIN"),
        ({"warehouses": "MAIN", "warehouse_set": "far"}, "warehouse_set", "name one of the two"),
        ({"warehouse_set": "near"}, "warehouse_set", "name one of: mainland, far"),
        ({"channel": "webshop", "warehouse_set": "far"}, "warehouse_set", "name one with some of: MAIN, NORTH"),
        ({"quantity": "0"}, "quantity", "above 0"),
        ({"quantity": "-1"}, "quantity", "above 0"),
        ({"quantity": "1e3"}, "quantity", "send a whole number, or a fraction"),
        ({"quantity": "1.1234567"}, "quantity", "at most 6 places"),
        ({"quantity": "1000000000001"}, "quantity", "at most 1000000000000"),
        ({"date": "2026-11-20"}, "date", "send 2026-11-21 or a date in the ten years after"),
        ({"date": "2126-11-20"}, "date", "send 2026-11-21 or a date in the ten years after"),
        ({"date": "2026-11-31"}, "date", "send a date such as 2026-11-21"),
        ({"date": "20261125"}, "date", "send a date such as 2026-11-21"),
        ({"expected": "yes"}, "expected", "send expected=true, or leave it out"),
    ],
)
def test_a_question_that_cannot_be_asked_names_the_parameter_and_the_remedy(
    shop: World, query: dict[str, str], field: str, remedy: str
) -> None:
    put(shop, "S", oh=2)

    problem = said(ask(shop, **query), 422)

    (error,) = problem["errors"]
    assert (problem["type"], error["field"]) == ("urn:crossdock:problem:invalid-question", field)
    assert remedy in error["remedy"]


@pytest.mark.parametrize(
    ("body", "field", "remedy"),
    [
        (
            {"items": [{"sku": f"S{n}"} for n in range(501)]},
            "items",
            "ask for at most 500, and for the rest in further",
        ),
        ({"items": []}, "items", "send ["),
        ({}, "items", "send ["),
        ({"items": {"sku": "S"}}, "items", "send ["),
        ({"items": ["S"]}, "items[0]", "send {"),
        ({"items": [{"sku": "S"}, {"sku": "a/b"}]}, "items[1].sku", "send our item code"),
        ({"items": [{"sku": "S", "quantity": 1.5}]}, "items[0].quantity", "send a whole number, or a fraction"),
        ({"items": [{"sku": "S", "quantity": None}]}, "items[0].quantity", "send a whole number"),
        ({"items": [{"sku": "S", "colour": 1}]}, "items[0].colour", "leave it out, or send one of: quantity, sku"),
        ({"items": [{"sku": "S"}], "chanel": "x"}, "chanel", "leave it out"),
        ({"items": [{"sku": "S"}], "channel": 7}, "channel", "send a text"),
        ({"items": [{"sku": "S"}], "in_transit": "true"}, "in_transit", "send true or false"),
        ({"items": [{"sku": f"S{n}"} for n in range(51)], "date": "2026-11-25"}, "items", "at most 50 by date"),
        ([], "body", "send {"),
    ],
)
def test_a_list_that_cannot_be_asked_for_names_the_field_and_the_remedy(
    shop: World, body: Any, field: str, remedy: str
) -> None:
    answer = shop.call("read_availability", api_event(body, route=POST, channels="webshop"), Context())

    (error,) = said(answer, 422)["errors"]
    assert error["field"] == field
    assert remedy in error["remedy"]


def test_a_body_that_is_no_json_or_too_large_is_refused(shop: World) -> None:
    for body, status in ((b"{", 400), (b'"' + b"x" * 100_001 + b'"', 413)):
        assert shop.call("read_availability", api_event(body, route=POST), Context())["statusCode"] == status
