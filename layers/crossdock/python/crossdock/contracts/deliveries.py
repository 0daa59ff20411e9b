"""What a channel is sent, what it may answer, and what a channel connector has to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from crossdock.contracts.price_keys import read_key

Kind = Literal["availability", "price"]

EVENT_TYPES: dict[str, str] = {"availability": "availability.changed.v1", "price": "price.changed.v1"}


@dataclass(frozen=True, slots=True)
class Value:
    """The value of one item under a version that only grows per channel and item; `fields` is its public form.

    The key of a price names its class too (`price_keys.py`); the public form has item and class apart.
    """

    key: str
    version: int
    fields: Mapping[str, Any]
    correlation_ids: tuple[str, ...]

    @property
    def sku(self) -> str:
        """The item."""
        return read_key(self.key)[1]


@dataclass(frozen=True, slots=True)
class Batch:
    """Values of one kind for one channel, to be delivered together."""

    channel: str
    kind: str
    values: tuple[Value, ...]
    sent_at: str

    def document(self) -> dict[str, Any]:
        """The public form: what a channel's endpoint receives (v1)."""
        return {
            "type": EVENT_TYPES[self.kind],
            "timestamp": self.sent_at,
            "data": {
                "channel": self.channel,
                "items": [
                    {"sku": v.sku, "version": v.version, **v.fields, "correlation_ids": list(v.correlation_ids)}
                    for v in self.values
                ],
            },
        }


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What an endpoint answered; `status` 0 means that there was no answer, and `detail` says why."""

    status: int
    body: bytes = b""
    detail: str = ""


Post = Callable[[str, Mapping[str, str], bytes], HttpAnswer]
"""Sends a POST (URL, headers, body) and always comes back with an answer."""

Sign = Callable[[bytes], Mapping[str, str]]
"""Headers that prove the body to be ours."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a channel listens and how to reach it."""

    url: str
    post: Post
    sign: Sign


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a batch.

    acknowledged: the channel holds every value but the `rejected` ones (key → reason).
    unavailable: it could not be reached or asked us to wait; try later.
    refused: it will never take this batch.
    """

    state: Literal["acknowledged", "unavailable", "refused"]
    detail: str = ""
    rejected: Mapping[str, str] = field(default_factory=dict)


class ChannelConnector(Protocol):
    """One kind of outside system that can be told values: a module in crossdock.connectors with this function."""

    def deliver(self, batch: Batch, target: Target) -> Answer:
        """Sends one batch and interprets the answer; never raises for what an endpoint does."""
        ...
