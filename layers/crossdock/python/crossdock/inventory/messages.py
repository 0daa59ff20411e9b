"""Messages of the movements queue: written by whoever accepts movements, read by whoever applies them.

Apart from the contracts on purpose: reconciliation writes such messages and validates none, so its function need not
import a validation library.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.contracts.refusals import replay_mark

ROUTE = "movements"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message from the movements queue: where it came from and its movements, unread.

    `delivery` is the id of the webhook that brought them, by which the inbox finds it, and `mapping` the version of the
    mapping that made them of it (`generic_wms/1`); None when they came another way.
    """

    source: str
    correlation_id: str
    movements: Sequence[Any]
    replay: Mapping[str, str] | None = None
    delivery: str | None = None
    mapping: str | None = None

    def alone(self, index: int) -> dict[str, Any]:
        """A whole message that holds just one of the movements: what an operator corrects and replays."""
        return envelope(self.source, self.correlation_id, [self.movements[index]], self.delivery, self.mapping)


def envelope(
    source: str,
    correlation_id: str,
    movements: Sequence[Any],
    delivery: str | None = None,
    mapping: str | None = None,
) -> dict[str, Any]:
    """A message for the movements queue."""
    return {
        "v": 1,
        "kind": "movements",
        "source": source,
        "correlation_id": correlation_id,
        "movements": list(movements),
        "replay": None,
        **({"delivery": delivery} if delivery else {}),
        **({"mapping": mapping} if mapping else {}),
    }


def read_envelope(message: Mapping[str, Any]) -> Envelope:
    """Reads a queue message. Raises ValueError naming the field that keeps it from being one."""
    source, movements = message.get("source"), message.get("movements")
    if message.get("v") != 1 or message.get("kind") != "movements":
        raise ValueError("v, kind: not a movements message of version 1")
    if not isinstance(source, str) or not source:
        raise ValueError("source: missing or not a text")
    if not isinstance(movements, list) or not movements:
        raise ValueError("movements: missing or not a list with at least one")
    correlation_id = str(message.get("correlation_id") or "unknown")
    return Envelope(
        source,
        correlation_id,
        movements,
        replay_mark(message),
        _text(message.get("delivery")),
        _text(message.get("mapping")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
