"""Allocations and safety stock change while 32 real threads take and release holds of two channels.

The schedules in memory (tests/property/allocation_schedules.py) try every order of steps; here the engine decides it.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory.allocating import RefusedAllocation, Wish, standing
from crossdock.inventory.allocation_store import AllocationStore
from crossdock.inventory.holds import Answer, Ending, HoldRequest, Line, Place, markers
from crossdock.inventory.hot import shard_keys
from crossdock.inventory.reserving import Reservations
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from tests.support.tables import table_name
from tests.support.world import World, movement, movements_message

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

THREADS, TRIES, UNITS = 32, 6, 100
CHANNELS = ("webshop", "marketplace")
SHARDS = 4
PATIENCE_S = 60


@dataclass(frozen=True)
class Course:
    """What the threads agree on: all begin at once, and half-way no hold is made before both stirrers had an effect.

    Who finds the item sold out is rightly refused a raise; how often that is depends on who is faster.
    """

    start: threading.Barrier = field(default_factory=lambda: threading.Barrier(THREADS + 2, timeout=PATIENCE_S))
    stirred: tuple[threading.Event, ...] = field(default_factory=lambda: (threading.Event(), threading.Event()))
    over: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def stocked(world: World) -> World:
    """100 units of SKU-1 in MAIN."""
    world.knows(("wms", "A1", "SKU-1"))
    world.call("apply_movements", world.queue_event("movements", [movements_message(movement("m1", UNITS))]))
    world.project()
    return world


def table(world: World) -> Table:
    return Table(world.target.dynamodb, table_name("inventory"))


def patiently(act: Callable[[], Any]) -> Any:
    """A store that kept changing may be asked again, as whoever called would."""
    while True:
        with suppress(StoreUnavailableError):
            return act()


def client(world: World, number: int, course: Course) -> int:
    """Takes holds of one or two units and lets every second one go; how many units it still holds."""
    found, random = Reservations(table(world), system_clock), Random(number)  # noqa: S311 - a schedule, not a secret
    channel, kept = CHANNELS[number % 2], 0
    course.start.wait()
    for n in range(TRIES):
        if n == TRIES // 2:
            assert all(stirred.wait(PATIENCE_S) for stirred in course.stirred), "no change of an allocation got through"
        rid, quantity = f"r{number}x{n}", random.randint(1, 2)
        place = Place("SKU-1", "MAIN", quantity)
        lines = (Line("1", "SKU-1", "MAIN", quantity),)
        expires = int(system_clock().timestamp()) + 900
        request = HoldRequest(rid, "acme", channel, "p", expires, lines, (place,), "cd-1")
        if patiently(lambda asked=request: found.create(asked)).answer is not Answer.HELD:
            continue
        if n % 2:
            kept += quantity
        else:
            assert patiently(lambda held=rid: found.release(held)).ending is Ending.DONE
    return kept


def stir(world: World, number: int, course: Course) -> None:
    """Raises, lowers, stages and moves allocations and sets safety stock until all is over."""
    store = AllocationStore(table(world), Reservations(table(world), system_clock).make_room)
    random = Random(number)  # noqa: S311 - as above
    course.start.wait()
    while not course.over.is_set():
        channel, other = random.sample(CHANNELS, 2)
        with suppress(RefusedAllocation, StoreUnavailableError):
            if random.random() < 0.3:
                store.reallocate("SKU-1", "MAIN", channel, other, random.randint(1, 5))
            else:
                wish = Wish(random.randint(0, 40), staged=random.random() < 0.5)
                store.set("SKU-1", "MAIN", {channel: wish}, random.choice([None, 0, 5, 10]))
            course.stirred[number].set()


def check(world: World) -> dict[str, Any]:
    """Everything is what its parts say; gives the header back."""
    stored = table(world).get_many([("T#SKU-1", "A#MAIN"), *shard_keys("SKU-1", "MAIN", SHARDS)], consistent=True)
    header = stored.pop(("T#SKU-1", "A#MAIN"))
    shards = list(stored.values())
    for shard in shards:
        assert shard["g"] == shard["av"] + shard["rsv"] + shard["cm"]
        assert min(shard["av"], shard["rsv"]) >= 0
    for giver in (header, *shards):
        assert giver["rsv"] == sum(m.quantity for m in markers(giver).values())
    assert header["sh"] == sum(s["g"] for s in shards)
    assert header["av"] == UNITS - header["ss"] - header["rsv"] - header["cm"] - header["sh"]
    now = standing(header)
    assert header["pl"] == header["av"] - sum(share.free for share in now.shares.values())
    for channel, share in now.shares.items():
        held = sum(m.from_own for m in markers(header).values() if m.channel == channel)
        assert share.total == share.free + held, f"{channel}: {header}"
        assert 0 <= share.staged <= held
    return header | {"rsv": sum(g["rsv"] for g in (header, *shards))}


@pytest.mark.parametrize("hot", [False, True], ids=["ordinary", "hot"])
def test_sums_stay_exact_while_allocations_change_under_holds(stocked: World, *, hot: bool) -> None:
    if hot:
        Reservations(table(stocked), system_clock).balancer.promote("SKU-1", "MAIN", SHARDS)
    course = Course()
    with ThreadPoolExecutor(THREADS + 2) as pool:
        stirring = [pool.submit(stir, stocked, number, course) for number in range(len(course.stirred))]
        clients = [pool.submit(client, stocked, number, course) for number in range(THREADS)]
        try:
            kept = sum(c.result() for c in clients)
        finally:
            course.over.set()
        for stirrer in stirring:
            stirrer.result()

    header = check(stocked)
    assert header["rsv"] == kept <= UNITS
    assert header["oh"] == UNITS

    found = Reservations(table(stocked), system_clock)
    for number in range(THREADS):
        for n in range(1, TRIES, 2):
            found.release(f"r{number}x{n}")
    header = check(stocked)
    assert header["rsv"] == 0
    assert all(share.staged == 0 for share in standing(header).shares.values())
    assert header["av"] + header["sh"] + header["ss"] == UNITS
