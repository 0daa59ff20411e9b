"""A shop ends with the last value of each item, whatever order and repetition its deliveries have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from tests.property.properties import SEEDS
from tests.property.vendor_deliveries import check_vendor
from tests.support.examples import examples

if TYPE_CHECKING:
    from random import Random

pytestmark = pytest.mark.property


@pytest.mark.parametrize("vendor", ["shopify", "bigcommerce"])
@pytest.mark.parametrize("kind", ["availability", "price"])
def test_a_vendor_ends_with_the_last_value_of_each_item(vendor: str, kind: str) -> None:
    @given(SEEDS)
    @examples(300)
    def check(random: Random) -> None:
        check_vendor(random, vendor, kind)

    check()
