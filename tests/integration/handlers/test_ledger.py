"""A month of the real ledger through the handlers: doubled, shuffled, broken off, delivered again.

`make replay` does the same with the whole ledger, for some minutes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pytest

from crossdock_cli.local.paths import checkout
from tests.bench.streams import Stream
from tests.replay.check import check
from tests.replay.drive import Replay, State
from tests.replay.fold import fold
from tests.replay.place import declare
from tests.replay.traffic import hours, invocations
from tests.support.tables import table_name

if TYPE_CHECKING:
    from tests.support.world import World

LEDGER = checkout().parent / "shared" / "data" / "online-retail.csv.gz"
MONTH = "2011-02"  # the shortest one

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not LEDGER.is_file(), reason=f"the real ledger is not here: {LEDGER}"),
]


@dataclass
class _Place:
    """The handlers as the other tests call them; what they use is not measured."""

    world: World

    def invoke(self, function: str, event: dict[str, Any]) -> tuple[Any, dict[str, float]]:
        return self.world.call(function, event), {}

    def inventory_stream(self, begin: str) -> Stream:
        return Stream(self.world.target, table_name("inventory"), begin)


def test_a_month_of_the_real_ledger_ends_in_its_fold(world: World) -> None:
    expected = fold(LEDGER, MONTH)
    declare(world.target, expected.movements)
    place, state = _Place(world), State(seed=1, month=MONTH)

    def play(state: State, until: int) -> bool:
        replay = Replay(place, state, stream_batch=2000)
        return replay.run(invocations(hours(LEDGER, 1, MONTH)), lambda s: s.steps < until)

    assert not play(state, 7)
    before = State(**asdict(state))
    assert not play(state, 8)
    # As if it had been killed before it could say that the eighth step was done.
    assert play(before, 10**9)

    assert before.redelivered == 1
    outcome = check(world.target.dynamodb, expected)
    assert outcome.problems == []
    assert (before.lines, outcome.journal_rows, outcome.refused) == (27_707, 27_506, 201)
    assert before.sent > 1.04 * before.lines
