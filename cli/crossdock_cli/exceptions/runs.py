"""`crossdock exceptions runs`: replay runs from any terminal: how far they are, start, pause, go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape

from crossdock.exceptions.runs import FactState, RunState
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.choosing import run_document
from crossdock_cli.exceptions.common import OPERATOR, By
from crossdock_cli.exceptions.machinery import replayer_of, runs_of
from crossdock_cli.exceptions.replaying import work
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from crossdock.exceptions.run_store import RunStore
    from crossdock.exceptions.runs import Run

app = typer.Typer(help="Replay runs: how far they are, start, pause, go on.", no_args_is_help=True)

_SHOWN: Final = 10
RunId = Annotated[str, typer.Argument(help="A run, as `replay` names it and `runs list` shows it.")]
Rate = Annotated[int | None, typer.Option(min=0, max=10_000, help="Facts a second from now on; 0: as fast as it goes.")]


@app.command("list", epilog="Example: [bold]crossdock exceptions runs list[/bold]")
def list_command(
    ctx: typer.Context,
    state: Annotated[RunState | None, typer.Option(help="In this state only.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the runs, the latest first."""
    found = [run for run in runs_of(connect(ctx.obj)).runs() if state in {None, run.state}]
    if as_json:
        emit_json([run_document(run) for run in found])
        return
    if not found:
        console.print("there are no such runs")
        return
    rows = [(r.id, r.state.value, r.facts, r.sent, r.passed_over, r.left, r.by, r.made_at) for r in found]
    columns = ("run", "state", ">facts", ">sent", ">passed over", ">left", "by", "made")
    console.print(table(columns, rows), markup=False)


@app.command("show", epilog="Example: [bold]crossdock exceptions runs show 5b0e6a1f9c33[/bold]")
def show_command(ctx: typer.Context, run: RunId, as_json: AsJson = False) -> None:
    """Show a run: what it chose, how far it is, what was passed over and why, who did what with it."""
    store = runs_of(connect(ctx.obj))
    found = _run(store, run)
    over = [(f.group, f.occurrence, f.why) for f in store.facts(run, FactState.PASSED)]
    log = store.log(run)
    if as_json:
        passed = [{"group": group, "occurrence": fact, "why": why} for group, fact, why in over]
        emit_json({**run_document(found), "passed": passed, "log": log})
        return
    options = found.options
    console.print(f"[bold]run {found.id}[/bold]: {found.state.value}, made {found.made_at} by {escape(found.by)}")
    console.print(f"{found.facts} facts: {found.sent} sent, {found.passed_over} passed over, {found.left} left")
    rate = f"{options.rate} a second" if options.rate else "as fast as it goes"
    console.print(f"{options.payload.value} payloads to {options.subscribers.value} subscribers, {rate}")
    if options.override:
        console.print(escape(f"lifted over newer versions: {options.override}"))
    for verdict, count in found.verdicts.items():
        console.print(escape(f"  the preview: {count} {verdict}"))
    for group, fact, why in over[:_SHOWN]:
        console.print(escape(f"  passed over: {fact} of {group}: {why}"))
    if len(over) > _SHOWN:
        console.print(f"[dim]… and {len(over) - _SHOWN} more (--json shows all)[/dim]")
    for row in log:
        console.print(escape(f"{row['at']}  {row['to']}" + (f" by {row['by']}" if row.get("by") else "")))


@app.command("start", epilog="Example: [bold]crossdock exceptions runs start 5b0e6a1f9c33 --rate 20[/bold]")
def start_command(
    ctx: typer.Context, run: RunId, rate: Rate = None, by: By = OPERATOR, as_json: AsJson = False
) -> None:
    """Start a run that was previewed, and work it off."""
    _go_on(ctx, run, (RunState.PREVIEWED,), rate, by, as_json=as_json)


@app.command("resume", epilog="Example: [bold]crossdock exceptions runs resume 5b0e6a1f9c33[/bold]")
def resume_command(
    ctx: typer.Context, run: RunId, rate: Rate = None, by: By = OPERATOR, as_json: AsJson = False
) -> None:
    """Go on with a run that was paused or whose process died; one that somebody works off is taken over."""
    _go_on(ctx, run, (RunState.PAUSED, RunState.RUNNING), rate, by, as_json=as_json)


@app.command("pause", epilog="Example: [bold]crossdock exceptions runs pause 5b0e6a1f9c33[/bold]")
def pause_command(ctx: typer.Context, run: RunId, by: By = OPERATOR, as_json: AsJson = False) -> None:
    """Stop a run before its next batch, whoever works it off."""
    store = runs_of(connect(ctx.obj))
    found = _run(store, run)
    if not store.pause(run, by):
        raise CliError(f"run {run} is {found.state.value}, not running", f"see: crossdock exceptions runs show {run}")
    found = _run(store, run)
    if as_json:
        emit_json(run_document(found))
        return
    console.print(f"run {run} is paused: {found.sent} of {found.facts} sent, {found.left} left")
    console.print(f"[dim]go on: crossdock exceptions runs resume {run}[/dim]")


def _go_on(
    ctx: typer.Context, run: str, states: tuple[RunState, ...], rate: int | None, by: str, *, as_json: bool
) -> None:
    replayer = replayer_of(connect(ctx.obj))
    found = _run(replayer.runs, run)
    if found.state not in states:
        wanted = " or ".join(state.value for state in states)
        raise CliError(f"run {run} is {found.state.value}, not {wanted}", f"see: crossdock exceptions runs show {run}")
    done = work(replayer, run, by, rate)
    if as_json:
        emit_json(run_document(done))
        return
    console.print(f"run {done.id}: {done.sent} sent, {done.passed_over} passed over")


def _run(store: RunStore, run: str) -> Run:
    found = store.run(run)
    if found is None:
        raise CliError(f"there is no run '{run}'", "see: crossdock exceptions runs list")
    return found
