"""Replays as tests need them: a run made, previewed and worked off at once, or one fact marked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossdock.exceptions.model import OPEN, REPLAYING
from crossdock.exceptions.replaying import Pace, Prepared, Replayer, UnsendableError
from crossdock.exceptions.run_store import RunStore
from crossdock.exceptions.runs import Options, Run, Selection, new_id
from crossdock.exceptions.store import ExceptionsStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crossdock.exceptions.model import Occurrence
    from crossdock.platform.clock import Clock
    from crossdock.platform.dynamo import Table

Sent = "Sequence[tuple[str, Mapping[str, Any]]]"


class Exceptions(ExceptionsStore):
    """The exceptions, with a way to mark one fact as being replayed in a run that nobody made."""

    def begin_replay(self, occurrence: Occurrence, run: str, by: str) -> bool:
        """False when it is not open."""
        return occurrence.state == OPEN and self._move(occurrence, REPLAYING, run=run, by=by)


def as_corrected(occurrence: Occurrence, _: Options) -> Prepared:
    """Sends what is there to where it came from."""
    if not occurrence.route:
        raise UnsendableError("it has no way back")
    return Prepared(occurrence.message, [(occurrence.route, occurrence.message)], "would be sent")


def replayer(
    table: Table, clock: Clock, send: Callable[[Any], None], prepare: Callable[..., Prepared] = as_corrected
) -> Replayer:
    """A replayer whose time does not pass."""
    exceptions = Exceptions(table, clock)
    pace = lambda rate: Pace(rate, lambda: 0.0, lambda _: None)  # noqa: E731 - one line says it
    return Replayer(exceptions, RunStore(table, clock, exceptions), prepare, send, clock, pace=pace)


def run_through(found: Replayer, selection: Selection, options: Options | None = None) -> Run:
    """Drafts, previews and works a run off."""
    worker = new_id()
    run = found.draft(selection, options or Options(), "ann")
    list(found.preview(run))
    assert found.runs.begin(run.id, worker, "ann")
    return found.work(run, worker, "ann")


def replay(table: Table, clock: Clock, occurrences: Sequence[Occurrence]) -> list[tuple[str, Mapping[str, Any]]]:
    """Replays these facts of one group, each alone if they are not all of it; gives back what was sent."""
    sent: list[tuple[str, Mapping[str, Any]]] = []
    for occurrence in occurrences:
        run_through(replayer(table, clock, sent.extend), Selection((occurrence.group,), occurrence.id))
    return sent
