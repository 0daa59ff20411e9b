"""Hot items on the engine: 64 clients fight for the last units, while the item is promoted and made ordinary.

The table in memory is tried with every order of steps (tests/property/test_hot.py); here the engine decides the order.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory.holds import Answer, HoldRequest, Line, Place
from crossdock.inventory.reserving import Reservations
from crossdock_cli import hot, main
from tests.support.world import NOW, World, api_event, movement, movements_message

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

CLIENTS = 64
UNITS = 100
EXPIRES = int(NOW.timestamp()) + 900


@pytest.fixture
def stocked(world: World) -> World:
    """100 units of A1 in MAIN."""
    world.knows(("wms", "A1", "SKU-1"))
    world.call("apply_movements", world.queue_event("movements", [movements_message(movement("m1", UNITS))]))
    world.project()
    return world


def reservations(world: World) -> Reservations:
    return Reservations(world.table("inventory"), world.clock)


def hold(found: Reservations, rid: str, quantity: int = 1) -> Answer:
    places, lines = (Place("SKU-1", "MAIN", quantity),), (Line("1", "SKU-1", "MAIN", quantity),)
    return found.create(HoldRequest(rid, "acme", "webshop", "p", EXPIRES, lines, places, "cd-1")).answer


def check(world: World) -> dict[str, Any]:
    """Shards, pool and holds are the stock; gives back the sums over header and shards."""
    rows = [r for r in world.rows("inventory") if r["pk"].startswith("T#")]
    (header,) = [r for r in rows if "oh" in r]
    shards = [r for r in rows if "g" in r]
    assert header["av"] == header["oh"] - header["rsv"] - header["cm"] - header["sh"]
    assert header["pl"] == header["av"]
    assert header["sh"] == sum(s["g"] for s in shards)
    assert all(s["g"] == s["av"] + s["rsv"] + s["cm"] for s in shards)
    assert min(r["av"] for r in rows) >= 0
    return {name: sum(r[name] for r in rows) for name in ("av", "rsv", "cm")} | {"shards": len(shards)}


def fight(world: World, tries: int) -> list[Answer]:
    """Each client asks for one unit, several times, until it is refused."""
    start = threading.Barrier(CLIENTS)

    def client(number: int) -> list[Answer]:
        found, answers = reservations(world), list[Answer]()
        start.wait()
        for n in range(tries):
            answers.append(hold(found, f"r{number}x{n}"))
        return answers

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [answer for answers in pool.map(client, range(CLIENTS)) for answer in answers]


def test_sixty_four_clients_get_exactly_the_last_hundred_units_of_a_hot_item(stocked: World) -> None:
    reservations(stocked).balancer.promote("SKU-1", "MAIN", 8)

    answers = fight(stocked, 2)

    assert (answers.count(Answer.HELD), answers.count(Answer.REFUSED)) == (UNITS, 2 * CLIENTS - UNITS)
    assert check(stocked) == {"av": 0, "rsv": UNITS, "cm": 0, "shards": 8}


def test_so_they_do_while_the_item_is_promoted_levelled_and_made_ordinary(stocked: World) -> None:
    balancer, over = reservations(stocked).balancer, threading.Event()

    def stir() -> None:
        while not over.is_set():
            balancer.promote("SKU-1", "MAIN", 4)
            balancer.run()
            balancer.demote("SKU-1", "MAIN")

    stirring = threading.Thread(target=stir)
    stirring.start()
    try:
        answers = fight(stocked, 2)
    finally:
        over.set()
        stirring.join()

    assert (answers.count(Answer.HELD), answers.count(Answer.REFUSED)) == (UNITS, 2 * CLIENTS - UNITS)
    assert {k: v for k, v in check(stocked).items() if k != "shards"} == {"av": 0, "rsv": UNITS, "cm": 0}


def test_the_scheduled_function_levels_and_finishes_what_cools(stocked: World) -> None:
    found = reservations(stocked)
    found.balancer.promote("SKU-1", "MAIN", 4)
    assert hold(found, "r1", 3) is Answer.HELD
    found.balancer.demote("SKU-1", "MAIN")

    (cooling,) = stocked.call("balance_hot_items", {})["items"]
    found.confirm("r1")
    (ordinary,) = stocked.call("balance_hot_items", {})["items"]

    assert (cooling["state"], ordinary["state"]) == ("cooling", "ordinary")
    assert stocked.call("balance_hot_items", {})["items"] == []
    assert check(stocked) == {"av": 97, "rsv": 0, "cm": 3, "shards": 0}


def test_units_of_shards_can_be_allocated_to_a_channel(stocked: World) -> None:
    found = reservations(stocked)
    found.balancer.promote("SKU-1", "MAIN", 4)
    body = {"allocations": {"webshop": {"quantity": 60}}}
    event = api_event(body, path={"sku": "SKU-1", "warehouse": "MAIN"}, scopes="inventory:allocate")

    answer = stocked.call("set_allocations", event)

    assert answer["statusCode"] == 200
    row = stocked.row("inventory", "T#SKU-1", "A#MAIN")
    assert row is not None
    assert (row["al_webshop"], row["ac_webshop"], row["pl"], row["av"], row["sh"]) == (60, 60, 0, 60, 40)


# -- the command -----------------------------------------------------------------------------------------------


@pytest.fixture
def crossdock(
    stocked: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The command in this process: exit code, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(hot, "connect", lambda _: stocked.target)
        monkeypatch.setattr(sys, "argv", ["crossdock", "inventory", "hot", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main.run()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_an_operator_promotes_lists_levels_and_demotes(stocked: World, crossdock: Any) -> None:
    assert crossdock("list")[1] == "no item is hot\n"
    assert crossdock("promote", "SKU-1", "MAIN", "--shards", "4")[0] == 0
    listed = json.loads(crossdock("list", "--json")[1])
    assert crossdock("rebalance", "SKU-1", "MAIN")[0] == 0
    assert listed == [
        {
            "sku": "SKU-1",
            "warehouse": "MAIN",
            "state": "hot",
            "pinned": True,
            "shards": 4,
            "pool": 16,
            "free_in_shards": 84,
            "holds": 0,
        }
    ]
    assert "an operator" in crossdock("list")[1]

    (demoted,) = json.loads(crossdock("demote", "SKU-1", "MAIN", "--json")[1])

    assert (demoted["state"], demoted["pool"]) == ("ordinary", 100)
    assert check(stocked) == {"av": 100, "rsv": 0, "cm": 0, "shards": 0}


MISTAKES = [
    (("promote", "SKU-9", "MAIN"), 1, "nothing was ever recorded of the item 'SKU-9'"),
    (("promote", "SKU-1", "MAIN", "--shards", "65"), 2, "less than or equal to 64"),
    (("demote", "SKU-1", "NORTH"), 1, "in the warehouse 'NORTH'"),
    (("rebalance", "SKU-1", "MAIN"), 1, "is not hot in the warehouse 'MAIN'"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_an_operators_mistake_is_named_and_changes_nothing(
    stocked: World, crossdock: Any, arguments: tuple[str, ...], code: int, said: str
) -> None:
    before = stocked.dump()

    found, _, error = crossdock(*arguments)

    assert (found, said in error) == (code, True), error
    assert stocked.dump() == before
