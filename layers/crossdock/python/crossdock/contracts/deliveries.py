"""What a channel is sent, what it may answer, and what a channel connector has to be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from crossdock.contracts.price_keys import read_key

Kind = Literal["availability", "price", "customer"]

EVENT_TYPES: dict[str, str] = {
    "availability": "availability.changed.v1",
    "price": "price.changed.v1",
    "customer": "customer.changed.v1",
}
_LISTED: dict[str, tuple[str, str]] = {"customer": ("customers", "customer")}


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
        listed, name = _LISTED.get(self.kind, ("items", "sku"))
        return {
            "type": EVENT_TYPES[self.kind],
            "timestamp": self.sent_at,
            "data": {
                "channel": self.channel,
                listed: [
                    {name: v.sku, "version": v.version, **v.fields, "correlation_ids": list(v.correlation_ids)}
                    for v in self.values
                ],
            },
        }


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What an endpoint answered; `status` 0 means that there was no answer, and `detail` says why.

    `retry_after_s` is for how many seconds its Retry-After asks not to be called, None when it asks nothing.
    `headers` are the answer's, by their names in small letters.
    """

    status: int
    body: bytes = b""
    detail: str = ""
    retry_after_s: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Post = Callable[[str, Mapping[str, str], bytes], HttpAnswer]
"""Sends a POST, a PUT or a PATCH (URL, headers, body) and always comes back with an answer."""

Get = Callable[[str, Mapping[str, str]], HttpAnswer]
"""Sends a GET (URL, headers), likewise."""

Codes = Callable[[Sequence[str]], Mapping[str, Sequence[str]]]
"""What the channel's system calls items: by item, the codes of its cross-references there; nothing for a stranger."""

Store = Callable[[str, bytes], HttpAnswer]
"""Writes an object (name, body) into the bucket of drops, over one of the same name, and says how that went."""

Need = Literal["signing_secrets", "token", "codes", "bucket"]

Sign = Callable[[bytes], Mapping[str, str]]
"""Headers that prove the body to be ours."""


def _unreachable(url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:  # noqa: ARG001 - the seam's shape
    return HttpAnswer(0, detail="no PUT was handed out")


def _unpatched(url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:  # noqa: ARG001 - the seam's shape
    return HttpAnswer(0, detail="no PATCH was handed out")


def _unasked(url: str, headers: Mapping[str, str]) -> HttpAnswer:  # noqa: ARG001 - the seam's shape
    return HttpAnswer(0, detail="no GET was handed out")


def _no_codes(items: Sequence[str]) -> Mapping[str, Sequence[str]]:  # noqa: ARG001 - the seam's shape
    return {}


def _no_bucket(name: str, body: bytes) -> HttpAnswer:  # noqa: ARG001 - the seam's shape
    return HttpAnswer(0, detail="no bucket was handed out")


def _unhurried() -> float:
    return 1.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where a channel listens and how to reach it. Who counts or paces requests wraps `post`, `put`, `patch` and
    `get` alike.

    Beside that, what some kinds of channel need: the `token` that proves us, the channel's own `settings` as its
    connector's `settings.py` checked them, and the means above. A connector that makes several calls begins one only
    while `time_left()` is above 0: the lease on what it tells ends some time (`exchange/shadow.py`).
    """

    url: str
    post: Post
    sign: Sign
    put: Post = _unreachable
    patch: Post = _unpatched
    get: Get = _unasked
    token: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    codes: Codes = _no_codes
    store: Store = _no_bucket
    time_left: Callable[[], float] = _unhurried


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a batch.

    acknowledged: the channel holds every value but the `rejected` ones (key → reason) and those for `later` (the same).
    unavailable: it could not be reached or asked us to wait; try later.
    refused: it will never take this batch.

    `retry_after_s` is for how many seconds the channel asked not to be called in words of its own. What stands in a
    Retry-After header need not be repeated here: whoever hands out `Target.post` has seen it.
    `learned` is what the channel's system calls what it was told (key → its own id), where it said so.
    """

    state: Literal["acknowledged", "unavailable", "refused"]
    detail: str = ""
    rejected: Mapping[str, str] = field(default_factory=dict)
    retry_after_s: int | None = None
    later: Mapping[str, str] = field(default_factory=dict)
    learned: Mapping[str, str] = field(default_factory=dict)


class ChannelConnector(Protocol):
    """One kind of outside system that can be told values: a module in crossdock.connectors with these two.

    NEEDS says what it must be handed: secrets that an operator writes (`crossdock channels set`), cross-references, the
    bucket of drops. A kind with settings of its own has a module `settings` beside it: `config/channel_settings.py`.
    A kind that can not be told everything lists in TELLS what it can be told; without it, availability and prices.
    """

    NEEDS: frozenset[Need]

    def deliver(self, batch: Batch, target: Target) -> Answer:
        """Sends one batch and interprets the answer; never raises for what an endpoint does."""
        ...
