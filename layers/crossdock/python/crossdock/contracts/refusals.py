"""A fact that could not be applied or delivered, as the domains hand it to the exceptions list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one fact was refused, and all that is needed to correct and replay it.

    `kind` names the class (unknown_item, conflicting_duplicate, …); `subject` is what has to be mended: refusals with
    the same kind, source and subject form one group. `fact` identifies the fact within its source, so that a
    redelivery is not counted twice. `message` is a whole message for the queue `route` that holds this one fact, and
    `pointer` the JSON pointer to it inside. `replay` is set when the fact came from a replay that failed again.
    """

    kind: str
    source: str
    subject: str
    fact: str
    detail: str
    remedy: str
    route: str
    message: Mapping[str, Any]
    pointer: str
    correlation_id: str
    replay: Mapping[str, str] | None = None


Refuse = Callable[[Sequence[Refusal]], None]
"""Puts refusals on the exceptions list; returns when they are stored."""
