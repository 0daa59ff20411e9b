"""Drives a ledger through the functions' own handlers: messages into the journal, the journal's stream into balances.

After every step the state says how far it came, so that whoever stops it goes on from there. A step that was cut short
is done again, as a queue and a stream would do it; nothing may count twice for that.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from tests.bench.rig import sqs_event
from tests.bench.streams import BEGINNING, is_journaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from tests.bench.streams import Stream
    from tests.replay.traffic import Invocation

SOURCE: Final = "wms"
STREAM_BATCH: Final = 8_000
"""Records in one stream invocation: about what 6 MB hold, see stream_full_batch in the benchmark."""
_REDELIVERED: Final = 10  # each tenth stream batch comes again


class Place(Protocol):
    """Where handlers are called: what they answer, and what they asked for."""

    def invoke(self, function: str, event: dict[str, Any]) -> tuple[Any, dict[str, float]]: ...
    def inventory_stream(self, begin: str) -> Stream: ...


@dataclass(slots=True)
class State:
    """How far a replay came. `sequence` is the newest stream record that was projected; `used` is by function."""

    seed: int
    month: str = ""
    steps: int = 0
    lines: int = 0
    sent: int = 0
    sequence: str = ""
    batches: int = 0
    redelivered: int = 0
    seconds: float = 0
    used: dict[str, dict[str, float]] = field(default_factory=dict)

    def note(self, function: str, used: dict[str, float]) -> None:
        total = self.used.setdefault(function, {})
        for name, amount in used.items():
            total[name] = total.get(name, 0) + amount

    def save(self, path: Path) -> None:
        """In one step, so that whoever is killed while writing leaves the old state."""
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> State | None:
        try:
            return cls(**json.loads(path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None


class Replay:
    """One replay, from where its state stands."""

    def __init__(self, place: Place, state: State, stream_batch: int = STREAM_BATCH) -> None:
        self._place = place
        self._batch = stream_batch
        self.state = state
        self._stream = place.inventory_stream(state.sequence or BEGINNING)
        self._waiting: list[dict[str, Any]] = []

    def run(self, invocations: Iterable[Invocation], after_step: Callable[[State], bool]) -> bool:
        """Plays the invocations that are not done yet; True at the end, False when `after_step` says to stop."""
        for number, invocation in enumerate(invocations):
            if number < self.state.steps:
                continue
            self._apply(invocation.messages)
            self._project(self._batch)
            self.state.steps = number + 1
            self.state.sent += invocation.movements
            self.state.lines = invocation.lines
            if not after_step(self.state):
                return False
        self._project(1)
        after_step(self.state)
        return True

    def _apply(self, messages: Sequence[Sequence[Any]]) -> None:
        bodies = [
            {
                "v": 1,
                "kind": "movements",
                "source": SOURCE,
                "correlation_id": f"cd-{self.state.steps:016x}{number:016x}",
                "movements": list(movements),
                "replay": None,
            }
            for number, movements in enumerate(messages)
        ]
        answer = self._invoke("apply_movements", sqs_event("movements", map(json.dumps, bodies)))
        if answer["batchItemFailures"]:
            raise RuntimeError(f"apply_movements gave messages back: {answer}")

    def _project(self, at_least: int) -> None:
        self._waiting += filter(is_journaled, self._stream.read())
        while len(self._waiting) >= at_least:
            batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
            self._invoke("project_balances", {"Records": batch})
            self.state.sequence = batch[-1]["dynamodb"]["SequenceNumber"]
            self.state.batches += 1
            if self.state.batches % _REDELIVERED == 0:
                self.state.redelivered += 1
                self._invoke("project_balances", {"Records": batch}, "project_balances again")

    def _invoke(self, function: str, event: dict[str, Any], noted_as: str = "") -> Any:
        answer, used = self._place.invoke(function, event)
        self.state.note(noted_as or function, used)
        return answer
