"""What the benchmark assumes of the deployment is what is deployed."""

from __future__ import annotations

import pytest

from infra.constructs.stream import BATCH
from infra.stacks import sync
from tests.bench.hot import RESERVATION_BATCH
from tests.bench.movements import STREAM_BATCH

pytestmark = pytest.mark.integration


def test_the_benchmark_measures_the_deployed_stream_batch() -> None:
    assert STREAM_BATCH == BATCH, "set STREAM_BATCH in tests/bench/movements.py, then: make bench, make costs"


def test_the_benchmark_groups_as_many_reservations_as_are_deployed() -> None:
    assert RESERVATION_BATCH == sync.RESERVATION_BATCH, (
        "set RESERVATION_BATCH in tests/bench/hot.py, then: make bench, make costs"
    )
