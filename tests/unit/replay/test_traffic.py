"""The replay's traffic and its independent fold, on a ledger of a few lines."""

from __future__ import annotations

import gzip
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.replay.drive import State
from tests.replay.fold import fold
from tests.replay.traffic import PER_INVOCATION, PER_MESSAGE, hours, invocations

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

LINES = [
    *(f"536365,8512{n % 7},CUP,{n + 1},2010-12-01 08:{n % 60:02}:00,2.55,17850.0,UK" for n in range(300)),
    "C536379,85120,CUP,-4,2010-12-01 09:41:00,2.55,17850.0,UK",
    "536380,85120,broken,-5,2010-12-01 09:42:00,0.0,,UK",
    "536381,85121,found,6,2010-12-01 09:43:00,0.0,,UK",
    "536382,POST,POSTAGE,1,2010-12-01 09:44:00,18.0,17850.0,UK",
    "536390,85120,CUP,0,2010-12-01 09:45:00,2.55,17850.0,UK",
    "540000,85120,CUP,2,2011-01-03 09:45:00,2.55,17850.0,UK",
]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.csv.gz"
    path.write_bytes(gzip.compress("\n".join(LINES).encode()))
    return path


def test_every_line_arrives_in_its_hour_and_some_come_again(ledger: Path) -> None:
    found = list(hours(ledger, seed=1))

    assert [h.name for h in found] == ["2010-12-01T08", "2010-12-01T09", "2011-01-03T09", "afterwards"]
    assert sum(h.lines for h in found) == 305  # a line of quantity 0 moves nothing
    times = Counter(m["id"] for h in found for m in h.arrivals)
    assert len(times) == 305
    assert set(times.values()) == {1, 2}
    assert 305 * 0.02 < list(times.values()).count(2) < 305 * 0.1


def test_the_same_seed_gives_the_same_traffic_and_another_one_another(ledger: Path) -> None:
    first, again, other = (list(hours(ledger, seed)) for seed in (1, 1, 2))

    assert first == again
    assert [m["id"] for m in first[0].arrivals] != [m["id"] for m in other[0].arrivals]


def test_lines_are_shuffled_within_their_hour(ledger: Path) -> None:
    sequences = [m["sequence"] for m in next(hours(ledger, seed=1)).arrivals]

    assert sequences != sorted(sequences)
    assert set(sequences) == set(range(1, 301))


def test_a_month_is_only_that_month(ledger: Path) -> None:
    assert next(h.name for h in hours(ledger, 1, "2011-01")) == "2011-01-03T09"
    assert fold(ledger, "2011-01").balances == {"85120": -2}


def test_invocations_hold_everything_in_order(ledger: Path) -> None:
    arrivals = [m for h in hours(ledger, 1) for m in h.arrivals]
    found = list(invocations(hours(ledger, 1)))

    assert [m for i in found for message in i.messages for m in message] == arrivals
    assert all(len(i.messages) <= PER_INVOCATION for i in found)
    assert all(len(message) <= PER_MESSAGE for i in found for message in i.messages)
    assert found[-1].lines == 305
    assert sum(i.movements for i in found) == len(arrivals)


def test_the_fold_says_what_is_there_and_what_must_be_refused(ledger: Path) -> None:
    expected = fold(ledger, "2010-12")

    assert expected.lines == 305  # of which one moves nothing and one is a service
    assert expected.kept == 303
    assert expected.refused == {"POST": {"536382-POST-1"}}
    sold = sum(n + 1 for n in range(300) if n % 7 == 0)
    assert expected.balances["85120"] == -sold + 4 - 5
    assert expected.balances["85121"] == -sum(n + 1 for n in range(300) if n % 7 == 1) - 6


def test_a_state_survives_its_file(tmp_path: Path) -> None:
    state = State(seed=3, month="2011-02", steps=7, sequence="123")
    state.note("apply_movements", {"wcu": 2.0})
    state.note("apply_movements", {"wcu": 3.0})
    state.save(tmp_path / "progress.json")

    assert State.load(tmp_path / "progress.json") == state
    assert state.used == {"apply_movements": {"wcu": 5.0}}
    assert State.load(tmp_path / "nothing.json") is None
    (tmp_path / "progress.json").write_text('{"an": "older form"}')
    assert State.load(tmp_path / "progress.json") is None
