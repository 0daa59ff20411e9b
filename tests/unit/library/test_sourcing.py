"""Where lines come from: worked examples, and properties over many small warehouses and demands."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.inventory.sourcing import (
    Assigned,
    Demand,
    Plan,
    Point,
    fewest,
    in_order,
    kept_back,
    kilometres,
    nearest_first,
)
from tests.support.examples import examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossdock.inventory.sourcing import Stock

pytestmark = pytest.mark.unit

HOUSES = ("N", "S", "W")


def test_priority_takes_from_the_first_warehouse_what_it_has_then_from_the_next() -> None:
    stock = {("A", "N"): 3, ("A", "S"): 9}

    found = in_order([Demand("1", "A", 5)], stock, HOUSES)

    assert found == Plan((Assigned("1", "A", "N", 3), Assigned("1", "A", "S", 2)), ())


def test_two_lines_of_an_item_never_count_the_same_unit() -> None:
    found = in_order([Demand("1", "A", 5), Demand("2", "A", 5)], {("A", "N"): 5}, HOUSES)

    assert found == Plan((Assigned("1", "A", "N", 5),), (Demand("2", "A", 5),))


def test_a_line_that_names_its_warehouse_comes_first_and_from_there_only() -> None:
    stock = {("A", "N"): 4, ("A", "S"): 9}

    found = in_order([Demand("1", "A", 3), Demand("2", "A", 4, "N"), Demand("3", "A", 1, "N")], stock, HOUSES)

    assert found.assigned == (Assigned("1", "A", "S", 3), Assigned("2", "A", "N", 4))
    assert found.missing == (Demand("3", "A", 1, "N"),)


def test_fewest_splits_goes_to_the_one_warehouse_that_has_all() -> None:
    stock = {("A", "N"): 9, ("B", "S"): 9, ("A", "W"): 2, ("B", "W"): 2}

    found = fewest([Demand("1", "A", 2), Demand("2", "B", 2)], stock, HOUSES)

    assert found.assigned == (Assigned("1", "A", "W", 2), Assigned("2", "B", "W", 2))


def test_of_equally_few_warehouses_the_preferred_ones_are_taken() -> None:
    stock = {("A", w): 5 for w in HOUSES}

    assert fewest([Demand("1", "A", 8)], stock, HOUSES).assigned == (
        Assigned("1", "A", "N", 5),
        Assigned("1", "A", "S", 3),
    )
    assert fewest([Demand("1", "A", 4)], stock, ("S", "W", "N")).assigned == (Assigned("1", "A", "S", 4),)


def test_a_warehouse_that_is_visited_anyway_is_preferred() -> None:
    stock = {("A", "N"): 5, ("A", "W"): 5, ("B", "W"): 1}

    found = fewest([Demand("1", "A", 5), Demand("2", "B", 1, "W")], stock, HOUSES)

    assert {a.warehouse for a in found.assigned} == {"W"}


def test_a_line_is_split_only_when_no_chosen_warehouse_has_all_of_it() -> None:
    stock = {("A", "N"): 5, ("A", "S"): 3}

    found = fewest([Demand("1", "A", 3), Demand("2", "A", 5)], stock, HOUSES)

    assert found.assigned == (Assigned("1", "A", "N", 3), Assigned("2", "A", "N", 2), Assigned("2", "A", "S", 3))


def test_fractions_stay_exact() -> None:
    stock = {("A", "N"): Decimal("0.1"), ("A", "S"): Decimal("0.2")}

    found = in_order([Demand("1", "A", Decimal("0.3"))], stock, HOUSES)

    assert [a.quantity for a in found.assigned] == [Decimal("0.1"), Decimal("0.2")]
    assert found.missing == ()


def test_stock_below_zero_gives_nothing() -> None:
    assert in_order([Demand("1", "A", 1)], {("A", "N"): -5, ("A", "S"): 1}, HOUSES).assigned == (
        Assigned("1", "A", "S", 1),
    )


def test_above_twelve_warehouses_the_one_that_helps_most_is_added_each_time() -> None:
    houses = [f"W{n:02}" for n in range(20)]
    stock = {("A", w): 1 for w in houses} | {("A", "W19"): 10, ("A", "W18"): 9}

    found = fewest([Demand("1", "A", 19)], stock, houses)

    assert {a.warehouse for a in found.assigned} == {"W18", "W19"}


LONDON, PARIS, SYDNEY = Point(51.5074, -0.1278), Point(48.8566, 2.3522), Point(-33.8688, 151.2093)


def test_distance_is_that_of_the_great_circle() -> None:
    assert round(kilometres(LONDON, PARIS)) == 344
    assert round(kilometres(LONDON, SYDNEY)) == 16994
    assert kilometres(PARIS, PARIS) == 0
    assert round(kilometres(Point(0, 179.5), Point(0, -179.5))) == 111, "the shorter way crosses the date line"
    assert round(kilometres(Point(0, 0), Point(0, 180))) == 20015


def test_nearest_first_and_last_those_whose_place_is_not_known() -> None:
    places = {"S": SYDNEY, "P": PARIS, "P2": PARIS}

    assert nearest_first(["X", "S", "P2", "P"], places, LONDON) == ["P2", "P", "S", "X"]


def test_a_buffer_lies_in_the_last_warehouses() -> None:
    stock = {("A", "N"): 5, ("A", "S"): 2, ("A", "W"): -4}

    assert kept_back(3, stock, "A", HOUSES) == {"N": 1, "S": 2, "W": 0}
    assert kept_back(99, stock, "A", HOUSES) == {"N": 5, "S": 2, "W": 0}
    assert kept_back(0, stock, "A", HOUSES) == {"N": 0, "S": 0, "W": 0}


# -- properties ------------------------------------------------------------------------------------------------

_houses = st.sampled_from([("N",), ("N", "S"), ("N", "S", "W"), ("N", "S", "W", "E", "X")])
_skus = st.sampled_from(["A", "B", "C"])


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Demand], Stock, Sequence[str]]:
    houses = draw(_houses)
    stock = draw(st.dictionaries(st.tuples(_skus, st.sampled_from(houses)), st.integers(-2, 6), max_size=12))
    lines = draw(st.lists(st.tuples(_skus, st.integers(1, 8), st.none() | st.sampled_from(houses)), max_size=6))
    return [Demand(str(n), *line) for n, line in enumerate(lines)], stock, houses


def holds(plan: Plan, demands: list[Demand], stock: Stock) -> None:
    """Nothing is taken twice or from nowhere, and each line is accounted for to the last unit."""
    for key in {(a.sku, a.warehouse) for a in plan.assigned}:
        assert 0 < sum(a.quantity for a in plan.assigned if (a.sku, a.warehouse) == key) <= stock[key]
    for demand in demands:
        parts = [a for a in plan.assigned if a.line == demand.line]
        missing = [d for d in plan.missing if d.line == demand.line]
        assert sum(a.quantity for a in parts) + sum(d.quantity for d in missing) == demand.quantity
        assert all(a.quantity > 0 for a in parts)
        assert {a.sku for a in parts} <= {demand.sku}
        assert demand.warehouse is None or {a.warehouse for a in parts} <= {demand.warehouse}


@given(cases())
@examples(500)
def test_no_rule_assigns_more_than_there_is_or_loses_a_unit(case: tuple[list[Demand], Stock, Sequence[str]]) -> None:
    demands, stock, houses = case
    for rule in (in_order, fewest):
        plan = rule(demands, stock, houses)
        holds(plan, demands, stock)
        assert plan == rule(list(demands), dict(reversed(stock.items())), houses), "the same question, another answer"


@given(cases())
@examples(500)
def test_a_line_stays_short_only_when_its_item_is_sold_out(case: tuple[list[Demand], Stock, Sequence[str]]) -> None:
    demands, stock, houses = case
    for rule in (in_order, fewest):
        plan = rule(demands, stock, houses)
        for demand in plan.missing:
            for house in [demand.warehouse] if demand.warehouse else houses:
                taken = sum(a.quantity for a in plan.assigned if (a.sku, a.warehouse) == (demand.sku, house))
                assert taken == max(0, stock.get((demand.sku, house), 0))


@given(cases())
@examples(500)
def test_no_smaller_choice_of_warehouses_gives_as_much(case: tuple[list[Demand], Stock, Sequence[str]]) -> None:
    demands, stock, houses = case
    plan = fewest(demands, stock, houses)
    pinned = [d for d in demands if d.warehouse]
    free = [d for d in demands if not d.warehouse]
    visited = {a.warehouse for a in plan.assigned if a.line in {d.line for d in pinned}}
    used = {a.warehouse for a in plan.assigned} - visited
    given_ = sum(a.quantity for a in plan.assigned)
    for size in range(len(used)):
        for fewer in combinations(houses, size):
            allowed = {k: q for k, q in stock.items() if k[1] in {*fewer, *visited}}
            smaller = in_order([*pinned, *free], allowed, houses)
            assert sum(a.quantity for a in smaller.assigned) < given_
