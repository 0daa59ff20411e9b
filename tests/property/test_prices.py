"""What is kept of price rules: no order of coming, doubling or dying matters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from crossdock.platform.errors import StoreUnavailableError
from crossdock.pricing.rules import Rule
from crossdock.pricing.store import Kept, PricingStore
from tests.property.price_rows import check_keeping, check_kept, check_rows
from tests.property.properties import SEEDS
from tests.support.examples import examples
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from random import Random

pytestmark = pytest.mark.property

SOME_RULE = Rule.read(
    {
        "rule_id": "r1",
        "version": 1,
        "source": "erp",
        "scope": {"item": "S"},
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "value": "2.55"}],
    }
)


@given(SEEDS)
@examples(500)
def test_the_ledger_keeps_the_first_content_of_each_version_and_the_rows_the_newest_versions(random: Random) -> None:
    check_kept(MemoryTable(), random)


@given(SEEDS)
@examples(600)
def test_rows_end_with_the_newest_versions_whatever_meets_comes_twice_or_dies(random: Random) -> None:
    check_keeping(random)


def test_a_sheet_that_keeps_changing_is_given_up_and_the_event_may_come_again() -> None:
    """The versions are in the ledger by then; the redelivery finds them there and still writes the sheet."""
    table = MemoryTable()
    store = PricingStore(table, lambda: NOW)
    store.keep([SOME_RULE], "erp", "cd-1")
    table.boundary = lambda: table.rows["I#S", "SHEET"].update(ver=table.rows["I#S", "SHEET"]["ver"] + 1)
    newer = replace(SOME_RULE, version=2)

    with pytest.raises(StoreUnavailableError, match="1 price sheets kept changing"):
        store.keep([newer], "erp", "cd-1")

    table.boundary = lambda: None
    assert store.keep([newer], "erp", "cd-1") == [Kept.DUPLICATE]
    check_rows(table.rows, {("erp:r1", 1): SOME_RULE, ("erp:r1", 2): newer})
