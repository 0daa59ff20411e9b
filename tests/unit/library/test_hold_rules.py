"""What a hold asks for and what a header offers, as pure rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crossdock.inventory.hold_store import refund, remark, remarked, reservation_of, row_insert, take
from crossdock.inventory.holds import (
    HEADER,
    Line,
    Offer,
    Place,
    Reservation,
    Shortage,
    State,
    markers,
    offer,
    reservation_id,
    shortages,
    summed,
)
from crossdock.inventory.markers import Marker
from crossdock.platform.writes import When

KEY = ("T#A", "A#MAIN")


def place(quantity: Any = 3, **fields: Any) -> Place:
    return Place("A", "MAIN", quantity, **fields)


def a_header(**fields: Any) -> dict[str, Any]:
    return {"pk": KEY[0], "sk": KEY[1], "av": 5, "pl": 5, **fields}


def test_an_id_is_the_partners_own() -> None:
    assert reservation_id("acme", "order-1") == reservation_id("acme", "order-1")
    assert reservation_id("acme", "order-1") != reservation_id("acmeorder", "-1")
    assert len(reservation_id("acme", "order-1")) == 20


def test_demand_is_judged_in_sum() -> None:
    assert summed([place(5), place(5)]) == (place(10),)
    assert summed([place(2, keep=1), place(1, keep=4)]) == (place(3, keep=4),)
    assert summed([place(2), place(1, shard=3)]) == (place(2), place(1, shard=3))


@pytest.mark.parametrize(
    ("wanted", "found", "short"),
    [
        (place(5), Offer(5, 5, 0), False),
        (place(6), Offer(5, 5, 0), True),
        (place(5, keep=1), Offer(5, 5, 0), True),
        (place(4), Offer(5, 3, 0), True),  # two of the five are another channel's own
        (place(4), Offer(5, 3, 1, allocated=True), False),
        (place(1), Offer(5, -2, 1, allocated=True), False),
        (place(1), Offer(0, -2, 1, allocated=True), True),  # an allocation of what is not there
        (place(7, floor=-2), Offer(5, 5, 0), False),  # a backorder of two
        (place(8, floor=-2), Offer(5, 5, 0), True),
    ],
)
def test_what_is_short(wanted: Place, found: Offer, *, short: bool) -> None:
    assert found.short(wanted) is short


def test_a_shortage_says_what_could_be_had() -> None:
    assert shortages([place(9, keep=1)], {KEY: Offer(5, 3, 1, allocated=True)}) == (Shortage("A", "MAIN", 9, 4),)
    assert shortages([place(9)], {KEY: Offer(-3, -3, 0)}) == (Shortage("A", "MAIN", 9, 0),)


def test_expired_holds_are_seen_but_for_ones_own() -> None:
    row = a_header(r_one="2|100|n", r_two="1|101|n", r_three="1|100|n", ac_shop=2)
    found = offer(row, "shop", 100, but="three")
    assert (found.available, found.pool, found.own, found.allocated) == (5, 5, 2, True)
    assert list(found.expired) == ["one"]
    assert offer(None, "shop", 100) == Offer(0, 0, 0)


def test_own_share_first_and_only_what_is_needed_of_the_pool() -> None:
    fitted = Offer(9, 9, 2, allocated=True).fit(place(3))
    write = take(fitted, Marker("id", 3, 100, "n", 2, "shop"), "shop")
    assert write.add == {"av": -3, "rsv": 3, "ver": 1, "pl": -1, "ac_shop": -2}
    assert write.put == {"r_id": "3|100|n|2|shop"}
    assert write.when == (
        When("av", ">=", 3),
        When("r_id", "missing"),
        When("ac_shop", "=", 2),
        When("pl", ">=", 1),
    )


def test_a_shard_has_neither_pool_nor_allocations() -> None:
    write = take(place(3, shard=4), Marker("id", 3, 100, "n"), "shop")
    assert write.key == ("T#A#S04", "A#MAIN")
    assert write.add == {"av": -3, "rsv": 3, "ver": 1}
    assert write.when == (When("av", ">=", 3), When("r_id", "missing"))


def test_what_returns_pays_off_a_lowered_allocation_first() -> None:
    write = refund(place(3), Marker("id", 3, 100, "n", 2, "shop"), 1)
    assert write.add == {"av": 3, "rsv": -3, "ver": 1, "pl": 2, "ac_shop": 1, "al_shop": -1, "as_shop": -1}
    assert write.when == (When("r_id", "=", "3|100|n|2|shop"), When("as_shop", "=", 1))
    assert write.remove == ("r_id",)


def test_less_goes_back_to_the_pool_first_and_more_comes_from_ones_own() -> None:
    old = Marker("id", 3, 100, "n", 2, "shop")
    less = remarked(old, place(1), 100, Offer(0, 0, 0, allocated=True), "shop")
    assert (less.quantity, less.from_own) == (1, 1)
    write = remark(place(1, own=1, allocated=True), old, less, "shop")
    assert write.add == {"av": 2, "rsv": -2, "ver": 1, "pl": 1, "ac_shop": 1}
    more = remarked(old, place(6), 100, Offer(9, 9, 1, allocated=True), "shop")
    assert (more.quantity, more.from_own) == (6, 3)


def test_a_row_is_read_as_it_was_written() -> None:
    row = Reservation(
        id="id",
        state=State.REFUSED,
        nonce="n",
        partner="acme",
        channel="shop",
        payload="p",
        expires=100,
        lines=(Line("1", "A", "MAIN", Decimal("2.5"), 1, "2026-12-01"), Line("2", "B", "MAIN", 1)),
        places=(place(Decimal("2.5"), own=1), place(1, shard=2)),
        version=1,
        created_at="then",
        changed_at="now",
        correlation_id="cd-1",
        reference="PO 7",
        short=(Shortage("A", "MAIN", 3, 1),),
    )
    assert reservation_of(row_insert(row).item) == row
    assert row.places[0].shard == HEADER


def test_other_attributes_are_no_markers() -> None:
    assert markers(a_header(rsv=1, ref="r_", r_a="1|2|n")) == {"a": Marker("a", 1, 2, "n")}
