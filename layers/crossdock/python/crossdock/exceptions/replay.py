"""Replaying: the corrected (or original) fact goes back into the path it fell out of, marked with the run.

The mark lets the function that applies it settle the exception, and a run's own id keeps a second replay from being
taken for a repetition of the first.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.exceptions.model import OPEN, Occurrence
from crossdock.exceptions.store import ExceptionsStore

Send = Callable[[str, Mapping[str, Any]], None]
"""Puts a message on the queue of a route."""


@dataclass(slots=True)
class Run:
    """One replay: its id, the facts sent, and those that somebody else had moved on meanwhile."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    sent: int = 0
    passed_over: int = 0


def replay(
    store: ExceptionsStore,
    send: Send,
    occurrences: Iterable[Occurrence],
    by: str,
    sent: Callable[[], None] | None = None,
) -> Run:
    """Sends every open occurrence back; `sent` is called after each, for a progress bar.

    Marked first, then sent: a crash in between leaves a fact that is shown as being replayed and can be replayed
    again with `--stuck`, and never one that is applied unseen.
    """
    run = Run()
    for occurrence in occurrences:
        if occurrence.state == OPEN and store.begin_replay(occurrence, run.id, by):
            send(occurrence.route, marked(occurrence, run.id))
            run.sent += 1
        else:
            run.passed_over += 1
        if sent:
            sent()
    return run


def marked(occurrence: Occurrence, run: str) -> dict[str, Any]:
    """The message of an occurrence with the mark of its replay."""
    return {
        **occurrence.message,
        "replay": {"exception": occurrence.group, "occurrence": occurrence.id, "run": run},
    }


def send_again(store: ExceptionsStore, send: Send, occurrence: Occurrence) -> bool:
    """Sends a fact again whose replay has no outcome, in the same run: the fact itself is applied once at most."""
    current = store.occurrence(occurrence.group, occurrence.id)
    if current is None or current.run is None or current.state != "replaying":
        return False
    send(current.route, marked(current, current.run))
    return True
