"""`make costs`: what a million of each costs on AWS, into docs/costs.md.

Takes what the last full `make bench` counted (.build/bench.json) into tests/bench/counted.json, multiplies it with
tests/bench/prices.toml and writes the page. A test compares the page with the model, so it cannot go stale.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from rich.console import Console

from crossdock_cli.local.paths import checkout
from tests.bench import standing
from tests.bench.model import Model, sum_of
from tests.bench.page import AIM, deployed_batch, render
from tests.bench.tables import usd

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE: Final = Path(__file__).parent
COUNTED: Final = HERE / "counted.json"
PRICES: Final = HERE / "prices.toml"
PAGE: Final = checkout() / "docs" / "costs.md"
BENCH: Final = checkout() / ".build" / "bench.json"


def main() -> None:
    """Refreshes the snapshot from the last full benchmark, if there was one, and writes docs/costs.md."""
    console = Console()
    console.print(_refresh(), highlight=False)
    standing.write()
    model = Model.read(PRICES, COUNTED)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(model), encoding="utf-8")
    for line in _summary(model):
        console.print(line, highlight=False)
    console.print(f"Written to {PAGE.relative_to(checkout())}.", highlight=False)


def _refresh() -> str:
    if not BENCH.is_file():
        return "Counted: tests/bench/counted.json as it is checked in (make bench counts anew)."
    document = json.loads(BENCH.read_text(encoding="utf-8"))
    if document["quick"]:
        return "Counted: tests/bench/counted.json as it is checked in; the last benchmark was a quick one."
    text = json.dumps(document["counted"], indent=1, sort_keys=True, ensure_ascii=False)
    COUNTED.write_text(text + "\n", encoding="utf-8")
    return "Counted: the last full benchmark, now in tests/bench/counted.json."


def _summary(model: Model) -> Iterable[str]:
    total = sum_of(model.movements(deployed_batch(model)))
    yield f"A million movements from the queue on: {usd(total)}, aim {usd(AIM)} {'met' if total <= AIM else 'missed'}."
    for batch in model.stream_batches():
        yield f"  with {batch:,} records to a stream batch: {usd(sum_of(model.movements(batch)))}"
    yield f"The common way: {usd(sum_of(model.common_from_queue()))}."


if __name__ == "__main__":
    typer.run(main)
