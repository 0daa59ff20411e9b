"""Telling one channel: at once while it is well, parked while it is not, and bit by bit when it is back.

How what is parked is drained, and why nothing is lost on the way, stands in `draining.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from crossdock.contracts.deliveries import Answer, Batch
from crossdock.exchange import breaker, suspects
from crossdock.exchange.breaker import Health, Rules
from crossdock.exchange.delivery import Deliver, Dirty, Told
from crossdock.exchange.park_store import Parked
from crossdock.exchange.suspect_store import SuspectStore
from crossdock.flows.draining import Chain, Kept
from crossdock.flows.isolating import Isolation
from crossdock.platform import deadline
from crossdock.platform.clock import to_text
from crossdock.platform.writes import Key

LIMITED: Final = "the channel's rate is used up"
ASKED_TO_WAIT: Final = "the channel asked to wait"
_PAGES: Final = 5
"""So many pages a message: in between, live traffic has its turn on the queue."""
_PAGE_TAKES_S: Final = 12.0
_BUSY_S: Final = 5


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one batch: the answer, the requests it took, and for how long the channel is not to be called.

    `throttled`: it was asked too much, whatever was in it.
    """

    answer: Answer
    requests: int = 1
    asked_s: int = 0
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class Ports:
    """What an outlet works with; each is about its one channel.

    `tell` brings items of a kind up to date by way of a delivery; `attempt` delivers a batch; `refuse` puts what was
    rejected on the exceptions list (reasons and causes by key); `settle` forgets notes of prices that are acknowledged.
    """

    tell: Callable[[str, Sequence[Dirty], Deliver], Told]
    attempt: Callable[[Batch], Attempt]
    refuse: Callable[[str, Mapping[str, str], Mapping[str, str]], None]
    settle: Callable[[Iterable[Key]], None]
    jitter: breaker.Jitter = breaker.by_chance


@dataclass(frozen=True, slots=True)
class Lived:
    """What became of live marks: the keys that were parked, those to be tried again (with the reason), the rejected.

    `failed`: the channel did not take a delivery, and what is to be tried again was in it or behind it.
    """

    parked: frozenset[str] = frozenset()
    failed: bool = False
    again: Mapping[str, str] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)


