"""The benchmark's own search on a small population of a seed of its own: every count as it was when it was written.

A change of these is a change of what is found: look at the benchmark's figures before taking the new ones over.
"""

from __future__ import annotations

import pytest

from tests.bench.duplicates import SEED, search
from tests.bench.fit_duplicates import CHOSEN, FITTED
from tests.support.customer_damage import KINDS, population

pytestmark = pytest.mark.unit


def test_five_thousand_customers_have_the_duplicates_they_had() -> None:
    found = search(7, 5_000)
    assert found.made.total() == 150
    assert found.pairs == {("certain", True): 84, ("raise", True): 55, ("raise", False): 4}
    incomplete = {
        kind: (found.found[kind], found.made[kind]) for kind in KINDS if found.found[kind] != found.made[kind]
    }
    assert incomplete == {"moved": (9, 10), "word_dropped": (6, 8), "trade_name": (4, 9), "several": (6, 9)}
    assert (found.compared, found.common) == (15_950, 9)
    assert found.precision >= 0.95
    assert found.recall >= 0.9


def test_the_same_seed_makes_the_same_customers() -> None:
    assert population(7, 300) == population(7, 300)
    assert population(7, 300).truth != population(8, 300).truth


def test_nothing_is_measured_on_what_was_fitted() -> None:
    assert len({SEED, FITTED, CHOSEN, 7}) == 4
