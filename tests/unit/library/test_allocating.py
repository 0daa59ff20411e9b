"""Allocations by worked examples: what a change does to the header, and what is refused with which figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crossdock.inventory.allocating import (
    ConsumedError,
    PoolTooSmallError,
    RefusedAllocation,
    Share,
    Wish,
    give_back,
    plan,
    reallocation,
    standing,
)
from crossdock.inventory.allocation_store import AllocationStore, NothingRecordedError
from crossdock.platform.errors import StoreUnavailableError
from tests.support.memory import MemoryTable

pytestmark = pytest.mark.unit


def header(**fields: Any) -> dict[str, Any]:
    """100 on hand, all of it in the pool, unless told otherwise."""
    row = {"pk": "T#A1", "sk": "A#MAIN", "oh": 100, "ss": 0, "qc": 0, "dmg": 0, "rsv": 0, "cm": 0, "sh": 0}
    return {**row, "av": 100, "pl": 100, "ver": 1, **fields}


def table_of(row: dict[str, Any]) -> MemoryTable:
    table = MemoryTable()
    table.rows[row["pk"], row["sk"]] = row
    return table


def changed(table: MemoryTable) -> dict[str, Any]:
    """What is not as `header()` makes it."""
    row = table.rows["T#A1", "A#MAIN"]
    return {k: v for k, v in row.items() if header().get(k) != v}


def test_a_channel_gets_units_of_the_pool() -> None:
    table = table_of(header())

    after = AllocationStore(table).set("A1", "MAIN", {"webshop": Wish(30)})

    assert changed(table) == {"al_webshop": 30, "ac_webshop": 30, "pl": 70, "ver": 2}
    assert after.share("webshop") == Share(30, 30, 0)
    assert (after.pool, after.available) == (70, 100)


def test_a_fraction_is_allocated_exactly() -> None:
    table = table_of(header())

    AllocationStore(table).set("A1", "MAIN", {"webshop": Wish(Decimal("2.5"))})

    assert changed(table) == {
        "al_webshop": Decimal("2.5"),
        "ac_webshop": Decimal("2.5"),
        "pl": Decimal("97.5"),
        "ver": 2,
    }


def test_setting_the_same_again_writes_nothing() -> None:
    table = table_of(header())
    store = AllocationStore(table)
    store.set("A1", "MAIN", {"webshop": Wish(30)}, safety_stock=5)
    before = dict(table.rows["T#A1", "A#MAIN"])

    store.set("A1", "MAIN", {"webshop": Wish(30)}, safety_stock=5)

    assert table.rows["T#A1", "A#MAIN"] == before


def test_lowering_gives_the_pool_what_nobody_consumed() -> None:
    table = table_of(header(al_webshop=30, ac_webshop=12, pl=70, av=82, rsv=18))

    AllocationStore(table).set("A1", "MAIN", {"webshop": Wish(18)})

    assert changed(table) == {"al_webshop": 18, "ac_webshop": 0, "pl": 82, "av": 82, "rsv": 18, "ver": 2}


def test_lowering_below_what_is_consumed_is_refused_with_the_figure() -> None:
    table = table_of(header(al_webshop=30, ac_webshop=12, pl=70, av=82, rsv=18))
    before = dict(table.rows["T#A1", "A#MAIN"])

    with pytest.raises(ConsumedError) as caught:
        AllocationStore(table).set("A1", "MAIN", {"webshop": Wish(17)})

    assert str(caught.value) == (
        "allocations.webshop.quantity: 17 is less than the 18 that webshop has consumed of its 30"
    )
    assert caught.value.remedy == "send 18 or more, or staged: true to take the rest back as its holds end"
    assert table.rows["T#A1", "A#MAIN"] == before


def test_a_staged_lowering_takes_what_is_free_now_and_the_rest_as_holds_end() -> None:
    table = table_of(header(al_webshop=30, ac_webshop=12, pl=70, av=82, rsv=18))

    after = AllocationStore(table).set("A1", "MAIN", {"webshop": Wish(10, staged=True)})

    assert changed(table) == {
        "al_webshop": 18,
        "ac_webshop": 0,
        "as_webshop": 8,
        "pl": 82,
        "av": 82,
        "rsv": 18,
        "ver": 2,
    }
    assert (after.share("webshop").consumed, after.share("webshop").wanted) == (18, 10)
    assert give_back(5, 8) == (0, 5)
    assert give_back(10, 8) == (2, 8)
    assert give_back(3, 0) == (3, 0)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (10, {"al_webshop": 18, "ac_webshop": 0, "as_webshop": 8, "pl": 82}),  # what it is set to already
        (12, {"al_webshop": 18, "ac_webshop": 0, "as_webshop": 6, "pl": 82}),
        (18, {"al_webshop": 18, "ac_webshop": 0, "pl": 82}),
        (25, {"al_webshop": 25, "ac_webshop": 7, "pl": 75}),
    ],
)
def test_a_staged_lowering_can_be_taken_back(wanted: int, expected: dict[str, int]) -> None:
    row = header(al_webshop=18, ac_webshop=0, as_webshop=8, pl=82, av=82, rsv=18)
    table = table_of(row)

    AllocationStore(table).set("A1", "MAIN", {"webshop": Wish(wanted)})

    assert changed(table) == expected | {"av": 82, "rsv": 18} | ({} if wanted == 10 else {"ver": 2})


def test_a_share_of_nothing_leaves_no_trace() -> None:
    table = table_of(header(al_webshop=30, ac_webshop=30, pl=70))

    AllocationStore(table).set("A1", "MAIN", {"webshop": Wish(0)})

    assert changed(table) == {"ver": 2}


def test_a_raise_beyond_the_pool_is_refused_with_what_the_pool_can_give() -> None:
    table = table_of(header(al_webshop=30, ac_webshop=30, pl=4, av=34, rsv=66))
    before = dict(table.rows["T#A1", "A#MAIN"])

    with pytest.raises(PoolTooSmallError) as caught:
        AllocationStore(table).set("A1", "MAIN", {"webshop": Wish(35)})

    assert str(caught.value) == "allocations.webshop.quantity: the pool would have to give 5 more, and it has 4"
    assert caught.value.remedy == "raise by 4 at most, or lower another channel's allocation in the same request"
    assert table.rows["T#A1", "A#MAIN"] == before


def test_a_pool_below_nothing_gives_nothing() -> None:
    with pytest.raises(PoolTooSmallError, match="and it has 0"):
        plan(header(pl=-3, av=-3), {"webshop": Wish(1)})


def test_one_channel_may_be_raised_by_what_another_gives_in_the_same_request() -> None:
    table = table_of(header(al_webshop=30, ac_webshop=30, pl=0, av=30, rsv=70))

    AllocationStore(table).set("A1", "MAIN", {"webshop": Wish(20), "marketplace": Wish(10)})

    assert changed(table) == {
        "al_webshop": 20,
        "ac_webshop": 20,
        "al_marketplace": 10,
        "ac_marketplace": 10,
        "pl": 0,
        "av": 30,
        "rsv": 70,
        "ver": 2,
    }


def test_safety_stock_is_taken_from_what_is_available_and_from_the_pool() -> None:
    table = table_of(header(al_webshop=30, ac_webshop=30, pl=70))

    AllocationStore(table).set("A1", "MAIN", {}, safety_stock=8)
    assert changed(table) == {"ss": 8, "av": 92, "pl": 62, "al_webshop": 30, "ac_webshop": 30, "ver": 2}

    AllocationStore(table).set("A1", "MAIN", {}, safety_stock=3)
    assert changed(table) == {"ss": 3, "av": 97, "pl": 67, "al_webshop": 30, "ac_webshop": 30, "ver": 3}


def test_safety_stock_may_be_more_than_there_is() -> None:
    table = table_of(header(oh=5, av=5, pl=5))

    AllocationStore(table).set("A1", "MAIN", {}, safety_stock=8)

    assert changed(table) == {"oh": 5, "ss": 8, "av": -3, "pl": -3, "ver": 2}


def test_safety_stock_and_a_raise_must_both_fit_the_pool() -> None:
    with pytest.raises(PoolTooSmallError, match="would have to give 95 more, and it has 90"):
        plan(header(), {"webshop": Wish(95)}, safety_stock=10)


def test_units_move_between_channels_without_the_pool() -> None:
    table = table_of(header(al_webshop=30, ac_webshop=12, pl=-5, av=7, oh=25, rsv=18))

    AllocationStore(table).reallocate("A1", "MAIN", "webshop", "marketplace", 12)

    assert changed(table) == {
        "oh": 25,
        "rsv": 18,
        "av": 7,
        "pl": -5,
        "al_webshop": 18,
        "ac_webshop": 0,
        "al_marketplace": 12,
        "ac_marketplace": 12,
        "ver": 2,
    }


def test_only_what_is_unconsumed_moves() -> None:
    with pytest.raises(RefusedAllocation) as caught:
        reallocation(standing(header(al_webshop=30, ac_webshop=12, pl=70)), "webshop", "marketplace", 13)

    assert str(caught.value) == "quantity: webshop has 12 of its 30 unconsumed, 13 are asked of it"
    assert caught.value.remedy == "move 12 at most"


def test_moving_from_a_channel_to_itself_is_refused() -> None:
    with pytest.raises(RefusedAllocation, match="to: webshop is also where the units come from"):
        reallocation(standing(header(al_webshop=30, ac_webshop=12)), "webshop", "webshop", 1)


def test_what_moves_to_a_channel_settles_its_staged_lowering_first() -> None:
    row = header(al_a=10, ac_a=10, al_b=18, ac_b=0, as_b=8, pl=72, av=82, rsv=18)
    table = table_of(row)

    AllocationStore(table).reallocate("A1", "MAIN", "a", "b", 9)

    assert changed(table) == {"al_a": 1, "ac_a": 1, "al_b": 19, "ac_b": 1, "pl": 80, "av": 82, "rsv": 18, "ver": 2}


def test_a_negative_allocation_is_refused() -> None:
    with pytest.raises(RefusedAllocation, match=r"allocations\.webshop\.quantity: -1 is below 0"):
        plan(header(), {"webshop": Wish(-1)})


def test_an_item_without_a_record_is_refused() -> None:
    with pytest.raises(NothingRecordedError, match="of the item 'A1' in the warehouse 'MAIN'"):
        AllocationStore(MemoryTable()).set("A1", "MAIN", {"webshop": Wish(1)})


def test_units_that_are_free_elsewhere_are_brought_in_once_before_a_raise_is_refused() -> None:
    table = table_of(header(pl=4, av=4, rsv=96))
    asked = []

    def make_room(sku: str, warehouse: str, quantity: Any) -> None:
        asked.append((sku, warehouse, quantity))
        row = table.rows["T#A1", "A#MAIN"]
        row.update(av=row["av"] + 3, pl=row["pl"] + 3, rsv=row["rsv"] - 3)

    store = AllocationStore(table, make_room)

    assert store.set("A1", "MAIN", {"webshop": Wish(7)}).share("webshop") == Share(7, 7, 0)
    with pytest.raises(PoolTooSmallError, match="would have to give 93 more, and it has 3"):
        store.set("A1", "MAIN", {"webshop": Wish(100)})
    assert asked == [("A1", "MAIN", 3), ("A1", "MAIN", 93)]


def test_what_keeps_changing_is_given_up_without_a_half_change() -> None:
    table = table_of(header(al_webshop=30, ac_webshop=12, pl=70, av=82, rsv=18))
    calls = []

    def meddle() -> None:
        calls.append(1)
        table.rows["T#A1", "A#MAIN"]["ac_webshop"] -= 1

    table.boundary = meddle
    table.rows["T#A1", "A#MAIN"]["ac_webshop"] = 100

    with pytest.raises(StoreUnavailableError, match="A1 in MAIN: its allocations kept changing"):
        AllocationStore(table).set("A1", "MAIN", {"webshop": Wish(0, staged=True)})
    assert len(calls) == 24
