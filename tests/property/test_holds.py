"""Nothing is oversold, lost or held twice, whatever is interrupted, repeated, late or killed.

The schedules and what is checked after every step stand in hold_schedules.py; here they are tried.
"""

from __future__ import annotations

from random import Random

import pytest

from tests.property.hold_schedules import run_schedule

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
