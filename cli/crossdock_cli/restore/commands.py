"""`crossdock restore …`: what is done by hand after a mistake that destroyed rows (docs/runbooks/restore.md)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from crossdock_cli.errors import EXIT_FAILED, CliError
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.restore import tables
from crossdock_cli.restore.comparing import Difference, Pair, State, count
from crossdock_cli.target import LOCAL, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN: Final = 20
_NAMES: Final = ", ".join(tables.TABLES)
app = typer.Typer(help="Put back what was destroyed, from the tables' own history.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="TABLE", help=f"One of {_NAMES}.")]
Copy = Annotated[str, typer.Argument(metavar="COPY", help="A copy that `restore table` made: see `restore list`.")]
Prefix = Annotated[str, typer.Option(help="Only rows whose partition key begins so, such as M#85123A#.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@app.command("table", epilog="Example: [bold]crossdock restore table inventory --at 2026-11-22T10:00:00Z[/bold]")
def table_command(
    ctx: typer.Context,
    name: Name,
    at: Annotated[str, typer.Option(metavar="INSTANT", help="The last moment at which all was well.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make a copy of a table as it was at an instant of the last 35 days. The table itself stays as it is."""
    moment = tables.instant(at)
    tables.check_table(name)
    target = connect(ctx.obj)
    tables.check_window(target, name, moment)
    copy = tables.copy_name(name, moment)
    if not dry_run:
        tables.begin(target, name, moment, copy)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=errors, disable=not errors.is_terminal) as bar:
            task = bar.add_task(f"making {copy}")
            tables.wait(target, copy, lambda status: bar.update(task, description=f"making {copy}: {status.lower()}"))
    if as_json:
        emit_json({"done": not dry_run, "table": name, "copy": copy, "at": moment.isoformat()})
        return
    if target.stage == LOCAL:
        errors.print("the local engine keeps no history: this copy is of the table as it is now")
    console.print(f"{copy} {'would be made' if dry_run else 'is there'}; next: crossdock restore compare {name} {copy}")


@app.command("list", epilog="Example: [bold]crossdock restore list[/bold]")
def list_command(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show the copies there are. Each is paid for until it is dropped."""
    found = tables.copies(connect(ctx.obj))
    if as_json:
        emit_json(found)
        return
    console.print(table(("copy", "status", ">rows", ">bytes"), [tuple(c.values()) for c in found]))


@app.command(
    "compare", epilog="Example: [bold]crossdock restore compare inventory inventory-restored-20261122T100000Z[/bold]"
)
def compare_command(ctx: typer.Context, name: Name, copy: Copy, prefix: Prefix = "", as_json: AsJson = False) -> None:
    """Count, by kind of row, what is missing or different now, and what is new. Exit code 1 when something is missing.

    Different is what changed since the copy, mostly rightly; missing is what somebody deleted.
    """
    tables.check_copy(tables.check_table(name), copy)
    pair = Pair(connect(ctx.obj), name, copy, prefix)
    found = count(_seen(pair, "comparing"))
    if as_json:
        emit_json({"table": name, "copy": copy, "kinds": {kind: dict(c) for kind, c in found.items()}})
    else:
        rows = [(kind, *(c[s.value] for s in State)) for kind, c in found.items()]
        console.print(table(("rows", *(f">{s.value}" for s in State)), rows), markup=False)
        console.print(f"{sum(c[State.MISSING.value] for c in found.values())} rows are missing")
    if any(c[State.MISSING.value] for c in found.values()):
        raise typer.Exit(EXIT_FAILED)


@app.command(
    "rows",
    epilog="Example: [bold]crossdock restore rows inventory inventory-restored-20261122T100000Z --prefix M#[/bold]",
)
def rows_command(
    ctx: typer.Context,
    name: Name,
    copy: Copy,
    prefix: Prefix = "",
    different: Annotated[
        bool, typer.Option("--different", help="Put those back too that are there but not as they were.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put back the rows that are missing, as they were. What is there stays, unless --different and a --prefix say so.

    A row that anybody writes meanwhile is left to them. Whoever follows the table's stream hears of each row as of a
    new one: the order of the steps is in docs/runbooks/restore.md.
    """
    tables.check_copy(tables.check_table(name), copy)
    if different and not prefix:
        raise CliError(
            "--different without --prefix would undo every change since the copy, in the whole table",
            "name the rows: --prefix M#85123A#",
        )
    pair = Pair(connect(ctx.obj), name, copy, prefix)
    wanted = {State.MISSING, State.DIFFERENT} if different else {State.MISSING}
    done: Counter[str] = Counter()
    overtaken: list[str] = []
    for found in _seen(pair, "putting back"):
        if found.state in wanted:
            if dry_run or pair.put_back(found):
                done[found.kind] += 1
            else:
                overtaken.append(" ".join(found.key))
    if as_json:
        emit_json({"done": not dry_run, "rows": dict(sorted(done.items())), "overtaken": overtaken})
    else:
        _print(done, overtaken, dry_run=dry_run)
    if overtaken:
        raise typer.Exit(EXIT_FAILED)


@app.command("drop", epilog="Example: [bold]crossdock restore drop inventory-restored-20261122T100000Z[/bold]")
def drop_command(ctx: typer.Context, copy: Copy, as_json: AsJson = False) -> None:
    """Remove a copy, when all is well again."""
    tables.drop(connect(ctx.obj), copy)
    if as_json:
        emit_json({"dropped": copy})
        return
    console.print(f"{escape(copy)} is gone")


def _seen(pair: Pair, doing: str) -> Iterator[Difference]:
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed} differences"), TimeElapsedColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as bar:
        task = bar.add_task(doing, total=None)
        for found in pair.differences():
            bar.advance(task)
            yield found


def _print(done: Counter[str], overtaken: list[str], *, dry_run: bool) -> None:
    rows: list[tuple[Any, ...]] = sorted(done.items())
    console.print(table(("rows", ">would be put back" if dry_run else ">put back"), rows), markup=False)
    for key in overtaken[:_SHOWN]:
        console.print(f"written meanwhile, left as it is: {key}", markup=False)
    if len(overtaken) > _SHOWN:
        console.print(f"and {len(overtaken) - _SHOWN} more")
