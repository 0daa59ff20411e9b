"""Telling a channel: a message says only that an item is dirty; what is sent is what is true when it is sent.

So ten changes of an item are one delivery, the order of messages does not matter, and a replay sends nothing stale.

The truth is looked at twice, before a version is claimed and after. Only what is claimed is looked at again, and that
is what makes it safe to leave a mark without a trace when its item needs no telling:

    truth 10, acknowledged ── 14 ─────────────── 10
    worker B            row, 14 ──────────────────── claim v6 ── 10? begin again
    worker A                           row v5, 10: nothing to tell, the mark is done

Without the second look B would tell 14, and nobody would come back to mend it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from crossdock.contracts.deliveries import Answer, Batch, Value
from crossdock.exchange.fitting import fitting
from crossdock.exchange.publication import EVERYTHING, Publication, crosses_zero
from crossdock.exchange.shadow import Claim, ShadowStore, State, canonical
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.sequences import chunks

ReadCurrent = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any] | None]]
"""The public value of each key as it is now, or None where there is nothing to tell."""

Deliver = Callable[[Batch], Answer]

CORRELATIONS_SENT = 8
BUSY = "another delivery of this item is under way"
_ROUNDS = 4
# What one request and its acknowledgement can take: a part of a split batch is only sent while the lease lasts longer.
_ONE_REQUEST = timedelta(seconds=22)


@dataclass(frozen=True, slots=True)
class Dirty:
    """An item whose value for a channel may have changed, and what caused it.

    `urgent`: it may have sold out or come back, and goes first. `above`: the channel is known to hold something else
    than it acknowledged; the item is sent again, whatever the shadow says, under a version above this one. `since` is
    when it was marked (UTC text, empty where nobody knows): it tells how old what a channel hears is, and nothing else.
    """

    key: str
    correlation_ids: tuple[str, ...]
    urgent: bool = False
    above: int | None = None
    since: str = field(default="", compare=False)


@dataclass(slots=True)
class Told:
    """What became of the dirty items of one channel and kind, by key.

    `down`: the channel did not take a delivery, and nothing further was tried.
    """

    acknowledged: dict[str, int] = field(default_factory=dict)
    unchanged: set[str] = field(default_factory=set)
    held_back: set[str] = field(default_factory=set)
    rejected: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    down: str | None = None


class Teller:
    """Brings one channel up to date for one kind of value."""

    def __init__(
        self,
        shadow: ShadowStore,
        read_current: ReadCurrent,
        deliver: Deliver,
        clock: Clock,
        publication: Publication = EVERYTHING,
        max_body_bytes: int = 0,
    ) -> None:
        """`max_body_bytes` is the largest delivery that the channel takes; 0: there is no limit."""
        self._shadow = shadow
        self._max_body_bytes = max_body_bytes
        self._publication = publication
        self._read_current = read_current
        self._deliver = deliver
        self._clock = clock

    def tell(self, channel: str, kind: str, dirty: Iterable[Dirty], max_batch: int) -> Told:
        """Sends what changed and was not acknowledged.

        `waiting` are items to be tried again later (the channel was unavailable, or others kept claiming versions);
        `rejected` are items the channel will not take. Crash-safe at every point: a version that was claimed or sent
        and not acknowledged is sent again, under the same version.
        """
        causes: dict[str, list[str]] = {}
        above: dict[str, int] = {}
        urgent: set[str] = set()
        for item in dirty:
            causes.setdefault(item.key, []).extend(item.correlation_ids)
            if item.urgent:
                urgent.add(item.key)
            if item.above is not None:
                above[item.key] = max(item.above, above.get(item.key, 0))
        told = Told()
        # Claimed and sent part by part: a lease covers one delivery, not a whole queue batch of them.
        for part in chunks(sorted(causes, key=lambda key: key not in urgent), max_batch):
            if told.down is not None:
                told.waiting.update(dict.fromkeys(part, told.down))
                continue
            claims = self._claim(channel, kind, part, above, told)
            if claims:
                self._send(channel, kind, claims, causes, told)
        return told

    def _claim(self, channel: str, kind: str, keys: Sequence[str], above: Mapping[str, int], told: Told) -> list[Claim]:
        """The versions that are ours to send; what others are sending just now is left waiting."""
        won: list[Claim] = []
        for _ in range(_ROUNDS):
            wanted = self._wanted(channel, kind, keys, above, told)
            taken = self._shadow.claim(channel, kind, wanted) if wanted else []
            still = self._still_true(taken, {c.key: state for c, state in wanted})
            if len(still) < len(taken):
                self._shadow.release(channel, kind, [c for c in taken if c not in still])
            won += still
            keys = sorted({c.key for c, _ in wanted} - {c.key for c in still})
            if not keys:
                break
        told.waiting.update(dict.fromkeys(keys, BUSY))
        return won

    def _still_true(self, taken: Sequence[Claim], states: Mapping[str, State | None]) -> list[Claim]:
        """The claims whose value is still the one to tell, now that nobody else can decide on these items."""
        current = self._read_current([c.key for c in taken]) if taken else {}
        found = []
        for claim in taken:
            fields = current.get(claim.key)
            if fields is not None and canonical(self._shown(states[claim.key], fields)) == claim.value:
                found.append(claim)
        return found

    def _wanted(
        self, channel: str, kind: str, keys: Sequence[str], above: Mapping[str, int], told: Told
    ) -> list[tuple[Claim, State | None]]:
        """Reads the rows first and the truth after them, and says what has to be claimed from which row.

        Items that sell out or come back stand first.
        """
        states = self._shadow.read(channel, kind, keys)
        current = self._read_current(keys)
        now, leased_until = self._shadow.lease()
        first: list[tuple[Claim, State | None]] = []
        rest: list[tuple[Claim, State | None]] = []
        for key in keys:
            state, fields = states.get(key), current.get(key)
            if fields is None:
                told.unchanged.add(key)
                continue
            shown = self._shown(state, fields)
            value, again = canonical(shown), key in above
            if not again and self._nothing_to_tell(state, value, shown, told):
                continue
            if state is not None and state.leased_until > now:
                told.waiting[key] = BUSY
                continue
            version = _next_version(state, value, above.get(key))
            crossing = crosses_zero(_acknowledged(state), shown)
            (first if crossing else rest).append((Claim(key, version, value, leased_until), state))
        return first + rest

    def _shown(self, state: State | None, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._publication.shown(_acknowledged(state), fields)

    def _nothing_to_tell(self, state: State | None, value: str, shown: Mapping[str, Any], told: Told) -> bool:
        if state is None or not state.current:  # what it holds is not certain
            return False
        if state.value == value:
            told.unchanged.add(state.key)
            return True
        if self._publication.holds_back(_acknowledged(state), shown):
            told.held_back.add(state.key)
            return True
        return False

    def _send(
        self, channel: str, kind: str, claims: Sequence[Claim], causes: Mapping[str, Sequence[str]], told: Told
    ) -> None:
        values = {
            c.key: Value(c.key, c.version, _fields(c.value), tuple(dict.fromkeys(causes[c.key]))[:CORRELATIONS_SENT])
            for c in claims
        }
        sent_at = to_text(self._clock())
        parts, too_large = fitting(Batch(channel, kind, tuple(values.values()), sent_at), self._max_body_bytes)
        told.rejected.update(too_large)
        self._release(channel, kind, [c for c in claims if c.key in too_large], told.rejected)
        for number, batch in enumerate(parts):
            keys = {v.key for v in batch.values}
            ours = [c for c in claims if c.key in keys]
            if told.down is not None or (number and self._too_late(ours)):
                told.waiting.update(dict.fromkeys(keys, told.down or BUSY))
                self._release(channel, kind, ours, told.rejected)
            else:
                self._send_one(batch, ours, told)

    def _too_late(self, claims: Sequence[Claim]) -> bool:
        """Whether a part that waited for others could still be on its way when its lease is over."""
        return to_text(self._clock() + _ONE_REQUEST) > min(c.leased_until for c in claims)

    def _send_one(self, batch: Batch, claims: Sequence[Claim], told: Told) -> None:
        answer = self._deliver(batch)
        rejected = dict(answer.rejected)
        if answer.state == "refused":
            rejected = {c.key: answer.detail for c in claims}
        if answer.state == "unavailable":
            told.waiting.update({c.key: answer.detail for c in claims})
            told.down = answer.detail
        told.rejected.update({c.key: rejected[c.key] for c in claims if c.key in rejected})
        told.waiting.update({c.key: answer.later[c.key] for c in claims if c.key in answer.later})
        untaken = rejected.keys() | answer.later.keys()
        taken = [c for c in claims if answer.state == "acknowledged" and c.key not in untaken]
        if taken:
            self._shadow.acknowledge(batch.channel, batch.kind, taken)
        self._release(batch.channel, batch.kind, [c for c in claims if c not in taken], told.rejected)
        told.acknowledged.update({c.key: c.version for c in taken})

    def _release(self, channel: str, kind: str, claims: Sequence[Claim], rejected: Mapping[str, str]) -> None:
        if claims:
            self._shadow.release(channel, kind, claims, rejected)


def needs_telling(
    publication: Publication,
    state: State | None,
    true: Mapping[str, Any],
    still: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> bool:
    """Whether the channel should have been told something else than it acknowledged.

    `still` is what a value says of today that is worth telling.
    """
    told = _acknowledged(state)
    shown = publication.shown(told, true)
    if state is None or told is None or not state.current:
        return True
    return canonical(still(told)) != canonical(still(shown)) and not publication.holds_back(told, shown)


def _acknowledged(state: State | None) -> Mapping[str, Any] | None:
    """What the channel last said it holds."""
    return None if state is None or state.acknowledged_value is None else _fields(state.acknowledged_value)


def _next_version(state: State | None, value: str, above: int | None) -> int:
    """An unacknowledged version of the same value is sent again as it is; another value gets the next one."""
    version = 0 if state is None else state.version
    if above is not None:
        return max(version, above) + 1
    return version if state is not None and state.value == value else version + 1


def _fields(value: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(value)
    return fields
