"""Allocations through the API and the command: what is set, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from crossdock_cli import allocations, main
from tests.support.world import World, api_event, movement, movements_message

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

SCOPES = "inventory:allocate"


@pytest.fixture
def stocked(world: World) -> World:
    """100 units of A1 in MAIN."""
    world.knows(("wms", "A1", "SKU-1"))
    world.call("apply_movements", world.queue_event("movements", [movements_message(movement("m1", 100))]))
    world.project()
    return world


def put(world: World, body: Any, *, sku: str = "SKU-1", warehouse: str = "MAIN", scopes: str = SCOPES) -> Any:
    """(status, document) of a PUT."""
    event = api_event(body, path={"sku": sku, "warehouse": warehouse}, scopes=scopes)
    answer = world.call("set_allocations", event)
    return answer["statusCode"], json.loads(answer["body"])


def header(world: World) -> dict[str, Any]:
    row = world.row("inventory", "T#SKU-1", "A#MAIN")
    assert row is not None
    return {k: row.get(k) for k in ("av", "pl", "ss", "al_webshop", "ac_webshop", "al_marketplace", "ac_marketplace")}


def test_allocations_and_safety_stock_are_set_in_one_request(stocked: World) -> None:
    body = {"safety_stock": 10, "allocations": {"webshop": {"quantity": 30}, "marketplace": {"quantity": 5}}}

    status, document = put(stocked, body)

    assert status == 200
    document.pop("correlation_id")
    assert document == {
        "sku": "SKU-1",
        "warehouse": "MAIN",
        "safety_stock": 10,
        "available": 90,
        "pool": 55,
        "allocations": {
            "marketplace": {"quantity": 5, "unconsumed": 5, "consumed": 0, "staged": 0},
            "webshop": {"quantity": 30, "unconsumed": 30, "consumed": 0, "staged": 0},
        },
    }
    expected = {"av": 90, "pl": 55, "ss": 10, "al_webshop": 30, "ac_webshop": 30}
    assert header(stocked) == {**expected, "al_marketplace": 5, "ac_marketplace": 5}
    before = stocked.dump()
    assert put(stocked, body)[0] == 200
    assert stocked.dump() == before


REFUSED = [
    ({"allocations": {"webshop": {"quantity": 101}}}, 409, "allocation-refused", "allocations.webshop.quantity"),
    ({"allocations": {"webshop": {"quantity": -1}}}, 422, "invalid-document", "allocations.webshop.quantity"),
    ({"allocations": {"webshop": {"quantity": 1.5}}}, 422, "invalid-document", "allocations.webshop.quantity"),
    ({"allocations": {"webshop": {"quantity": 10**13}}}, 422, "invalid-document", "allocations.webshop.quantity"),
    ({"allocations": {"webshop": {}}}, 422, "invalid-document", "allocations.webshop.quantity"),
    ({"allocations": {"bazaar": {"quantity": 1}}}, 422, "channel-unknown", "allocations.bazaar"),
    ({"safety_stock": True}, 422, "invalid-document", "safety_stock"),
    ({}, 422, "invalid-document", "body"),
    (b"{", 400, "malformed-json", "body"),
]


@pytest.mark.parametrize(("body", "status", "name", "field"), REFUSED, ids=[str(r[0])[:50] for r in REFUSED])
def test_what_cannot_be_set_is_refused_and_changes_nothing(
    stocked: World, body: Any, status: int, name: str, field: str
) -> None:
    before = stocked.dump()

    found, document = put(stocked, body)

    assert (found, document["type"]) == (status, f"urn:crossdock:problem:{name}")
    assert [e["field"] for e in document["errors"]] == [field]
    assert stocked.dump() == before


def test_a_refused_raise_says_what_the_pool_can_give(stocked: World) -> None:
    _, document = put(stocked, {"allocations": {"webshop": {"quantity": 101}}})

    assert document["detail"] == (
        "allocations.webshop.quantity: the pool would have to give 101 more, and it has 100. Remedy: raise by 100 at "
        "most, or lower another channel's allocation in the same request. Nothing was changed."
    )


def test_an_item_or_warehouse_that_is_not_there_is_refused(stocked: World) -> None:
    body = {"safety_stock": 1}
    before = stocked.dump()

    found = [put(stocked, body, sku=s, warehouse=w) for s, w in (("SKU-2", "MAIN"), ("a b#", "MAIN"), ("SKU-1", "X"))]

    assert [(status, document["errors"][0]["field"]) for status, document in found] == [
        (404, "sku"),
        (404, "sku"),
        (404, "warehouse"),
    ]
    assert stocked.dump() == before


def test_only_an_operators_key_may_allocate(stocked: World) -> None:
    before = stocked.dump()

    status, document = put(stocked, {"safety_stock": 1}, scopes="inventory:read inventory:write")

    assert (status, document["errors"][0]["problem"]) == (403, "lacks scope inventory:allocate")
    assert stocked.dump() == before


# -- the command -----------------------------------------------------------------------------------------------


@pytest.fixture
def crossdock(
    stocked: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, Any, str]]:
    """The command in this process: exit code, JSON document or text, and standard error."""

    def run(*arguments: str) -> tuple[int, Any, str]:
        monkeypatch.setattr(allocations, "connect", lambda _: stocked.target)
        monkeypatch.setattr(sys, "argv", ["crossdock", "inventory", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main.run()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return code, json.loads(said.out) if "--json" in arguments and not code else said.out, said.err

    return run


def test_an_operator_allocates_moves_and_shows(stocked: World, crossdock: Any) -> None:
    place = ("SKU-1", "MAIN")
    assert crossdock("allocate", *place, "--channel", "webshop", "--quantity", "40")[0] == 0
    assert crossdock("reallocate", *place, "--from", "webshop", "--to", "marketplace", "-q", "15", "--json")[0] == 0
    assert crossdock("safety-stock", *place, "20")[0] == 0

    code, (document,), _ = crossdock("allocations", "SKU-1", "--json")

    assert (code, document["available"], document["pool"], document["safety_stock"]) == (0, 80, 40, 20)
    assert {c: a["quantity"] for c, a in document["allocations"].items()} == {"marketplace": 15, "webshop": 25}
    _, text, _ = crossdock("allocations", "SKU-1")
    assert text.splitlines()[0] == "MAIN: available 80, shared pool 40, safety stock 20"
    expected = {"av": 80, "pl": 40, "ss": 20, "al_webshop": 25, "ac_webshop": 25}
    assert header(stocked) == {**expected, "al_marketplace": 15, "ac_marketplace": 15}


MISTAKES = [
    (("allocate", "SKU-1", "MAIN", "--channel", "bazaar", "-q", "1"), 1, "no channel 'bazaar'"),
    (("allocate", "SKU-1", "MAIN", "--channel", "webshop", "-q", "101"), 1, "raise by 100 at most"),
    (("allocate", "SKU-1", "MAIN", "--channel", "webshop", "-q", "x"), 2, "'x' is no quantity"),
    (("allocate", "SKU-1", "NORTH", "--channel", "webshop", "-q", "1"), 1, "in the warehouse 'NORTH'"),
    (("allocate", "SKU-9", "MAIN", "--channel", "webshop", "-q", "1"), 1, "of the item 'SKU-9'"),
    (("reallocate", "SKU-1", "MAIN", "--from", "webshop", "--to", "marketplace", "-q", "1"), 1, "move 0 at most"),
    (("reallocate", "SKU-1", "MAIN", "--from", "webshop", "--to", "webshop", "-q", "1"), 1, "two different channels"),
    (("reallocate", "SKU-1", "MAIN", "--from", "webshop", "--to", "marketplace", "-q", "0"), 2, "0 moves nothing"),
    (("safety-stock", "SKU-1", "MAIN", "--", "-1"), 2, "-1 is below 0"),
    (("allocations", "SKU-9"), 1, "nothing was ever recorded of an item 'SKU-9'"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), MISTAKES, ids=[" ".join(m[0])[:60] for m in MISTAKES])
def test_an_operators_mistake_is_named_and_changes_nothing(
    stocked: World, crossdock: Any, arguments: tuple[str, ...], code: int, said: str
) -> None:
    before = stocked.dump()

    found, _, error = crossdock(*arguments)

    assert (found, said in error) == (code, True), error
    assert stocked.dump() == before
