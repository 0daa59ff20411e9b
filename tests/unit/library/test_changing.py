"""Changing a hold where its item is hot, and cancelling while an allocation is being lowered, by worked examples."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory.holds import Answer, Ending, HoldRequest, Line, Place, Shortage
from crossdock.inventory.hot import shard_of
from crossdock.platform.clock import to_text
from tests.support.world import NOW
from tests.unit.library.test_hot import HEADER, Warehouse

if TYPE_CHECKING:
    from tests.support.memory import MemoryTable

pytestmark = pytest.mark.unit

NORTH = ("T#A1", "A#NORTH")
EXPIRES = int(NOW.timestamp()) + 900


def change(stock: Warehouse, rid: str, *places: Place) -> Any:
    lines = tuple(Line(str(n), p.sku, p.warehouse, p.quantity) for n, p in enumerate(places))
    return stock.reservations.change(rid, lines, places)


def there(rid: str, quantity: int, **fields: Any) -> Place:
    """The place of a hold at the shard of its id."""
    return Place("A1", "MAIN", quantity, shard=shard_of(rid, 4), **fields)


def north(stock: Warehouse, on_hand: int) -> dict[str, Any]:
    row = Warehouse(on_hand).header | {"sk": NORTH[1]}
    stock.table.rows[NORTH] = row
    return row


def stock_of(stock: Warehouse) -> dict[Any, Any]:
    return {key: dict(row) for key, row in stock.table.rows.items() if key[0].startswith("T#")}


def sound(table: MemoryTable) -> None:
    """Every header and shard is what its parts say, and nothing is below 0."""
    granted = sum(row["g"] for (pk, sk), row in table.rows.items() if "#S" in pk and sk == HEADER[1])
    header = table.rows[HEADER]
    assert header["sh"] == granted
    assert header["av"] == header["oh"] - header["rsv"] - header["cm"] - header["sh"] >= 0
    assert all(row["g"] == row["av"] + row["rsv"] + row["cm"] for (pk, _), row in table.rows.items() if "#S" in pk)


# -- more of a hot item ----------------------------------------------------------------------------------------


def test_more_than_the_shard_has_is_gathered_from_the_others() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 3)

    ended = change(stock, "a", there("a", 800))

    assert ended.ending is Ending.DONE
    assert [(p.shard, p.quantity) for p in ended.reservation.places] == [(-1, 797), (shard_of("a", 4), 3)]
    assert stock.header["rsv"] + sum(stock.shards("rsv")) == 800
    sound(stock.table)
    assert stock.reservations.release("a").ending is Ending.DONE
    assert stock.header["av"] + sum(stock.shards()) == 800


def test_what_the_shard_has_is_added_there() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 3)

    ended = change(stock, "a", there("a", 100))

    assert [(p.shard, p.quantity) for p in ended.reservation.places] == [(shard_of("a", 4), 100)]
    sound(stock.table)


def test_more_than_there_is_anywhere_is_short_and_says_what_there_is() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 3)
    stock.hold("b", 10)
    before = stock_of(stock)

    ended = change(stock, "a", there("a", 791))

    assert (ended.ending, ended.short) == (Ending.SHORT, (Shortage("A1", "MAIN", 791, 790),))
    assert stock_of(stock) == before


def test_the_channels_buffer_stays_when_more_is_taken() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 3)

    assert change(stock, "a", there("a", 796, keep=5)).short == (Shortage("A1", "MAIN", 796, 795),)
    assert change(stock, "a", there("a", 795, keep=5)).ending is Ending.DONE
    sound(stock.table)


def test_the_channels_own_units_are_found_at_the_header() -> None:
    stock = Warehouse(800)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 3)
    stock.header.update(ac_shop=60, al_shop=60, pl=40)

    ended = change(stock, "a", there("a", 800))

    assert ended.ending is Ending.DONE
    assert [(p.shard, p.quantity, p.own) for p in ended.reservation.places] == [
        (-1, 797, 60),
        (shard_of("a", 4), 3, 0),
    ]
    assert (stock.header["ac_shop"], stock.header["pl"], stock.header["av"]) == (0, 0, 0)


def test_expired_holds_of_other_shards_make_room() -> None:
    stock = Warehouse(40)
    stock.balancer.promote("A1", "MAIN", 4)
    stock.hold("a", 1)
    for n in range(39):
        stock.hold(f"r{n}", seconds=60)
    stock.now += timedelta(seconds=61)

    assert change(stock, "a", there("a", 40)).ending is Ending.DONE
    sound(stock.table)


def test_expired_holds_of_an_ordinary_item_make_room() -> None:
    stock = Warehouse(5)
    stock.hold("a", 1)
    stock.hold("b", 4, seconds=60)
    stock.now += timedelta(seconds=61)

    assert change(stock, "a", Place("A1", "MAIN", 5)).ending is Ending.DONE
    assert stock.table.rows["RSV#b", "R"]["st"] == "EXPIRED"


def test_a_hold_moves_to_a_hot_item_whose_pool_has_too_little() -> None:
    stock = Warehouse(800)
    north(stock, 300)
    stock.balancer.promote("A1", "MAIN", 4)
    place = Place("A1", "NORTH", 300)
    lines = (Line("1", "A1", "NORTH", 300),)
    stock.reservations.create(HoldRequest("a", "acme", "shop", "p", EXPIRES, lines, (place,), "cd-1"))

    ended = change(stock, "a", Place("A1", "MAIN", 300))

    assert ended.ending is Ending.DONE
    assert (stock.header["rsv"], stock.table.rows[NORTH]["rsv"], stock.table.rows[NORTH]["av"]) == (300, 0, 300)
    sound(stock.table)


def test_a_move_that_is_short_tells_what_the_shards_have_too() -> None:
    stock = Warehouse(200)
    north(stock, 300)
    stock.balancer.promote("A1", "MAIN", 4)
    place = Place("A1", "NORTH", 300)
    lines = (Line("1", "A1", "NORTH", 300),)
    stock.reservations.create(HoldRequest("a", "acme", "shop", "p", EXPIRES, lines, (place,), "cd-1"))

    assert change(stock, "a", Place("A1", "MAIN", 300)).short == (Shortage("A1", "MAIN", 300, 200),)


def test_an_allocation_larger_than_the_stock_is_no_reason_to_refuse_what_is_there() -> None:
    stock = Warehouse(5, ac_shop=6, al_shop=6, pl=-1)
    stock.hold("a", 1)

    assert change(stock, "a", Place("A1", "MAIN", 4)).ending is Ending.DONE
    assert (stock.header["av"], stock.header["pl"], stock.header["ac_shop"]) == (1, -1, 2)


# -- several places --------------------------------------------------------------------------------------------


def test_a_shortage_among_several_places_tells_what_the_shards_have_too() -> None:
    stock = Warehouse(800)
    stock.table.rows["T#B2", "A#MAIN"] = Warehouse(5).header | {"pk": "T#B2"}
    stock.balancer.promote("A1", "MAIN", 4)
    places = (Place("A1", "MAIN", 900), Place("B2", "MAIN", 6))
    lines = tuple(Line(str(n), p.sku, "MAIN", p.quantity) for n, p in enumerate(places))

    decision = stock.reservations.create(HoldRequest("a", "acme", "shop", "p", EXPIRES, lines, places, "cd-1"))

    assert decision.answer is Answer.REFUSED
    assert decision.short == (Shortage("A1", "MAIN", 900, 800), Shortage("B2", "MAIN", 6, 5))


def test_a_shortage_among_more_places_than_one_transaction_takes_does_so_as_well() -> None:
    stock = Warehouse(800)
    skus = [f"B{n:03d}" for n in range(100)]
    for sku in skus:
        stock.table.rows[f"T#{sku}", "A#MAIN"] = Warehouse(5).header | {"pk": f"T#{sku}"}
    stock.balancer.promote("A1", "MAIN", 4)
    places = (Place("A1", "MAIN", 900), *(Place(sku, "MAIN", 1) for sku in skus))
    lines = tuple(Line(str(n), p.sku, "MAIN", p.quantity) for n, p in enumerate(places))

    decision = stock.reservations.create(HoldRequest("a", "acme", "shop", "p", EXPIRES, lines, places, "cd-1"))

    assert (decision.answer, decision.short) == (Answer.REFUSED, (Shortage("A1", "MAIN", 900, 800),))


# -- cancelling ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("staged", "consumed", "left"),
    [
        (2, 0, {"ac_shop": 1, "al_shop": 3, "as_shop": 0, "pl": 7}),
        (9, 0, {"ac_shop": 0, "al_shop": 2, "as_shop": 6, "pl": 8}),
        (2, 3, {"ac_shop": 0, "al_shop": 4, "as_shop": 1, "pl": 5}),
        (0, 0, {"ac_shop": 3, "al_shop": 5, "as_shop": 0, "pl": 5}),
    ],
)
def test_a_cancelled_reservation_pays_off_a_staged_lowering_first(
    staged: int, consumed: int, left: dict[str, int]
) -> None:
    stock = Warehouse(8, ac_shop=3, al_shop=5, pl=5)
    stock.hold("a", 4)  # 3 of its own and one of the pool
    stock.reservations.confirm("a")
    stock.header["as_shop"] = staged
    if consumed:
        stock.reservations.consume("a", "A1", "MAIN", "wms#m1", consumed)
        stock.header.update(oh=8 - consumed, cm=4 - consumed)

    assert stock.reservations.cancel("a").ending is Ending.DONE
    once = dict(stock.header)
    assert stock.reservations.cancel("a").ending is Ending.DONE

    expected = {"ac_shop": 3, **left, "av": 8 - consumed}
    assert {name: stock.header[name] for name in expected} == expected
    assert stock.header["cm"] == 0
    assert stock.header == once
    assert stock.header["pl"] == stock.header["av"] - stock.header["ac_shop"]


# -- when it ended ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["confirm", "release", "cancel"])
def test_whoever_ends_a_hold_is_told_when_it_ended_as_those_who_ask_later_are(end: str) -> None:
    stock = Warehouse(8)
    stock.hold("a", 4)
    if end == "cancel":
        stock.reservations.confirm("a")
    stock.now += timedelta(seconds=5)

    told = getattr(stock.reservations, end)("a").reservation
    stock.now += timedelta(seconds=5)
    again = getattr(stock.reservations, end)("a").reservation

    assert told == again == stock.reservations.get("a")
    assert told.changed_at == to_text(NOW + timedelta(seconds=5))
