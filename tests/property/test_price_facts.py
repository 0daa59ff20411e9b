"""Facts, drafts and what quotes read: thousands of schedules over a table in memory, and mutants that they see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from crossdock.platform.writes import Delete
from crossdock.pricing import reading
from crossdock.pricing.candidates import Candidates
from crossdock.pricing.facts import membership
from crossdock.pricing.ledger import Ledger
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.store import PricingStore
from tests.property.balance_mutants import without_tests
from tests.property.price_facts import check_customers, check_drafts, check_facts, check_reading
from tests.property.properties import SEEDS
from tests.support.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

pytestmark = pytest.mark.property


@given(SEEDS)
@examples(500)
def test_facts_end_with_the_newest_and_no_familys_list_is_too_short(random: Random) -> None:
    check_facts(random)


@given(SEEDS)
@examples(200)
def test_customers_end_with_the_newest_facts(random: Random) -> None:
    check_customers(random)


@given(SEEDS)
@examples(500)
def test_what_was_approved_counts_whatever_meets_or_dies(random: Random) -> None:
    check_drafts(random)


@given(SEEDS)
@examples(400)
def test_a_question_finds_every_rule_that_could_concern_it(random: Random) -> None:
    check_reading(random)


# -- mutants ---------------------------------------------------------------------------------------------------


def members_after_the_sheet(patch: pytest.MonkeyPatch) -> None:
    """Writes an item on its families' lists when the sheet says so already."""
    patch.setattr(Profiles, "_join", lambda self, members: None)


def late_members_stay(patch: pytest.MonkeyPatch) -> None:
    from crossdock.pricing import profiles

    left = profiles._left
    patch.setattr(profiles, "_left", lambda s, row: left(s, row) if s.version == row["iver"] else [])


def families_left_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    from crossdock.pricing import profiles

    patch.setattr(profiles, "_gone", lambda *_: [])


def duplicates_of_drafts_count(patch: pytest.MonkeyPatch) -> None:
    """Lets an approved version count that has been here as a draft."""
    put = Ledger.put

    def lenient(self: Ledger, rules: Any, status: Any, *others: Any) -> Any:
        outcomes = put(self, rules, status, *others)
        for outcome in outcomes.values():
            if outcome.existing and status == "approved":
                outcome.existing["st"] = "approved"
        return outcomes

    patch.setattr(Ledger, "put", lenient)


def interrupted_approvals_are_left(patch: pytest.MonkeyPatch) -> None:
    def only_waiting(self: PricingStore) -> Any:
        return [v for v in self.ledger.drafts() if v.status == "draft"]

    patch.setattr(PricingStore, "drafts", only_waiting)


def rows_below_are_not_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading, "_rows", lambda sheet, values, know: iter([sheet]))


def what_is_remembered_is_believed(patch: pytest.MonkeyPatch) -> None:
    fetch = Candidates._fetch

    def lazy(self: Candidates, places: Any) -> Any:
        known = {p: self._remembered[p] for p in places if p in self._remembered}
        return known | fetch(self, [p for p in places if p not in known])

    patch.setattr(Candidates, "_fetch", lazy)


def members_leave_whatever_stands(patch: pytest.MonkeyPatch) -> None:
    """Takes a member away that newer facts have written."""

    def leave(self: Profiles, members: Any) -> None:
        self._table.write([Delete(membership(f, sku)) for f, sku, _ in members])

    patch.setattr(Profiles, "_leave", leave)


MUTANTS: list[tuple[str, Callable[[Any], None], Callable[[pytest.MonkeyPatch], None]]] = [
    ("writes a sheet that another has changed", check_facts, without_tests("ver")),
    ("takes newer members away", check_facts, members_leave_whatever_stands),
    ("writes members too late", check_facts, members_after_the_sheet),
    ("leaves members that came too late", check_facts, late_members_stay),
    ("forgets which families were left", check_facts, families_left_are_forgotten),
    ("writes a profile that another has changed", check_customers, without_tests("ver")),
    ("decides on a draft twice", check_drafts, without_tests("st")),
    ("lets a draft count that came approved", check_drafts, duplicates_of_drafts_count),
    ("leaves approvals that were interrupted", check_drafts, interrupted_approvals_are_left),
    ("does not look below", check_reading, rows_below_are_not_read),
    ("believes what it remembers", check_reading, what_is_remembered_is_believed),
]


@pytest.mark.parametrize(("check", "mutation"), [m[1:] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_mutant_is_seen(check: Any, mutation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation(monkeypatch)

    @given(SEEDS)
    @examples(1000)
    def tried(random: Random) -> None:
        check(random)

    with pytest.raises(Exception):  # noqa: B017, PT011 - a mutant may also stumble over itself
        tried()
