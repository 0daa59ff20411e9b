"""Price lists out of what was asked: on prices of our own making, a few lines each."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.replay.prices.periods import Asked, Cost, Period, best_tiers, periods

pytestmark = pytest.mark.unit

DEAR = Cost(rule=1, tier=1)


def asked(day: int, quantity: int, price: int, times: int = 1, otherwise: int | None = None) -> list[Asked]:
    return [Asked(day, quantity, price, otherwise)] * times


def test_one_price_asked_often_is_one_period_with_one_tier() -> None:
    assert periods(asked(1, 6, 2550, 5) + asked(9, 1, 2550, 5), DEAR) == [Period(1, 10, ((1, 2550),))]


def test_too_few_lines_do_not_pay_for_a_rule() -> None:
    assert periods(asked(1, 6, 2550, 2), DEAR) == []
    assert periods(asked(1, 6, 2550, 3), DEAR) == [Period(1, 2, ((1, 2550),))]


def test_a_larger_quantity_at_a_lower_price_is_a_break_from_the_least_quantity_on() -> None:
    lines = asked(1, 1, 2950, 5) + asked(1, 6, 2950, 5) + asked(1, 32, 2550, 5) + asked(1, 64, 2550, 5)

    assert periods(lines, DEAR) == [Period(1, 2, ((1, 2950), (32, 2550)))]


def test_a_larger_quantity_at_a_higher_price_is_no_break() -> None:
    lines = asked(1, 1, 2550, 5) + asked(1, 32, 2950, 4)

    assert periods(lines, DEAR) == [Period(1, 2, ((1, 2550),))]


def test_a_price_holds_until_the_next_one_is_asked_for_the_first_time() -> None:
    lines = asked(1, 1, 1950, 5) + asked(20, 1, 1950, 5) + asked(27, 1, 2080, 9) + asked(40, 1, 2080)

    assert periods(lines, DEAR) == [Period(1, 27, ((1, 1950),)), Period(27, 41, ((1, 2080),))]


def test_a_single_line_at_another_price_is_left_unexplained() -> None:
    lines = asked(1, 1, 1950, 5) + asked(2, 1, 10) + asked(3, 1, 1950, 5)

    assert periods(lines, DEAR) == [Period(1, 4, ((1, 1950),))]


def test_what_is_explained_already_needs_no_rule() -> None:
    assert periods(asked(1, 1, 1950, 50, otherwise=1950), DEAR) == []


def test_a_period_says_nothing_where_the_other_levels_say_it() -> None:
    lines = asked(1, 1, 2950, 9, otherwise=2950) + asked(1, 12, 2550, 9, otherwise=2950)

    assert periods(lines, DEAR) == [Period(1, 2, ((12, 2550),))]


def test_a_rule_dearer_than_its_lines_is_not_made() -> None:
    lines = asked(1, 1, 1950, 9) + asked(5, 1, 2080, 5) + asked(6, 1, 1950, 9)

    assert len(periods(lines, Cost(rule=1, tier=1))) == 3
    assert len(periods(lines, Cost(rule=2, tier=1))) == 1


def test_a_price_holds_within_its_days_and_from_its_first_tier_on() -> None:
    period = Period(10, 20, ((6, 300), (12, 250)))

    assert [period.price(day, 12) for day in (9, 10, 19, 20)] == [None, 250, 250, None]
    assert [period.price(10, quantity) for quantity in (5, 6, 11, 12)] == [None, 300, 300, 250]


def test_no_tier_at_all_is_a_way_too() -> None:
    assert best_tiers(Counter({(1, 100): 1, (2, 90): 1}), Counter({1: 1, 2: 1}), DEAR) == (2, ())
