"""Whether a channel may be called now: what it asked for, how it has been, and how many requests it takes.

    closed ── failures in a row ──► open ── a probe succeeds ──► half ── enough successes, nothing parked ──► closed
                                    ▲  ▲                          │
                                    │  └── a probe fails ─┐       │
                                    └───────── a failure ─┴───────┘        paused: by hand, until it is resumed

While it is open (or paused) nothing is sent and what is to be told is parked. A pause doubles whenever the channel
fails again, also after it was closed for a short while only: one that comes and goes is asked less and less often.

Requests are spaced by the generic cell rate algorithm (ITU-T I.371): `tat` is the instant at which the channel would be
idle if each request took its share of time. Everything here is a value; the row is kept by `health_store.py`.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from crossdock.platform.clock import from_text, to_text

State = Literal["closed", "open", "half", "paused"]
Jitter = Callable[[], float]
"""A number from 0 to 1 by chance."""

SUCCESSES: Final = 3
"""So many deliveries in a row have to succeed before a channel is trusted again."""
LONG_WAIT_S: Final = 30
"""A channel that asks for more patience than this is not waited for: what is to be told is parked at once."""
LONGEST_WAIT_S: Final = 86_400
"""However long a channel asks not to be called, in whichever words: a day later it is tried."""
_FIRST_PAUSE_S: Final = 5
_CALM_S: Final = 600
_ERROR_LENGTH: Final = 300
# So many failures of what is parked may be put down to it, not to the channel, after that took a delivery.
_SPARE: Final = 6
# Of a channel's rate, what is parked gets half for certain, and more while live traffic leaves more.
_SHARE: Final = 2


@dataclass(frozen=True, slots=True)
class Rules:
    """How patient a channel is dealt with. `rate` is requests a second (0: as many as there are), `burst` at once."""

    opens_after: int = 5
    pause_cap_s: int = 900
    rate: float = 0
    burst: int = 1


@dataclass(frozen=True, slots=True)
class Health:
    """A channel's state. Instants are RFC 3339 UTC texts, empty where there is none; `tat`, `dtat` epoch milliseconds.

    `until`: not to be called before; `since`: when the state began; `hop` numbers the messages that drain what is
    parked, and until `chain` one of them is under way for certain; `rev` grows with every change of the row.

    While something is parked or has failed: `taken` counts its successes, not each but whether there were any since a
    failure, and `spare` is how many failures of single items may still be put down to them (`suspects.py`). Up to
    `wary` items are known that it fails over, though nothing may be parked.
    """

    rev: int = 0
    state: State = "closed"
    fails: int = 0
    wins: int = 0
    pause_s: int = 0
    until: str = ""
    since: str = ""
    error: str = ""
    error_at: str = ""
    hop: int = 0
    chain: str = ""
    tat: int = 0
    dtat: int = 0
    taken: int = 0
    spare: int = 0
    wary: str = ""

    @property
    def proving(self) -> bool:
        """Whether the channel has taken nothing since it last failed, or was let go: it is tried with one item."""
        return self.state == "open" or self.fails > 0 or (self.state == "half" and not self.wins)

    @property
    def parks(self) -> bool:
        """Whether what is to be told is parked instead."""
        return self.state in {"open", "paused"}

    def wait_s(self, now: datetime) -> int:
        """The seconds until the channel may be called, rounded up."""
        if not self.until:
            return 0
        left = (from_text(self.until) - now) / timedelta(seconds=1)
        return max(0, -int(-left // 1))

    def drains(self, now: datetime) -> bool:
        """Whether a message that drains what is parked is under way for certain."""
        return self.chain > to_text(now)


NEVER_CALLED: Final = Health()


def failed(
    health: Health, rules: Rules, now: datetime, error: str, asked_s: int, jitter: Jitter, *, parked: bool = False
) -> Health:
    """After a delivery that did not come through, and a Retry-After of so many seconds (0: none).

    A probe is what is sent while the breaker is open; nothing else is. `parked`: it was of what is parked, and
    may have failed for what was in it: a channel that is coming back and took something has to fail some more.
    """
    asked_s = min(asked_s, LONGEST_WAIT_S)
    told = replace(health, error=error[:_ERROR_LENGTH], error_at=to_text(now), wins=0, spare=0)
    if health.state == "paused":
        return told
    if health.state == "closed":
        told = replace(told, fails=health.fails + 1)
        if told.fails < rules.opens_after and asked_s <= LONG_WAIT_S:
            return _held_up(told, now, asked_s)
    if health.state == "half" and parked and health.spare and asked_s <= LONG_WAIT_S:
        return _held_up(replace(told, spare=health.spare - 1), now, asked_s)
    if health.state == "open" and health.wait_s(now):
        return told  # a delivery that was under way when it opened: it says nothing new
    pause = _pause(health, rules, now)
    # At least three quarters of it: whatever failed together does not come back together.
    wait = max(float(asked_s), pause * (0.75 + jitter() / 4))
    return replace(
        told,
        state="open",
        pause_s=pause,
        until=to_text(now + timedelta(seconds=wait)),
        since=health.since if health.state == "open" else to_text(now),
    )


def _held_up(health: Health, now: datetime, asked_s: int) -> Health:
    return replace(health, until=to_text(now + timedelta(seconds=asked_s))) if asked_s else health


def struck(health: Health, now: datetime, error: str) -> Health:
    """After a delivery that failed for the one item in it: the channel is as well as before."""
    return replace(health, spare=health.spare - 1, error=error[:_ERROR_LENGTH], error_at=to_text(now))


def _pause(health: Health, rules: Rules, now: datetime) -> int:
    calm = timedelta(seconds=max(_CALM_S, 4 * health.pause_s))
    if not health.pause_s or (health.state == "closed" and health.since and now - from_text(health.since) > calm):
        return min(_FIRST_PAUSE_S, rules.pause_cap_s)
    return min(2 * health.pause_s, rules.pause_cap_s)


def succeeded(health: Health, now: datetime, *, probe: bool) -> Health:
    """After a delivery that came through; the same value where that is no news, which is written nowhere."""
    took = health
    if health.spare < _SPARE and (health.state != "closed" or health.fails or health.chain):
        took = replace(health, taken=health.taken + 1, spare=_SPARE)
    if health.state == "closed":
        return replace(took, fails=0) if health.fails else took
    if health.state == "open":
        return replace(took, state="half", wins=1, fails=0, until="", since=to_text(now)) if probe else health
    if health.state == "half" and health.wins < SUCCESSES:
        return replace(took, wins=health.wins + 1)
    return health if health.state == "paused" else took


def tried(health: Health, now: datetime) -> Health:
    """Open, and nothing is parked to try it with: live traffic tries it."""
    return replace(health, state="half", wins=0, fails=0, until="", since=to_text(now))


def may_close(health: Health, now: datetime) -> bool:
    """Whether a half-open channel with nothing parked is well: it took enough, or nothing failed for a pause."""
    if health.state != "half":
        return False
    calm = timedelta(seconds=max(_FIRST_PAUSE_S, health.pause_s))
    return health.wins >= SUCCESSES or now - from_text(health.since) >= calm


def closed(health: Health, now: datetime) -> Health:
    """Trusted again; its last pause is remembered, in case it does not last."""
    return replace(health, state="closed", fails=0, wins=0, until="", since=to_text(now), chain="")


def paused(health: Health, now: datetime, why: str) -> Health:
    """Stopped by hand."""
    return replace(
        health, state="paused", since=to_text(now), until="", chain="", error=why, error_at=to_text(now), wins=0
    )


def resumed(health: Health, now: datetime) -> Health:
    """Let go by hand: tried at once, and trusted after the usual number of successes."""
    return replace(health, state="half", since=to_text(now), until="", chain="", wins=0, fails=0, pause_s=0)


def may_send(health: Health, rules: Rules, now: datetime, *, drain: bool) -> bool:
    """Whether one more request is within the channel's rate; `drain`: one for what is parked."""
    if not rules.rate:
        return True
    ahead = health.tat - _ms(now)
    spare = (rules.burst - 1) * _step(rules)
    if not drain:
        return ahead <= spare
    return ahead <= spare // 2 or health.dtat - _ms(now) <= _second(rules)


def sent(health: Health, rules: Rules, now: datetime, *, drain: bool, requests: int = 1) -> Health:
    """After so many requests were begun."""
    if not rules.rate or requests < 1:
        return health
    tat = max(health.tat, _ms(now)) + requests * _step(rules)
    dtat = max(health.dtat, _ms(now)) + requests * _SHARE * _step(rules) if drain else health.dtat
    return replace(health, tat=tat, dtat=dtat)


def drain_in_s(health: Health, rules: Rules, now: datetime) -> int:
    """The seconds until what is parked may be sent again, rounded up."""
    if may_send(health, rules, now, drain=True):
        return 0
    spare = (rules.burst - 1) * _step(rules) // 2
    left = min(health.tat - spare, health.dtat - _second(rules)) - _ms(now)
    return max(1, -(-left // 1000))


def by_chance() -> float:
    """The jitter of every day."""
    return random.random()  # noqa: S311 - jitter, not a secret


def _second(rules: Rules) -> int:
    """What is parked comes once a second, and may then send its share of a whole one."""
    return max(0, 1000 - _SHARE * _step(rules))


def _step(rules: Rules) -> int:
    return max(1, round(1000 / rules.rate))


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
