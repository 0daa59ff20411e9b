"""The schedules of holds over the engine, fewer times; and writes in memory held against the engine's, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from crossdock.platform.dynamo import Table
from crossdock.platform.writes import Insert, Update, When
from tests.property import properties as p
from tests.property.hold_schedules import run_schedule_on_engine
from tests.support.engine import start_afresh
from tests.support.examples import examples
from tests.support.memory import MemoryTable
from tests.support.tables import table_name

if TYPE_CHECKING:
    from random import Random

    from crossdock.platform.writes import Write
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

SCHEDULES = 40


def test_schedules_of_holds_over_the_engine(engine: Target) -> None:
    start_afresh(engine)
    for seed in range(SCHEDULES):
        run_schedule_on_engine(engine, seed)


@given(p.SEEDS)
@examples(40)
def test_writes_in_memory_do_what_the_engine_does(engine: Target, random: Random) -> None:
    start_afresh(engine)
    real, fake = Table(engine.dynamodb, table_name("inventory")), MemoryTable()
    for _ in range(12):
        keys = random.sample([("a", "x"), ("a", "y"), ("b", "x")], random.randint(1, 3))
        writes = [_some_write(random, key) for key in keys]
        if random.random() < 0.5:
            assert real.write(writes) == fake.write(writes)
        else:
            # Both name every condition that failed, and with it what stood in the way.
            assert real.atomically(writes) == fake.atomically(writes)
    assert real.get_many(fake.rows, consistent=True) == fake.rows


def _some_write(random: Random, key: tuple[str, str]) -> Write:
    if random.random() < 0.4:
        return Insert({"pk": key[0], "sk": key[1], "av": random.randrange(6), "r_x": "1|2|n", "none": None})
    tests = [
        When("av", ">=", random.randrange(4)),
        When("r_x", "missing"),
        When("r_x", "=", "1|2|n"),
        When("av", "<", 5),
    ]
    put = {"r_x": "1|2|n"} if random.random() < 0.5 else {}
    return Update(
        key,
        add={"av": random.randint(-2, 2)},
        put={**put, "at": "now"},
        remove=() if put else ("r_x",),
        when=tuple(random.sample(tests, random.randint(0, 2))),
    )
