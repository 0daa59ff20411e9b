"""Journal and balances by seeds, for `make soak`: see tests/soak/suites.py."""

from __future__ import annotations

from random import Random

from tests.property import balances, properties, rebuilds


def run_schedule(seed: int) -> None:
    """One journal, streams that are handled by several invocations at once, some of which die, and rebuilds amid it."""
    random = Random(seed)  # noqa: S311 - a schedule, nothing secret
    properties.check_some_journal(random)
    properties.check_projection(random)
    balances.check_every_kind(random)
    rebuilds.check_rebuild(random)
    rebuilds.check_counted_once(random)
