"""The lines a trace is read from."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.platform import logs

pytestmark = pytest.mark.unit


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is logged from now on."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(logs.logger(), "info", lambda _, extra: found.append(extra))
    return found


@pytest.mark.parametrize(("ids", "expected"), [(0, [0]), (1, [1]), (2_000, [2_000]), (4_001, [2_000, 2_000, 1])])
def test_a_line_stays_short_enough_for_the_log_and_no_cause_is_lost(
    lines: list[dict[str, Any]], ids: int, expected: list[int]
) -> None:
    causes = [f"cd-{n:032x}" for n in range(ids)]

    logs.passed("projected", "balances", [*causes, *causes], records=ids)

    assert [len(line["correlation_ids"]) for line in lines] == expected
    assert [i for line in lines for i in line["correlation_ids"]] == causes
    assert all(line["station"] == "projected" and line["records"] == ids for line in lines)
