"""The messages that have parked items told, one after another on the channel's own queue.

Nothing is lost between parking and coming back, because each side writes first and looks afterwards:

    who parks        parks the item, then looks: is a message under way that drains? if not, sends one
    who drains last  says that none is under way any more, then looks: is anything parked? if so, sends one

A message names its hop. The next one is sent before the row says so: a death in between leaves two of one hop, and
whichever is done first makes the other one stale.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from crossdock.exchange import breaker
from crossdock.exchange.breaker import Health, Rules
from crossdock.exchange.health_store import HealthStore
from crossdock.exchange.park_store import ParkStore
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.queues import LATEST_SECONDS, dumps

DRAIN: Final = "drain"
_SURE_S: Final = 120
"""A message that is this late is taken for lost."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one channel; `send` puts a message on its queue, to appear after so many seconds."""

    health: HealthStore
    parks: ParkStore
    send: Callable[[str, int], None]
    clock: Clock


class Chain:
    """One channel's messages."""

    def __init__(self, channel: str, kinds: Sequence[str], rules: Rules, kept: Kept) -> None:
        self.channel = channel
        self.health = breaker.NEVER_CALLED
        self._kinds = kinds
        self._rules = rules
        self._kept = kept

    def revive(self) -> bool:
        """Sends a message where something waits for one and none is under way; gives back whether it did."""
        self.health = self._kept.health.read(self.channel, consistent=True)
        return bool(self.health.state in {"open", "half"} or self.is_parked()) and self.begin()

    def resume(self) -> None:
        """Lets a channel go that was paused by hand, or tries one at once that is down."""
        self.health = self._kept.health.read(self.channel, consistent=True)
        self.change(lambda h: breaker.resumed(h, self._kept.clock()))
        self.next(self.health.hop + 1, 0)

    def begin(self) -> bool:
        """Sends a message unless one is under way or the channel is paused; gives back whether it did."""
        if self.health.state == "paused" or self.health.drains(self._kept.clock()):
            return False
        self.next(self.health.hop + 1, max(1, self.drain_in_s()))
        return True

    def next(self, hop: int, wait_s: int) -> None:
        """Sends the message of a hop."""
        wait_s = min(wait_s, LATEST_SECONDS)
        self._kept.send(dumps(message(self.channel, hop)), wait_s)
        sure = to_text(self._kept.clock() + timedelta(seconds=wait_s + _SURE_S))
        self.change(lambda h: h if h.hop > hop else replace(h, hop=hop, chain=sure))

    def drain_in_s(self) -> int:
        """The seconds until what is parked may be told."""
        now = self._kept.clock()
        return max(self.health.wait_s(now), breaker.drain_in_s(self.health, self._rules, now))

    def change(self, change: Callable[[Health], Health]) -> None:
        """Changes how the channel is."""
        self.health = self._kept.health.change(self.channel, self.health, change)

    def is_parked(self) -> bool:
        """Whether anything is parked."""
        return any(self._kept.parks.page(self.channel, kind, 1) for kind in self._kinds)


def message(channel: str, hop: int) -> dict[str, Any]:
    """A message for the channel's queue that has some of what is parked told."""
    return {"v": 1, "kind": DRAIN, "channel": channel, "hop": hop, "replay": None}


def hop_of(message: Mapping[str, Any] | None) -> tuple[str, int] | None:
    """(channel, hop) of a message that drains; None for any other."""
    match message:
        case {"v": 1, "kind": "drain", "channel": str(channel), "hop": int(hop)}:
            return channel, hop
        case _:
            return None
