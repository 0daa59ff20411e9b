"""Splitting deliveries by their bytes: everything once, in order, within the limit, or named as too large."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.contracts.deliveries import Batch, Value
from crossdock.exchange.fitting import fitting

pytestmark = pytest.mark.unit

CAUSES = ("0192f0c1-7a3e-7cc1-9a51-0d5ad9f1c2aa",)


def batch(*sizes: int) -> Batch:
    values = tuple(Value(f"S{n}", 1, {"available": 1, "note": "ü" * size}, CAUSES) for n, size in enumerate(sizes))
    return Batch("webshop", "availability", values, "2026-11-21T08:00:00.000Z")


def size(part: Batch) -> int:
    return len(json.dumps(part.document(), separators=(",", ":"), ensure_ascii=False).encode())


def test_without_a_limit_a_batch_stays_whole() -> None:
    whole = batch(9_999, 1)
    assert fitting(whole, 0) == ([whole], {})


def test_what_fits_stays_together_and_a_value_too_large_by_itself_is_named_with_its_remedy() -> None:
    parts, too_large = fitting(batch(10, 2_000, 10, 10), 1_000)

    assert [[v.key for v in part.values] for part in parts] == [["S0", "S2", "S3"]]
    assert list(too_large) == ["S1"]
    assert "the channel takes 1000: raise [channels.webshop.limits] max_body_bytes" in too_large["S1"]


@given(st.lists(st.integers(0, 400), max_size=40), st.integers(1, 3_000))
def test_everything_is_in_one_part_or_named_and_no_part_is_too_large(sizes: list[int], most: int) -> None:
    whole = batch(*sizes)

    parts, too_large = fitting(whole, most)

    kept = [v.key for part in parts for v in part.values]
    assert kept == [v.key for v in whole.values if v.key not in too_large]
    assert all(part.values and size(part) <= most for part in parts)
