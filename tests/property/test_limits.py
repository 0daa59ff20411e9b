"""A partner's token bucket: never more than burst + rate × time, in any window, whoever asks and however often."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from crossdock.platform import limits
from crossdock.platform.limits import Limiter, Terms
from tests.property.properties import SEEDS
from tests.support.examples import examples, unshrunk
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

pytestmark = pytest.mark.property

SECOND = 1_000_000


class Clock:
    """Microseconds that go on only when the test says so, or a little at each look."""

    def __init__(self) -> None:
        self.now = 1_800_000_000 * SECOND
        self.drift = 0

    def __call__(self) -> int:
        self.now += self.drift
        return self.now


def excess(admitted: Sequence[int], terms: Terms) -> int:
    """By how many requests the worst window breaks the bound; 0 when none does.

    With y(i) = i × second − t(i) × rate, the requests i … j break it when y(j) − y(i) > (burst − 1) × second.
    """
    lowest, worst = None, 0
    for i, at in enumerate(admitted):
        y = i * SECOND - at * terms.rate
        lowest = y if lowest is None else min(lowest, y)
        worst = max(worst, y - lowest - (terms.burst - 1) * SECOND)
    return worst


def schedule(random: Random) -> tuple[list[int], Terms]:
    """The instants at which several environments let requests in: some get used to a pace, a pause, a rush by all."""
    terms = Terms(random.choice([1, 3, 7, 50, 1000]), random.choice([1, 2, 8, 9, 40, 500]))
    clock, table = Clock(), MemoryTable()
    clock.drift = random.choice([0, 0, 1, 700])
    environments = [Limiter(table, clock) for _ in range(random.randrange(1, 7))]
    admitted: list[int] = []

    def ask(environment: Limiter) -> bool:
        standing = environment.take("acme", terms)
        if standing.admitted:
            admitted.append(clock.now)
        assert 0 <= standing.remaining <= terms.burst
        assert (standing.retry_after > 0) is not standing.admitted
        return standing.admitted

    for _ in range(random.randrange(1, 6)):
        pace = random.choice([0, 1, terms.step // 2, terms.step])
        for _ in range(random.randrange(30)):
            ask(random.choice(environments))
            clock.now += pace
        clock.now += random.choice([0, terms.step, terms.share_life - 2000, terms.share_life, terms.depth, 3 * SECOND])
        for environment in environments:
            for _ in range(random.choice([0, 1, 600])):
                if not ask(environment):
                    break
    return admitted, terms


@given(SEEDS)
@examples(800)
def test_no_window_holds_more_than_burst_and_rate(random: Random) -> None:
    admitted, terms = schedule(random)

    assert excess(admitted, terms) == 0


def everlasting_shares(patch: pytest.MonkeyPatch) -> None:
    """Tokens are spent whenever it suits, and nothing was kept back for that."""
    patch.setattr(limits, "_SHARE_LIFE_US", 3600 * SECOND)
    patch.setattr(limits, "_RESERVED", 1)
    patch.setattr(Terms, "depth", property(lambda self: self.burst * self.step))


def unconditional(patch: pytest.MonkeyPatch) -> None:
    """Writes what it knew, whatever others have taken meanwhile."""
    real = MemoryTable.update
    patch.setattr(MemoryTable, "update", lambda self, key, changes, _: real(self, key, changes, [("tat >= ?", 0)]))


@pytest.mark.parametrize("mutant", [everlasting_shares, unconditional], ids=lambda m: m.__name__)
def test_the_property_sees_a_bucket_that_leaks(mutant: object, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)  # type: ignore[operator]

    @given(SEEDS)
    @unshrunk(800)
    def fails(random: Random) -> None:
        admitted, terms = schedule(random)
        assert excess(admitted, terms) == 0

    with pytest.raises(AssertionError):
        fails()


def test_the_measure_of_excess_sees_one_request_too_many() -> None:
    terms = Terms(rate=1, burst=2)
    assert excess([0, 0], terms) == 0
    assert excess([0, 0, SECOND], terms) == 0
    assert excess([0, 0, SECOND - 1], terms) == 1


def test_threads_share_a_bucket_without_letting_more_in() -> None:
    terms, table, lock = Terms(rate=200, burst=40), MemoryTable(), threading.Lock()
    admitted: list[int] = []

    class OneAtATime(MemoryTable):
        """The engine carries statements out one after the other; so must this table under real threads."""

        def run(self, statements):
            with lock:
                return table.run(statements)

    shared = OneAtATime()
    until = time.monotonic() + 1.0

    def environment() -> None:
        limiter = Limiter(shared, lambda: time.time_ns() // 1000)
        while time.monotonic() < until:
            before = time.time_ns() // 1000
            if limiter.take("acme", terms).admitted:
                admitted.append(before)

    threads = [threading.Thread(target=environment) for _ in range(8)]
    began = time.time_ns()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = (time.time_ns() - began) / 1e9

    assert len(admitted) <= terms.burst + terms.rate * passed
    assert len(admitted) >= terms.rate * 0.5, "shares that are not spent may cost some, never half"


# -- what it costs -------------------------------------------------------------------------------------------------


class Counted(MemoryTable):
    writes = 0

    def run(self, statements):
        self.writes += len(statements)
        return super().run(statements)


def asked(terms: Terms, requests: int, every_us: int) -> tuple[int, int]:
    """(requests let in, writes) of one environment that is asked at this pace."""
    clock, table = Clock(), Counted()
    limiter, let_in = Limiter(table, clock), 0
    for _ in range(requests):
        let_in += limiter.take("acme", terms).admitted
        clock.now += every_us
    return let_in, table.writes


def test_one_request_now_and_then_is_one_write_each() -> None:
    assert asked(Terms(50, 100), 100, SECOND) == (100, 100)


def test_many_requests_share_writes() -> None:
    let_in, writes = asked(Terms(100, 200), 1000, 20_000)
    assert (let_in, writes) == (1000, 114)


def test_who_is_refused_again_writes_nothing() -> None:
    assert asked(Terms(1, 10), 10_000, 100) == (10, 10)
