"""`make soak`: schedules of reservations and stock, as many as one likes, on all cores.

make soak ARGS="--schedules 200000"              over the table in memory
make soak ARGS="--schedules 10000 --engine"      over the local engine, one engine to a core
make soak ARGS="--only holds --seed 4711 --schedules 1"   one again
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.soak.driving import Failure, Soaked, soak
from tests.soak.suites import Suite, suites

FAILED: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def main(
    schedules: Annotated[int, typer.Option(min=1, help="how many of each suite")] = 10_000,
    seed: Annotated[int | None, typer.Option(min=0, help="the first seed; a random one is chosen and printed")] = None,
    only: Annotated[str, typer.Option(help="one suite by its name")] = "",
    workers: Annotated[int, typer.Option(min=1, help="processes")] = os.cpu_count() or 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="where the result is written")] = None,
    *,
    engine: Annotated[bool, typer.Option("--engine", help="over the local engine, not the table in memory")] = False,
) -> None:
    """Exit code 0: every schedule held. 1: one did not. 2: wrong usage. 130: stopped."""
    chosen = suites(engine=engine, only=only)
    if not chosen:
        names = ", ".join(s.short for s in suites(engine=engine)) or "none"
        _errors.print(f"there is no suite {only!r} here; there are: {names}")
        raise typer.Exit(WRONG_USAGE)
    first = secrets.randbelow(2**32) if seed is None else seed
    results = []
    for suite in chosen:
        begun = time.monotonic()
        result = _soak(suite, first, schedules, workers)
        took = time.monotonic() - begun
        results.append(_document(suite, first, result, took))
        sys.stdout.write(_said(suite, first, result, took) + "\n")
        if result.failure or result.interrupted:
            break
    if json_file:
        json_file.write_text(json.dumps(results, indent=1) + "\n")
    if result.failure:
        _errors.print(_repeat(result.failure), markup=False)
        raise typer.Exit(FAILED)
    if result.interrupted:
        raise typer.Exit(INTERRUPTED)


def _soak(suite: Suite, seed: int, schedules: int, workers: int) -> Soaked:
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_errors, disable=not _errors.is_terminal) as bar:
        task = bar.add_task(f"{suite.name}, seed {seed}", total=schedules)
        return soak(suite, seed, schedules, workers, lambda ran: bar.advance(task, ran))


def _said(suite: Suite, seed: int, result: Soaked, took: float) -> str:
    verdict = "one FAILED" if result.failure else "stopped" if result.interrupted else "all held"
    return f"{suite.name}: {result.ran:,} schedules from seed {seed} in {took:,.0f} s, {verdict}"


def _document(suite: Suite, seed: int, result: Soaked, took: float) -> dict[str, object]:
    return {
        "suite": suite.name,
        "seed": seed,
        "ran": result.ran,
        "seconds": round(took, 1),
        "failed_seed": result.failure.seed if result.failure else None,
        "interrupted": result.interrupted,
    }


def _repeat(failure: Failure) -> str:
    engine = " --engine" if failure.suite.on_engine else ""
    again = f'make soak ARGS="--only {failure.suite.short} --seed {failure.seed} --schedules 1{engine}"'
    return f"{failure.trace}\nThe schedule of seed {failure.seed} failed. Again: {again}"


if __name__ == "__main__":
    typer.run(main)
