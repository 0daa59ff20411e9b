"""Two systems that both write back what they are told: an own word goes round once, and then there is silence.

a person changes a record ──▶ report ──▶ golden record ──▶ the other system is told ──▶ its echo ──▶ nothing
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
from crossdock.identity.journal import Cause
from crossdock.identity.reporting import Reporting
from crossdock.identity.telling import telling
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import to_text
from tests.support.memory import MemoryTable

pytestmark = pytest.mark.property

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SYSTEMS = ("crm", "shop")
MATRIX = Matrix(1, (Rule("*", SYSTEMS, "newest", "ignore", SYSTEMS),))


@dataclass
class Outside:
    """A system that keeps what it is told, and reports its whole record whenever anything of it changed."""

    name: str
    record: dict[str, str]
    version: int = 0
    told: dict[str, Any] | None = None
    times_told: int = 0
    outbox: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)

    def set(self, values: dict[str, str], at: str) -> None:
        if {**self.record, **values} != self.record:
            self.record |= values
            self.version += 1
            self.outbox.append((self.version, at, dict(self.record)))


class Round:
    """Both systems and what is between them; each step takes a minute."""

    def __init__(self) -> None:
        table = MemoryTable()
        judging = Judging(MATRIX, CustomerTerms(duplicates="off"), lambda _: ())
        self.store = CustomerStore(table)
        self.reporting = Reporting(self.store, CrossReferences(table), Comparing(table), judging)
        self.systems = {name: Outside(name, {}) for name in SYSTEMS}
        self.customer = ""
        self.minute = 0

    @property
    def now(self) -> str:
        self.minute += 1
        return to_text(START + timedelta(minutes=self.minute))

    def hear(self, system: Outside, *, twice: bool = False) -> None:
        """The oldest report of a system arrives, perhaps twice."""
        version, at, says = system.outbox.pop(0)
        other = next(n for n in SYSTEMS if n != system.name)
        report = AccountReport.model_validate(
            {
                "account": "1",
                "version": version,
                "changed_at": at,
                "known_as": [{"system": other, "id": "1"}],
                "attributes": says,
            }
        )
        for _ in range(2 if twice else 1):
            taken = self.reporting.take(system.name, None, report, Cause(system.name, "c", self.now))
            self.customer = taken.customer or self.customer

    def tell(self, system: Outside) -> None:
        """A system is told what is true, if that is not what it was told last: noted first, as deliveries do."""
        if not self.customer:
            return
        customer = self.store.load(self.customer).customer
        if customer.values == system.told:
            return
        at = self.now
        told = self.store.told(self.customer, system.name)
        noted = telling(told, customer.version, customer.values, at)
        assert noted == told or self.store.note_told(self.customer, replace(noted, system=system.name))
        system.told, system.times_told = dict(customer.values), system.times_told + 1
        system.set({n: str(v) for n, v in customer.values.items()}, at)

    def until_silent(self) -> int:
        """Lets everything arrive; gives back how many steps that took."""
        for step in range(200):
            waiting = [s for s in self.systems.values() if s.outbox]
            if waiting:
                self.hear(waiting[0])
                continue
            before = [s.times_told for s in self.systems.values()]
            for system in self.systems.values():
                self.tell(system)
            if before == [s.times_told for s in self.systems.values()]:
                return step
        raise AssertionError("the systems never fall silent")


def test_one_word_is_told_once_to_each_and_no_more() -> None:
    world = Round()
    world.systems["crm"].set({"name": "Acme", "phone": "1"}, world.now)
    world.until_silent()
    version = world.store.load(world.customer).customer.version
    assert [s.times_told for s in world.systems.values()] == [1, 1]
    world.systems["shop"].set({"name": "Acme Ltd"}, world.now)
    world.until_silent()
    customer = world.store.load(world.customer).customer
    assert customer.values == {"name": "Acme Ltd", "phone": "1"}
    assert (customer.version - version, [s.times_told for s in world.systems.values()]) == (1, [2, 2])


def test_a_late_echo_does_not_bring_back_what_was_true_before() -> None:
    world = Round()
    crm, shop = world.systems.values()
    crm.set({"name": "A"}, world.now)
    world.hear(crm)
    crm.set({"name": "B"}, world.now)
    world.tell(shop)  # B is not reported yet, so the shop is told A, and says so later than B was said
    world.hear(shop)
    world.hear(crm)
    assert world.store.load(world.customer).customer.values == {"name": "B"}
    world.until_silent()
    assert [crm.record, shop.record] == [{"name": "B"}, {"name": "B"}]


def test_a_person_who_sets_an_old_value_again_is_heard() -> None:
    world = Round()
    crm, shop = world.systems.values()
    for name in ("A", "B"):
        crm.set({"name": name}, world.now)
        world.until_silent()
    shop.set({"name": "A"}, world.now)
    world.until_silent()
    assert [crm.record, shop.record] == [{"name": "A"}, {"name": "A"}]


def test_what_only_echoes_are_left_of_stands_until_somebody_says_another() -> None:
    world = Round()
    world.systems["crm"].set({"name": "A"}, world.now)
    world.until_silent()
    gone = {"account": "1", "version": 9, "changed_at": world.now, "deleted": True}
    world.reporting.take("crm", None, AccountReport.model_validate(gone), Cause("crm", "c", world.now))
    assert world.store.load(world.customer).customer.values == {"name": "A"}


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["set", "hear", "hear twice", "tell"]),
            st.sampled_from(SYSTEMS),
            st.sampled_from(["name", "phone"]),
            st.sampled_from(["1", "2", "3"]),
        ),
        max_size=40,
    )
)
def test_however_words_and_echoes_cross_it_ends_and_everybody_agrees(steps: list[Any]) -> None:
    world = Round()
    world.systems["crm"].set({"name": "0", "phone": "0"}, world.now)
    words = 0
    for what, name, attribute, value in steps:
        system = world.systems[name]
        if what == "set":
            words += 1
            system.set({attribute: value}, world.now)
        elif what == "tell":
            world.tell(system)
        elif system.outbox:
            world.hear(system, twice=what == "hear twice")
    world.until_silent()
    stands = {n: str(v) for n, v in world.store.load(world.customer).customer.values.items()}
    assert [s.record for s in world.systems.values()] == [stands, stands]
    # A word makes a version, and another when it is overwritten where it was said before it came here.
    assert world.store.load(world.customer).customer.version <= 2 * words + 2
    assert max(s.times_told for s in world.systems.values()) <= words + 2
