"""The schedules of holds with an operator who allocates, moves and takes back meanwhile, of hot items too.

Beside what is checked of every schedule: no share is below nothing, and no channel's holds took more than was allocated
to it.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from crossdock.inventory.allocating import RefusedAllocation, Wish, standing
from crossdock.inventory.allocation_store import AllocationStore
from tests.property.hold_schedules import CHANNELS, Stage, play
from tests.property.hot_schedules import HOT_WORKERS, check_ordinary
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.property.hold_schedules import Work


def check_shares(stage: Stage) -> None:
    """Raises AssertionError when an allocation is not what its parts say."""
    for giver in stage.givers():
        if "g" in giver:
            continue
        for channel, share in standing(giver).shares.items():
            assert 0 <= share.free <= share.total, f"{channel} is out of its bounds: {giver}"
            assert share.staged >= 0, f"{channel} gave back more than was staged: {giver}"


def operator(stage: Stage, random: Random, skew: int) -> None:
    """Sets, lowers, stages and moves allocations, and safety stock."""
    store = AllocationStore(stage.table, stage.reservations(skew).make_room)
    for _ in range(3):
        sku, channel = random.choice(stage.items), random.choice(CHANNELS)
        try:
            if random.random() < 0.3:
                other = CHANNELS[1 - CHANNELS.index(channel)]
                store.reallocate(sku, "MAIN", channel, other, random.randint(1, 2))
            else:
                store.set(sku, "MAIN", {channel: Wish(random.randrange(5), staged=random.random() < 0.5)})
        except RefusedAllocation:
            check_shares(stage)
        check_shares(stage)


ALLOCATING: Final[Sequence[Work]] = (*HOT_WORKERS, *[operator] * 6)


def run_schedule(seed: int) -> None:
    """One schedule over the table in memory, looked at after every step. Raises AssertionError when it is wrong."""
    stage = Stage(Random(seed), MemoryTable())  # noqa: S311 - a schedule, not a secret
    play(stage, 1, ALLOCATING, hot=seed % 2 == 1)
    check_shares(stage)
    check_ordinary(stage)
