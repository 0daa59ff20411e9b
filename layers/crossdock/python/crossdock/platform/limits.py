"""Fair shares of the API: a token bucket for each partner, kept by one row that all execution environments share.

    LIMIT#partner / BUCKET     tat: the instant (µs) at which the bucket will be full again

The bucket is told by one number (the generic cell rate algorithm): a request moves `tat` on by 1/rate, and is let in
when `tat` stays within `burst`/rate of now. So taking n tokens is one conditional write (1 WCU) that adds and compares,
and two environments cannot both take the last token.

An environment that is asked often takes several tokens with one write (a share) and spends them from memory. A share
lives for 200 ms at most. What was taken before a window of time and spent inside it is then at most what flows in
during one life, so the bucket is made smaller by just that: in any window of t seconds no more than burst + rate × t
requests are let in, however many environments there are. An instant burst reaches at least 7/8 of `burst`.

What is refused is remembered until the next token is due, so that a caller who is refused writes nothing.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from crossdock.platform.dynamo import Table

_SECOND: Final = 1_000_000
_SHARE_LIFE_US: Final = 200_000
# A share's life may cost this part of the burst.
_RESERVED: Final = 8
# One environment takes at most this part of the bucket at once: the others of the same partner want some too.
_LARGEST_SHARE: Final = 8
# The guess what the row says is wrong when another environment wrote meanwhile; what is returned is the next guess.
_ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True)
class Terms:
    """What one partner may ask for: `rate` requests a second in the long run, `burst` in any one moment; both >= 1."""

    rate: int
    burst: int

    @property
    def step(self) -> int:
        """Microseconds from one token to the next, rounded up: never more than the rate."""
        return -(-_SECOND // self.rate)

    @property
    def share_life(self) -> int:
        """How many microseconds tokens may be kept before they are spent."""
        return min(_SHARE_LIFE_US, self.burst * self.step // _RESERVED)

    @property
    def depth(self) -> int:
        """How far `tat` may be ahead of now, in microseconds."""
        most = self.burst * self.step
        # Of a bucket that holds fewer than eight tokens no share is made, so nothing is kept back for one.
        return most if self.largest_share == 1 else most - self.share_life

    @property
    def largest_share(self) -> int:
        """How many tokens one write takes at most."""
        return max(1, self.burst // _LARGEST_SHARE)


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a request, and what is left: as far as this environment knows, without asking again.

    `retry_after` is in whole seconds, 0 for what was let in; `full_after` says when the whole burst is there again.
    """

    admitted: bool
    terms: Terms
    remaining: int
    full_after: int
    retry_after: int = 0


@dataclass(slots=True)
class _Known:
    """What this environment knows of one partner's bucket."""

    tat: int | None = None
    share: int = 0
    share_ends: int = 0
    size: int = 1
    refused_until: int = 0


@dataclass(slots=True)
class Limiter:
    """Takes tokens for requests. `clock` gives microseconds since the epoch.

    The clocks of two environments may differ by some milliseconds; what is let in may exceed the bound by the rate
    times that difference.
    """

    table: Table
    clock: Callable[[], int]
    _known: dict[str, _Known] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, partner: str, terms: Terms) -> Standing:
        """One token for one request: at most one write, in most cases; none from a share or while refused.

        Raises StoreUnavailableError, and botocore's own errors.
        """
        with self._lock:
            known, now = self._known.setdefault(partner, _Known()), self.clock()
            if known.share and now < known.share_ends:
                known.share -= 1
                return self._standing(known, terms, now)
            if now < known.refused_until:
                return self._refused(known, terms, now)
            taken = self._write(partner, known, terms, self._wanted(known, terms))
            now = self.clock()
            if not taken:
                return self._refused(known, terms, now)
            known.share = taken - 1
            return self._standing(known, terms, now)

    def _wanted(self, known: _Known, terms: Terms) -> int:
        """Twice as many as the last time if those were spent in time, else half as many: by what is asked of us."""
        spent_in_time = known.share == 0 and self.clock() < known.share_ends
        size = known.size * 2 if spent_in_time else max(1, known.size // 2)
        return min(size, terms.largest_share)

    def _write(self, partner: str, known: _Known, terms: Terms, wanted: int) -> int:
        """Takes up to so many tokens; gives back how many."""
        for _ in range(_ATTEMPTS):
            # Read anew for each try: a share lives from before it was taken, never longer.
            now = self.clock()
            room = (now + terms.depth - max(known.tat or 0, now)) // terms.step
            if room < 1:
                known.refused_until = (known.tat or 0) + terms.step - terms.depth
                return 0
            count = min(wanted, room)
            # A share is cut to what is there, but a token for this very request is never given up for one.
            if self._try(partner, known, terms, count, now):
                known.size, known.share_ends = count, now + terms.share_life
                return count
        known.refused_until = self.clock() + terms.step
        return 0

    def _try(self, partner: str, known: _Known, terms: Terms, count: int, now: int) -> bool:
        key, cost = (f"LIMIT#{partner}", "BUCKET"), count * terms.step
        if known.tat is None:
            statement, then = self.table.insert({"pk": key[0], "sk": key[1], "tat": now + cost}), now + cost
        elif known.tat < now:  # full: what flowed over is lost
            statement = self.table.update(key, [("tat = ?", now + cost)], [("tat < ?", now)])
            then = now + cost
        else:
            bounds = [("tat >= ?", now), ("tat < ?", now + terms.depth - cost + 1)]
            statement, then = self.table.update(key, [("tat = tat + ?", cost)], bounds), known.tat + cost
        (outcome,) = self.table.run([statement])
        if outcome.done:
            known.tat = then
            return True
        known.tat = None if outcome.existing is None else outcome.existing["tat"]
        return False

    def _standing(self, known: _Known, terms: Terms, now: int) -> Standing:
        tat = max(known.tat or 0, now)
        remaining = max(0, (now + terms.depth - tat) // terms.step) + known.share
        return Standing(
            admitted=True,
            terms=terms,
            remaining=min(remaining, terms.burst),
            full_after=_seconds(tat - now),
        )

    def _refused(self, known: _Known, terms: Terms, now: int) -> Standing:
        known.share = 0
        wait = _seconds(known.refused_until - now)
        return Standing(
            admitted=False,
            terms=terms,
            remaining=0,
            full_after=_seconds((known.tat or now) - now),
            retry_after=wait,
        )


def _seconds(microseconds: int) -> int:
    """Whole seconds, rounded up, 1 at least: nobody is told to come back at once and refused again."""
    return max(1, -(-microseconds // _SECOND))
