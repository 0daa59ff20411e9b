"""`crossdock price import`: price rules from a CSV or JSON Lines file, a dry run first."""

from __future__ import annotations

import getpass
from contextlib import closing
from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, errors, table
from crossdock_cli.price_files.importing import Order, Tally, run
from crossdock_cli.price_files.reading import FileError, PriceFile
from crossdock_cli.price_files.rejects import Rejects
from crossdock_cli.target import Target, connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossdock_cli.price_files.entries import Entry

EXAMPLE: Final = "Example: [bold]crossdock price import spring.csv --source erp --dry-run[/bold]"
EXIT_REFUSED: Final = 1
EXIT_PARTLY: Final = 3
_SHOWN: Final = 20
_FORMS: Final = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_MEANS: Final = {
    "new": "rules that there are none of yet",
    "newer": "newer versions of rules that there are",
    "duplicate": "kept already, word for word",
    "superseded": "older than the version that counts: kept in the ledger, changing nothing",
    "waiting": "kept already as drafts, waiting for their approval",
    "conflict": "versions that were kept with other content",
    "other_target": "rules that are about something else",
    "unknown_item": "about items that no cross-reference knows",
    "invalid": "no rules in the distributor's time zone",
}


def command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or JSON Lines.")],
    form: Annotated[str | None, typer.Option("--format", help="csv or jsonl; else by the file's name.")] = None,
    source: Annotated[str | None, typer.Option(help="Whose rules they are, and whose item codes.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    accept_good: Annotated[
        bool, typer.Option("--accept-good", help="Take the good lines; the bad go to the rejects file.")
    ] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Import drafts, for somebody else to approve.")] = False,
    by: Annotated[str | None, typer.Option(help="Who hands them in; else the name you are logged in by.")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Where bad lines go; else FILE.rejects.csv or .jsonl.")] = None,
    as_json: AsJson = False,
) -> None:
    """Import price rules: all lines or, with --accept-good, the good ones.

    Begin with --dry-run. Each fault is named by line and column, with what stands there and what to write instead.
    Exit codes: 0 all taken, 1 refused and nothing stored, 3 some lines rejected and the others stored.
    """
    chosen = _form(file, form)
    order = Order(source, by or getpass.getuser(), draft)
    target = connect(ctx.obj)
    if accept_good and not dry_run:
        tally, rejected = _keep_good(target, order, file, chosen, rejects)
        _report(file, tally, stored=True, rejected=rejected, as_json=as_json)
        raise typer.Exit(EXIT_PARTLY if tally.wrong else 0)
    before = file.stat()
    tally = _pass(target, order, file, chosen, "preview", lambda _: None)
    stored = not (dry_run or tally.wrong)
    if stored:
        if (file.stat().st_size, file.stat().st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise CliError(f"{file} was changed while it was read; nothing was stored", "run the import again")
        tally = _pass(target, order, file, chosen, "keep", lambda _: None)
    _report(file, tally, stored=stored, rejected=None, as_json=as_json)
    raise typer.Exit(EXIT_REFUSED if tally.wrong and not stored else EXIT_PARTLY if tally.wrong else 0)


def _form(file: Path, named: str | None) -> str:
    form = named or _FORMS.get(file.suffix.lower())
    if form not in {"csv", "jsonl"}:
        raise typer.BadParameter(f"{named or file.name}: say --format csv or --format jsonl")
    return form


def _keep_good(target: Target, order: Order, file: Path, form: str, path: Path | None) -> tuple[Tally, Path | None]:
    with file.open("rb") as binary:
        wanted = path or file.with_suffix(f".rejects.{form}")
        rejects = Rejects(wanted, _opened(binary, form))
    with closing(rejects):
        tally = _pass(target, order, file, form, "keep", rejects.add)
    return tally, wanted if rejects.count else None


def _opened(binary: Any, form: str) -> PriceFile:
    try:
        return PriceFile(binary, form)
    except FileError as exc:
        for error in exc.errors:
            errors.print(error.text(), markup=False)
        raise CliError("the file cannot be read; nothing was stored", "mend its first line") from exc


def _pass(target: Target, order: Order, file: Path, form: str, action: str, bad: Callable[[Entry], None]) -> Tally:
    """Reads the file once; `action` is preview or keep."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    tally = Tally()
    with file.open("rb") as binary, Progress(*columns, console=errors, transient=True) as bar:
        read = _opened(binary, form)
        task = bar.add_task({"preview": "judging", "keep": "importing"}[action], total=file.stat().st_size)
        for tally in run(target, order, action, read.entries(), bad):  # noqa: B007 - the last one is the whole
            bar.update(task, completed=read.bytes_read)
    return tally


def _report(file: Path, tally: Tally, *, stored: bool, rejected: Path | None, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "file": str(file),
                "source": tally.source,
                "rules": tally.rules,
                "stored": stored,
                "outcomes": dict(sorted(tally.outcomes.items())),
                "bad": tally.wrong,
                "errors": [e.document() for e in tally.errors],
                "rejects": str(rejected) if rejected else None,
            }
        )
        return
    for error in tally.errors[:_SHOWN]:
        errors.print(error.text(), markup=False)
    if len(tally.errors) > _SHOWN:
        errors.print(f"… and {len(tally.errors) - _SHOWN} more; --json lists the first thousand", markup=False)
    rows = [(name, tally.outcomes[name], means) for name, means in _MEANS.items() if tally.outcomes[name]]
    if rows:
        console.print(table(("what", ">rules", "meaning"), rows), markup=False)
    did = "were taken" if stored else "would be taken"
    console.print(f"{tally.rules - tally.wrong:,} of {tally.rules:,} rules {did}", markup=False)
    if rejected:
        console.print(f"{tally.wrong:,} went to {rejected}: mend them there and import that file", markup=False)
    elif tally.wrong and not stored:
        console.print(f"{tally.wrong:,} are bad and nothing was stored: mend them, or use --accept-good", markup=False)
