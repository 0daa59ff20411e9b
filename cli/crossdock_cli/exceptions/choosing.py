"""Choosing facts for a replay and looking at what would become of them, for whoever asks: commands and the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crossdock.exceptions.model import CLOSED, OPEN
from crossdock.exceptions.runs import new_id
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import group_of
from crossdock_cli.exceptions.previewing import Preview

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossdock.exceptions.replaying import Replayer
    from crossdock.exceptions.runs import Run


def check_group(replayer: Replayer, group: str, occurrence: str | None, *, again: bool) -> None:
    """Raises CliError when there is no such group, or its fact does not stand as a replay needs it."""
    group_of(replayer.exceptions, group)
    if occurrence is None:
        return
    found = replayer.exceptions.occurrence(group, occurrence)
    if found is None:
        raise CliError(f"'{group}' has no occurrence '{occurrence}'", f"see: crossdock exceptions show {group}")
    if found.state != OPEN and (not again or found.state == CLOSED):
        raise CliError(f"{occurrence} is {found.state}, not open", f"see: crossdock exceptions show {group}")


def previewed(replayer: Replayer, run: Run, advance: Callable[[int], None] = lambda _: None) -> Preview:
    """A dry run, added up. Raises CliError when nothing of what was chosen can be sent."""
    preview = Preview()
    for foreseen in replayer.preview(run):
        preview.add(foreseen)
        advance(1)
    if not preview.sendable and preview.reasons:
        raise CliError(f"this cannot be replayed: {preview.reasons[0]}", f"crossdock exceptions runs show {run.id}")
    return preview


def begun(replayer: Replayer, run_id: str, by: str, rate: int | None = None) -> tuple[Run, str]:
    """Makes a new worker the one that works a run off: the run, and who it is. Raises CliError when none may."""
    worker = new_id()
    if not replayer.runs.begin(run_id, worker, by, rate):
        run = replayer.runs.run(run_id)
        standing = run.state.value if run else "not there"
        raise CliError(f"run {run_id} is {standing}", f"see: crossdock exceptions runs show {run_id}")
    run = replayer.runs.run(run_id)
    assert run is not None  # noqa: S101 - it was begun a moment ago
    return run, worker


def run_document(run: Run) -> dict[str, Any]:
    """A run for programs."""
    return {
        "run": run.id,
        "state": run.state.value,
        "facts": run.facts,
        "sent": run.sent,
        "passed_over": run.passed_over,
        "left": run.left,
        "rate": run.options.rate,
        "payload": run.options.payload.value,
        "subscribers": run.options.subscribers.value,
        "override": run.options.override,
        "by": run.by,
        "made_at": run.made_at,
        "verdicts": dict(run.verdicts),
    }
