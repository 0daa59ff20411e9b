"""An exception is a group of refusals with one cause; its occurrences are the facts that were refused."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from crossdock.contracts.refusals import Refusal

OPEN, REPLAYING, SETTLED, CLOSED = "open", "replaying", "settled", "closed"
AT_STAKE: Final = frozenset({OPEN, REPLAYING})
"""What is held up: a fact that is not applied yet and may still be."""


def fingerprint(refusal: Refusal) -> str:
    """The id of a refusal's group: same kind, source and subject, so that 5,000 equal failures are one row."""
    return _digest(refusal.kind, refusal.source, refusal.subject)[:12]


def occurrence_id(refusal: Refusal) -> str:
    """The id of a refused fact within its group: the same fact delivered again is the same occurrence."""
    return _digest(refusal.source, refusal.fact)[:16]


def basis(message: Mapping[str, Any]) -> str:
    """A hash over a payload: a correction states which payload it was made for."""
    return _digest(json.dumps(message, sort_keys=True, separators=(",", ":")))[:16]


def payload(message: Mapping[str, Any]) -> str:
    """A message as it is kept and sent again: compact, and no letter escaped that UTF-8 can write.

    An escape makes six bytes of a letter's two or three, and what came through a queue as 256 KB has to fit into an
    item's 400 KB and through the queue once more.
    """
    text = json.dumps(message, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair is the one thing it cannot


def line(text: str) -> str:
    """A text for one line of a list: what cannot be printed, and could steer a terminal, is replaced."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Group:
    """One line of the exceptions list. Counts are occurrences by what became of them; instants are RFC 3339 UTC.

    `failure` is its class (`failures.Failure`); `due` is None when nothing is left to do. At stake are facts that are
    open or being replayed: `order_facts` of them name an order, and `money` is what they say, by currency.
    """

    id: str
    kind: str
    source: str
    subject: str
    detail: str
    remedy: str
    open: int
    replaying: int
    settled: int
    closed: int
    first_seen: str
    last_seen: str
    failure: str = ""
    owner: str | None = None
    due: str | None = None
    order_facts: int = 0
    money: Mapping[str, Decimal] = field(default_factory=dict)

    def overdue(self, now: str) -> bool:
        """Whether it should have been mended by now (RFC 3339 UTC with milliseconds)."""
        return self.state != CLOSED and self.due is not None and self.due < now

    @property
    def state(self) -> str:
        if self.open > 0:
            return OPEN
        return REPLAYING if self.replaying > 0 else CLOSED


@dataclass(frozen=True, slots=True)
class Standing:
    """What is measured of a group that is not done with: its class, since when it is open, until when it is due.

    A group that was done with and came back is open since it came back. Instants are RFC 3339 UTC texts.
    """

    failure: str
    since: str
    due: str | None
    money: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Ended:
    """A group that is done with: since when it was open, and until when."""

    since: str
    at: str


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One refused fact. `message` is what would be replayed: the corrected payload if there is one.

    `orders` and `money` are what its original says it holds up.
    """

    group: str
    id: str
    state: str
    detail: str
    route: str
    pointer: str
    original: Mapping[str, Any]
    corrected: Mapping[str, Any] | None
    correlation_id: str
    seen_at: str
    tries: int
    run: str | None
    orders: tuple[str, ...] = ()
    money: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def message(self) -> Mapping[str, Any]:
        return self.original if self.corrected is None else self.corrected
