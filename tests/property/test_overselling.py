"""The figure that must be 0 is 0 in every schedule, each write judged as the stream shows it; a mutant is seen."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory import changing, holding
from crossdock.inventory.overselling import oversold
from crossdock.platform.dynamo import Item, Outcome, Statement, to_item
from tests.property.hold_schedules import Stage, play
from tests.property.test_hold_mutants import without
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.property

SCHEDULES = 200


class Streamed(MemoryTable):
    """Judges every change of a row that was carried out, as `announce_changes` does."""

    def __init__(self) -> None:
        super().__init__()
        self.judged = 0
        self.incidents: list[tuple[Item, Item]] = []

    def _run(self, statement: Statement) -> Outcome:
        before = deepcopy(self.rows.get(statement.key))
        outcome = super()._run(statement)
        after = self.rows.get(statement.key)
        if outcome.done and after is not None:
            self.judged += 1
            images = {"NewImage": to_item(after)} | ({"OldImage": to_item(before)} if before else {})
            if oversold(images):
                self.incidents.append((before or {}, deepcopy(after)))
        return outcome

    def _all_or_none(self, writes: Sequence[Any]) -> list[Outcome]:
        so_far = len(self.incidents)
        outcomes = super()._all_or_none(writes)
        if not all(o.done for o in outcomes):
            del self.incidents[so_far:]
        return outcomes


def played(seed: int, *, hot: bool = False) -> Streamed:
    table = Streamed()
    play(Stage(Random(seed), table), look_every=10**9, hot=hot)  # noqa: S311 - a schedule, not a secret
    return table


@pytest.mark.parametrize("hot", [False, True])
def test_no_schedule_makes_it_ring_neither_on_headers_nor_on_shards(*, hot: bool) -> None:
    tables = [played(seed, hot=hot) for seed in range(SCHEDULES)]

    assert [t.incidents for t in tables if t.incidents] == []
    assert sum(t.judged for t in tables) > SCHEDULES


def test_a_hold_that_takes_what_is_not_there_makes_it_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    without("take", (holding, changing), lambda name: name in {"av", "pl"})(monkeypatch)

    rang = 0
    for seed in range(SCHEDULES):
        table = Streamed()
        with suppress(AssertionError):  # others find what is broken by it; here the figure is asked
            play(Stage(Random(seed), table), look_every=10**9)  # noqa: S311 - a schedule, not a secret
        rang += len(table.incidents)
    assert rang > 0
