"""A channel's queue on the world's clock: what is delayed or hidden comes when its time has come, and nobody waits.

The handlers' sends and hidings for the queue are caught; everything else they call is the emulator's. A message that
came as often as the queue allows is dead, as in the cloud: tests look at `dead`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from crossdock.platform import clients
from tests.support.crashes import Killed
from tests.support.world import Context, World, sqs_record

if TYPE_CHECKING:
    from datetime import datetime

VISIBILITY_S = 30
MAX_RECEIVES = 12


@dataclass
class Message:
    """One message; `at` is when it can be received."""

    number: int
    body: str
    at: datetime
    receives: int = 0


@dataclass
class Lane:
    """The queue of one channel, and its worker."""

    world: World
    channel: str = "webshop"
    messages: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    most_receives: int = 0
    _numbers: Any = field(default_factory=count)

    def put(self, message: Any, delay_s: int = 0) -> None:
        body = message if isinstance(message, str) else json.dumps(message)
        self.messages.append(Message(next(self._numbers), body, self.world.now + timedelta(seconds=delay_s)))

    def drains(self) -> list[Message]:
        """The messages that drain."""
        return [m for m in self.messages if json.loads(m.body)["kind"] == "drain"]

    def step(self, most: int = 10) -> bool:
        """Lets the worker have what can be received now; whether there was anything."""
        batch = [m for m in sorted(self.messages, key=lambda m: (m.at, m.number)) if m.at <= self.world.now][:most]
        if not batch:
            return False
        for message in batch:
            message.receives += 1
            message.at = self.world.now + timedelta(seconds=VISIBILITY_S)
            self.most_receives = max(self.most_receives, message.receives)
        records = [self._record(m) for m in batch]
        answer = self.world.call("deliver_to_channel", {"Records": records}, Context())
        again = {f["itemIdentifier"] for f in answer["batchItemFailures"]}
        for message in batch:
            if f"lane-{message.number}" not in again:
                self.messages.remove(message)
            elif message.receives >= MAX_RECEIVES:
                self.messages.remove(message)
                self.dead.append(message)
        return True

    def run(self, seconds: float, steps: int = 5_000) -> None:
        """Lets the clock go on for so long, working whenever something can be received."""
        until = self.world.now + timedelta(seconds=seconds)
        for _ in range(steps):
            if self.step():
                continue
            coming = min((m.at for m in self.messages), default=until)
            if coming >= until:
                self.world.now = until
                return
            self.world.now = coming
        raise AssertionError(f"there is no end: {self.messages[:5]}")

    def _record(self, message: Message) -> dict[str, Any]:
        record = sqs_record(f"channel-{self.channel}", message.body, 0, message.receives)
        return {**record, "messageId": f"lane-{message.number}", "receiptHandle": f"lane-{message.number}"}


def lanes(world: World, *channels: str, seen_by: str = "") -> list[Lane]:
    """Lanes in place of these channels' queues.

    `seen_by` is a queue of the emulator that really gets what is sent, so that a reaper (`crashes.py`) sees the calls.
    """
    made = {world.urls[f"channel-{name}"]: Lane(world, name) for name in channels}
    sqs = clients.sqs()
    send, hide = sqs.send_message_batch, sqs.change_message_visibility

    def sent(**call: Any) -> Any:
        lane = made.get(call["QueueUrl"])
        if lane is None:
            return send(**call)
        taken = not seen_by
        try:
            if seen_by:
                send(**{**call, "QueueUrl": world.urls[seen_by]})
                taken = True
        except Killed as death:
            taken = str(death).startswith("after")
            raise
        finally:
            for entry in call["Entries"] if taken else ():
                lane.put(entry["MessageBody"], entry.get("DelaySeconds", 0))
        return {}

    def hidden(**call: Any) -> Any:
        lane = made.get(call["QueueUrl"])
        if lane is None:
            return hide(**call)
        (message,) = [m for m in lane.messages if f"lane-{m.number}" == call["ReceiptHandle"]]
        message.at = world.now + timedelta(seconds=call["VisibilityTimeout"])
        return {}

    world.patch.setattr(sqs, "send_message_batch", sent, raising=False)
    world.patch.setattr(sqs, "change_message_visibility", hidden, raising=False)
    return list(made.values())
