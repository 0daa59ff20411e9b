"""The schedules of holds with hot items: promoted, levelled and made ordinary while they are being sold.

Beside what is checked of every schedule: shards and pool and holds are the stock after every step, and at the end
everything has flowed back.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from crossdock.inventory.balancing import NotHotError
from tests.property.hold_schedules import (
    MOST,
    WORKERS,
    BoundedTable,
    Stage,
    client,
    play,
    queue,
)
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossdock_cli.target import Target
    from tests.property.hold_schedules import Work


def heater(stage: Stage, random: Random, skew: int) -> None:
    """An operator, or the balancer on its schedule."""
    found = stage.reservations(skew)
    for _ in range(2):
        sku = random.choice(stage.items)
        act = random.choice(["promote", "demote", "rebalance", "run"])
        if act == "promote":
            found.balancer.promote(sku, "MAIN", random.randint(2, MOST))
        elif act == "demote":
            found.balancer.demote(sku, "MAIN")
        elif act == "run":
            found.balancer.run()
        else:
            level(stage, found, sku)


def level(stage: Stage, found: object, sku: str) -> None:
    """Levels an item, if it is hot."""
    try:
        stage.reservations().balancer.rebalance(sku, "MAIN")
    except NotHotError:
        return


HOT_WORKERS: Final[Sequence[Work]] = (*WORKERS, client, client, queue, queue, heater, heater)


def run_schedule(seed: int) -> None:
    """One schedule over the table in memory, looked at after every step. Raises AssertionError when it is wrong."""
    stage = Stage(Random(seed), MemoryTable())  # noqa: S311 - a schedule, not a secret
    play(stage, 1, HOT_WORKERS, hot=True)
    check_ordinary(stage)


def check_ordinary(stage: Stage) -> None:
    """Nothing is hot any more. A shard may be left by whoever died while writing it: it has nothing."""
    for (pk, sk), row in stage.look().items():
        assert pk != "HOT", f"still on the list: {sk}"
        assert "hot" not in row, f"still hot: {row}"
        assert not row.get("g"), f"units were left: {row}"


def run_schedule_on_engine(target: Target, seed: int) -> None:
    """The same over the engine, looked at after every eighth step: looking costs more than the step."""
    table = BoundedTable(target.dynamodb, target.name("inventory"))
    stage = Stage(Random(seed), table, mark=f"{seed}-{uuid4().hex[:8]}-")  # noqa: S311 - as above
    play(stage, 8, HOT_WORKERS, hot=True)
