"""Nothing is oversold, lost or held twice, whatever is interrupted, repeated, late or killed.

The schedules and what is checked after every step stand in hold_schedules.py; here they are tried.
"""

from __future__ import annotations

from random import Random

import pytest

from crossdock.inventory.holds import Answer, Ending, HoldRequest, Line, Place, markers
from tests.property.hold_schedules import Stage, check_end, header, run_schedule, sweep_all
from tests.support.memory import MemoryTable

pytestmark = pytest.mark.property

SCHEDULES = 1500


def test_a_thousand_schedules_of_holds_and_what_ends_them() -> None:
    seeds = Random(20261121)  # noqa: S311 - a schedule, not a secret
    for _ in range(SCHEDULES):
        seed = seeds.randrange(2**32)
        try:
            run_schedule(seed)
        except AssertionError as error:
            raise AssertionError(f"schedule {seed}: {error}") from error


def test_the_schedule_in_which_a_sweeper_looked_before_a_late_marker_came() -> None:
    run_schedule(2477)


@pytest.mark.parametrize("hot", [False, True])
def test_a_call_that_the_sdk_repeats_after_its_hold_was_confirmed_takes_nothing_again(*, hot: bool) -> None:
    table = MemoryTable()
    stage = Stage(Random(1), table)  # noqa: S311 - a schedule, not a secret
    table.put(header("A", 10, 0))
    if hot:
        stage.reservations().balancer.promote("A", "MAIN", 2)
    request = HoldRequest(
        *("x", "partner", "shop", "payload", stage.now() + 100),
        *((Line("1", "A", "MAIN", 2),), (Place("A", "MAIN", 2),), "cd-1"),
    )

    def answer_is_lost() -> bool:
        """And the same client asks again, confirms, and only then the SDK repeats the first call."""
        table.again = lambda: False
        other = stage.reservations()
        assert other.create(request).answer is Answer.HELD
        assert other.confirm("x").ending is Ending.DONE
        return True

    first = stage.reservations()
    first.hot.see(stage.givers())
    table.again = answer_is_lost
    assert first.create(request).answer is Answer.HELD

    sweep_all(stage)
    check_end(stage)


@pytest.mark.parametrize("why", ["a wrong guess of the allocation", "another plan", "units gathered from shards"])
def test_a_take_that_is_tried_again_and_repeated_after_its_hold_was_confirmed_takes_nothing_again(why: str) -> None:
    """However it comes that the row stands before its units are taken."""
    table = MemoryTable()
    stage = Stage(Random(1), table)  # noqa: S311 - a schedule, not a secret
    table.put(header("A", 10, 3 if why == "a wrong guess of the allocation" else 0))
    table.put(header("B", 0, 0))
    if why == "units gathered from shards":
        stage.reservations().balancer.promote("A", "MAIN", 2)
    quantity = 5 if why == "units gathered from shards" else 2

    def request(sku: str) -> HoldRequest:
        return HoldRequest(
            *("x", "partner", "shop", "payload", stage.now() + 100),
            *((Line("1", sku, "MAIN", quantity),), (Place(sku, "MAIN", quantity),), "cd-1"),
        )

    def answer_is_lost() -> bool:
        """Of the call that took; and the same client asks again, confirms, and only then the SDK repeats the call."""
        if not any(markers(giver) for giver in stage.givers()):
            return False
        table.again = lambda: False
        other = stage.reservations()
        assert other.create(request("A")).answer is Answer.HELD
        assert other.confirm("x").ending is Ending.DONE
        return True

    table.again = answer_is_lost
    first = stage.reservations().create(request("B" if why == "another plan" else "A"), lambda _: request("A"))
    assert first.answer is Answer.HELD

    assert table.again is not answer_is_lost, "no answer was lost"
    assert sum(g["cm"] for g in stage.givers()) == quantity
    sweep_all(stage)
    check_end(stage)


def test_a_marker_that_died_without_its_row_wedges_no_request_of_its_id() -> None:
    table = MemoryTable()
    stage = Stage(Random(1), table)  # noqa: S311 - a schedule, not a secret
    table.put(header("A", 10, 0) | {"av": 8, "pl": 8, "rsv": 2, "r_x": f"2|{stage.now() + 100}|gone"})
    table.put(header("B", 10, 0))
    places = (Place("A", "MAIN", 1), Place("B", "MAIN", 1))
    lines = tuple(Line(p.sku, p.sku, "MAIN", 1) for p in places)
    request = HoldRequest("x", "partner", "shop", "payload", stage.now() + 1000, lines, places, "cd-1")

    assert stage.reservations().create(request).answer is Answer.IN_PROGRESS
    stage.seconds += 101
    assert stage.reservations().create(request).answer is Answer.REFUSED
    sweep_all(stage)
    check_end(stage)
    assert [g["av"] for g in stage.givers()] == [10, 10]
