"""`crossdock xref import`: cross-references from a CSV or JSON Lines file, a dry run first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from crossdock.identity.items import Items
from crossdock.identity.xref_bulk import Import
from crossdock.identity.xref_judging import Judged, Verdict, Wanted
from crossdock.platform.dynamo import Table
from crossdock_cli.errors import EXIT_FAILED, CliError
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.target import Target, connect
from crossdock_cli.xref_files import XrefFile, form_of
from crossdock_cli.xref_words import ITEM, kind_of, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EXAMPLE: Final = "Example: [bold]crossdock xref import customers.csv --kind customer --dry-run[/bold]"
_SHOWN: Final = 20
_KEPT: Final = 1_000
_MEANS: Final[dict[Verdict, str]] = {
    "new": "codes that nothing was known of",
    "changed": "known codes with another role or validity",
    "unchanged": "kept already, word for word",
    "conflict": "codes that mean something else already",
    "invalid": "no cross-references",
}


@dataclass(slots=True)
class Tally:
    """What became of a file: which lines are what, and what is wrong with those that were not taken."""

    lines: dict[Verdict, list[tuple[int, int]]] = field(default_factory=dict)
    counts: Counter[Verdict] = field(default_factory=Counter)
    bad: list[Judged] = field(default_factory=list)
    things_made: int = 0

    def add(self, judged: Judged) -> None:
        """One more line; lines come in their order."""
        self.counts[judged.verdict] += 1
        spans = self.lines.setdefault(judged.verdict, [])
        if spans and spans[-1][1] == judged.line - 1:
            spans[-1] = spans[-1][0], judged.line
        else:
            spans.append((judged.line, judged.line))
        if judged.fault and len(self.bad) < _KEPT:
            self.bad.append(judged)

    @property
    def wrong(self) -> int:
        return self.counts["conflict"] + self.counts["invalid"]

    @property
    def good(self) -> int:
        return self.counts.total() - self.wrong

    def spans(self, verdict: Verdict, most: int | None = None) -> str:
        """The lines of a verdict: `2-4, 9`; of more than `most` spans the first ones."""
        spans = self.lines.get(verdict, [])
        said_ = [str(a) if a == b else f"{a}-{b}" for a, b in spans[:most]]
        return ", ".join([*said_, "…"] if len(said_) < len(spans) else said_)


def command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or JSON Lines.")],
    form: Annotated[str | None, typer.Option("--format", help="csv or jsonl; else by the file's name.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="The kind of lines that say none.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Judge the whole file first; one bad line, and nothing is stored.")
    ] = False,
    own_numbers: Annotated[
        bool, typer.Option("--own-numbers", help="The systems number their kinds each for itself.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import cross-references: the good lines, or all or nothing; doing it again changes nothing.

    Columns: kind, system, external, canonical, role, valid_from, valid_to, together. Without a canonical id a customer,
    ship_to or contact gets its own; lines that share a text in `together` are one. Exit code 1 when a line is bad.
    """
    chosen, default = form_of(file, form), kind_of(kind) if kind else None
    target = connect(ctx.obj)
    order = _Order(file, chosen, default, own_numbers=own_numbers)
    before = file.stat()
    tally = _pass(target, order, dry_run=True) if dry_run or all_or_nothing else None
    if tally is None or (not dry_run and not tally.wrong):
        if (file.stat().st_size, file.stat().st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise CliError(f"{file} was changed while it was read; nothing was stored", "run the import again")
        tally = _pass(target, order, dry_run=False)
        stored = True
    else:
        stored = False
    _report(file, tally, stored=stored, dry_run=dry_run, as_json=as_json)
    raise typer.Exit(EXIT_FAILED if tally.wrong else 0)


@dataclass(frozen=True, slots=True)
class _Order:
    file: Path
    form: str
    kind: str | None
    own_numbers: bool


def _pass(target: Target, order: _Order, *, dry_run: bool) -> Tally:
    """Reads the file once, judges its lines and, unless `dry_run`, keeps the good ones."""
    stored = Table(target.dynamodb, target.name("identity"))
    importing = Import(stored, dry_run=dry_run, own_numbers=order.own_numbers)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    tally = Tally()
    with order.file.open("rb") as binary, Progress(*columns, console=errors, transient=True) as bar, said():
        read = XrefFile(binary, order.form, order.kind)
        task = bar.add_task("judging" if dry_run else "importing", total=order.file.stat().st_size)
        for chunk in read.chunks():
            wanted = [line for line in chunk if isinstance(line, Wanted)]
            taken = importing.take(wanted) if wanted else []
            if not dry_run:
                _mark(stored, wanted, taken)
            judged = [*taken, *(line for line in chunk if isinstance(line, Judged))]
            for one in sorted(judged, key=lambda j: j.line):
                tally.add(one)
            bar.update(task, completed=read.bytes_read)
    tally.things_made = importing.things_made
    return tally


def _mark(stored: Table, wanted: Iterable[Wanted], taken: Sequence[Judged]) -> None:
    # Also when nothing is new: an import may have ended here the last time.
    good = {j.line for j in taken if j.fault is None}
    Items(stored).mark({w.reference.canonical for w in wanted if w.line in good and w.reference.kind == ITEM})


def _report(file: Path, tally: Tally, *, stored: bool, dry_run: bool, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "file": str(file),
                "dry_run": dry_run,
                "stored": stored,
                "things_made": tally.things_made,
                "lines": {v: {"count": tally.counts[v], "lines": tally.spans(v)} for v in _MEANS},
                "errors": [_document(j) for j in tally.bad],
            }
        )
        return
    for judged in tally.bad[:_SHOWN]:
        errors.print(_text(judged), markup=False)
    if tally.wrong > _SHOWN:
        errors.print(f"… and {tally.wrong - _SHOWN:,} more; --json lists the first thousand", markup=False)
    rows = [
        (v, f"{tally.counts[v]:,}", means, tally.spans(v, _SHOWN)) for v, means in _MEANS.items() if tally.counts[v]
    ]
    if rows:
        console.print(table(("what", ">lines", "meaning", "which"), rows), markup=False)
    did = "would be taken" if dry_run else "were taken"
    made = f"; {tally.things_made:,} new ids of ours" if tally.things_made and (stored or dry_run) else ""
    console.print(
        f"{tally.good if stored or dry_run else 0:,} of {tally.counts.total():,} lines {did}{made}", markup=False
    )
    if not stored and not dry_run:
        console.print("nothing was stored: mend the bad lines, or import without --all-or-nothing", markup=False)


def _text(judged: Judged) -> str:
    fault = judged.fault
    return f"line {judged.line}, {fault.field}: {fault.problem}; {fault.remedy}" if fault else ""


def _document(judged: Judged) -> dict[str, Any]:
    fault = judged.fault
    said_ = {"field": fault.field, "problem": fault.problem, "remedy": fault.remedy} if fault else {}
    return {"line": judged.line, "verdict": judged.verdict, **said_}
