"""Customers over the store's rows: reports, merges and decisions in any order, against what stands in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.contracts.accounts import AccountReport
from crossdock.contracts.customer_terms import CustomerTerms
from crossdock.contracts.ownership import Matrix, Rule
from crossdock.identity.comparing import Comparing
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.customers import Judging
from crossdock.identity.journal import Cause, faults
from crossdock.identity.merging import Merging
from crossdock.identity.reporting import Reporting
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import to_text
from tests.support.memory import MemoryTable

pytestmark = pytest.mark.property

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
MATRIX = Matrix(
    1,
    (
        Rule("*", ("erp", "crm", "shop"), "newest"),
        Rule("terms", ("erp",), "owner", "revert", ("crm", "shop")),
        Rule("territory", ("crm",), "owner", "raise"),
    ),
)


class World:
    """The use cases over one table in memory."""

    def __init__(self, duplicates: str = "off") -> None:
        self.table = MemoryTable()
        judging = Judging(MATRIX, CustomerTerms(required=("name",), duplicates=duplicates), lambda _: ())
        self.store = CustomerStore(self.table)
        self.xrefs = CrossReferences(self.table, lambda: START)
        self.reporting = Reporting(self.store, self.xrefs, Comparing(self.table), judging)
        self.merging = Merging(self.store, Comparing(self.table), judging)

    def say(self, system: str, account: str, version: int, **said: Any) -> Any:
        report = AccountReport.model_validate(
            {
                "account": account,
                "version": version,
                "changed_at": to_text(START + timedelta(seconds=version)),
                "known_as": [{"system": s, "id": i} for s, i in said.pop("known_as", ())],
                "contacts": said.pop("contacts", {}),
                "attributes": said,
            }
        )
        return self.reporting.take(system, None, report, self.cause(version))

    def cause(self, n: int) -> Cause:
        return Cause("crm", f"c-{n}", to_text(START + timedelta(seconds=n)))

    def stands(self, customer: str) -> dict[str, Any]:
        return self.store.load(customer).customer.values


def test_a_report_makes_a_customer_and_another_systems_report_joins_it() -> None:
    world = World()
    first = world.say("crm", "001", 1, name="Acme", territory="NORTH")
    second = world.say("erp", "4711", 2, known_as=[("crm", "001")], terms="N30", name="ACME LTD")
    assert first.customer == second.customer
    assert world.stands(first.customer) == {"name": "ACME LTD", "terms": "N30", "territory": "NORTH"}
    kept = world.store.load(first.customer)
    assert (kept.customer.state, kept.customer.version, kept.customer.revision) == ("ready", 2, 2)
    assert sorted(r.id for r in kept.ids.references) == [("crm", "001"), ("erp", "4711")]


def test_a_repetition_writes_nothing() -> None:
    world = World()
    world.say("crm", "001", 1, name="Acme", contacts={"9": {"name": "Ada", "email": "ada@acme.example"}})
    before = dict(world.table.rows)
    again = world.say("crm", "001", 1, name="Acme", contacts={"9": {"name": "Ada", "email": "ada@acme.example"}})
    assert not again.changed
    assert world.table.rows == before


def test_what_a_system_does_not_own_is_told_back_and_after_three_times_a_day_it_is_a_fight() -> None:
    world = World()
    customer = world.say("erp", "4711", 1, name="Acme", terms="N30").customer
    told = [world.say("crm", "001", n, known_as=[("erp", "4711")], terms=f"N{n}") for n in range(2, 6)]
    assert [t.revert for t in told] == [("terms",), ("terms",), ("terms",), ()]
    assert [c.kind for t in told for c in t.complaints] == ["write_back_fight"]
    assert world.stands(customer)["terms"] == "N30"


def test_a_circle_of_parents_is_refused_and_the_rest_of_the_report_is_kept() -> None:
    world = World()
    world.say("erp", "A", 1, name="A", parent="B")
    world.say("erp", "B", 2, name="B", parent="C")
    taken = world.say("erp", "C", 3, name="C", parent="A")
    assert [c.kind for c in taken.complaints] == ["hierarchy_circle"]
    assert world.stands(taken.customer) == {"name": "C"}
    itself = world.say("erp", "D", 4, name="D", parent="D")
    assert [c.kind for c in itself.complaints] == ["hierarchy_circle"]


def test_two_ids_that_mean_two_customers_are_refused_and_nothing_is_written() -> None:
    world = World()
    world.say("erp", "1", 1, name="One")
    world.say("crm", "2", 2, name="Two")
    before = dict(world.table.rows)
    taken = world.say("shop", "3", 3, name="Three", known_as=[("erp", "1"), ("crm", "2")])
    assert taken.customer is None
    assert [c.kind for c in taken.complaints] == ["reference_conflict"]
    assert world.table.rows == before


SAYS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Acme", "Acme Ltd", "ACME"]),
        "terms": st.sampled_from(["N30", "N60"]),
        "territory": st.sampled_from(["NORTH", "SOUTH"]),
    },
)
REPORTS = st.lists(
    st.tuples(st.sampled_from([("crm", "1"), ("erp", "1"), ("shop", "1"), ("shop", "2")]), st.integers(1, 40), SAYS),
    max_size=10,
    unique_by=lambda r: (r[0], r[1]),
)


def _told(world: World, reports: list[Any]) -> None:
    for (system, account), version, says in reports:
        world.say(system, account, version, known_as=[("crm", "0")], **says)


@settings(max_examples=60, deadline=None)
@given(st.data(), REPORTS)
def test_any_order_and_repetition_of_reports_ends_in_the_same_customer(data: st.DataObject, reports: list[Any]) -> None:
    one, other = World(), World()
    customer = one.say("crm", "0", 1, name="Zero").customer
    other.say("crm", "0", 1, name="Zero")
    _told(one, reports)
    again = data.draw(st.lists(st.sampled_from(reports), max_size=5)) if reports else []
    _told(other, [*data.draw(st.permutations(reports)), *again])
    first, second = one.store.load(customer), other.store.load(customer)
    assert first.customer.everything == second.customer.everything
    assert sorted(first.records, key=lambda r: r.id) == sorted(second.records, key=lambda r: r.id)
    assert faults(one.store.history(customer), first.customer.seal) == []


@settings(max_examples=60, deadline=None)
@given(REPORTS, REPORTS, st.lists(st.tuples(st.booleans(), st.integers(41, 60), SAYS), max_size=4))
def test_taking_a_merge_back_leaves_both_as_if_it_had_never_been(
    one: list[Any], other: list[Any], meanwhile: list[Any]
) -> None:
    """With reports between merge and un-merge too: each goes back to whom it was of."""
    merged, never = World(), World()
    for world in (merged, never):
        world.say("crm", "A", 1, name="A")
        world.say("crm", "B", 1, name="B")
        for owner, reports in (("A", one), ("B", other)):
            for (system, account), version, says in reports:
                world.say(system, f"{account}-{owner}", version, known_as=[("crm", owner)], **says)
    a, b = (merged.xrefs.canonicals("customer", [("crm", x)])["crm", x] for x in "AB")
    merged.merging.merge(b, a, by="ada", why="the same", cause=merged.cause(50))
    assert merged.xrefs.canonicals("customer", [("crm", "B")]) == {("crm", "B"): a}
    assert merged.store.load(b).customer.state == "merged"
    for n, (first, version, says) in enumerate(meanwhile):
        for world in (merged, never):
            world.say("crm", "A" if first else "B", version + 20 * n, **says)
    merged.merging.unmerge(b, a, cause=merged.cause(99))
    for customer in (a, b):
        was, now = never.store.load(customer), merged.store.load(customer)
        assert now.customer.everything == was.customer.everything
        assert now.customer.state == was.customer.state
        assert sorted(now.records, key=lambda r: r.id) == sorted(was.records, key=lambda r: r.id)
        assert sorted(now.ids.references, key=lambda r: r.id) == sorted(was.ids.references, key=lambda r: r.id)
        assert faults(merged.store.history(customer), now.customer.seal) == []
