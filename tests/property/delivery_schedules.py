"""Telling a channel by seeds, for `make soak`: see tests/soak/suites.py."""

from __future__ import annotations

from random import Random

from tests.property import properties


def run_schedule(seed: int) -> None:
    """Workers, deaths, lost answers; then the same with workers that outlive their leases."""
    random = Random(seed)  # noqa: S311 - a schedule, nothing secret
    properties.check_delivery(random, overtaking=False)
    properties.check_delivery(random, overtaking=True)
