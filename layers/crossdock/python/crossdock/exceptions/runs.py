"""A replay run: which facts it sends again, how, at which rate, and how far it has come.

    draft ── previewed ── running ⇄ paused
                             └───── done

The facts of a run are chosen once, when it is drafted, and each has a row of its own, so that what was previewed is
what is sent, and whoever goes on with a run after a death knows which facts are done.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from crossdock.exceptions.model import OPEN, REPLAYING, SETTLED, Occurrence


class RunState(StrEnum):
    """Where a run stands; a running one may have lost its worker, and is taken over by `resume`."""

    DRAFT = "draft"
    PREVIEWED = "previewed"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"


class FactState(StrEnum):
    """Where one fact of a run stands: SENDING is marked as being replayed, and perhaps on its queue already."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    PASSED = "passed"


class Payload(StrEnum):
    """What is sent: as it came, as it was corrected (where it was), or mapped anew from the delivery it came in."""

    ORIGINAL = "original"
    CORRECTED = "corrected"
    REMAPPED = "remapped"


class Subscribers(StrEnum):
    """Who is sent to: the queue the fact fell out of, or everybody whom such a fact goes to today."""

    ORIGINAL = "original"
    CURRENT = "current"


UNDONE: Final = (OPEN,)
AGAIN: Final = (OPEN, REPLAYING, SETTLED)
"""What is replayed once more on demand: also what went through, and what is on its way. Not what was closed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which facts: of these groups (all, if none is named), of one occurrence, a source, a kind, and seen in
    [since, until) (RFC 3339 UTC), as far as they stand in one of `states`.
    """

    groups: tuple[str, ...] = ()
    occurrence: str | None = None
    source: str | None = None
    kind: str | None = None
    since: str | None = None
    until: str | None = None
    states: tuple[str, ...] = UNDONE

    def takes(self, occurrence: Occurrence) -> bool:
        """Whether a fact of a chosen group is one of these."""
        return (
            occurrence.state in self.states
            and self.occurrence in {None, occurrence.id}
            and (self.since is None or occurrence.seen_at >= self.since)
            and (self.until is None or occurrence.seen_at < self.until)
        )


@dataclass(frozen=True, slots=True)
class Options:
    """How: `rate` is facts a second, 0 as fast as it goes. `override` is the reason for lifting a fact's version above
    what is stored of it; without one the version gate holds, and what is older than what is stored changes nothing.
    """

    payload: Payload = Payload.CORRECTED
    subscribers: Subscribers = Subscribers.ORIGINAL
    rate: int = 0
    override: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands. `worker` is who works it off, or did last; instants are RFC 3339 UTC."""

    id: str
    state: RunState
    selection: Selection
    options: Options
    by: str
    why: str | None
    made_at: str
    facts: int
    sent: int = 0
    passed_over: int = 0
    worker: str | None = None
    verdicts: Mapping[str, int] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """Facts that are neither sent nor passed over."""
        return self.facts - self.sent - self.passed_over


@dataclass(frozen=True, slots=True)
class RunFact:
    """One fact of a run. `basis` is a hash over what is to be sent, from the preview; `why` says why it was passed
    over, or what the preview found.
    """

    group: str
    occurrence: str
    state: FactState = FactState.PLANNED
    basis: str | None = None
    why: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The ids of its group and of the occurrence."""
        return self.group, self.occurrence


def new_id() -> str:
    """An id for a run or a worker."""
    return uuid.uuid4().hex[:12]


def marked(message: Mapping[str, Any], fact: RunFact, run: str) -> dict[str, Any]:
    """A message with the mark of its replay. It names the run: a redelivery is known by it, and a second run is new."""
    return {**message, "replay": {"exception": fact.group, "occurrence": fact.occurrence, "run": run}}
