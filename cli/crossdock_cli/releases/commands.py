"""`crossdock rollback` and `crossdock versions …`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.releases import aliases, choosing
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossdock_cli.releases.aliases import Deployed
    from crossdock_cli.releases.choosing import Turn
    from crossdock_cli.target import Target

ROLLBACK_EXAMPLE: Final = (
    "Examples: [bold]crossdock --stage prod rollback --all --dry-run[/bold] · "
    "[bold]crossdock --stage prod rollback --function quote_prices[/bold]"
)
_UTC: Final = "%Y-%m-%dT%H:%M:%SZ"
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]

app = typer.Typer(help="Versions of the deployed functions: look at them, remove old ones.", no_args_is_help=True)


def rollback_command(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Every function that the last release changed.")] = False,
    function: Annotated[str | None, typer.Option(help="One function, by its folder's name.")] = None,
    to: Annotated[int | None, typer.Option(min=1, help="With --function: this version, older or newer.")] = None,
    before: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="With --all: versions published before this one (2026-11-22T10:00:00Z)."),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let callers reach the version before again: all at once, in seconds, without a deployment.

    The functions of the API go back first, those that read their messages last. What stays as it is deployed:
    tables, queues, rules, the configuration of anything but functions (docs/runbooks/rollback.md). The next deployment
    of another version shifts forward again.
    """
    if everything == (function is not None):
        raise typer.BadParameter("name a --function, or say --all")
    if to is not None and everything:
        raise typer.BadParameter("--to goes with --function")
    if before is not None and not everything:
        raise typer.BadParameter("--before goes with --all")
    target = connect(ctx.obj)
    _nothing_under_way(target)
    functions = aliases.deployed(target)
    turns = [choosing.one(functions, target.function_name(function), to)] if function else _release(functions, before)
    _can_go_back(turns)
    if not dry_run:
        _move(target, turns)
    documents = [_turned(turn) for turn in turns]
    if as_json:
        emit_json({"done": not dry_run, "functions": documents})
        return
    rows = [(d["function"], d["from"], d["to"], d["published"]) for d in documents]
    if rows:
        console.print(table(("function", ">from", ">to", "published"), rows))
    console.print(f"{len(turns)} {'would go' if dry_run else 'went'} back, {len(functions) - len(turns)} stay")


@app.command("list", epilog="Example: [bold]crossdock --stage prod versions list[/bold]")
def list_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show which version of each function callers reach, since when it exists, and which others are kept."""
    functions = aliases.deployed(connect(ctx.obj))
    documents = [_shown(f) for f in functions]
    if as_json:
        emit_json(documents)
        return
    rows = [(d["function"], d["live"], d["shifting"], d["published"], " ".join(map(str, d["kept"]))) for d in documents]
    console.print(table(("function", ">live", ">shifting to", "published", "kept"), rows))


@app.command("prune", epilog="Example: [bold]crossdock --stage prod versions prune --keep 3 --dry-run[/bold]")
def prune_command(
    ctx: typer.Context,
    keep: Annotated[int, typer.Option(min=1, help="How many before the one that callers reach stay.")] = 3,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Remove old versions. Each one of the API keeps a snapshot of its start, which is paid for while it exists."""
    target = connect(ctx.obj)
    _nothing_under_way(target)
    spare = [(f, v.number) for f in aliases.deployed(target) for v in choosing.spare(f, keep)]
    if not dry_run:
        for function, number in spare:
            aliases.remove(target, function, number)
    if as_json:
        emit_json({"done": not dry_run, "versions": [{"function": f.name, "version": n} for f, n in spare]})
        return
    for function, number in spare:
        console.print(f"{function.name} {number}", markup=False)
    console.print(f"{len(spare)} {'would be' if dry_run else 'were'} removed")


def _nothing_under_way(target: Target) -> None:
    if busy := aliases.updating(target):
        stack = target.name(busy[0])
        raise CliError(
            f"a deployment is under way: {stack} is being updated",
            f"stop it, and it goes back by itself: aws cloudformation cancel-update-stack --stack-name {stack}",
        )


def _release(functions: Sequence[Deployed], before: str | None) -> list[Turn]:
    if before is None:
        return choosing.back(functions, choosing.last_release(functions))
    try:
        instant = datetime.fromisoformat(before)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise CliError(f"--before {before}: not an instant with its offset", "write it so: 2026-11-22T10:00:00Z")
    return choosing.back(functions, instant)


def _can_go_back(turns: Sequence[Turn]) -> None:
    """All or none: half a release is no version of anything."""
    lost = [turn.function.name for turn in turns if turn.to is None]
    if lost:
        raise CliError(
            f"nothing older is kept of {', '.join(lost)}; nothing was turned back",
            "deploy the commit before: git checkout <commit> && make deploy STAGE=<stage>",
        )


def _move(target: Target, turns: Sequence[Turn]) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as bar:
        task = bar.add_task("turning back", total=len(turns))
        pairs = [(turn.function, turn.to.number) for turn in turns if turn.to]
        aliases.move(target, pairs, lambda *_: bar.advance(task))


def _turned(turn: Turn) -> dict[str, Any]:
    found, to = turn.function, turn.to
    return {
        "function": found.name,
        "stack": found.stack,
        "from": found.shifting or found.live,
        "to": to.number if to else None,
        "published": to.at.strftime(_UTC) if to else None,
    }


def _shown(function: Deployed) -> dict[str, Any]:
    live = function.version(function.live)
    return {
        "function": function.name,
        "stack": function.stack,
        "live": function.live,
        "shifting": function.shifting,
        "published": live.at.strftime(_UTC) if live else None,
        "kept": [v.number for v in function.versions if v.number != function.live],
    }
