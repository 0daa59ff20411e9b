"""Whatever items a channel fails over, and however it comes and goes: the others are told, and nothing is lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.exchange.suspects import REFUSED_AFTER
from tests.support.poisoned import BEGIN, Poisoned

pytestmark = pytest.mark.property

SKUS = [f"S{n:04d}" for n in range(1000)]
GROUPS = 4
"""A hundred items, 25, 6, one."""


def _changing(channel: Poisoned, random: Random, rounds: int, pause_s: tuple[int, ...]) -> None:
    for _ in range(rounds):
        channel.change({sku: random.randrange(1000) for sku in SKUS})
        channel.run(random.choice(pause_s))


def _trickling(channel: Poisoned, random: Random, times: int) -> None:
    """One healthy item changes, half a minute after the other."""
    well = [sku for sku in SKUS if sku not in channel.poison]
    for n in range(times):
        channel.change({random.choice(well): 5000 + n})
        channel.run(30)


def _all_is_well(channel: Poisoned) -> None:
    assert channel.held == {sku: n for sku, n in channel.truth.items() if sku not in channel.poison}
    assert set(channel.refused) == channel.poison
    assert (channel.dead, channel.messages, channel.parked, channel.health.state) == ([], [], set(), "closed")
    assert channel.most_receives <= 3


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0, 1, 2, 5, 20, 50]))
def test_any_items_it_fails_over_are_exceptions_and_all_others_are_told(seed: int, poisoned: int) -> None:
    random = Random(seed)  # noqa: S311 - a schedule, nothing secret
    channel = Poisoned(frozenset(random.sample(SKUS, poisoned)))

    _changing(channel, random, 10, (5, 60, 600))
    _trickling(channel, random, 240)

    _all_is_well(channel)
    assert len(channel.vain) <= (3 * GROUPS + REFUSED_AFTER) * poisoned


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0, 1, 5, 20]))
def test_a_channel_that_comes_and_goes_is_told_all_when_it_stays(seed: int, poisoned: int) -> None:
    random = Random(seed)  # noqa: S311 - a schedule, nothing secret
    edges = [BEGIN]
    for _ in range(20):
        edges.append(edges[-1] + timedelta(seconds=random.choice([3, 20, 60, 300, 900])))

    def down(now: datetime) -> bool:
        return sum(edge <= now for edge in edges) % 2 == 0

    channel = Poisoned(frozenset(random.sample(SKUS, poisoned)), down)
    _changing(channel, random, 10, (5, 60, 600))
    while channel.now < edges[-1] + timedelta(minutes=15):
        _trickling(channel, random, 1)
    _trickling(channel, random, 240)

    _all_is_well(channel)
    # Beside what the poison costs: five to open it, six when it comes back and goes, and the probes of its pauses.
    assert len(channel.vain) <= (3 * GROUPS + REFUSED_AFTER) * poisoned + 11 * 10 + 20


def test_a_thousand_items_are_told_within_seconds_though_one_in_the_first_batch_is_failed_over() -> None:
    channel = Poisoned(frozenset({"S0050"}))
    channel.change(dict.fromkeys(SKUS, 7))

    channel.run(30)

    assert len(channel.held) == 999
    assert max(channel.told_at.values()) - BEGIN <= timedelta(seconds=10)
    assert channel.health.state == "closed"


def test_the_item_it_failed_over_last_keeps_no_other_from_the_channel_while_it_changes() -> None:
    """Known as it is, it is parked at once, and told alone: no batch fails for it."""
    channel = Poisoned(frozenset({"S0050"}))
    channel.change(dict.fromkeys(SKUS, 7))
    channel.run(60)
    for n in range(100):
        channel.change({"S0050": n, "S0001": n, "S0002": n})
        channel.run(10)
        assert (channel.held["S0001"], channel.held["S0002"]) == (n, n)

    assert [keys for at, keys in channel.vain if at > BEGIN + timedelta(seconds=60) and len(keys) > 1] == []
    assert set(channel.refused) == {"S0050"}
    assert channel.health.state == "closed"


def test_a_channel_that_is_wholly_down_is_tried_with_a_few_probes_and_refuses_nothing() -> None:
    channel = Poisoned(down=lambda _: True)
    random = Random(1)  # noqa: S311 - a schedule, nothing secret
    _changing(channel, random, 48, (600,))

    assert len(channel.vain) <= 5 + 7 + 8 * 5, "five to open it, pauses that double, then one in a quarter of an hour"
    assert (channel.refused, channel.dead, len(channel.parked), channel.health.state) == ({}, [], 1000, "open")

    channel.down = lambda _: False
    channel.run(1000)

    _all_is_well(channel)
