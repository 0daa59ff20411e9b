"""`make replay-prices`: a price model derived from the real ledger, and every line of it quoted as of its date.

docs/pricing-ledger.md says how the model is derived. Nothing is stored and no engine is needed: the rules go through
the public contract into the resolver. It takes minutes; Ctrl-C stops it, and nothing has to be cleaned up.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from crossdock_cli.local.paths import checkout
from tests.replay.prices import report
from tests.replay.prices.derive import Prices, derive
from tests.replay.prices.lines import Kind, Line, read
from tests.replay.prices.periods import Cost
from tests.replay.prices.quoting import PriceModel, quote_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.replay.prices.quoting import Answer

ROOT: Final = checkout()
BESIDE: Final = ROOT.parent / "shared" / "data" / "online-retail.csv.gz"
HOME: Final = ROOT / ".build" / "replay-prices"
DISAGREED: Final = 1
WRONG_USAGE: Final = 2
_LEVELS: Final = 5
_errors = Console(stderr=True, highlight=False)


def main(
    ledger: Annotated[Path, typer.Option(help="the ledger to derive from and to quote")] = BESIDE,
    processes: Annotated[int, typer.Option(min=1, help="how many processes quote")] = min(4, os.cpu_count() or 1),
    json_file: Annotated[Path, typer.Option("--json", help="where the result is written")] = HOME / "result.json",
    rules: Annotated[
        Path | None, typer.Option(help="where to write the price model, for crossdock price quote")
    ] = None,
    unexplained: Annotated[
        Path | None, typer.Option(help="where to list the sales that are not explained, each with its cause (CSV)")
    ] = None,
) -> None:
    """Exit code 0: done, and the resolver agrees with the derivation. 1: it does not. 2: wrong usage."""
    if not ledger.is_file():
        _errors.print(f"there is no ledger {ledger}; --ledger FILE names one (CSV, plain or gzipped, in the UCI form)")
        raise typer.Exit(WRONG_USAGE)
    with _bar() as bar:
        result, document, missed = run(ledger, processes, bar)
    json_file.parent.mkdir(parents=True, exist_ok=True)
    json_file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    if rules:
        rules.write_text(json.dumps(document, indent=1) + "\n")
    if unexplained:
        with unexplained.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(report.listed(missed))
    for line in report.text(result):
        sys.stdout.write(line + "\n")
    if result["disagreements"]:
        raise typer.Exit(DISAGREED)


def run(ledger: Path, processes: int, bar: Progress) -> tuple[dict[str, Any], dict[str, Any], list[report.Missed]]:
    """The result, the price model of the whole ledger as a document, and the sales that it does not explain."""
    begun = time.monotonic()
    step = _steps(bar)
    step("reading the ledger")
    lines = read(ledger)
    sales = [line for line in lines if line.kind is Kind.SALE]
    prices = derive(sales, Cost(), lambda level: step(f"deriving {level}"))
    document = prices.document({line.item for line in lines})
    step("reading the rules")
    answers, cpu = _quoted(PriceModel.read(document), lines, processes, bar)
    apart = report.by_kind(lines, answers)
    sold = apart[Kind.SALE]
    missed = report.causes(prices, *sold)
    result = {
        "lines": len(lines),
        "model": report.size(prices, len(sold[0])),
        "all": report.shares(lines, answers),
        "sales": report.shares(*sold),
        "returns": report.shares(*apart[Kind.RETURN]),
        "not_sold": report.shares(*apart[Kind.NOT_SOLD]),
        "by_rule_strength": report.by_rule_strength(prices, sales),
        "unexplained": report.unexplained(missed),
        "disagreements": _disagreements(prices, lines, answers),
        **_held_out(sales, step),
        "us_per_line": round(1e6 * cpu / len(lines), 1),
        "seconds": round(time.monotonic() - begun, 1),
    }
    return result, document, missed


def _quoted(model: PriceModel, lines: Sequence[Line], processes: int, bar: Progress) -> tuple[list[Answer], float]:
    """The answers, and the CPU seconds of all processes that gave them."""
    answers: list[Answer] = []
    task = bar.add_task("quoting, lines", total=len(lines))
    begun = _cpu()
    for part in quote_all(model, lines, processes):
        answers += part
        bar.advance(task, len(part))
    return answers, _cpu() - begun


def _cpu() -> float:
    """Of this process and of those that ended."""
    return sum(os.times()[:4])


def _disagreements(prices: Prices, lines: Sequence[Line], answers: Sequence[Answer]) -> int:
    said = (prices.says(line) for line in lines if line.quantity)
    given = (answer for line, answer in zip(lines, answers, strict=True) if line.quantity)
    return sum(a != b for a, b in zip(said, given, strict=True))


def _held_out(sales: Sequence[Line], step: Callable[[str], None]) -> dict[str, Any]:
    """What a model of the even days says of the odd ones; looked up in the model itself, which agrees as seen above."""
    even, odd = ([line for line in sales if line.day % 2 == rest] for rest in (0, 1))
    step("deriving from even days")
    prices = derive(even, Cost())
    found = {
        name: report.shares(days, [prices.says(line) for line in days])
        for name, days in (("odd_days", odd), ("even_days", even))
    }
    return {
        "held_out": {**found, "model": report.size(prices, len(even))},
        "usual_price": {"sales": report.usual_price(sales, sales), "held_out": report.usual_price(even, odd)},
    }


def _steps(bar: Progress) -> Callable[[str], None]:
    task = bar.add_task("", total=_LEVELS + 3)

    def step(text: str) -> None:
        bar.update(task, description=text, advance=1)

    return step


def _bar() -> Progress:
    columns: tuple[Any, ...] = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=_errors, disable=not _errors.is_terminal)


if __name__ == "__main__":
    typer.run(main)
