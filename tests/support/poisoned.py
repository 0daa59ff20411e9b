"""A channel that fails over some items, and its worker, in memory and on a clock of their own.

The worker does with messages what functions/deliver_to_channel does; a queue hands out ten at a time, and gives up what
came too often (`dead`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.deliveries import Answer, Batch
from crossdock.exchange.breaker import Rules
from crossdock.exchange.delivery import Deliver, Dirty, Teller, Told
from crossdock.exchange.health_store import HealthStore
from crossdock.exchange.park_store import ParkStore
from crossdock.exchange.shadow import ShadowStore
from crossdock.exchange.suspect_store import SuspectStore
from crossdock.flows.delivering import Attempt, Outlet, Ports
from crossdock.flows.draining import Kept
from functions.deliver_to_channel.handler import FAILED_AT, PARKED_AT
from tests.support.lane import MAX_RECEIVES
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from crossdock.exchange.breaker import Health

BEGIN: Final = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
KIND: Final = "availability"


@dataclass
class Waiting:
    """A message: the keys that it marks, or the hop that it drains."""

    at: datetime
    marks: tuple[str, ...] = ()
    hop: int = 0
    receives: int = 0


@dataclass
class Poisoned:
    """`poison` are the items that it never answers for; `down` says whether it answers for none now."""

    poison: frozenset[str] = frozenset()
    down: Callable[[datetime], bool] = lambda _: False
    max_batch: int = 100
    now: datetime = BEGIN
    truth: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    told_at: dict[str, datetime] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    vain: list[tuple[datetime, frozenset[str]]] = field(default_factory=list)
    taken: int = 0
    messages: list[Waiting] = field(default_factory=list)
    dead: list[Waiting] = field(default_factory=list)
    most_receives: int = 0

    def __post_init__(self) -> None:
        self.table = MemoryTable()
        self.parks = ParkStore(self.table, self.clock)
        self.shadow = ShadowStore(self.table, self.clock)

    def clock(self) -> datetime:
        return self.now

    @property
    def health(self) -> Health:
        return HealthStore(self.table).read("shop")

    @property
    def parked(self) -> set[str]:
        return {p.mark.key for p in self.parks.everything("shop", KIND)}

    def change(self, stock: Mapping[str, int]) -> None:
        """Sets what is true, and marks it: a message for each hundred items."""
        self.truth.update(stock)
        keys = list(stock)
        for start in range(0, len(keys), 100):
            self.messages.append(Waiting(self.now, tuple(keys[start : start + 100])))

    def run(self, seconds: float) -> None:
        """Works whenever something can be received, until so much later."""
        until = self.now + timedelta(seconds=seconds)
        for _ in range(20_000):
            coming = min((m.at for m in self.messages), default=until)
            if coming >= until:
                self.now = until
                return
            self.now = max(self.now, coming)
            self._step()
        raise AssertionError("there is no end")

    def _step(self) -> None:
        batch = sorted((m for m in self.messages if m.at <= self.now), key=lambda m: m.at)[:10]
        for message in batch:
            message.receives += 1
            self.most_receives = max(self.most_receives, message.receives)
        again = self._live([m for m in batch if m.marks])
        for message in batch:
            if not message.marks:
                self._outlet().drain(message.hop)
            if message not in again:
                self.messages.remove(message)
            elif message.receives >= MAX_RECEIVES:
                self.messages.remove(message)
                self.dead.append(message)
            else:
                wait = max(self._outlet_wait(), 2 ** (message.receives - 1))
                message.at = self.now + timedelta(seconds=wait)

    def _live(self, messages: Sequence[Waiting]) -> list[Waiting]:
        if not messages:
            return []
        outlet = self._outlet()
        outlet.look()
        marks = [Dirty(key, ("c",)) for m in messages for key in m.marks]
        lived = outlet.live(KIND, marks, "")
        self.refused.update(lived.rejected)
        again = []
        for message in messages:
            waiting = [key for key in message.marks if key in lived.again]
            if waiting and message.receives >= (FAILED_AT if lived.failed else PARKED_AT):
                outlet.park(KIND, [Dirty(key, ("c",)) for key in waiting], "")
            elif waiting:
                again.append(message)
        outlet.after_parking(())
        return again

    def _outlet_wait(self) -> int:
        return self.health.wait_s(self.now) if self.health.state == "closed" else 0

    def _outlet(self) -> Outlet:
        kept = Kept(HealthStore(self.table), self.parks, self._send, self.clock)
        ports = Ports(self._tell, self._attempt, self._refuse, lambda _: None, lambda: 1.0)
        return Outlet("shop", [KIND], self.max_batch, Rules(), kept, ports, SuspectStore(self.table))

    def _send(self, body: str, seconds: int) -> None:
        self.messages.append(Waiting(self.now + timedelta(seconds=seconds), hop=json.loads(body)["hop"]))

    def _tell(self, kind: str, marks: Sequence[Dirty], deliver: Deliver) -> Told:
        return Teller(self.shadow, self._current, deliver, self.clock).tell("shop", kind, marks, self.max_batch)

    def _current(self, keys: Iterable[str]) -> dict[str, Mapping[str, Any] | None]:
        return {key: {"available": self.truth[key]} for key in keys}

    def _refuse(self, kind: str, rejected: Mapping[str, str], causes: Mapping[str, str]) -> None:
        assert (kind, set(causes)) == (KIND, set(rejected))
        self.refused.update(rejected)

    def _attempt(self, batch: Batch) -> Attempt:
        keys = frozenset(v.key for v in batch.values)
        if self.down(self.now) or keys & self.poison:
            self.vain.append((self.now, keys))
            return Attempt(Answer("unavailable", "HTTP 503"))
        self.taken += 1
        for value in batch.values:
            self.held[value.key] = value.fields["available"]
            self.told_at[value.key] = self.now
        return Attempt(Answer("acknowledged"))
