"""Published prices follow their rules: incrementally as by computing all anew, and computing no more than can move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from tests.property.price_cells import check_incremental, check_meeting
from tests.property.properties import SEEDS
from tests.support.examples import examples

if TYPE_CHECKING:
    from random import Random

pytestmark = pytest.mark.property


@given(SEEDS)
@examples(150)
def test_incremental_publication_is_full_recomputation_and_computes_no_more_than_predicted(random: Random) -> None:
    check_incremental(random)


@given(SEEDS)
@examples(400)
def test_the_last_truth_is_published_whatever_meets_or_dies(random: Random) -> None:
    check_meeting(random)
