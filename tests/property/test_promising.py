"""Promises: each one can be held, none is below 0, the buffer stays; and dates agree with a count day by day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.inventory.atp import Arrival, first_date, project, promised_on
from crossdock.inventory.promising import Audience, Free, promise
from crossdock.inventory.supply import Confirmation, Order, Part, SupplyLine
from tests.support.examples import examples

pytestmark = pytest.mark.property

TODAY = date(2026, 11, 21)
WAREHOUSES = ("A", "B", "C")
CHANNELS = ("shop", "market")
SHARES = st.dictionaries(st.sampled_from(CHANNELS), st.integers(0, 12))


@st.composite
def frees(draw: st.DrawFn) -> list[Free]:
    """Headers as they can be: the pool is what is available less every channel's own."""
    found = []
    for warehouse in draw(st.lists(st.sampled_from(WAREHOUSES), unique=True)):
        available, own = draw(st.integers(-10, 30)), draw(SHARES)
        shards = draw(st.sampled_from((0, 0, 7)))
        found.append(Free(warehouse, available, available - sum(own.values()), own, shards))
    return found


@st.composite
def audiences(draw: st.DrawFn) -> Audience:
    warehouses = tuple(draw(st.lists(st.sampled_from(WAREHOUSES), unique=True, min_size=1)))
    channel = draw(st.sampled_from((None, *CHANNELS)))
    return Audience(warehouses, draw(st.integers(0, 15)), channel, everybody=channel is None and draw(st.booleans()))


ARRIVALS = st.lists(
    st.builds(
        Arrival,
        st.sampled_from(WAREHOUSES),
        st.integers(-2, 9).map(lambda n: TODAY + timedelta(days=n)),
        st.integers(-15, 25),
    ),
    max_size=8,
)


def held(free: Free, audience: Audience, quantity: int) -> bool:
    """Whether a hold finds what it takes here: from the shards, from what is the channel's own, from the pool."""
    if audience.everybody:
        return quantity <= max(0, free.total)
    rest = quantity - min(quantity, free.shards)
    own = free.own.get(audience.channel, 0) if audience.channel else 0
    of_pool = rest - min(rest, own)
    return rest <= max(0, free.available) and of_pool <= max(0, free.pool)


@given(frees(), audiences())
@examples(1_000)
def test_each_promise_alone_can_be_held_and_leaves_the_buffer(stock: list[Free], audience: Audience) -> None:
    promised = promise(stock, audience)
    served = {free.warehouse: free for free in stock if free.warehouse in audience.warehouses}
    there = sum(max(0, free.total) for free in served.values())

    assert promised.total >= 0
    assert promised.total == 0 or there - promised.total >= audience.buffer
    assert set(promised.by_warehouse) == set(served)
    for warehouse, quantity in promised.by_warehouse.items():
        assert 0 <= quantity <= promised.total
        assert held(served[warehouse], audience, int(quantity))
    assert promised.total <= sum(free.holdable(audience) for free in served.values())


@given(frees(), audiences())
@examples(500)
def test_the_promise_is_the_most_that_can_be_held(stock: list[Free], audience: Audience) -> None:
    served = [free for free in stock if free.warehouse in audience.warehouses]
    there = sum(max(0, int(free.total)) for free in served)
    most = sum(max(q for q in range(60) if q == 0 or held(free, audience, q)) for free in served)

    assert promise(stock, audience).total <= max(0, min(most, there - audience.buffer))
    if all(free.available >= 0 for free in served):
        assert promise(stock, audience).total == max(0, min(most, there - audience.buffer))


@given(frees(), ARRIVALS, audiences(), st.integers(0, 40))
@examples(600)
def test_dates_agree_with_a_count_day_by_day(
    stock: list[Free], arrivals: list[Arrival], audience: Audience, wanted: int
) -> None:
    days = [TODAY + timedelta(days=n) for n in range(11)]

    def on(day: date) -> int:
        there = {f.warehouse: f for f in stock}
        for warehouse in {a.warehouse for a in arrivals if TODAY <= a.on <= day}:
            there.setdefault(warehouse, Free(warehouse, 0, 0))
        now = [
            f.arriving(sum(a.quantity for a in arrivals if a.warehouse == f.warehouse and TODAY <= a.on <= day))
            for f in there.values()
        ]
        return int(promise(now, audience).total)

    lowest = {day: min(on(later) for later in days if later >= day) for day in days}
    steps = project(stock, arrivals, audience, TODAY)

    assert {day: promised_on(steps, day).total for day in days} == lowest
    assert first_date(steps, wanted) == next((day for day in days if lowest[day] >= wanted), None)


PARTS = st.lists(st.builds(Part, st.integers(0, 40), st.integers(0, 9).map(lambda n: TODAY + timedelta(n))), max_size=4)


@given(st.integers(0, 100), st.builds(Confirmation, PARTS.map(tuple), st.just(1), st.booleans()))
@examples(500)
def test_a_line_never_promises_more_than_is_open_of_its_order(opened: int, confirmation: Confirmation) -> None:
    expected = SupplyLine("S", "A", "L", Order(opened, TODAY, 1), confirmation).expected()
    total, said = sum(e.quantity for e in expected), sum(p.quantity for p in confirmation.parts)

    assert total == (opened if confirmation.partial else min(opened, said))
    assert [e.on for e in expected] == sorted(e.on for e in expected)
    assert all(e.quantity > 0 for e in expected)
