"""Where a translated delivery goes: movements straight to their queue, other facts over the bus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.contracts.codes import Refused
from crossdock.contracts.events import Event
from crossdock.contracts.inbound import Fact, Fetch, Movements, Part
from crossdock.inventory.messages import envelope
from crossdock.platform.bus import Bus
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.queues import Sender, pack


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

    def send(self, origin: Origin, parts: Sequence[Part]) -> None:
        """All movements and facts, or an error; sending again is recognised by those who apply it.

        An event's id is its delivery's, so the same delivery makes the same events whenever it is mapped.
        """
        for part in parts:
            if isinstance(part, Movements):
                self.movements.send(pack(part.movements, lambda some: _envelope(origin, some)))
        now = to_text(self.clock())
        for number, fact in enumerate(part for part in parts if isinstance(part, Fact)):
            # One to a call: the bus takes 256 KB in all of a call, and one fact may be as large.
            self.bus.put([_event(origin, fact, number, now)])


def unfinished(parts: Sequence[Part]) -> bool:
    """Whether something has to be fetched, or put on the exceptions list."""
    return any(isinstance(part, Fetch | Refused) for part in parts)


def _envelope(origin: Origin, movements: list[Any]) -> dict[str, Any]:
    return envelope(origin.source, origin.correlation_id, movements, origin.delivery_id, origin.mapping_version)


def _event(origin: Origin, fact: Fact, number: int, now: str) -> Event:
    event_id = f"{origin.source}:{origin.delivery_id}"
    return Event(
        id=f"{event_id}:{number + 1}" if number else event_id,
        type=fact.type,
        source=origin.source,
        subject=fact.subject,
        time=now,
        correlation_id=origin.correlation_id,
        data=fact.data,
        mapping_version=origin.mapping_version,
        delivery_id=origin.delivery_id,
    )
