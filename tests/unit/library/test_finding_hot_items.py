"""A process that knows nothing of an item learns that it is hot by its first hold, and then goes to the shards."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crossdock.inventory.header_rows import new_header
from crossdock.inventory.holds import HEADER, Answer, HoldRequest, Line, Place
from crossdock.inventory.hot_store import KNOWN_FOR_S
from crossdock.inventory.reserving import Reservations
from tests.support.memory import MemoryTable
from tests.support.world import NOW

pytestmark = pytest.mark.unit

SHARDS = 4


class Store:
    """A table with one hot item, and processes that reserve from it at a time that stands still."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.seconds = 0.0
        self.asked = 0
        said = {"oh": 400, "av": 400, "pl": 400, "ver": 1, "seq": "0" * 40, "pos": -1, "at": "", "lag": 0, "cors": []}
        self.table.put(new_header(("T#A", "A#MAIN"), said))
        self.process().balancer.promote("A", "MAIN", SHARDS)

    def process(self) -> Reservations:
        return Reservations(self.table, lambda: NOW, timer=lambda: self.seconds)

    def request(self) -> HoldRequest:
        self.asked += 1
        line, place = Line("1", "A", "MAIN", 1), Place("A", "MAIN", 1)
        rid = f"{self.asked:a>20}"
        expires = int(NOW.timestamp()) + 900
        return HoldRequest(rid, "acme", "webshop", "p", expires, (line,), (place,), "cd-1")


@pytest.fixture
def store() -> Store:
    return Store()


def shard_of(found: Reservations, request: HoldRequest) -> int:
    decision = found.create(request)
    assert decision.answer is Answer.HELD
    assert decision.reservation is not None
    return decision.reservation.places[0].shard


def test_the_first_hold_of_a_process_finds_the_shards_and_the_next_ones_go_there(store: Store) -> None:
    process = store.process()

    assert all(shard_of(process, store.request()) != HEADER for _ in range(20))
    assert not [name for name in store.table.rows["T#A", "A#MAIN"] if name.startswith("r_")]


def test_what_a_process_knows_it_finds_out_again_when_it_is_old(store: Store) -> None:
    process = store.process()
    shard_of(process, store.request())
    store.seconds = KNOWN_FOR_S + 1

    assert shard_of(process, store.request()) != HEADER


def test_a_group_finds_out_before_it_is_tried(store: Store) -> None:
    decisions = store.process().create_many([store.request() for _ in range(24)])

    shards = {d.reservation.places[0].shard for d in decisions if d.reservation}
    assert [d.answer for d in decisions] == [Answer.HELD] * 24
    assert len(shards) == 1
    assert HEADER not in shards


def test_a_backorder_still_goes_to_the_header(store: Store) -> None:
    asked = store.request()
    backorder = replace(asked, places=(replace(asked.places[0], floor=-10),))

    assert shard_of(store.process(), backorder) == HEADER
