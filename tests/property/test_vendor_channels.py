"""A shop ends with the last value of each item, whatever order and repetition its deliveries have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.contracts.deliveries import HttpAnswer
from tests.property.properties import SEEDS
from tests.property.vendor_deliveries import check_any_answer, check_vendor
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


# Words that stand in the vendors' answers, so that what is made up comes near to them.
WORDS = st.sampled_from(
    [
        "data",
        "errors",
        "userErrors",
        "field",
        "code",
        "message",
        "extensions",
        "cost",
        "throttleStatus",
        "requestedQueryCost",
        "currentlyAvailable",
        "restoreRate",
        "nodes",
        "id",
        "product",
        "m0",
        "inventorySetQuantities",
        "priceListFixedPricesAdd",
        "quantities",
        "batch_errors",
        "field_errors",
        "variant_id",
        "title",
        "error",
        "retry_after_seconds",
        "items.1.quantity",
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.floats(),
    st.sampled_from(["", "0", "1", "-1", "quantities", "variants", "prices", "THROTTLED", "variant_id 2"]),
)
ANSWERS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)
ERRORS = st.lists(st.dictionaries(WORDS, ANSWERS, max_size=3) | LEAVES, max_size=3)
NEAR = st.fixed_dictionaries(
    {},
    optional={
        "errors": ERRORS | ANSWERS,
        "data": st.dictionaries(WORDS, st.fixed_dictionaries({"userErrors": ERRORS}) | ERRORS | ANSWERS, max_size=3),
        "extensions": ANSWERS,
        "batch_errors": ERRORS,
        "title": LEAVES,
    },
)
BODIES = st.one_of(st.binary(max_size=20), (NEAR | ANSWERS).map(lambda a: json.dumps(a).encode()))
STATUSES = st.sampled_from([0, 200, 200, 200, 201, 207, 302, 400, 401, 404, 413, 422, 422, 429, 500, 503])
RESETS = st.sampled_from(["", "0", "1500", "-1", "x", "9" * 30])


@pytest.mark.parametrize("vendor", ["shopify", "bigcommerce"])
@pytest.mark.parametrize("kind", ["availability", "price"])
def test_whatever_a_vendor_answers_each_item_is_told_refused_or_for_later(vendor: str, kind: str) -> None:
    @given(st.lists(st.tuples(STATUSES, BODIES, RESETS), min_size=1, max_size=6))
    @examples(300)
    def check(answers: list[tuple[int, bytes, str]]) -> None:
        headers = [{"x-rate-limit-time-reset-ms": reset} if reset else {} for _, _, reset in answers]
        check_any_answer(
            vendor, kind, [HttpAnswer(s, b, headers=h) for (s, b, _), h in zip(answers, headers, strict=True)]
        )

    check()
