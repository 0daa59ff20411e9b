"""What prices cost: reading the rules of a quote, resolving it, and giving it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import price_reads, price_resolving, quotes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.figures import Report
    from tests.bench.rig import Rig


def run(rig: Rig, repeats: int, step: Callable[[str], None], *, million: bool) -> Report:
    """All of it; `million` loads a million rules instead of those that a quote asks for."""
    report, some = price_reads.run(rig, step, million=million)
    quotes.run(rig, some, step, report)
    report.merge(price_resolving.run(some, repeats, step))
    return report
