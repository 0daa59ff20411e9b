"""`crossdock exceptions replay`: chooses facts, says what would change, sends them back where they fell out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from crossdock.exceptions.model import CLOSED, OPEN
from crossdock.exceptions.run_store import RunStoppedError
from crossdock.exceptions.runs import AGAIN, UNDONE, Options, Payload, Run, RunState, Selection, Subscribers
from crossdock.platform.clock import to_text
from crossdock_cli.errors import CliError, StoppedError
from crossdock_cli.exceptions.choosing import begun, check_group, previewed, run_document
from crossdock_cli.exceptions.common import NOTHING_OPEN, OPERATOR, By, OnlyOccurrence, instant
from crossdock_cli.exceptions.machinery import replayer_of
from crossdock_cli.exceptions.previewing import Preview, print_preview
from crossdock_cli.output import AsJson, console, emit_json, errors
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.exceptions.replaying import Replayer
    from crossdock_cli.target import Target

_FASTEST: Final = 10_000


def command(
    ctx: typer.Context,
    group: Annotated[str | None, typer.Argument(help="A line of the list; or choose by the options.")] = None,
    occurrence: OnlyOccurrence = None,
    source: Annotated[str | None, typer.Option(help="What this source sent, or this channel refused.")] = None,
    kind: Annotated[str | None, typer.Option(help="Of this kind only, such as unknown_item.")] = None,
    since: Annotated[str | None, typer.Option(help="Refused since: RFC 3339, or so long ago: 4h, 2d.")] = None,
    until: Annotated[str | None, typer.Option(help="Refused before: RFC 3339, or so long ago.")] = None,
    payload: Annotated[
        Payload, typer.Option("--as", help="corrected (where it was), original, or remapped: from the delivery, today.")
    ] = Payload.CORRECTED,
    subscribers: Annotated[
        Subscribers, typer.Option(help="original: the queue it fell out of; current: all whom it goes to today.")
    ] = Subscribers.ORIGINAL,
    rate: Annotated[int, typer.Option(min=0, max=_FASTEST, help="Facts a second; 0: as fast as it goes.")] = 0,
    again: Annotated[
        bool, typer.Option("--again", help="Also what is being replayed or went through; not what was closed.")
    ] = False,
    override: Annotated[
        str | None,
        typer.Option("--override-versions", help="The reason for stating older facts again, above what is stored."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and send nothing.")] = False,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Send refused facts back into the path they fell out of; one, a group, a source, a time range.

    Ctrl-C loses nothing: go on with `crossdock exceptions runs resume RUN`, from any terminal.
    """
    target = connect(ctx.obj)
    replayer = replayer_of(target)
    if source is not None:
        _check_source(target, replayer, source)
    if override is not None and not override.strip():
        raise CliError("--override-versions: no reason", "say why what is older should count")
    if group is not None:
        check_group(replayer, group, occurrence, again=again)
    elif not (source or kind or since or until):
        raise CliError("nothing says which facts", "give a GROUP, --source, --kind, --since or --until")
    selection = Selection(
        groups=(group,) if group else (),
        occurrence=occurrence,
        source=source,
        kind=kind,
        since=to_text(instant(since, "--since")) if since else None,
        until=to_text(instant(until, "--until")) if until else None,
        states=AGAIN if again else UNDONE,
    )
    run = replayer.draft(selection, Options(payload, subscribers, rate, override), by, override)
    preview = _previewed(replayer, run)
    if dry_run:
        print_preview(run, preview, as_json=as_json)
        return
    if run.facts == 0:
        _say_nothing(run, again=again, as_json=as_json)
        return
    done = work(replayer, run.id, by)
    if as_json:
        emit_json(run_document(done))
        return
    console.print(f"run {done.id}: {done.sent} sent, {done.passed_over} passed over")
    console.print(f"[dim]see how it ended: crossdock exceptions {f'show {group}' if group else 'list'}[/dim]")


def _check_source(target: Target, replayer: Replayer, source: str) -> None:
    """Raises CliError for a name that neither the stage nor any exception knows: most likely it is mistyped."""
    known = {*target.secret_names("sources"), *target.secret_names("channels")}
    if source in known or any(g.source == source for s in (OPEN, CLOSED) for g in replayer.exceptions.groups(s)):
        return
    raise CliError(f"nothing comes from a source or channel '{source}'", f"known here: {', '.join(sorted(known))}")


def work(replayer: Replayer, run_id: str, by: str, rate: int | None = None) -> Run:
    """Works a run off under a bar, from wherever it stands. Raises CliError when it was stopped from elsewhere."""
    run, worker = begun(replayer, run_id, by, rate)
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("replaying", total=run.facts, completed=run.sent + run.passed_over)
        try:
            return replayer.work(run, worker, by, lambda done: bar.advance(task, done))
        except RunStoppedError as exc:
            now = replayer.runs.run(run_id) or run
            how = "was paused" if now.state is RunState.PAUSED else "is worked off by somebody else now"
            raise CliError(
                f"run {run_id} {how}: {now.sent} of {now.facts} sent, {now.left} left",
                f"go on: crossdock exceptions runs resume {run_id}",
            ) from exc
        except KeyboardInterrupt as exc:
            raise StoppedError(
                f"run {run_id} was left where it is", f"go on: crossdock exceptions runs resume {run_id}"
            ) from exc


def _previewed(replayer: Replayer, run: Run) -> Preview:
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("looking", total=run.facts)
        return previewed(replayer, run, lambda done: bar.advance(task, done))


def _say_nothing(run: Run, *, again: bool, as_json: bool) -> None:
    if as_json:
        emit_json(run_document(run))
        return
    hint = "" if again else "; what went through or is on its way is sent again with --again"
    console.print(f"{NOTHING_OPEN if run.selection.groups else 'no such fact is open'}{escape(hint)}")
