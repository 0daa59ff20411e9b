"""`crossdock exceptions correct`, `assign` and `close`: what a person does about a refused fact but send it again."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path  # noqa: TC003 - Typer reads the annotation when it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import Progress

from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import (
    NOTHING_OPEN,
    OPERATOR,
    By,
    GroupId,
    OnlyOccurrence,
    Why,
    group_of,
    instant,
    store_of,
)
from crossdock_cli.exceptions.mended import (
    assigned,
    check_basis,
    close_facts,
    correction,
    keep_corrections,
    open_facts,
)
from crossdock_cli.output import AsJson, console, emit_json, errors
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def correct_command(
    ctx: typer.Context,
    group: GroupId,
    why: Why,
    assign: Annotated[
        list[str] | None,
        typer.Option("--set", help='FIELD=VALUE of the fact; a value that is JSON is read as JSON ("6" stays a text).'),
    ] = None,
    patch: Annotated[Path | None, typer.Option(help="A file with a JSON Patch (RFC 6902) on the message.")] = None,
    occurrence: OnlyOccurrence = None,
    basis_: Annotated[
        str | None, typer.Option("--basis", help="The basis that show named: only if the payload is still that one.")
    ] = None,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Correct the payload of refused facts. The original is kept, and who corrected what and why."""
    store = store_of(connect(ctx.obj))
    group_of(store, group)
    if not assign and not patch:
        raise CliError("nothing to correct was given", "give --set FIELD=VALUE, or --patch FILE")
    facts = list(open_facts(store, group, occurrence))
    for fact in facts:
        check_basis(fact, basis_)
    operations = _patch(patch) if patch else []
    with _bar("correcting", len(facts)) as advance:
        wanted = [correction(fact, operations + assigned(fact, assign or [])) for fact in facts]
        corrected = keep_corrections(store, wanted, by, why, advance)
    if as_json:
        emit_json({"corrected": corrected})
        return
    if not corrected:
        console.print(NOTHING_OPEN)
        return
    console.print(f"corrected {len(corrected)}; next: crossdock exceptions replay {group}")


@contextmanager
def _bar(doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; what it gives is told of each step."""
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda done: bar.advance(task, done)


def assign_command(
    ctx: typer.Context,
    group: GroupId,
    owner: Annotated[str, typer.Argument(help="Who is to mend it: a person, a team.")],
    due: Annotated[str | None, typer.Option(help="Until when: an instant (RFC 3339), or from now: 4h, 2d.")] = None,
    why: Annotated[str | None, typer.Option(help="Why; kept in the history.")] = None,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Give a group to somebody. What the configuration says is only who gets it first."""
    if not owner.isprintable() or not owner.strip():
        raise CliError("OWNER: nobody's name", "give a name of printable letters")
    store = store_of(connect(ctx.obj))
    group_of(store, group)
    until = instant(due, "--due", ahead=True) if due else None
    store.assign(group, owner, until, by, why)
    head = group_of(store, group)
    if as_json:
        emit_json({"id": group, "owner": head.owner, "due": head.due})
        return
    console.print(escape(f"{group} belongs to {head.owner}" + (f", due {head.due}" if head.due else "")))


def close_command(
    ctx: typer.Context,
    group: GroupId,
    why: Why,
    occurrence: OnlyOccurrence = None,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """End exceptions without applying them; who and why is kept."""
    store = store_of(connect(ctx.obj))
    group_of(store, group)
    facts = list(open_facts(store, group, occurrence))
    with _bar("closing", len(facts)) as advance:
        closed = close_facts(store, facts, by, why, advance)
    if as_json:
        emit_json({"closed": closed})
        return
    console.print(f"closed {closed}" if closed else NOTHING_OPEN)


def _patch(file: Path) -> list[dict[str, Any]]:
    remedy = "give a file with a JSON list of RFC 6902 operations"
    try:
        operations = json.loads(file.read_text())
    except (OSError, ValueError) as exc:
        raise CliError(f"--patch {file}: {exc}", remedy) from exc
    if not isinstance(operations, list):
        raise CliError(f"--patch {file}: it holds no list", remedy)
    return operations
