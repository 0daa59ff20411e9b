"""What may be promised, by worked examples: to channels and segments, by date, and from what is expected."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crossdock.inventory.atp import Arrival, first_date, project, promised_on
from crossdock.inventory.promising import Audience, Free, promise
from crossdock.inventory.supply import Confirmation, Expected, Order, Part, SupplyLine, with_transit

pytestmark = pytest.mark.unit

SHOP = Audience(("A", "B"), channel="shop")
ALL = Audience(("A", "B"), everybody=True)
TODAY = date(2026, 11, 21)


def day(number: int) -> date:
    return date(2026, 11, number)


@pytest.mark.parametrize(
    ("free", "buffer", "promised"),
    [
        (Free("A", 10, 10), 0, 10),
        (Free("A", 10, 4, {"shop": 6}), 0, 10),
        (Free("A", 10, 4, {"other": 6}), 0, 4),
        (Free("A", 10, 0, {"shop": 3, "other": 7}), 0, 3),
        (Free("A", 10, 0, {"shop": 3, "other": 7}), 8, 2),
        (Free("A", 2, -8, {"shop": 5, "other": 5}), 0, 2),
        (Free("A", -3, -8, {"shop": 5}), 0, 0),
        (Free("A", 10, 10), 10, 0),
        (Free("A", 10, 10), 11, 0),
        (Free("A", 5, 3, {"other": 2}, shards=40), 0, 43),
        (Free("A", -5, -5, shards=40), 0, 35),
        (Free("A", Decimal("2.5"), Decimal("2.5")), 1, Decimal("1.5")),
    ],
)
def test_a_channel_is_promised_its_own_and_the_pool_and_never_the_buffer(
    free: Free, buffer: int, promised: object
) -> None:
    assert promise([free], Audience(("A",), buffer, "shop")).total == promised


def test_one_warehouses_shortage_is_not_anothers_and_the_buffer_is_held_back_once() -> None:
    stock = [Free("A", 4, 4), Free("B", -9, -9), Free("C", 100, 100)]

    assert promise(stock, SHOP).total == 4
    assert promise([Free("A", 4, 4), Free("B", 5, 5)], Audience(("A", "B"), 3)).total == 6
    assert promise([Free("A", 4, 4), Free("B", 5, 5)], Audience(("A", "B"), 5)).by_warehouse == {"A": 4, "B": 4}


def test_who_has_no_channel_draws_on_the_pool_and_everybody_is_all_channels_together() -> None:
    stock = [Free("A", 10, 4, {"shop": 6})]

    assert promise(stock, Audience(("A",))).total == 4
    assert promise(stock, ALL).total == 10
    assert promise([], ALL).total == 0


# -- by date ---------------------------------------------------------------------------------------------------


def steps(stock: list[Free], *arrivals: tuple[int, int], who: Audience = ALL) -> list[tuple[int, object, object]]:
    found = project(stock, [Arrival("A", day(d), q) for d, q in arrivals], who, TODAY)
    return [(s.on.day, s.projected, s.promised.total) for s in found]


def test_what_is_expected_can_be_promised_from_its_day_on() -> None:
    assert steps([Free("A", 10, 10)], (25, 30), (21, 5), (25, 1)) == [(21, 15, 15), (25, 46, 46)]


def test_a_later_low_limits_what_comes_before_it() -> None:
    assert steps([Free("A", 10, 10)], (22, 30), (25, -35), (28, 3)) == [
        (21, 10, 5),
        (22, 40, 5),
        (25, 5, 5),
        (28, 8, 8),
    ]


def test_what_was_promised_ahead_is_served_first() -> None:
    assert steps([Free("A", -20, -20)], (25, 30)) == [(21, -20, 0), (25, 10, 10)]


def test_what_is_overdue_or_goes_elsewhere_is_not_counted() -> None:
    arrivals = [Arrival("A", day(20), 7), Arrival("C", day(25), 7)]

    found = project([Free("A", 1, 1)], arrivals, ALL, TODAY)

    assert [(s.on, s.projected) for s in found] == [(TODAY, 1)]


def test_supply_is_nobodys_own_until_it_is_allocated() -> None:
    stock = [Free("A", 5, 0, {"other": 5})]

    assert steps(stock, (25, 30), who=SHOP) == [(21, 5, 0), (25, 35, 30)]


def test_an_item_that_was_never_there_can_still_be_expected() -> None:
    assert steps([], (25, 30)) == [(21, 0, 0), (25, 30, 30)]


def test_the_first_date_is_the_first_from_which_on_it_is_there() -> None:
    found = project([Free("A", 10, 10)], [Arrival("A", day(25), 5), Arrival("B", day(28), 85)], ALL, TODAY)

    assert [first_date(found, q) for q in (0, 10, 11, 15, 16, 100, 101)] == [
        TODAY,
        TODAY,
        day(25),
        day(25),
        day(28),
        day(28),
        None,
    ]
    assert [promised_on(found, day(d)).total for d in (21, 24, 25, 27, 28, 30)] == [10, 10, 15, 15, 100, 100]


# -- what is expected ------------------------------------------------------------------------------------------


def line(order: Order | None = None, confirmation: Confirmation | None = None) -> list[tuple[object, int, bool]]:
    found = SupplyLine("S", "A", "PO-1/1", order, confirmation).expected()
    return [(e.quantity, e.on.day, e.confirmed) for e in found]


ORDER = Order(100, day(10), 1)


def test_an_order_is_expected_as_it_was_placed() -> None:
    assert line(ORDER) == [(100, 10, False)]


def test_a_confirmation_overrides_quantity_and_date() -> None:
    assert line(ORDER, Confirmation((Part(80, day(12)),), 1)) == [(80, 12, True)]


def test_a_confirmation_may_split_a_line() -> None:
    split = (Part(40, day(15)), Part(60, day(12)))

    assert line(ORDER, Confirmation(split, 1)) == [(60, 12, True), (40, 15, True)]


def test_the_rest_of_a_partial_confirmation_comes_as_ordered() -> None:
    assert line(ORDER, Confirmation((Part(60, day(12)),), 1, partial=True)) == [(40, 10, False), (60, 12, True)]


@pytest.mark.parametrize(
    ("still_open", "left"), [(70, [(30, 12), (40, 15)]), (40, [(40, 15)]), (5, [(5, 15)]), (0, [])]
)
def test_what_has_arrived_is_no_longer_to_come_whatever_was_confirmed(
    still_open: int, left: list[tuple[int, int]]
) -> None:
    confirmed = Confirmation((Part(60, day(12)), Part(40, day(15))), 1)

    assert [(q, on) for q, on, _ in line(Order(still_open, day(10), 2), confirmed)] == left
    assert [
        (q, on) for q, on, _ in line(Order(still_open, day(10), 2), Confirmation(confirmed.parts, 1, partial=True))
    ] == left


def test_a_line_is_closed_at_nothing() -> None:
    assert line(Order(0, day(10), 2), Confirmation((Part(60, day(12)),), 1)) == []
    assert line(ORDER, Confirmation((Part(0, day(12)),), 1)) == []


def test_a_confirmation_may_come_before_its_order() -> None:
    assert line(None, Confirmation((Part(60, day(12)),), 1)) == [(60, 12, True)]
    assert line() == []


def test_what_is_in_transit_is_expected_once_and_only_as_far_as_it_was_sent_off() -> None:
    transfer = [Expected("S", "A", f"T{n}", 10, day(20 + n), confirmed=False, transfer=True) for n in (2, 1)]
    order = Expected("S", "A", "PO-1", 50, day(21), confirmed=False)

    found = with_transit([*transfer, order], {"A": 15})

    assert [(e.id, e.quantity) for e in found] == [("PO-1", 50), ("T1", 10), ("T2", 5)]
    assert with_transit(transfer, {}) == []
