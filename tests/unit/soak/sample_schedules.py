"""Schedules of which one fails: what the runner's own tests run."""

from __future__ import annotations

BAD = 1007


def run_schedule(seed: int) -> None:
    assert seed != BAD, "this one does not hold"
