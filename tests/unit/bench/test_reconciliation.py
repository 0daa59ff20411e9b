"""Comparing by hashes costs what drifted: counted over a smaller channel; the bench counts the whole one."""

from __future__ import annotations

import pytest

from tests.bench.reconciliation import channel_reconciliation

pytestmark = pytest.mark.unit


def test_a_reconciliation_costs_what_drifted_and_not_what_there_is() -> None:
    small, large = channel_reconciliation(5_000, 20), channel_reconciliation(10_000, 20)

    assert (small.items_healed, large.items_healed) == (20, 20)
    assert (small.seen, large.seen, large.healed) == (16.5, 18.0, 18.0)
    assert round(large.every_row) == 2 * round(small.every_row) == 186
