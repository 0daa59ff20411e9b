"""Queued requests are decided together: in one round trip, with the answers that each would have had alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory.holds import Answer, HoldRequest, Line, Place
from crossdock.inventory.hot import shard_of
from crossdock.inventory.reserving import Reservations
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.unit

HEADER = ("T#A1", "A#MAIN")
HELD, REFUSED = Answer.HELD, Answer.REFUSED


class Queue:
    """A1 in MAIN with some units, and the queue of those who want them."""

    def __init__(self, on_hand: int, **fields: Any) -> None:
        self.table = MemoryTable()
        zeros = dict.fromkeys(("ss", "qc", "dmg", "rsv", "cm", "sh", "n", "lag"), 0)
        row = {"pk": HEADER[0], "sk": HEADER[1], "oh": on_hand, **zeros, "av": on_hand, "pl": on_hand, "ver": 1}
        self.table.rows[HEADER] = row | {"seq": "0" * 40, "pos": -1, "at": "", "cors": [], **fields}
        self.batches: list[int] = []
        run = self.table.run

        def counted(statements: Sequence[Any]) -> Any:
            self.batches.append(len(statements))
            return run(statements)

        self.table.run = counted  # type: ignore[method-assign]
        self.reservations = Reservations(self.table, lambda: NOW)

    @property
    def header(self) -> dict[str, Any]:
        return self.table.rows[HEADER]

    def ask(self, *wants: HoldRequest) -> list[Answer]:
        return [d.answer for d in self.reservations.create_many(wants)]


def want(rid: str, quantity: int = 1, *, payload: str = "p", channel: str = "shop", keep: int = 0) -> HoldRequest:
    places = (Place("A1", "MAIN", quantity, keep=keep),)
    lines = (Line("1", "A1", "MAIN", quantity),)
    return HoldRequest(rid, "acme", channel, payload, int(NOW.timestamp()) + 900, lines, places, "cd-1")


def test_twenty_four_holds_are_one_round_trip_and_one_write_of_the_header() -> None:
    queue = Queue(100)

    answers = queue.ask(*(want(f"r{n}", 2) for n in range(24)))

    assert answers == [HELD] * 24
    assert queue.batches == [25]
    assert (queue.header["av"], queue.header["pl"], queue.header["rsv"], queue.header["ver"]) == (52, 52, 48, 2)
    assert {d for name, d in queue.header.items() if name.startswith("r_")} <= {
        f"2|{int(NOW.timestamp()) + 900}|{queue.table.rows[f'RSV#r{n}', 'R']['n']}" for n in range(24)
    }


def test_more_than_a_batch_takes_are_several_batches() -> None:
    queue = Queue(100)

    assert queue.ask(*(want(f"r{n}") for n in range(49))) == [HELD] * 49
    assert queue.batches == [25, 25, 2]


def test_when_not_all_can_be_held_each_is_decided_in_its_turn() -> None:
    queue = Queue(5)

    answers = queue.ask(want("r0", 2), want("r1", 4), want("r2", 2), want("r3", 1), want("r4", 1))

    assert answers == [HELD, REFUSED, HELD, HELD, REFUSED]
    assert (queue.header["av"], queue.header["rsv"]) == (0, 5)


def test_who_was_there_before_gets_the_answer_it_had_and_nothing_twice() -> None:
    queue = Queue(100)
    queue.ask(want("r1", 3), want("r2", 3))

    answers = queue.ask(want("r0"), want("r1", 3), want("r2", 3, payload="other"), want("r3"), want("r3"))

    assert answers == [HELD, HELD, Answer.OTHER_PAYLOAD, HELD, HELD]
    assert (queue.header["rsv"], queue.header["av"]) == (8, 92)
    assert {n for n in queue.header if n.startswith("r_")} == {"r_r0", "r_r1", "r_r2", "r_r3"}


def test_a_buffer_is_kept_by_the_group_as_by_each() -> None:
    queue = Queue(5)

    assert queue.ask(*(want(f"r{n}", keep=2) for n in range(4))) == [HELD, HELD, HELD, REFUSED]
    assert queue.header["av"] == 2


def test_channels_are_not_mixed_and_own_units_go_first() -> None:
    queue = Queue(10, ac_shop=3, al_shop=3, pl=7)

    answers = queue.ask(want("r0", 2), want("r1", 2, channel="edi"), want("r2", 2), want("r3", 2, channel="edi"))

    assert answers == [HELD] * 4
    assert (queue.header["ac_shop"], queue.header["pl"], queue.header["rsv"]) == (0, 2, 8)


def test_a_group_of_a_hot_item_goes_to_one_shard() -> None:
    queue = Queue(800)
    queue.reservations.balancer.promote("A1", "MAIN", 4)
    queue.batches.clear()

    assert queue.ask(*(want(f"r{n}") for n in range(24))) == [HELD] * 24

    assert queue.batches == [25]
    shard = queue.table.rows[f"T#A1#S{shard_of('r0', 4):02d}", "A#MAIN"]
    assert (shard["rsv"], queue.header["rsv"]) == (24, 0)
