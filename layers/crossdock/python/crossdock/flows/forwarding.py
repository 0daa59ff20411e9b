"""Where a translated delivery goes: movements straight to their queue, other facts over the bus."""

from dataclasses import dataclass

from crossdock.contracts.events import Event
from crossdock.contracts.inbound import Fact, Movements, Translated
from crossdock.inventory.messages import envelope
from crossdock.platform.bus import Bus
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.queues import Sender, pack


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Sends on what a delivery says."""

    movements: Sender
    bus: Bus
    clock: Clock

    def send(self, source: str, delivery_id: str, translated: Translated, correlation_id: str) -> None:
        """Everything, or an error; sending again is recognised by those who apply it."""
        match translated:
            case Movements(movements):
                self.movements.send(pack(movements, lambda part: envelope(source, correlation_id, part)))
            case Fact(type_, subject, data):
                event = Event(
                    id=f"{source}:{delivery_id}",
                    type=type_,
                    source=source,
                    subject=subject,
                    time=to_text(self.clock()),
                    correlation_id=correlation_id,
                    data=data,
                )
                self.bus.put([event])
