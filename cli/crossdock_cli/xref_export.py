"""`crossdock xref export`: all cross-references, sorted, as a file that can be imported again."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from crossdock.contracts.xrefs import KINDS, CrossReference
from crossdock.identity.xref_bulk import every_reference
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, errors
from crossdock_cli.target import Target, connect
from crossdock_cli.xref_files import form_of, row_of, texts_of
from crossdock_cli.xref_words import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLE: Final = "Example: [bold]crossdock xref export customers.csv --kind customer[/bold]"


def command(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(dir_okay=False, help="CSV or JSON Lines; none: the output.")] = None,
    form: Annotated[str | None, typer.Option("--format", help="csv or jsonl; else by the file's name.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Of this kind only.")] = None,
    system: Annotated[str | None, typer.Option(help="Of this system only.")] = None,
    in_force: Annotated[bool, typer.Option("--in-force", help="Without those that do not count now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Export cross-references, sorted by kind, our id, system and code. Reads the whole table."""
    chosen = form_of(file, form)
    wanted_kind = kind_of(kind) if kind else None
    now = system_clock()
    found = [
        r
        for r in _read(connect(ctx.obj))
        if wanted_kind in {None, r.kind}
        and system in {None, r.system}
        and (not in_force or r.standing(now) == "in_force")
    ]
    found.sort(key=lambda r: (KINDS.index(r.kind), r.canonical, r.system, r.external))
    if file is None:
        if as_json:
            emit_json([row_of(r) for r in found])
        else:
            sys.stdout.writelines(texts_of(map(row_of, found), chosen))
        return
    _write(file, found, chosen)
    if as_json:
        emit_json({"file": str(file), "references": len(found)})
    else:
        console.print(f"{len(found):,} cross-references are in {file}", markup=False)


def _read(target: Target) -> list[CrossReference]:
    found: list[CrossReference] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task("reading", total=None)
        for page in every_reference(Table(target.dynamodb, target.name("identity"))):
            found += page
            bar.update(task, description=f"reading: {len(found):,} cross-references")
    return found


def _write(file: Path, references: Iterable[CrossReference], form: str) -> None:
    """Written beside it and put in its place: whoever reads the file finds a whole one."""
    beside = file.with_name(f".{file.name}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="") as out:
            out.writelines(texts_of(map(row_of, references), form))
        beside.replace(file)
    except OSError as exc:
        beside.unlink(missing_ok=True)
        raise CliError(
            f"{file} cannot be written: {exc.strerror}", "name a file in a folder that you may write"
        ) from exc
