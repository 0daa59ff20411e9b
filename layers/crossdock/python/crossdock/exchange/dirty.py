"""Dirty marks: messages that say which items of a channel may have changed, and what caused it."""

from collections.abc import Iterable, Mapping
from typing import Any

from crossdock.contracts.deliveries import EVENT_TYPES
from crossdock.exchange.delivery import Dirty
from crossdock.platform.queues import pack

KEYS_PER_MESSAGE = 100
CORRELATIONS_KEPT = 8


class Marks:
    """Collects marks for one channel; the same item marked twice is one mark with both causes."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._causes: dict[tuple[str, str], dict[str, None]] = {}

    def mark(self, kind: str, key: str, correlation_ids: Iterable[str]) -> None:
        """Marks an item."""
        self._causes.setdefault((kind, key), {}).update(dict.fromkeys(correlation_ids))

    def __len__(self) -> int:
        return len(self._causes)

    def messages(self) -> list[str]:
        """Bodies for the channel's queue, up to 100 items and 60 KB each."""
        keys = [
            {"kind": kind, "key": key, "correlation_ids": list(causes)[:CORRELATIONS_KEPT]}
            for (kind, key), causes in self._causes.items()
        ]
        bodies: list[str] = []
        for start in range(0, len(keys), KEYS_PER_MESSAGE):
            bodies += pack(keys[start : start + KEYS_PER_MESSAGE], self._envelope)
        return bodies

    def _envelope(self, keys: list[Any]) -> dict[str, Any]:
        return envelope(self.channel, keys)


def envelope(channel: str, keys: list[Any]) -> dict[str, Any]:
    """A message for a channel's queue."""
    return {"v": 1, "kind": "dirty", "channel": channel, "keys": keys, "replay": None}


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
        marks.setdefault(mark["kind"], []).append(Dirty(mark["key"], found))
    return channel, marks
