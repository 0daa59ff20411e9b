"""What it costs to find the items of a channel that drifted, as figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.figures import Aim, Figure, Report
from tests.bench.reconciliation import DRIFTED, ROWS, channel_reconciliation

if TYPE_CHECKING:
    from collections.abc import Callable


def run(step: Callable[[str], None]) -> Report:
    """200,000 rows of which 100 drifted, by hashes; the common way reads every row."""
    step(f"reconciling {ROWS:,} rows of a channel")
    cost = channel_reconciliation()
    if cost.items_healed != DRIFTED:
        raise RuntimeError(f"{cost.items_healed} of {DRIFTED} items were healed")
    what = f"{ROWS:,} rows of a channel, {DRIFTED} drifted"
    found = {
        "reconcile_rcu_200k_100": Figure(cost.seen, "RCU", f"{what}: found", Aim(300)),
        "reconcile_rcu_200k_100_baseline": Figure(cost.every_row, "RCU", f"{what}: every row of ours read, no more"),
        "reconcile_rcu_200k_100_ratio": Figure(cost.every_row / cost.seen, "×", "the common way to ours"),
        "reconcile_heal_rcu_200k_100": Figure(cost.healed, "RCU", f"{what}: found again, and told anew", Aim(300)),
    }
    return Report(figures=found)
