"""Nothing of a hot item is oversold, lost or held twice, while it is promoted, levelled and made ordinary.

The schedules and what is checked after every step stand in hot_schedules.py and hold_schedules.py.
"""

from __future__ import annotations

from random import Random

import pytest

from tests.property import allocation_schedules
from tests.property.hot_schedules import run_schedule

pytestmark = pytest.mark.property

SCHEDULES = 1000


def test_a_thousand_schedules_of_hot_items() -> None:
    seeds = Random(20261122)  # noqa: S311 - a schedule, not a secret
    for _ in range(SCHEDULES):
        seed = seeds.randrange(2**32)
        try:
            run_schedule(seed)
        except AssertionError as error:
            raise AssertionError(f"schedule {seed}: {error}") from error


def test_schedules_of_holds_while_allocations_change() -> None:
    seeds = Random(20261123)  # noqa: S311 - a schedule, not a secret
    for _ in range(SCHEDULES // 2):
        seed = seeds.randrange(2**32)
        try:
            allocation_schedules.run_schedule(seed)
        except AssertionError as error:
            raise AssertionError(f"schedule {seed}: {error}") from error
