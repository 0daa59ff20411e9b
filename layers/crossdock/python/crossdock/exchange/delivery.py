"""Telling a channel: a message says only that an item is dirty; what is sent is what is true when it is sent.

So ten changes of an item are one delivery, the order of messages does not matter, and a replay sends nothing stale.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crossdock.contracts.deliveries import Answer, Batch, Value
from crossdock.exchange.shadow import Claim, ShadowStore, State, canonical
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.sequences import chunks

ReadCurrent = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any] | None]]
"""The public value of each key as it is now, or None where there is nothing to tell."""

Deliver = Callable[[Batch], Answer]

CORRELATIONS_SENT = 8
BUSY = "another delivery of this item is under way"
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Dirty:
    """An item whose value for a channel may have changed, and what caused it."""

    key: str
    correlation_ids: tuple[str, ...]


@dataclass(slots=True)
class Told:
    """What became of the dirty items of one channel and kind, by key."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    unchanged: set[str] = field(default_factory=set)
    rejected: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)


class Teller:
    """Brings one channel up to date for one kind of value."""

    def __init__(self, shadow: ShadowStore, read_current: ReadCurrent, deliver: Deliver, clock: Clock) -> None:
        self._shadow = shadow
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
        for item in dirty:
            causes.setdefault(item.key, []).extend(item.correlation_ids)
        told = Told()
        # Claimed and sent part by part: a lease covers one delivery, not a whole queue batch of them.
        for part in chunks(list(causes), max_batch):
            claims = self._claim(channel, kind, part, told)
            if claims:
                self._send(channel, kind, claims, causes, told)
        return told

    def _claim(self, channel: str, kind: str, keys: Sequence[str], told: Told) -> list[Claim]:
        """The versions that are ours to send; what others are sending just now is left waiting."""
        won: list[Claim] = []
        for _ in range(_ROUNDS):
            wanted = self._wanted(channel, kind, keys, told)
            taken = self._shadow.claim(channel, kind, wanted) if wanted else []
            won += taken
            keys = sorted({c.key for c, _ in wanted} - {c.key for c in taken})
            if not keys:
                break
        told.waiting.update(dict.fromkeys(keys, BUSY))
        return won

    def _wanted(self, channel: str, kind: str, keys: Sequence[str], told: Told) -> list[tuple[Claim, State | None]]:
        """Reads the rows first and the truth after them, and says what has to be claimed from which row."""
        states = self._shadow.read(channel, kind, keys)
        current = self._read_current(keys)
        now, leased_until = self._shadow.lease()
        wanted: list[tuple[Claim, State | None]] = []
        for key in keys:
            state, fields = states.get(key), current.get(key)
            if fields is None:
                told.unchanged.add(key)
                continue
            value = canonical(fields)
            same = state is not None and state.value == value
            if state is not None and same and state.current:
                told.unchanged.add(key)
            elif state is not None and state.leased_until > now:
                told.waiting[key] = BUSY
            else:
                # An unacknowledged version of the same value is sent again as it is; another value gets the next one.
                version = 1 if state is None else state.version + (not same)
                wanted.append((Claim(key, version, value, leased_until), state))
        return wanted

    def _send(
        self, channel: str, kind: str, claims: Sequence[Claim], causes: Mapping[str, Sequence[str]], told: Told
    ) -> None:
        values = tuple(
            Value(c.key, c.version, _fields(c.value), tuple(dict.fromkeys(causes[c.key]))[:CORRELATIONS_SENT])
            for c in claims
        )
        answer = self._deliver(Batch(channel, kind, values, to_text(self._clock())))
        rejected = dict(answer.rejected)
        if answer.state == "refused":
            rejected = {c.key: answer.detail for c in claims}
        if answer.state == "unavailable":
            told.waiting.update({c.key: answer.detail for c in claims})
        told.rejected.update({c.key: rejected[c.key] for c in claims if c.key in rejected})
        taken = [c for c in claims if answer.state == "acknowledged" and c.key not in rejected]
        not_taken = [c for c in claims if c not in taken]
        if taken:
            self._shadow.acknowledge(channel, kind, taken)
        if not_taken:
            self._shadow.release(channel, kind, not_taken)
        told.acknowledged.update({c.key: c.version for c in taken})


def _fields(value: str) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(value)
    return fields
