"""`make bench`: counts what each operation costs and how long our own part of it takes.

Requests and units are exact and the same in every run; times are this machine's and are never asserted.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from crossdock_cli.local.paths import checkout
from tests.bench import (
    availability,
    cells,
    crowded,
    customers,
    drift,
    duplicates,
    exchanges,
    growth,
    hot,
    ledger,
    lookups,
    movements,
    prices,
    replays,
    reservations,
    startup,
    throughput,
)
from tests.bench.figures import Report
from tests.bench.rig import rig

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = checkout()
BESIDE: Final = ROOT.parent / "shared" / "data" / "online-retail.csv.gz"
RESULT: Final = ROOT / ".build" / "bench.json"
_WIDTH: Final = 150  # of the table, where no terminal says its own
_FULL: Final = {"movements": 20_000, "common": 1_000, "holds": 1_000, "repeats": 5, "steps": 64}
_QUICK: Final = {"movements": 2_000, "common": 100, "holds": 100, "repeats": 3, "steps": 61}


def main(
    result: Annotated[Path, typer.Option("--json", help="where the figures are written")] = RESULT,
    ledger_path: Annotated[Path | None, typer.Option("--ledger", help="a ledger to take the movements from")] = None,
    *,
    million: Annotated[
        bool, typer.Option("--million", help="a million items, a million price rules: some minutes more")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="a tenth of the movements, fewer repetitions")] = False,
) -> None:
    """Runs the benchmarks, prints a table and writes the figures as JSON."""
    terminal = sys.stdout.isatty()
    console, plan = Console(width=None if terminal else _WIDTH), _QUICK if quick else _FULL
    found = ledger_path or (BESIDE if BESIDE.is_file() else None)
    if found and not found.is_file():
        raise typer.BadParameter(f"there is no file {found}", param_hint="--ledger")
    data = ledger.load(found, plan["movements"])
    console.print(f"Measured with {data.said}.", highlight=False)
    report = Report()
    sizes = [n // (10 if quick else 1) for n in growth.SIZES] + ([growth.MILLION] if million else [])
    with _progress(console, plan["steps"]) as step, tempfile.TemporaryDirectory() as folder:
        step("starting an engine")
        with rig(Path(folder)) as here:
            report.merge(movements.run(here, data, common=plan["common"], step=step))
            report.merge(exchanges.run(here, data, step))
            report.merge(reservations.run(here, plan["holds"], step))
            report.merge(hot.run(here, step))
            report.merge(crowded.run(here, step))
            report.merge(availability.run(here, step))
            report.merge(replays.run(here, step))
            report.merge(prices.run(here, plan["repeats"], step, million=million))
            report.merge(cells.run(here, step, cells.SIZES[: 2 if quick else 3]))
            report.merge(growth.run(here, sizes, step))
            report.merge(lookups.run(here, step))
            report.merge(customers.run(here, step))
        report.merge(drift.run(step))
        report.merge(duplicates.run(step, duplicates.COUNT // (10 if quick else 1)))
        report.merge(throughput.run(Path(folder), step))
        report.merge(startup.run(Path(folder), plan["repeats"], step))
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(
        json.dumps(_document(report, data, quick=quick), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    )
    report.show(console)
    missed = ", ".join(report.missed()) or "none"
    console.print(f"\nMeasured with {data.said}; {_machine()}.", f"Aims missed: {missed}.", sep="\n", highlight=False)
    console.print(f"Written to {_shown(result)}.", highlight=False)


def _document(report: Report, data: ledger.Ledger, *, quick: bool) -> dict[str, Any]:
    return {
        "machine": _machine(),
        "data": data.said,
        "quick": quick,
        **report.document(),
        "counted": {
            "data": data.said,
            "machine": _machine(),
            "scenarios": {name: scenario.document() for name, scenario in report.counted.items()},
            "sizes": {name: round(value) for name, value in report.sizes.items()},
        },
    }


def _machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


class _progress:  # noqa: N801 - reads as what it is: with _progress(…) as step
    """A bar on the terminal; `step(text)` says what is measured next."""

    def __init__(self, console: Console, steps: int) -> None:
        columns = (TextColumn("{task.description:<46}"), BarColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task("", total=steps)

    def __enter__(self) -> Callable[[str], None]:
        self._bar.start()
        return self._step

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _step(self, text: str) -> None:
        self._bar.update(self._task, description=text, advance=1)


if __name__ == "__main__":
    typer.run(main)
