"""Balances folded anew, and small changes to the folding that must be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from crossdock.inventory import mending, rebuilding
from tests.property import properties as p
from tests.property import rebuilds, stock_schedules
from tests.property.balance_mutants import without_tests
from tests.support.examples import examples, unshrunk

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

pytestmark = pytest.mark.property


@given(p.SEEDS)
@examples(400)
def test_a_rebuild_ends_with_the_fold_of_the_journal_whatever_was_lost_or_spoilt(random: Random) -> None:
    rebuilds.check_rebuild(random)


@given(p.SEEDS)
@examples(400)
def test_a_rebuild_counts_what_was_lost_and_nothing_twice_while_life_goes_on(random: Random) -> None:
    rebuilds.check_counted_once(random)


def counts_what_is_in_flight(patch: pytest.MonkeyPatch) -> None:
    judge = rebuilding.judge
    patch.setattr(mending, "judge", lambda found, now, restored: judge(found, now, restored=True))


def takes_the_near_for_counted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rebuilding, "_certain", lambda near, header: True)


def forgets_what_is_lost(patch: pytest.MonkeyPatch) -> None:
    """Takes every row that is missing for one that is still to come."""
    patch.setattr(rebuilding, "_certain", lambda near, header: False)


@pytest.mark.parametrize(
    "mutation",
    [without_tests("ver", "seq"), counts_what_is_in_flight, takes_the_near_for_counted, forgets_what_is_lost],
    ids=["mends what has changed meanwhile", "in flight", "near", "lost"],
)
def test_a_mutant_of_the_rebuild_is_seen(
    monkeypatch: pytest.MonkeyPatch, mutation: Callable[[pytest.MonkeyPatch], None]
) -> None:
    mutation(monkeypatch)

    def check(random: Random) -> None:
        rebuilds.check_counted_once(random)

    with pytest.raises(AssertionError):
        given(random=p.SEEDS)(unshrunk(800)(check))()


def test_a_header_that_a_rebuild_makes_is_as_old_as_the_rows_in_it() -> None:
    """A seed of the soak: the time of a row still to come stood in the new header, and that row was counted twice."""
    stock_schedules.run_schedule(202141)
