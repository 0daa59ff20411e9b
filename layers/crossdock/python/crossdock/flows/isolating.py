"""What of the parked is told next, so that no item which a channel fails over keeps the others waiting.

The rules stand in `exchange/suspects.py`; here they meet what is kept. Crash-safe at each call: a failure that is not
noted is met once more, and an item that was told loses what is held against it before its row goes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossdock.exchange import suspects
from crossdock.exchange.breaker import Health
from crossdock.exchange.park_store import Parked, ParkStore
from crossdock.exchange.suspect_store import SuspectStore
from crossdock.exchange.suspects import NOTHING, Suspicion
from crossdock.platform.clock import Clock


@dataclass(frozen=True, slots=True)
class Failure:
    """A delivery that failed, weighed: the items in it with what is held against them now.

    `blamed`: it says something about them; `own`: about the one that it held, and nothing about the channel.
    `refused`: the item failed so often that it is an exception.
    """

    after: Mapping[str, Suspicion]
    blamed: bool
    own: bool
    refused: bool


class Isolation:
    """One channel's; made for one message, which reads once what is held against its items."""

    def __init__(self, channel: str, kinds: Sequence[str], parks: ParkStore, held: SuspectStore, clock: Clock) -> None:
        self._channel = channel
        self._kinds = kinds
        self._parks = parks
        self._held = held
        self._clock = clock
        self._known: dict[str, dict[str, Suspicion]] = {}

    def page(self, health: Health, most: int, turn: int) -> list[Parked]:
        """Items of one kind that are to be told together now; none where none is parked or due.

        Each kind has its turn: one of which more is parked all the time would keep the others waiting for ever.
        """
        first = turn % len(self._kinds) if self._kinds else 0
        for kind in (*self._kinds[first:], *self._kinds[:first]):
            if page := self._of_kind(kind, health, most):
                return page
        return []

    def _of_kind(self, kind: str, health: Health, most: int) -> list[Parked]:
        known, now = self.known(kind), self._clock()
        if health.proving:  # a single item shows best whether the channel takes any
            return self._parks.page(self._channel, kind, 1, skip=known) or self._found(kind, suspects.least(known, now))
        if first := suspects.next_group(known, most, now, health):
            return self._found(kind, first)
        wary = {key for key, s in known.items() if s.wary}
        return self._parks.page(self._channel, kind, most, skip=wary) or self._found(kind, suspects.least(known, now))

    def _found(self, kind: str, keys: Sequence[str]) -> list[Parked]:
        return self._parks.find(self._channel, kind, keys) if keys else []

    def known(self, kind: str) -> dict[str, Suspicion]:
        """What is held against parked items of a kind; what is left of others is cleared away when its time is over."""
        if kind not in self._known:
            found = self._held.of(self._channel, kind)
            parked = {p.mark.key for p in self._found(kind, list(found))}
            gone = [k for k, s in found.items() if k not in parked and s.forgotten(self._clock())]
            self._held.forget(self._channel, kind, gone)
            self._known[kind] = {k: s for k, s in found.items() if k in parked}
        return self._known[kind]

    def rest_s(self, health: Health) -> int | None:
        """The seconds until one of those that are parked and not due may be tried; None where there is none."""
        known = [s for kind in self._kinds for s in self.known(kind).values()]
        return suspects.next_due_s(known, health, self._clock())

    def wary(self, kind: str, keys: Sequence[str]) -> set[str]:
        """Those of live marks that are not to be told together with others."""
        return {k for k, s in self._held.find(self._channel, kind, keys).items() if s.wary}

    def weigh(self, kind: str, keys: Sequence[str], health: Health) -> Failure:
        """What the failure of a delivery says; `health` as it was before."""
        known, now = self.known(kind), self._clock()
        alone = len(keys) == 1
        one = known.get(keys[0], NOTHING) if alone else NOTHING
        own = alone and one.wary and suspects.blames(health, one, alone=True)
        blamed = own or (not (alone and one.wary) and suspects.blames(health, NOTHING, alone=False))
        after = {k: suspects.after(known.get(k, NOTHING), health, now, alone=alone, blamed=blamed) for k in keys}
        return Failure(after, blamed, own, own and suspects.refused(one))

    def note(self, kind: str, failure: Failure) -> None:
        """Keeps what is held against the items of a delivery that failed."""
        self._held.note(self._channel, kind, failure.after)
        self.known(kind).update(failure.after)

    def told(self, kind: str, keys: Sequence[str], refused: Mapping[str, str]) -> None:
        """Nothing is held any more against these items, but against those that are refused: they may come again."""
        mine = [k for k in keys if k in self.known(kind)]
        self._held.forget(self._channel, kind, [k for k in mine if k not in refused or not self.known(kind)[k].own])
        for key in mine:
            del self.known(kind)[key]
