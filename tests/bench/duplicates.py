"""How many duplicates are found, and how many that are none, among a hundred thousand customers; by kind of damage.

The weights were fitted on populations of other seeds (fit_duplicates.py). This one's was never looked at while anything
was tuned: whoever tunes takes seeds of their own and leaves it alone.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crossdock.identity.duplicates.finding import Tally, pairs
from tests.bench.figures import Aim, Figure, Report
from tests.support.customer_damage import KINDS, population

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 100_000
SEED = 20_261


@dataclass(slots=True)
class Found:
    """What a search found: pairs by (verdict, whether they are one), and the damaged ones found and made, by kind."""

    customers: int
    pairs: Counter[tuple[str, bool]] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    common: int = 0
    seconds: float = 0.0

    @property
    def precision(self) -> float:
        """Of the pairs that were raised, those that are one."""
        return sum(n for (_, true), n in self.pairs.items() if true) / self.pairs.total()

    @property
    def recall(self) -> float:
        """Of the pairs that are one, those that were raised."""
        return self.found.total() / self.made.total()

    @property
    def certain(self) -> float:
        """Of the pairs that were said to be certain, those that are one."""
        right, wrong = self.pairs["certain", True], self.pairs["certain", False]
        return right / (right + wrong)


def search(seed: int, count: int) -> Found:
    """Generates a population, looks for its duplicates, and compares with the truth."""
    made = population(seed, count)
    result = Found(count, made=Counter(made.truth.values()))
    tally, begun = Tally(), time.process_time()
    for a, b, score in pairs(made.parties, tally):
        pair = min(a.id, b.id), max(a.id, b.id)
        result.pairs[score.verdict, pair in made.truth] += 1
        if pair in made.truth:
            result.found[made.truth[pair]] += 1
    result.seconds = time.process_time() - begun
    result.compared, result.common = tally.compared, len(tally.common)
    return result


def run(step: Callable[[str], None], count: int = COUNT) -> Report:
    """The figures of one search; times are CPU seconds of this machine, all else is the same in every run."""
    step(f"looking for duplicates among {count:,} customers")
    found = search(SEED, count)
    what = f"{count:,} generated customers, 3 % of them near-duplicates of others"
    figures = {
        "duplicate_precision": Figure(
            found.precision, "of 1", f"{what}: raised pairs that are one", Aim(0.95, at_most=False)
        ),
        "duplicate_recall": Figure(
            found.recall, "of 1", f"{what}: pairs that are one and are raised", Aim(0.9, at_most=False)
        ),
        "duplicate_precision_certain": Figure(found.certain, "of 1", f"{what}: pairs called certain that are one"),
        "duplicate_compared": Figure(found.compared, "pairs", f"{what}: compared, of {count * (count - 1) // 2:,}"),
        "duplicate_common_keys": Figure(found.common, "keys", f"{what}: too common to look under"),
        "duplicate_seconds": Figure(
            found.seconds, "s", f"{what}: normalised, compared and explained, CPU time", Aim(90)
        ),
    }
    for kind in KINDS:
        if found.made[kind]:
            share = found.found[kind] / found.made[kind]
            figures[f"duplicate_recall.{kind}"] = Figure(share, "of 1", f"found of {found.made[kind]} damaged so")
    return Report(figures=figures)
