"""A fact that could not be applied or delivered, as the domains hand it to the exceptions list."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MARK = ("exception", "occurrence", "run")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one fact was refused, and all that is needed to correct and replay it.

    `kind` names the class (unknown_item, conflicting_duplicate, …); `subject` is what has to be mended: refusals with
    the same kind, source and subject form one group. `fact` identifies the fact within its source, so that a
    redelivery is not counted twice; another content of one id is another fact. `message` is a whole message for the
    queue `route` that holds this one fact, and `pointer` the JSON pointer to it inside. `replay` is set when the fact
    came from a replay that failed again.

    `recurs` says what the same fact means when it comes again after it was dealt with. A refused movement that its
    source repeats was dealt with (False); a channel that refuses an item's value has refused it once more (True).
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
    recurs: bool = False


def content_id(fact: object) -> str:
    """96 bits over a fact's JSON: what tells two contents of one id apart."""
    text = json.dumps(fact, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def quoted(text: str) -> str:
    """A text from outside as one word of a command line: remedies are pasted into shells, and anyone names items."""
    return "'" + text.replace("'", "'\"'\"'") + "'"


def replay_mark(message: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    """Which replay a message belongs to: exception, occurrence and run; None when it carries no whole mark."""
    found = (message or {}).get("replay")
    if isinstance(found, dict) and all(isinstance(found.get(k), str) for k in _MARK):
        return found
    return None


Refuse = Callable[[Sequence[Refusal]], None]
"""Puts refusals on the exceptions list; returns when they are stored."""
