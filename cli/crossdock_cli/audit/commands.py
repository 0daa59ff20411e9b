"""`crossdock audit …`: what operators changed, and whether the trail is whole."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.platform.clock import from_text, system_clock
from crossdock_cli.audit.listening import TABLE
from crossdock_cli.audit.trail import Trail, broken_at
from crossdock_cli.errors import EXIT_FAILED
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from crossdock_cli.audit.record import Kept

app = typer.Typer(help="The audit trail: who changed what, when and why.", no_args_is_help=True)


@app.command("list", epilog="Example: [bold]crossdock --stage prod audit list --days 30 --command partners[/bold]")
def list_command(
    ctx: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=36_600, help="So many days back from now.")] = 7,
    command: Annotated[str, typer.Option(help="Commands that begin so, such as 'partners' or 'sources rotate'.")] = "",
    by: Annotated[str, typer.Option(help="Part of who AWS says it was.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the commands that changed something, newest first, with how each ended."""
    found = [
        one
        for one in listing(connect(ctx.obj), days)
        if one["command"].startswith(command) and by.lower() in one["by"].lower()
    ]
    if as_json:
        emit_json(found)
        return
    if not found:
        console.print("nobody changed anything")
        return
    columns = (">no", "at", "as", "command", "given", "why", "ended", "changed")
    console.print(table(columns, [_line(one) for one in found]), markup=False)


@app.command("verify", epilog="Example: [bold]crossdock audit verify --seal 41:9f2c…[/bold]")
def verify_command(
    ctx: typer.Context,
    seal: Annotated[str, typer.Option(help="NUMBER:SEAL as an earlier check printed it, noted elsewhere.")] = "",
    as_json: AsJson = False,
) -> None:
    """Check that no record was changed, taken out or put in; ends with 1 if so. Note the last seal somewhere else."""
    broken, last = broken_at(_trail(connect(ctx.obj)).records())
    if broken is None and seal:
        broken = _other_than_noted(_trail(connect(ctx.obj)), seal)
    state: dict[str, Any] = {"whole": broken is None, "broken_at": broken, "records": last.number if last else 0}
    state["seal"] = f"{last.number}:{last.seal}" if last else None
    if as_json:
        emit_json(state)
    elif broken is None:
        console.print(f"{state['records']} records, whole; the last seal: {state['seal'] or 'none'}", markup=False)
    else:
        console.print(f"[red]the trail is broken at record {broken}[/red]: it was changed, taken out or put in")
    if broken is not None:
        raise typer.Exit(EXIT_FAILED)


def _other_than_noted(trail: Trail, noted: str) -> int | None:
    number, _, seal = noted.partition(":")
    if not number.isdigit() or not seal:
        raise typer.BadParameter(f"--seal {noted}: write NUMBER:SEAL, as `crossdock audit verify` prints it")
    found = next((kept for kept in trail.records() if kept.number == int(number)), None)
    return None if found and found.seal == seal else int(number)


def listing(target: Target, days: int) -> list[dict[str, Any]]:
    """The beginnings of so many days, newest first, each with its end: `ended` is None for a command that died."""
    since = system_clock() - timedelta(days=days)
    found: list[dict[str, Any]] = []
    ends: dict[int, Kept] = {}
    for kept in _trail(target).newest_first():
        if from_text(kept.record.at) < since:
            break
        if kept.record.of is not None:
            ends[kept.record.of] = kept
        else:
            found.append(_told(kept, ends.get(kept.number)))
    return found


def _told(began: Kept, end: Kept | None) -> dict[str, Any]:
    record = began.record
    told = {n: getattr(record, n) for n in ("at", "by", "stage", "command", "given", "why", "version")}
    if end is None:
        return {"number": began.number, **told, "ended": None, "code": None, "changes": {}}
    ended = {"ended": end.record.at, "code": end.record.code, "changes": dict(end.record.changes)}
    return {"number": began.number, **told, **ended}


def _line(one: dict[str, Any]) -> tuple[object, ...]:
    given = " ".join(f"{n}={v if not isinstance(v, list) else ','.join(map(str, v))}" for n, v in one["given"].items())
    ended = "not known" if one["ended"] is None else "done" if one["code"] == 0 else f"failed ({one['code']})"
    who = one["by"].rsplit(":", 1)[-1]
    return one["number"], one["at"], who, one["command"], given, one["why"], ended, sum(one["changes"].values())


def _trail(target: Target) -> Trail:
    return Trail(target.dynamodb, target.name(TABLE))
