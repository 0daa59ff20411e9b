"""Where a translated delivery goes: movements straight to their queue, other facts over the bus."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossdock.contracts.codes import Refused
from crossdock.contracts.events import Event
from crossdock.contracts.inbound import Fact, Fetch, Movements, Part
from crossdock.inventory.messages import envelope
from crossdock.platform.bus import Bus
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.queues import Sender, pack

_DIGITS: Final = 24


@dataclass(frozen=True, slots=True)
class Origin:
    """Where facts come from: a delivery of the inbox, and which mapping made them of it."""

    source: str
    delivery_id: str
    correlation_id: str
    mapping_version: str


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Sends on what a delivery says."""

    movements: Sender
    bus: Bus
    clock: Clock

    def send(self, origin: Origin, parts: Sequence[Part], before: Mapping[str, str] | None = None) -> dict[str, str]:
        """All movements and facts, or an error; sending again is recognised by those who apply it.

        An event's id is its delivery's with the fact's number, so the same delivery makes the same events whenever it
        is mapped. `before` are the ids that a mapping of it has given out by then, by content, where it said something
        else: it was corrected, or mapped in part. Then a fact has the id that it had, and one that is new an id of its
        own, made of its content: no id ever stands for two contents. Gives back all that were given out, as `before`.
        """
        for part in parts:
            if isinstance(part, Movements):
                self.movements.send(pack(part.movements, lambda some: _envelope(origin, some)))
        now = to_text(self.clock())
        ids = dict(before or {})
        for number, fact in enumerate(part for part in parts if isinstance(part, Fact)):
            content = _content(fact)
            ids.setdefault(content, _numbered(origin, number) if before is None else _own(origin, content))
            # One to a call: the bus takes 256 KB in all of a call, and one fact may be as large.
            self.bus.put([_event(origin, fact, ids[content], now)])
        return ids


def unfinished(parts: Sequence[Part]) -> bool:
    """Whether something has to be fetched, or put on the exceptions list."""
    return any(isinstance(part, Fetch | Refused) for part in parts)


def _envelope(origin: Origin, movements: list[Any]) -> dict[str, Any]:
    return envelope(origin.source, origin.correlation_id, movements, origin.delivery_id, origin.mapping_version)


def _content(fact: Fact) -> str:
    """What tells a fact of a delivery from its others, and from what it was before it was corrected."""
    text = json.dumps([fact.type, fact.subject, fact.data], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _numbered(origin: Origin, number: int) -> str:
    event_id = f"{origin.source}:{origin.delivery_id}"
    return f"{event_id}:{number + 1}" if number else event_id


def _own(origin: Origin, content: str) -> str:
    return f"{origin.source}:{origin.delivery_id}:{content}"


def _event(origin: Origin, fact: Fact, event_id: str, now: str) -> Event:
    return Event(
        id=event_id,
        type=fact.type,
        source=origin.source,
        subject=fact.subject,
        time=now,
        correlation_id=origin.correlation_id,
        data=fact.data,
        mapping_version=origin.mapping_version,
        delivery_id=origin.delivery_id,
    )
