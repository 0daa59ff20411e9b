"""What the functions read and write, counted at their own clients: DynamoDB's operations and read units, by size."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crossdock.platform import clients
from tests.bench.capacity import units_read

if TYPE_CHECKING:
    from collections.abc import Iterator

_READS = frozenset({"GetItem", "BatchGetItem", "Query"})
_ADDING = threading.Lock()


@dataclass
class Metered:
    """Operations in the order of their answers; `rcu` is what the reads among them are billed, `keys` what they ask."""

    calls: list[str] = field(default_factory=list)
    rcu: float = 0
    keys: int = 0

    def note(self, operation: str, asked: dict[str, Any], answer: dict[str, Any]) -> None:
        """One more call."""
        read = units_read(operation, asked, answer) if operation in _READS else 0
        keys = sum(len(r["Keys"]) for r in asked.get("RequestItems", {}).values())
        with _ADDING:  # calls of one trip come from several threads
            self.calls.append(operation)
            self.rcu += read
            self.keys += keys


@contextmanager
def metered() -> Iterator[Metered]:
    """Counts what happens inside."""
    found = Metered()
    events = clients.dynamodb().meta.events

    def before(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["metered"] = params

    def after(parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        found.note(model.name, context["metered"], parsed)

    events.register("before-parameter-build.dynamodb", before)
    events.register("after-call.dynamodb", after)
    try:
        yield found
    finally:
        events.unregister("before-parameter-build.dynamodb", before)
        events.unregister("after-call.dynamodb", after)
