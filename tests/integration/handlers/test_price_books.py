"""Price books: a class's published cells page by page, for whom may read them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from crossdock.pricing.cell_store import CellStore, Stored
from tests.support.metering import metered
from tests.support.price_world import asked
from tests.support.publishing import Prices, rule
from tests.support.world import World, api_event, configuration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

ROUTE = "GET /v1/price-books/{class}"
CLASSES = {
    "gold": {"segments": ["GOLD"]},
    "of_c1": {"customer": "C1"},
    "web": {"channel": "webshop"},
    "c1_web": {"customer": "C1", "channel": "webshop"},
}
ALL = "prices:read prices:books"
SKUS = sorted(f"ITEM-{n:03}" for n in range(60))


def window(price: str, since: str | None = None, until: str | None = None) -> dict[str, Any]:
    return {"from": since, "to": until, "rules": ["erp:R@1"], "tiers": [{"min_quantity": 1, "unit_price": price}]}


def publish(world: World, price_class: str, **windows: list[dict[str, Any]]) -> None:
    cells = {
        sku.replace("_", "-"): (None, Stored(1, {"currency": "GBP", "unit": "EA", "windows": w}, f"hash-{sku}", 0))
        for sku, w in windows.items()
    }
    assert CellStore(world.table("pricing")).write(price_class, cells) == set(cells)


@pytest.fixture
def books(world: World, tmp_path: Path) -> World:
    """Sixty items in the book of gold customers."""
    usual = {"currency": "GBP", "segments": [], "customer": None, "branch": None, "region": None, "channel": None}
    classes = {name: {**usual, "strategic": False, "late_after_seconds": 300, **c} for name, c in CLASSES.items()}
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, price_classes=classes)))
    world.forget_warm_state()
    publish(world, "gold", **{sku.replace("-", "_"): [window(f"{n}.00")] for n, sku in enumerate(SKUS)})
    publish(world, "of_c1", LAMP=[window("2.40")])
    return world


def read(world: World, name: str = "gold", query: dict[str, str] | None = None, **event: Any) -> Any:
    """(status, body, headers)."""
    event = {"scopes": ALL, "channels": "webshop", "customers": "C1", **event}
    answer = world.call("read_price_book", api_event(route=ROUTE, path={"class": name}, query=query, **event))
    return answer["statusCode"], answer["body"], answer["headers"]


def pages(world: World, limit: str) -> Iterator[dict[str, Any]]:
    query: dict[str, str] | None = {"limit": limit}
    while query is not None:
        status, body, _ = read(world, query=query)
        assert status == 200
        page = json.loads(body)
        yield page
        query = {k: v[0] for k, v in parse_qs(urlsplit(page["next"]).query).items()} if page["next"] else None


@pytest.mark.parametrize(("limit", "sizes"), [("60", [60]), ("59", [59, 1]), ("25", [25, 25, 10]), ("1", [1] * 60)])
def test_a_book_is_whole_whatever_its_pages(books: World, limit: str, sizes: list[int]) -> None:
    found = list(pages(books, limit))
    assert [len(page["items"]) for page in found] == sizes
    items = [entry["item"] for page in found for entry in page["items"]]
    assert sorted(items) == SKUS
    prices = {e["item"]: e["windows"][0]["tiers"][0]["unit_price"] for page in found for e in page["items"]}
    assert prices == {sku: f"{n}.00" for n, sku in enumerate(SKUS)}


def test_a_page_ends_before_an_answer_is_too_large(books: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossdock.pricing.books._MAX_CHARACTERS", 2_000)
    found = list(pages(books, "2000"))
    assert len(found) > 3
    assert sorted(e["item"] for page in found for e in page["items"]) == SKUS


def test_it_can_be_read_as_json_lines_that_go_on_by_a_link(books: World) -> None:
    status, body, headers = read(books, query={"limit": "40"}, headers={"Accept": "application/x-ndjson"})
    assert (status, headers["Content-Type"]) == (200, "application/x-ndjson")
    lines = [json.loads(text) for text in body.splitlines()]
    assert (len(lines), set(lines[0])) == (40, {"item", "currency", "unit", "windows", "hash"})
    assert headers["Link"].endswith('>; rel="next"')


def test_who_has_a_page_already_is_told_so(books: World) -> None:
    _, _, headers = read(books)
    assert read(books, headers={"If-None-Match": headers["ETag"]})[:2] == (304, "")
    publish(books, "gold", NEW=[window("9.00")])
    assert read(books, headers={"If-None-Match": headers["ETag"]})[0] == 200


def test_what_is_past_is_left_out_and_the_next_change_is_said(books: World) -> None:
    edge, later = "2026-11-21T07:00:00.000000Z", "2026-11-22T00:00:00.000000Z"
    publish(books, "web", LAMP=[window("1.00", None, edge), window("2.00", edge, later), window("3.00", later)])
    _, body, _ = read(books, "web")
    page = json.loads(body)
    assert page["items"][0]["windows"] == [window("2.00", None, later), window("3.00", later)]
    assert page["changes_at"] == later


def test_an_item_without_a_price_is_not_in_the_book(books: World) -> None:
    ended = window("1.00", None, "2026-11-21T08:00:00.000000Z")
    publish(books, "web", GONE=[ended], NEVER=[], ROPE=[window("2.00")])
    _, body, _ = read(books, "web", {"limit": "1"})
    page = json.loads(body)
    assert ([e["item"] for e in page["items"]], page["next"]) == (["ROPE"], None)


def test_a_page_reads_no_more_than_it_shows(books: World) -> None:
    publish(books, "web", **{f"ITEM_{n}": [window("1.00", *("x" * 300,) * 2)] for n in range(320)})
    with metered() as count:
        status, body, _ = read(books, "web", {"limit": "10"})
    assert (status, len(json.loads(body)["items"])) == (200, 10)
    assert (count.calls, count.rcu) == (["Query"], 1.5), "11 cells of 1 KB of one part, and not the rest of it"


def test_an_empty_book_is_a_book(books: World) -> None:
    status, body, _ = read(books, "c1_web")
    assert (status, json.loads(body)["items"], json.loads(body)["next"]) == (200, [], None)


@pytest.mark.parametrize(
    ("name", "event", "status"),
    [
        ("gold", {"scopes": "prices:read"}, 404),
        ("of_c1", {"scopes": "prices:read"}, 200),
        ("of_c1", {"customers": "C2"}, 404),
        ("of_c1", {"customers": "*"}, 200),
        ("web", {"scopes": "prices:read"}, 200),
        ("web", {"channels": "marketplace"}, 404),
        ("c1_web", {"scopes": "prices:read"}, 200),
        ("c1_web", {"customers": ""}, 404),
        ("c1_web", {"channels": ""}, 404),
        ("nobody", {}, 404),
        ("gold", {"scopes": "prices:books"}, 403),
        ("gold", {"scopes": "inventory:read"}, 403),
    ],
)
def test_a_book_is_read_by_those_whose_it_is(books: World, name: str, event: dict[str, Any], status: int) -> None:
    assert read(books, name, **event)[0] == status


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "2001"},
        {"limit": "-1"},
        {"limit": "many"},
        {"limit": "1" * 400},
        {"cursor": "x"},
        {"cursor": ""},
        {"cursor": "WyJ4eCIsICJBIl0="},
        {"cursor": base64.urlsafe_b64encode(b"[" * 6000).decode()},
        {"cursor": base64.urlsafe_b64encode(b'["gold", "00", "\\ud800"]').decode()},
        {"cursor": "é"},
        {"page": "2"},
    ],
)
def test_a_page_that_is_not_there_is_refused_by_its_parameter(books: World, query: dict[str, str]) -> None:
    status, body, _ = read(books, query=query)
    assert (status, [e["field"] for e in json.loads(body)["errors"]]) == (422, list(query))


def test_a_book_says_what_a_quote_says(world: World, tmp_path: Path) -> None:
    """Rules become cells by publication; the class's customer is quoted just what its book has, at each break."""
    prices = Prices(world, tmp_path)
    prices.rules(
        rule(1, 1, "2.55", tiers=[{"min_quantity": 1, "value": "2.55"}, {"min_quantity": 24, "value": "2.10"}]),
        rule(2, 1, "2.20", scope={"segment": "gold"}),
        rule(3, 1, "7.00", item="E2"),
    )
    prices.customer(1, segments=("gold",))
    prices.flow()

    for name, customer in (("list", None), ("gold", "ACME"), ("acme", "ACME")):
        status, body, _ = read(world, name, customers="ACME")
        assert status == 200
        entries = json.loads(body)["items"]
        assert sorted(e["item"] for e in entries) == ["SKU-1", "SKU-2"]
        for entry in entries:
            (today,) = entry["windows"]
            for tier in today["tiers"]:
                line = {"line": "1", "item": entry["item"], "quantity": tier["min_quantity"]}
                asks = {"lines": [line]} | ({"customer": customer} if customer else {})
                _, quoted, _ = asked(world, "POST /v1/quotes", asks, customers="ACME")
                assert quoted["lines"][0]["unit_price"] == tier["unit_price"], (name, entry)
