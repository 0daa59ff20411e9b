"""Dirty marks: messages that say which items of a channel may have changed, and what caused it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crossdock.contracts.deliveries import EVENT_TYPES
from crossdock.exchange.delivery import Dirty
from crossdock.platform.queues import pack
from crossdock.platform.writes import Key

KEYS_PER_MESSAGE = 100
CORRELATIONS_KEPT = 8


class Marks:
    """Collects marks for one channel; the same item marked twice is one mark with both causes."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._causes: dict[tuple[str, str], dict[str, None]] = {}
        self._urgent: set[tuple[str, str]] = set()
        self._above: dict[tuple[str, str], int] = {}

    def mark(
        self, kind: str, key: str, correlation_ids: Iterable[str], *, urgent: bool = False, above: int | None = None
    ) -> None:
        """Marks an item; see `Dirty` for `urgent` and `above`."""
        self._causes.setdefault((kind, key), {}).update(dict.fromkeys(correlation_ids))
        if urgent:
            self._urgent.add((kind, key))
        if above is not None:
            self._above[kind, key] = max(above, self._above.get((kind, key), 0))

    def __len__(self) -> int:
        return len(self._causes)

    def messages(self, *, urgent: bool | None = None) -> list[str]:
        """Bodies for the channel's queue, up to 100 items and 60 KB each: of all marks, the urgent, or the others."""
        keys = [
            self._document(kind, key)
            for kind, key in self._causes
            if urgent is None or ((kind, key) in self._urgent) is urgent
        ]
        bodies: list[str] = []
        for start in range(0, len(keys), KEYS_PER_MESSAGE):
            bodies += pack(keys[start : start + KEYS_PER_MESSAGE], self._envelope)
        return bodies

    def _document(self, kind: str, key: str) -> dict[str, Any]:
        mark: dict[str, Any] = {
            "kind": kind,
            "key": key,
            "correlation_ids": list(self._causes[kind, key])[:CORRELATIONS_KEPT],
        }
        if (kind, key) in self._urgent:
            mark["urgent"] = True
        if (kind, key) in self._above:
            mark["above"] = self._above[kind, key]
        return mark

    def _envelope(self, keys: list[Any]) -> dict[str, Any]:
        return envelope(self.channel, keys)


def coalescing_delay(now: datetime, seconds: int) -> int:
    """Seconds until the present window of so many seconds ends: marks of one window arrive together and meet.

    A delay of the same length for each would only shift them, and each would be a delivery of its own.
    """
    return seconds - int(now.timestamp()) % seconds if seconds else 0


def envelope(channel: str, keys: list[Any]) -> dict[str, Any]:
    """A message for a channel's queue."""
    return {"v": 1, "kind": "dirty", "channel": channel, "keys": keys, "replay": None}


@dataclass(frozen=True, slots=True)
class Announced:
    """What a message says of the prices it announces: their class, since when, and the row that notes them."""

    price_class: str
    since: str
    row: Key


def announced(message: Mapping[str, Any] | None) -> Announced | None:
    """What a message announces; None for one that was made by hand, by a replay, or of another kind."""
    match message:
        case {"price_class": str(name), "since": str(since), "pending": [str(pk), str(sk)]}:
            return Announced(name, since, (pk, sk))
        case _:
            return None


def segment(message: Mapping[str, Any] | None) -> str:
    """What a message's items share: only those of one segment are delivered together. Empty: no such thing."""
    found = (message or {}).get("segment", "")
    return found if isinstance(found, str) else ""


def read(message: Mapping[str, Any] | None) -> tuple[str, dict[str, list[Dirty]]]:
    """(channel, marks by kind). Raises ValueError naming the field that keeps this from being a dirty message."""
    if not message or message.get("v") != 1 or message.get("kind") != "dirty":
        raise ValueError("v, kind: not a dirty message of version 1")
    channel, keys = message.get("channel"), message.get("keys")
    if not isinstance(channel, str) or not isinstance(keys, list):
        raise ValueError("channel, keys: missing or of another type")  # noqa: TRY004 - one kind of error to catch
    marks: dict[str, list[Dirty]] = {}
    for n, mark in enumerate(keys):
        if not isinstance(mark, dict) or mark.get("kind") not in EVENT_TYPES or not isinstance(mark.get("key"), str):
            raise ValueError(f"keys[{n}]: not a mark with a kind of {', '.join(EVENT_TYPES)} and a key")
        causes = mark.get("correlation_ids")
        found = tuple(map(str, causes)) if isinstance(causes, list) else ()
        above = mark.get("above")
        if above is not None and (not isinstance(above, int) or isinstance(above, bool) or above < 0):
            raise ValueError(f"keys[{n}].above: not a version; leave it out or send a whole number from 0 on")
        marks.setdefault(mark["kind"], []).append(Dirty(mark["key"], found, mark.get("urgent") is True, above))
    return channel, marks
