"""A warehouse's rhythm: worked examples, and what recurs weekly rings nothing whatever it is."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.inventory.rhythm import SHORTEST, Rhythm, silence, silence_notice
from tests.support.examples import examples

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = [pytest.mark.unit, pytest.mark.property]

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
WEEK: Final = 7 * DAY
MONDAY: Final = 20_773 * DAY  # 2026-11-16


def learnt(instants: Iterable[int]) -> Rhythm:
    first, *rest = instants
    rhythm = Rhythm(first, first)
    for at in rest:
        rhythm = rhythm.moved(at)
    return rhythm


def office_hours(weeks: int, *, every: int = 10 * MINUTE) -> list[int]:
    """Movements from 8 to 18 on five days of each week."""
    return [
        MONDAY + week * WEEK + day * DAY + at
        for week in range(weeks)
        for day in range(5)
        for at in range(8 * HOUR, 18 * HOUR + 1, every)
    ]


def silent(rhythm: Rhythm, now: int, configured: int | None = None) -> bool:
    return silence("NORTH", "wms", rhythm, configured, now) is not None


def false_alarms(instants: list[int]) -> list[int]:
    """The pauses of a pattern that would be told of, however often one looks."""
    rhythm, found = Rhythm(instants[0], instants[0]), []
    for before, after in pairwise(instants):
        if silent(rhythm, after):
            found.append(before)
        rhythm = rhythm.moved(after)
    return found


def test_nights_and_weekends_are_usual() -> None:
    assert false_alarms(office_hours(6)) == []


def test_a_silence_on_a_tuesday_is_not_measured_by_the_weekend() -> None:
    tuesday_noon = MONDAY + 4 * WEEK + DAY + 12 * HOUR
    rhythm = learnt([at for at in office_hours(5) if at <= tuesday_noon])

    assert rhythm.usual == 14 * HOUR
    assert not silent(rhythm, tuesday_noon + 21 * HOUR)
    assert silent(rhythm, tuesday_noon + 21 * HOUR + 1)


def test_a_silence_from_friday_on_is_told_on_tuesday() -> None:
    friday = MONDAY + 3 * WEEK + 4 * DAY + 18 * HOUR
    rhythm = learnt([at for at in office_hours(4) if at <= friday])

    assert rhythm.usual == 62 * HOUR
    assert not silent(rhythm, friday + 93 * HOUR)
    assert silent(rhythm, friday + 93 * HOUR + 1)


def test_a_warehouse_that_never_rests_may_pause_for_an_hour() -> None:
    rhythm = learnt(range(MONDAY, MONDAY + WEEK + 1, MINUTE))

    assert rhythm.usual == MINUTE
    assert rhythm.longest_learnt == SHORTEST
    assert not silent(rhythm, rhythm.last + HOUR)
    assert silent(rhythm, rhythm.last + HOUR + 1)


def test_nothing_is_judged_before_seven_days_have_been_moved_through() -> None:
    rhythm = learnt(range(MONDAY, MONDAY + WEEK, MINUTE))

    assert rhythm.usual is None
    assert not silent(rhythm, rhythm.last + 3 * WEEK)
    assert silent(rhythm.moved(MONDAY + WEEK), MONDAY + WEEK + HOUR + 1)


def test_what_is_configured_needs_no_history_and_replaces_what_is_learnt() -> None:
    assert silent(Rhythm(MONDAY, MONDAY), MONDAY + 901, configured=900)
    assert not silent(Rhythm(MONDAY, MONDAY), MONDAY + 900, configured=900)
    assert not silent(learnt(range(MONDAY, MONDAY + WEEK + 1, MINUTE)), MONDAY + 2 * WEEK, configured=WEEK)


def test_one_outage_does_not_make_the_next_one_usual_and_two_weeks_later_it_is_forgotten() -> None:
    begun, days = MONDAY + 2 * WEEK, DAY
    before = learnt(range(MONDAY, begun + 1, HOUR))
    after = before.moved(begun + days)

    assert before.usual == HOUR
    assert after.usual == 3 * HOUR // 2
    for at in range(begun + days, begun + 18 * DAY, HOUR):
        after = after.moved(at)
    assert after.usual == HOUR


def test_a_warehouse_that_slows_down_for_good_is_told_of_a_few_times() -> None:
    hourly = list(range(MONDAY, MONDAY + 2 * WEEK + 1, HOUR))
    daily = [hourly[-1] + n * DAY for n in range(1, 40)]

    assert len(false_alarms([*hourly, *daily])) == 7


def test_after_a_silence_of_more_than_a_week_learning_begins_anew() -> None:
    weeks = office_hours(4)
    reopened = [at + 2 * WEEK for at in office_hours(7) if at > weeks[-1]]

    assert false_alarms([*weeks, *reopened]) == [weeks[-1]]


def test_a_warehouse_that_moves_once_a_week_or_fortnight_has_a_rhythm_too() -> None:
    for every in (WEEK, 2 * WEEK):
        instants = [MONDAY + n * every + more for n in range(8) for more in (0, 2 * HOUR)]
        assert false_alarms(instants) == []
        last = learnt(instants)
        assert silent(last, last.last + 2 * every)


def test_the_same_instant_and_an_earlier_one_change_nothing() -> None:
    rhythm = learnt(office_hours(1))

    assert rhythm.moved(rhythm.last) == rhythm
    assert rhythm.moved(rhythm.last - 5) == rhythm


def test_only_two_weeks_are_kept() -> None:
    rhythm = learnt(range(MONDAY, MONDAY + 8 * WEEK, MINUTE))

    assert len(rhythm.pauses) == 16
    assert min(rhythm.pauses) == rhythm.last // DAY - 15


def test_the_notice_says_what_is_usual_and_what_to_do() -> None:
    rhythm = learnt([at for at in office_hours(4) if at <= MONDAY + 3 * WEEK + DAY + 12 * HOUR])
    found = silence("NORTH", "wms", rhythm, None, rhythm.last + 2 * DAY)

    assert found is not None
    notice = silence_notice(found, "cd-1")
    assert (notice.kind, notice.source, notice.subject, notice.route) == (
        "silent_warehouse",
        "wms",
        "warehouse/NORTH",
        "",
    )
    assert notice.detail.endswith("it usually pauses for 14 h 0 min at most; it may 21 h 0 min")
    assert notice.message["usual_gap_seconds"] == 14 * HOUR
    assert notice.message["silent_after_seconds"] == 21 * HOUR
    assert "[warehouses.NORTH] silent_after_seconds" in notice.remedy


# -- whatever the pattern ---------------------------------------------------------------------------------------

WEEKS: Final = st.sets(st.integers(0, 7 * 24 * 4 - 1), min_size=1, max_size=60)
"""The quarters of an hour of a week in which something moves."""


@examples(100)
@given(WEEKS, st.randoms(use_true_random=False), st.integers(0, WEEK))
def test_what_recurs_weekly_rings_nothing(quarters: set[int], random: object, offset: int) -> None:
    jitter = getattr(random, "randrange")  # noqa: B009 - Hypothesis gives a Random that knows what it drew
    instants = sorted(
        MONDAY + offset + week * WEEK + quarter * 15 * MINUTE + jitter(10 * MINUTE)
        for week in range(6)
        for quarter in quarters
    )

    assert false_alarms(instants) == []


@given(WEEKS, st.integers(0, 59))
def test_a_real_silence_is_told_within_half_as_long_again_as_the_longest_pause(quarters: set[int], stop: int) -> None:
    instants = [MONDAY + week * WEEK + quarter * 15 * MINUTE for week in range(6) for quarter in sorted(quarters)]
    last = instants[len(instants) - 1 - stop % len(quarters)]
    rhythm = learnt([at for at in instants if at <= last])
    longest = max(b - a for a, b in pairwise(instants)) if len(instants) > 1 else WEEK

    assert silent(rhythm, last + max(HOUR, longest * 3 // 2) + 1)


@given(st.lists(st.integers(1, 40 * DAY), min_size=1, max_size=60))
def test_what_is_kept_stays_small_and_never_exceeds_what_was_seen(pauses: list[int]) -> None:
    at, rhythm = MONDAY, Rhythm(MONDAY, MONDAY)
    for pause in pauses:
        at += pause
        rhythm = rhythm.moved(at)

    assert rhythm.last == at
    assert len(rhythm.pauses) <= 16
    assert max(rhythm.pauses.values(), default=0) <= max(pauses)
