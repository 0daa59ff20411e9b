"""The breaker's rules, by worked examples: when it opens, how its pauses grow, when it is trusted again; rates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.exchange import breaker
from crossdock.exchange.breaker import NEVER_CALLED, Health, Rules

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
RULES = Rules()
LIMITED = Rules(rate=2, burst=4)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def fails(health: Health, now: datetime = NOW, asked_s: int = 0, jitter: float = 1.0) -> Health:
    return breaker.failed(health, RULES, now, "HTTP 503", asked_s, lambda: jitter)


def opened(now: datetime = NOW) -> Health:
    health = NEVER_CALLED
    for _ in range(5):
        health = fails(health, now)
    return health


def test_five_failures_in_a_row_open_it_and_a_success_in_between_does_not() -> None:
    health = NEVER_CALLED
    for n in range(4):
        health = fails(health)
        assert (health.state, health.fails, health.parks) == ("closed", n + 1, False)
    assert fails(breaker.succeeded(health, NOW, probe=False)).state == "closed"

    health = fails(health)

    assert (health.state, health.parks, health.wait_s(NOW), health.error) == ("open", True, 5, "HTTP 503")


def test_a_success_that_is_no_news_changes_nothing() -> None:
    assert breaker.succeeded(NEVER_CALLED, NOW, probe=False) is NEVER_CALLED
    trusted = Health(state="half", wins=3, spare=6)
    assert breaker.succeeded(trusted, NOW, probe=False) is trusted
    assert breaker.succeeded(opened(), NOW, probe=False) == opened(), "what was under way proves nothing"


def test_pauses_double_to_the_cap_while_probes_fail() -> None:
    health, now, pauses = opened(), NOW, []
    for _ in range(10):
        pauses.append(health.pause_s)
        now += timedelta(seconds=health.wait_s(now))
        health = fails(health, now)
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_a_late_failure_of_a_delivery_under_way_does_not_lengthen_the_pause() -> None:
    again = fails(opened(), after(1))
    assert (again.pause_s, again.until) == (opened().pause_s, opened().until)


@given(st.floats(0, 1))
def test_a_pause_is_at_least_three_quarters_and_never_longer(jitter: float) -> None:
    health = fails(Health(fails=4, pause_s=80, since="2026-11-21T07:59:00.000Z"), jitter=jitter)
    assert (health.pause_s, 120 <= health.wait_s(NOW) <= 160) == (160, True)


def test_who_asked_for_more_patience_gets_it() -> None:
    assert fails(Health(fails=4), asked_s=700).wait_s(NOW) == 700
    short = fails(NEVER_CALLED, asked_s=30)
    assert (short.state, short.wait_s(NOW)) == ("closed", 30)
    assert (fails(NEVER_CALLED, asked_s=31).state, fails(NEVER_CALLED, asked_s=31).wait_s(NOW)) == ("open", 31)
    # What one worker was asked for, another's success does not undo.
    assert breaker.succeeded(short, NOW, probe=False).wait_s(NOW) == 30


@pytest.mark.parametrize("asked_s", [86_401, 1_795_248_001, 10**30, 10**400])
def test_nobody_is_left_alone_for_longer_than_a_day_whatever_was_asked(asked_s: int) -> None:
    health = fails(NEVER_CALLED, asked_s=asked_s)
    assert (health.state, health.wait_s(NOW)) == ("open", 86_400)


def test_it_is_half_open_after_a_probe_and_closes_after_three_successes_with_nothing_parked() -> None:
    health = breaker.succeeded(opened(), after(5), probe=True)
    assert (health.state, health.wins, health.parks, health.wait_s(after(5))) == ("half", 1, False, 0)
    assert not breaker.may_close(health, after(6))
    health = breaker.succeeded(breaker.succeeded(health, after(6), probe=False), after(6), probe=True)
    assert breaker.may_close(health, after(6))
    assert breaker.closed(health, after(6)).state == "closed"


def test_a_quiet_channel_is_trusted_after_a_pause_without_failures() -> None:
    health = breaker.succeeded(opened(), after(5), probe=True)
    assert breaker.may_close(health, after(10))


def test_one_failure_opens_it_again_before_it_is_trusted_and_with_a_longer_pause() -> None:
    health = fails(breaker.succeeded(opened(), after(5), probe=True), after(6))
    assert (health.state, health.pause_s) == ("open", 10)


def test_a_channel_that_flaps_keeps_its_pause_and_one_that_was_calm_begins_anew() -> None:
    health = replace(opened(), pause_s=160, state="half", wins=3)
    closed = breaker.closed(health, NOW)
    for seconds, pause in ((600, 320), (641, 5)):
        again = closed
        for _ in range(5):
            again = fails(again, after(seconds))
        assert again.pause_s == pause


def test_a_paused_channel_stays_so_whatever_happens() -> None:
    health = breaker.paused(opened(), NOW, "their move")
    assert (health.parks, health.wait_s(NOW), health.error) == (True, 0, "their move")
    assert fails(health).state == breaker.succeeded(health, NOW, probe=True).state == "paused"
    assert not breaker.may_close(health, after(9_999))
    assert (breaker.resumed(health, NOW).state, breaker.resumed(health, NOW).pause_s) == ("half", 0)


def test_without_a_rate_everything_may_be_sent_and_nothing_is_counted() -> None:
    assert breaker.may_send(NEVER_CALLED, RULES, NOW, drain=False)
    assert breaker.sent(NEVER_CALLED, RULES, NOW, drain=True) is NEVER_CALLED
    assert breaker.drain_in_s(NEVER_CALLED, RULES, NOW) == 0


def test_a_burst_is_let_through_and_then_the_rate() -> None:
    health, at = NEVER_CALLED, []
    for tick in range(100):  # every tenth of a second
        now = after(tick / 10)
        while breaker.may_send(health, LIMITED, now, drain=False):
            health = breaker.sent(health, LIMITED, now, drain=False)
            at.append(tick / 10)
    assert at == [0.0] * 4 + [n / 2 for n in range(1, 20)]


def test_what_is_parked_leaves_half_of_the_burst_to_live_traffic() -> None:
    health, sent = NEVER_CALLED, 0
    while breaker.may_send(health, LIMITED, NOW, drain=True):
        health = breaker.sent(health, LIMITED, NOW, drain=True)
        sent += 1
    assert sent == 2
    assert breaker.drain_in_s(health, LIMITED, NOW) == 1
    assert breaker.may_send(health, LIMITED, NOW, drain=False)


def test_what_is_parked_has_its_share_however_much_live_traffic_there_is() -> None:
    health, drained, lived = NEVER_CALLED, 0, 0
    for tick in range(600):
        now = after(tick / 10)
        while breaker.may_send(health, LIMITED, now, drain=False):
            health = breaker.sent(health, LIMITED, now, drain=False)
            lived += 1
        if breaker.may_send(health, LIMITED, now, drain=True):
            health = breaker.sent(health, LIMITED, now, drain=True)
            drained += 1
    assert 50 <= drained <= 62
    assert lived + drained <= 4 + 2 * 60 + 1


@given(
    st.lists(st.tuples(st.integers(0, 3_000), st.booleans()), max_size=120),
    st.sampled_from([0.5, 1.0, 2.0, 7.0, 50.0]),
    st.integers(1, 20),
)
def test_no_mixture_exceeds_burst_and_rate(steps: list[tuple[int, bool]], rate: float, burst: int) -> None:
    """In any stretch of time: what the rate brings in it, the burst, and the request that is parked items' own."""
    rules, health, ms, at = Rules(rate=rate, burst=burst), NEVER_CALLED, 0, []
    for wait, drain in steps:
        ms += wait
        now = NOW + timedelta(milliseconds=ms)
        if breaker.may_send(health, rules, now, drain=drain):
            health = breaker.sent(health, rules, now, drain=drain)
            at.append(ms)
    step = max(1, round(1000 / rate))
    share = 2 + max(0, 1000 - 2 * step) // (2 * step)
    for first, start in enumerate(at):
        for count, end in enumerate(at[first:], 1):
            assert count <= burst + share + (end - start) / step + 1
