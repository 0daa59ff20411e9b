"""Lists of accounts in any order, twice, with reports between: money is never healed, drift is, agreement is silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.contracts.ownership import Matrix, Rule
from crossdock.identity.agreeing import Believed, Listed, Sighting, compare, is_money, sighted, stands
from crossdock.identity.claims import Record, absorb
from crossdock.identity.customers import Customer
from crossdock.identity.golden import choices, golden
from crossdock.identity.ownership import may_write
from crossdock.identity.telling import Told, telling
from crossdock.platform.clock import to_text

pytestmark = pytest.mark.property

NAMES = ("name", "phone", "territory", "terms", "credit_limit", "credit_hold", "tax_exempt")
MATRIX = Matrix(
    1,
    (
        Rule("*", ("erp", "crm", "shop"), "newest", written_back=("erp", "crm", "shop")),
        Rule("territory", ("crm",), written_back=("erp",)),
        Rule("terms", ("erp",), written_back=("crm", "shop")),
        Rule("credit_*", ("erp",), written_back=("crm", "shop")),
        Rule("tax_*", ("erp",), written_back=("crm",)),
    ),
)
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
SETTLE = timedelta(minutes=1)

values = st.sampled_from(["A", "B", "C", None])
said = st.dictionaries(st.sampled_from(NAMES), values, max_size=4)
systems = st.sampled_from(["erp", "crm", "shop"])
reports = st.lists(st.tuples(systems, st.integers(1, 6), said), max_size=8)


def customer_of(records: dict[str, Record]) -> Customer:
    stand = golden(choices(MATRIX, list(records.values())))
    return Customer("CU1", 1, attributes=stand, changed_at=to_text(NOW))


def absorbed(records: dict[str, Record], system: str, version: int, says: dict[str, Any]) -> dict[str, Record]:
    before = records.get(system, Record(system, system))
    at = to_text(NOW + timedelta(seconds=version))
    return {**records, system: absorb(before, version, at, says).record}


def taken(made: list[tuple[str, int, dict[str, Any]]]) -> dict[str, Record]:
    records: dict[str, Record] = {}
    for system, version, says in made:
        records = absorbed(records, system, version, says)
    return records


def listed(system: str, version: int, says: dict[str, Any]) -> Listed:
    return Listed(system, system, version, NOW + timedelta(seconds=version), says)


@given(reports, systems, st.integers(1, 6), said)
def test_what_is_missed_once_is_not_missed_again(
    made: list[tuple[str, int, dict[str, Any]]], system: str, version: int, says: dict[str, Any]
) -> None:
    records = taken(made)
    one = listed(system, version, says)
    found = compare(MATRIX, one, Believed(customer_of(records), records.get(system), Told(system)), 0)
    after = absorbed(records, system, version, {n: says[n] for n in found.missed})
    again = compare(MATRIX, one, Believed(customer_of(after), after[system], Told(system)), 0)
    contradicted = {n for n in found.missed if n in again.missed}
    # Two values under one version: the one that sorts last stays, and the report says so by a complaint.
    assert all(records[system].last(n) is not None for n in contradicted)
    for name in {n for n in NAMES if not may_write(MATRIX, n, system)}:
        assert stands(customer_of(after), name) == stands(customer_of(records), name)


@given(reports, systems, st.integers(1, 6), said)
def test_money_of_somebody_else_is_never_taken_nor_told_again(
    made: list[tuple[str, int, dict[str, Any]]], system: str, version: int, says: dict[str, Any]
) -> None:
    records = taken(made)
    found = compare(
        MATRIX, listed(system, version, says), Believed(customer_of(records), records.get(system), Told(system)), 0
    )
    foreign = {n for n in says if is_money(n) and not may_write(MATRIX, n, system)}
    assert not foreign & {*found.missed, *found.lost}
    assert set(found.money) <= foreign
    assert set(found.urgent) <= set(found.money)


@given(reports, systems, st.integers(1, 6), said)
def test_whoever_holds_what_he_was_told_agrees(
    made: list[tuple[str, int, dict[str, Any]]], system: str, version: int, says: dict[str, Any]
) -> None:
    """Convergence: once the system took what stands, its next list, of any version, shows nothing to be done."""
    records = taken(made)
    customer = customer_of(records)
    holds = {n: stands(customer, n) for n in {*says, *customer.attributes}}
    told = telling(Told(system), 1, customer.values, to_text(NOW))
    found = compare(MATRIX, listed(system, version, holds), Believed(customer, records.get(system), told), 48)
    assert (found.missed, found.lost, found.money, found.urgent) == ((), (), (), ())


@given(reports, said, st.integers(1, 6))
def test_what_was_not_changed_since_it_was_told_is_never_news(
    made: list[tuple[str, int, dict[str, Any]]], says: dict[str, Any], version: int
) -> None:
    records = taken(made)
    customer = customer_of(records)
    told = telling(Told("shop"), 1, customer.values, to_text(NOW + timedelta(hours=1)))
    found = compare(MATRIX, listed("shop", version, says), Believed(customer, records.get("shop"), told), 0)
    assert not {*found.missed} & set(customer.values)


sightings = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 5)), min_size=1, max_size=12)


@given(sightings)
def test_a_list_counts_once_and_only_in_the_order_in_which_lists_were_made(arrived: list[tuple[str, int]]) -> None:
    made = {name: NOW + timedelta(hours="abcd".index(name)) for name, _ in arrived}
    seen: Sighting | None = None
    running, newest = 0, NOW - timedelta(hours=1)
    for name, _ in arrived:
        seen = sighted(seen, Sighting(1, "what", name, to_text(made[name])), SETTLE)
        if made[name] > newest:
            running, newest = running + 1, made[name]
    assert seen is not None
    assert seen.times == running


@given(st.integers(0, 7200))
def test_what_was_done_has_its_time_to_arrive_and_is_counted_anew_after_it(seconds: int) -> None:
    done = Sighting(2, "what", "a", to_text(NOW), to_text(NOW + timedelta(minutes=10)))
    at = NOW + timedelta(seconds=seconds + 1)
    after = sighted(done, Sighting(1, "what", "b", to_text(at)), SETTLE)
    if at <= NOW + timedelta(minutes=11):
        assert (after.times, after.done) == (2, done.done)
    else:
        assert (after.times, after.done) == (1, "")


def test_each_standing_has_an_example() -> None:
    """What the table in docs/identity.md says."""
    records = taken([("erp", 1, {"terms": "N30", "name": "Acme"}), ("crm", 3, {"phone": "1"})])
    customer = customer_of(records)

    def of(system: str, version: int, **says: Any) -> dict[str, tuple[str, ...]]:
        found = compare(MATRIX, listed(system, version, says), Believed(customer, records.get(system), Told(system)), 0)
        shown = {s: getattr(found, s) for s in ("missed", "lost", "money", "overtaken")}
        return {standing: names for standing, names in shown.items() if names}

    assert of("crm", 4, phone="1", name="Acme", terms="N30") == {}
    assert of("crm", 4, phone="2") == {"missed": ("phone",)}
    assert of("crm", 2, phone="2") == {"overtaken": ("phone",)}
    assert of("crm", 4, terms="N90") == {"money": ("terms",)}
    assert of("erp", 4, territory="NORTH") == {"lost": ("territory",)}
    assert of("shop", 4, territory="NORTH") == {}