class Outlet(Chain):
    """One channel; made for one batch of its queue."""

    def __init__(
        self,
        channel: str,
        kinds: Sequence[str],
        max_batch: int,
        rules: Rules,
        kept: Kept,
        ports: Ports,
        held: SuspectStore,
    ) -> None:
        super().__init__(channel, kinds, rules, kept)
        self._isolation = Isolation(channel, kinds, kept.parks, held, kept.clock)
        self._max_batch = max_batch
        self._ports = ports
        self._limited = False
        self._has_parked = False
        self._narrowed = False

    def look(self) -> Health:
        """How the channel is; 0.5 read units. An old answer means one request too many, or one mark parked in vain."""
        self.health = self._kept.health.read(self.channel)
        return self.health

    def wait_s(self) -> int:
        """For how many seconds the channel asked not to be called."""
        return self.health.wait_s(self._kept.clock())

    # -- live traffic ------------------------------------------------------------------------------------------

    def live(self, kind: str, marks: Sequence[Dirty], segment: str) -> Lived:
        """Tells what is dirty, or parks it while the channel is not to be called."""
        keys = frozenset(m.key for m in marks)
        if kind not in self._kinds:
            return Lived()  # a mark from before the configuration changed: there is nothing to tell
        if self.health.parks:
            self.park(kind, marks, segment)
            return Lived(parked=keys)
        if self.wait_s():
            return Lived(again=dict.fromkeys(keys, ASKED_TO_WAIT))
        wary = self._wary(kind, sorted(keys))
        if wary:
            self.park(kind, [m for m in marks if m.key in wary], segment)
            marks = [m for m in marks if m.key not in wary]
        self._limited = False
        told = self._ports.tell(kind, marks, self._deliver(drain=False))
        if told.waiting and (self._limited or self.health.parks):
            self.park(kind, [m for m in marks if m.key in told.waiting], segment)
            return Lived(parked=wary | told.waiting.keys(), rejected=told.rejected)
        return Lived(wary, told.down is not None, told.waiting, told.rejected)

    def _wary(self, kind: str, keys: Sequence[str]) -> frozenset[str]:
        """Those items that the channel is known to fail over; they are looked for while there may be any."""
        if not self.health.chain and self.health.wary <= to_text(self._kept.clock()):
            return frozenset()
        return frozenset(self._isolation.wary(kind, keys))

    def park(self, kind: str, marks: Sequence[Dirty], segment: str) -> None:
        """Parks items; `after_parking` has to be called behind the last of them."""
        self._kept.parks.park(self.channel, kind, marks, segment)
        self._has_parked = True

    def after_parking(self, notes: Iterable[Key]) -> None:
        """Sees to it that what was parked is drained one day; `notes` are of prices whose items were parked."""
        if self._has_parked:
            self._kept.parks.note(self.channel, notes)
            self.health = self._kept.health.read(self.channel, consistent=True)
            self.begin()

    # -- what is parked ----------------------------------------------------------------------------------------

    def drain(self, hop: int) -> int:
        """Tells some of what is parked, and sends the next message unless all is done; gives back how many it told."""
        self.health = self._kept.health.read(self.channel, consistent=True)
        if hop < self.health.hop:
            return 0
        done, wait, pages = 0, self.drain_in_s(), 0
        while not wait and pages < _PAGES and self.health.state != "paused" and (not pages or _time_is_left()):
            page = self._isolation.page(self.health, self._max_batch, hop)
            if not page:
                self._nothing_due(hop)
                return done
            self._narrowed = False
            taken = self._tell_page(page)
            done, pages = done + taken, pages + 1
            wait = self.drain_in_s() or (0 if taken or self._narrowed else _BUSY_S)
        if self.health.state != "paused":
            self.next(hop + 1, wait)
        return done

    def _tell_page(self, page: Sequence[Parked]) -> int:
        """Tells the items of one kind, those of one segment together; gives back how many are parked no more."""
        taken = 0
        for segment in dict.fromkeys(p.segment for p in page):
            parked = [p for p in page if p.segment == segment]
            kind = parked[0].kind
            told = self._ports.tell(kind, [p.mark for p in parked], self._deliver(drain=True))
            if told.rejected:
                causes = {p.mark.key: p.mark.correlation_ids[-1] for p in parked if p.mark.correlation_ids}
                self._ports.refuse(kind, told.rejected, causes)
            done = [p for p in parked if p.mark.key not in told.waiting]
            self._isolation.told(kind, [p.mark.key for p in done], told.rejected)
            taken += self._kept.parks.taken(done)
            if told.down is not None:
                break
        return taken

    def _nothing_due(self, hop: int) -> None:
        """All is told but items that the channel fails over, each of which is tried again when it is due."""
        rest_s = self._isolation.rest_s(self.health)
        if rest_s is None:
            self._all_told(hop)
            return
        self.change(self._ended)
        self.next(hop + 1, suspects.look_again_s(rest_s))

    def _all_told(self, hop: int) -> None:
        """Nothing was parked a moment ago: settles prices, and trusts the channel again where it has earned that."""
        notes = self._kept.parks.noted(self.channel)
        if notes and self.is_parked():
            self.next(hop + 1, 0)
            return
        self._ports.settle(notes)
        self._kept.parks.forget(self.channel, notes)
        self.change(self._ended)
        if self.health.state == "closed":
            if self.is_parked():
                self.begin()
        elif self.health.state != "paused":
            self.next(hop + 1, max(_BUSY_S, self.health.pause_s))

    def _ended(self, health: Health) -> Health:
        now = self._kept.clock()
        if health.state == "open" and not health.wait_s(now):
            return breaker.tried(health, now)
        if breaker.may_close(health, now):
            return breaker.closed(health, now)
        return replace(health, chain="") if health.state == "closed" else health

    # -- a delivery --------------------------------------------------------------------------------------------

    def _deliver(self, *, drain: bool) -> Deliver:
        def deliver(batch: Batch) -> Answer:
            if not self._admitted(drain=drain):
                self._limited = True
                return Answer("unavailable", LIMITED)
            attempt = self._ports.attempt(batch)
            if not drain or attempt.throttled or attempt.answer.state != "unavailable":
                self._record(attempt, drain=drain)
                return attempt.answer
            return self._weighed(batch, attempt)

        return deliver

    def _weighed(self, batch: Batch, attempt: Attempt) -> Answer:
        """A delivery of what was parked failed: who is to blame, the channel or what was in it?"""
        failure = self._isolation.weigh(batch.kind, [v.key for v in batch.values], self.health)
        if not failure.refused:  # what is held against it stays as it is until it is an exception
            self._isolation.note(batch.kind, failure)
        self._narrowed = failure.blamed
        if not failure.own or attempt.asked_s:
            self._record(attempt, drain=True)
        else:
            now = self._kept.clock()
            wary = to_text(now + suspects.REMEMBERED)
            self.change(lambda h: replace(breaker.struck(h, now, attempt.answer.detail), wary=wary))
        if not failure.refused:
            return attempt.answer
        return Answer(
            "refused",
            f"{attempt.answer.detail}, {suspects.REFUSED_AFTER} times when it was told alone while others were taken",
        )

    def _admitted(self, *, drain: bool) -> bool:
        """Takes one request out of the channel's rate: 1 write unit, and nothing where there is no rate."""
        admitted = False
        now = self._kept.clock()

        def take(health: Health) -> Health:
            nonlocal admitted
            admitted = breaker.may_send(health, self._rules, now, drain=drain)
            return breaker.sent(health, self._rules, now, drain=drain) if admitted else health

        self.change(take)
        return admitted

    def _record(self, attempt: Attempt, *, drain: bool) -> None:
        """Nothing is written when a channel that is well took a delivery."""
        now, answer = self._kept.clock(), attempt.answer
        why = answer.detail or next(iter(answer.later.values()), ASKED_TO_WAIT)

        def after(health: Health) -> Health:
            health = breaker.sent(health, self._rules, now, drain=drain, requests=attempt.requests - 1)
            if answer.state == "unavailable" or attempt.asked_s:
                return breaker.failed(health, self._rules, now, why, attempt.asked_s, self._ports.jitter, parked=drain)
            # A channel that took a part of it is neither well nor down.
            return health if answer.later else breaker.succeeded(health, now, probe=drain)

        self.change(after)


def _time_is_left() -> bool:
    return deadline.remaining_seconds(cap=2 * _PAGE_TAKES_S) > _PAGE_TAKES_S
