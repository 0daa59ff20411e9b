"""`crossdock inventory rebuild …`: balances folded anew from their journals."""

from __future__ import annotations

import json
import time
from pathlib import Path  # noqa: TC003 - typer reads the annotation when it runs
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from crossdock.inventory.mending import Rebuilder, Rebuilt
from crossdock.inventory.rebuild_store import RebuildStore
from crossdock.inventory.rebuilding import State
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock_cli.errors import EXIT_FAILED, CliError
from crossdock_cli.inventory import signed
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crossdock.platform.writes import Key

EXAMPLE: Final = (
    "Examples: [bold]crossdock inventory rebuild 85123A[/bold] · "
    "[bold]crossdock inventory rebuild --all --dry-run[/bold] · "
    "[bold]crossdock inventory rebuild --all --checkpoint rebuild.json[/bold]"
)
_SAID: Final = {
    State.EQUAL: "equal",
    State.IN_FLIGHT: "movements on their way",
    State.UNSETTLED: "[yellow]not certain yet[/yellow]",
    State.DIFFERENT: "[red]different[/red]",
}


def command(
    ctx: typer.Context,
    sku: Annotated[str | None, typer.Argument(help="Our item code; left out with --all.")] = None,
    warehouse: Annotated[str | None, typer.Argument(help="This warehouse only.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every balance there is; reads the whole table.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compare only; exit code 1 when something differs.")
    ] = False,
    from_restore: Annotated[
        bool,
        typer.Option(
            "--from-restore",
            help="The table was just restored from a backup and nothing was sent in yet: every row counts, and the "
            "place in the old stream is forgotten.",
        ),
    ] = False,
    patience: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How long to wait for movements that are on their way.")
    ] = 20,
    checkpoint: Annotated[
        Path | None, typer.Option(help="With --all: a file to go on from after an interruption, removed at the end.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fold balances anew from their journals, prove that they are equal, and mend what differs, while movements come.

    Nothing is written where they agree. Movements that are still on their way are left to where they are going. A
    balance whose newest movements cannot be told from lost ones yet is said to be not certain: run it again in two
    minutes. Exit code 0: equal, on its way or mended; 1: something differs or is not certain.
    """
    if everything == (sku is not None):
        raise typer.BadParameter("name an item, or say --all")
    if checkpoint and not everything:
        raise typer.BadParameter("--checkpoint goes with --all")
    target = connect(ctx.obj)
    store = RebuildStore(Table(target.dynamodb, target.name("inventory")), system_clock)
    rebuilder = Rebuilder(store, system_clock, time.sleep)

    def look(pair: tuple[str, str], patience_s: float) -> Rebuilt:
        return rebuilder.rebuild(*pair, mend=not dry_run, restored=from_restore, patience_s=patience_s)

    try:
        if sku is not None:
            found = [look(pair, patience) for pair in _of_item(store, sku, warehouse)]
            compared = len(found)
        else:
            compared, found = _all(store, look, patience, _Checkpoint(checkpoint, target))
    except StoreUnavailableError as exc:
        raise CliError(str(exc), "run it again") from exc
    if as_json:
        emit_json({"compared": compared, "balances": [f.document() for f in found]})
    else:
        _print(compared, found)
    if not all(f.sound for f in found):
        raise typer.Exit(EXIT_FAILED)


def _of_item(store: RebuildStore, sku: str, warehouse: str | None) -> list[tuple[str, str]]:
    """The balances of an item: those that are kept, and one that is named although nothing is kept of it."""
    pairs = [(sku, wh) for wh in store.warehouses(sku) if warehouse in {None, wh}]
    if warehouse and not pairs and store.read(sku, warehouse).journal:
        return [(sku, warehouse)]
    if not pairs:
        place = f" in {warehouse}" if warehouse else ""
        raise CliError(
            f"nothing was ever recorded of an item '{sku}'{place}",
            "find what a system means: crossdock xref find SYSTEM CODE; a balance that is lost: name the warehouse too",
        )
    return pairs


def _all(
    store: RebuildStore, look: Callable[[tuple[str, str], float], Rebuilt], patience: float, checkpoint: _Checkpoint
) -> tuple[int, list[Rebuilt]]:
    """(balances compared, those that were not simply equal). What is not certain is looked at again at the end."""
    seen: set[tuple[str, str]] = set()
    found: dict[tuple[str, str], Rebuilt] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} balances"))
    with Progress(*columns, TimeElapsedColumn(), console=errors, disable=not errors.is_terminal) as bar:
        task = bar.add_task("comparing", total=None)
        for pair in _pairs(store, checkpoint):
            if pair in seen:
                continue
            seen.add(pair)
            result = look(pair, 0)
            if result.verdict.state is not State.EQUAL:
                found[pair] = result
            bar.advance(task)
        for pair in [p for p, result in found.items() if not result.sound]:
            found[pair] = look(pair, patience)
    checkpoint.remove()
    return len(seen), list(found.values())


def _pairs(store: RebuildStore, checkpoint: _Checkpoint) -> Iterator[tuple[str, str]]:
    for pairs, last in store.balances(checkpoint.read()):
        yield from pairs
        checkpoint.write(last)


class _Checkpoint:
    """How far a run over everything came, in a file if one was named; a page that was broken off is read again."""

    def __init__(self, path: Path | None, target: Target) -> None:
        self._path = path
        self._stage = target.stage

    def read(self) -> Key | None:
        if self._path is None or not self._path.exists():
            return None
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            stage, (pk, sk) = document["stage"], document["after"]
        except (ValueError, KeyError, TypeError) as exc:
            raise CliError(f"--checkpoint {self._path}: not a file of this command", "name another file") from exc
        if stage != self._stage:
            raise CliError(f"--checkpoint {self._path}: of stage {stage}", "name another file, or remove this one")
        return str(pk), str(sk)

    def write(self, last: Key | None) -> None:
        if self._path is not None and last is not None:
            self._path.write_text(json.dumps({"stage": self._stage, "after": list(last)}), encoding="utf-8")

    def remove(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def _print(compared: int, found: list[Rebuilt]) -> None:
    columns = ("item", "warehouse", "state", ">movements", ">on their way", ">lost", "differences")
    rows = [
        (escape(f.sku), f.warehouse, _state(f), f.rows, f.verdict.in_flight, f.verdict.lost, _said(f)) for f in found
    ]
    if rows:
        console.print(table(columns, rows))
    mended = sum(f.mended for f in found)
    left = sum(not f.sound for f in found)
    console.print(f"{compared} compared, {mended} mended, {left} left that differ or are not certain")


def _state(found: Rebuilt) -> str:
    return "[green]mended[/green]" if found.mended else _SAID[found.verdict.state]


def _said(found: Rebuilt) -> str:
    header = [f"{name} {signed(amount)}" for name, amount in found.verdict.adds.items()]
    details = [f"{d.lot}/{d.bin}/{d.status} {signed(q)}" for d, q in found.verdict.details.items()]
    return escape(", ".join(header + details))
