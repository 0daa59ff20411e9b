"""Forgetting a person among reports in any order: nothing that was said before comes back, and the chain holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossdock.contracts.accounts import AccountReport
from crossdock.contracts.customer_terms import CustomerTerms
from crossdock.contracts.ownership import Matrix, Rule
from crossdock.contracts.persons import Person
from crossdock.identity.journal import Cause, faults
from crossdock.identity.person_rows import statements, unwritten
from crossdock.identity.persons import Persons
from crossdock.identity.use_cases import customer_use_cases
from crossdock.identity.xref_writes import minted_id
from crossdock.platform.clock import to_text
from tests.support.memory import MemoryTable

pytestmark = pytest.mark.property

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
MATRIX = Matrix(1, (Rule("*", ("erp", "crm"), "newest"), Rule("email", ("crm",), "owner", "ignore")))
ADA = Person(
    contacts=frozenset({minted_id("contact", ("crm", "ada")), minted_id("contact", ("erp", "ada"))}),
    ids=frozenset({("crm", "ada"), ("erp", "ada")}),
    addresses=frozenset({"ada@acme.example"}),
)

CONTACT = st.sampled_from([{"name": "Ada"}, {"name": "Ada B", "email": "ada@acme.example"}, None])
REPORTS = st.lists(
    st.tuples(
        st.sampled_from(["crm", "erp"]),
        st.integers(1, 12),
        st.fixed_dictionaries(
            {},
            optional={
                "email": st.sampled_from(["ada@acme.example", "office@acme.example"]),
                "name": st.sampled_from(["Acme", "Acme Ltd"]),
            },
        ),
        st.dictionaries(st.sampled_from(["ada", "bob"]), CONTACT, max_size=2),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda r: (r[0], r[1]),
)


class World:
    """The use cases over one table in memory."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.uses = customer_use_cases(self.table, MATRIX, CustomerTerms(duplicates="off"), lambda: START)
        self.customer = self.say("crm", 0, {"name": "Zero"}, {})

    def say(self, system: str, version: int, said: dict[str, Any], contacts: dict[str, Any]) -> str:
        report = AccountReport.model_validate(
            {
                "account": "1",
                "version": version + 1,
                "changed_at": to_text(START + timedelta(seconds=version)),
                "known_as": [{"system": "crm", "id": "1"}],
                "attributes": said,
                "contacts": contacts,
            }
        )
        taken = self.uses.reporting.take(system, None, report, self.cause())
        assert taken.customer is not None
        return taken.customer

    def cause(self) -> Cause:
        return Cause("crm", "c-1", to_text(START))

    def forget(self) -> None:
        self.uses.forgetting.forget(self.customer, ADA, self.cause())
        persons = Persons(self.table, self.uses.xrefs)
        for key in [k for k in self.table.rows if k[0].startswith("H#")]:
            persons.unwrite(key, ADA)
            assert unwritten(self.table.rows[key], ADA) is None
        persons.unname(ADA.contacts)

    def ours(self) -> list[Any]:
        return [s for row in self.table.rows.values() for s in statements(row) if self.is_ada(s.attribute, s.value)]

    def is_ada(self, attribute: str, value: Any) -> bool:
        return value == "ada@acme.example" or attribute.removeprefix("contact/") in ADA.contacts


@settings(max_examples=80, deadline=None)
@given(REPORTS, st.data())
def test_what_was_forgotten_is_never_remembered_by_what_was_said_before(
    reports: list[Any], data: st.DataObject
) -> None:
    world = World()
    for report in reports:
        world.say(*report)
    world.forget()
    assert world.ours() == []
    forgotten = world.uses.store.load(world.customer)
    keys = set(world.table.rows)
    for report in data.draw(st.lists(st.sampled_from(reports), max_size=6)):
        world.say(*report)
    after = world.uses.store.load(world.customer)
    assert world.ours() == []
    assert after.customer.everything == forgotten.customer.everything
    assert [k for k in set(world.table.rows) - keys if k[0].startswith(("X#contact", "C#contact"))] == []
    assert faults(world.uses.store.history(world.customer), after.customer.seal) == []

    newer = 1 + max(version for _, version, _, _ in reports)
    world.say("crm", newer, {}, {"ada": {"name": "Ada"}})
    back = world.uses.store.load(world.customer).customer.many
    assert back[f"contact/{minted_id('contact', ('crm', 'ada'))}"].value == {"name": "Ada"}


@settings(max_examples=40, deadline=None)
@given(REPORTS)
def test_forgetting_twice_writes_nothing_and_leaves_everybody_else(reports: list[Any]) -> None:
    world = World()
    for report in reports:
        world.say(*report)
    before = world.uses.store.load(world.customer).customer
    world.forget()
    once = dict(world.table.rows)
    world.forget()
    assert world.table.rows == once
    after = world.uses.store.load(world.customer).customer
    bob = {f"contact/{minted_id('contact', (s, 'bob'))}" for s in ("crm", "erp")}
    assert {n: g for n, g in after.many.items() if n in bob} == {n: g for n, g in before.many.items() if n in bob}
    assert after.attributes["name"] == before.attributes["name"]
