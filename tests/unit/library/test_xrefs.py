"""Cross-references: what may be one, what looking them up costs, and what is refused with which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.xrefs import KINDS, MINTED, CrossReference, faults_of, id_faults, kind_of_id
from crossdock.identity.xref_bulk import Import
from crossdock.identity.xref_judging import Wanted
from crossdock.identity.xref_rows import in_force
from crossdock.identity.xref_writes import (
    XrefError,
    attach_writes,
    begin_writes,
    merge_writes,
    minted_id,
    unmerge_writes,
)
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import to_text
from tests.support.counting import CountingTable
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, tzinfo=UTC)
DAY = timedelta(days=1)


def customer(external: str, canonical: str = "CU" + "A" * 16, **more: Any) -> CrossReference:
    return CrossReference("customer", "crm", external, canonical, **more)


def store(table: MemoryTable | None = None) -> CrossReferences:
    return CrossReferences(table if table is not None else MemoryTable(), lambda: NOW)


def refused(work: Callable[[], object]) -> XrefError:
    with pytest.raises(XrefError) as error:
        work()
    return error.value


# -- what may be one -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "field"),
    [
        (customer(""), "external"),
        (customer("x" * 101), "external"),
        (customer("a\nb"), "external"),
        (customer("\ud800"), "external"),
        (CrossReference("item", "crm", "x" * 81, "SKU"), "external"),
        (CrossReference("customer", "CRM", "1", "CU" + "A" * 16), "system"),
        (CrossReference("client", "crm", "1", "CU" + "A" * 16), "kind"),  # type: ignore[arg-type]  # as a file may say
        (customer("1", "CU1"), "canonical"),
        (customer("1", "CT" + "A" * 16), "canonical"),
        (CrossReference("warehouse", "wms", "1", "MAIN HALL"), "canonical"),
        (CrossReference("order", "erp", "1", "A#B"), "canonical"),
        (customer("1", role="boss"), "role"),
        (customer("1", valid_from=datetime(2026, 1, 1)), "valid_from"),  # noqa: DTZ001 - that is what is wrong
        (customer("1", valid_to=NOW + timedelta(microseconds=1)), "valid_to"),
        (customer("1", valid_from=NOW, valid_to=NOW), "valid_to"),
    ],
)
def test_what_cannot_be_kept_is_named_by_its_field_with_a_remedy(reference: CrossReference, field: str) -> None:
    (fault,) = faults_of(reference)

    assert fault.field == field
    assert fault.problem
    assert fault.remedy


def test_what_may_be_kept() -> None:
    given = {"item": "85123A", "warehouse": "MAIN", "order": "SO/77", "price_list": "Whole sale"}
    for kind in KINDS:
        canonical = given.get(kind) or minted_id(kind, ("crm", "1"))
        zone = timezone(timedelta(hours=2))
        reference = CrossReference(kind, "crm_2", " ä#/1 ", canonical, "buyer", NOW.astimezone(zone), NOW + DAY)
        assert faults_of(reference) == []


def test_a_minted_id_says_its_kind_and_is_always_the_same() -> None:
    assert minted_id("customer", ("crm", "1")) == "CUN7F2IEWUDFCG645M"
    for kind in MINTED:
        assert kind_of_id(minted_id(kind, ("crm", "1"))) == kind
    assert len({minted_id(k, (s, "1")) for k in MINTED for s in ("crm", "erp")}) == 6
    assert refused(lambda: minted_id("item", ("crm", "1"))).why == "invalid"
    assert id_faults("customer", ("crm", "1")) == []


@pytest.mark.parametrize(
    ("start", "end", "standing"),
    [
        (None, None, "in_force"),
        (NOW, None, "in_force"),
        (NOW + DAY, None, "not_yet"),
        (None, NOW, "ended"),
        (None, NOW + DAY, "in_force"),
        (NOW - DAY, NOW - DAY / 2, "ended"),
    ],
)
def test_a_reference_counts_from_its_beginning_until_before_its_end(
    start: datetime | None, end: datetime | None, standing: str
) -> None:
    assert customer("1", valid_from=start, valid_to=end).standing(NOW) == standing
    row = {n: to_text(v) for n, v in (("from", start), ("to", end)) if v}
    assert in_force(row, to_text(NOW)) is (standing == "in_force")


# -- what it costs ---------------------------------------------------------------------------------------------


def filled(count: int) -> CountingTable:
    table = CountingTable()
    importing = Import(table)
    for start in range(0, count, 100):
        importing.take([Wanted(n, CrossReference("customer", "crm", f"{n}", "")) for n in range(start, start + 100)])
    table.forget()
    return table


@pytest.mark.parametrize(("asked", "rcu", "calls"), [(1, 0.5, 1), (100, 50, 1), (500, 250, 5)])
def test_a_lookup_is_half_a_unit_and_a_hundred_are_a_round_trip(asked: int, rcu: float, calls: int) -> None:
    table = filled(1000)

    found = store(table).canonicals("customer", [("crm", f"{n}") for n in range(asked)])

    assert len(found) == asked
    assert (table.rcu, table.calls) == (rcu, calls)
    table.forget()
    back = store(table).externals_of("customer", found.values())
    assert {r.id for references in back.values() for r in references} == set(found)
    assert (table.rcu, table.calls) == (0.5 * asked, asked)


def test_only_an_id_that_is_not_found_is_looked_for_among_other_kinds() -> None:
    table = filled(100)
    store(table).resolve("customer", ("crm", "7"))
    assert (table.rcu, table.calls) == (0.5, 1)

    table.forget()
    assert refused(lambda: store(table).resolve("order", ("crm", "7"))).why == "wrong_kind"
    assert (table.rcu, table.calls) == (3.5, 2)


def test_an_import_puts_a_hundred_writes_into_a_transaction() -> None:
    table = MemoryTable()
    sizes = []
    together = table.atomically
    table.atomically = lambda writes: (sizes.append(len(writes)), together(writes))[1]  # type: ignore[method-assign]
    lines = [Wanted(n, CrossReference("order", "erp", f"{n}", f"SO{n}")) for n in range(100)]

    Import(table).take(lines)

    assert sizes == [100, 100]


# -- minting, merging ------------------------------------------------------------------------------------------


def test_ids_that_mean_two_things_are_refused_with_both_named() -> None:
    xrefs = store()
    one, two = (xrefs.mint("customer", [(s, "1")]).canonical for s in ("crm", "erp"))

    error = refused(lambda: xrefs.mint("customer", [("shop", "1"), ("erp", "1"), ("crm", "1")]))

    assert error.why == "two_meanings"
    assert sorted(error.canonicals) == sorted([one, two])
    assert one in error.message
    assert two in error.message
    assert xrefs.references("customer", [("shop", "1")]) == {}


def test_an_id_whose_time_is_over_still_says_what_is_meant() -> None:
    xrefs = store()
    first = xrefs.mint("customer", [("crm", "1")]).canonical
    xrefs.end("customer", ("crm", "1"), NOW - DAY)

    assert xrefs.mint("customer", [("erp", "9"), ("crm", "1")]).canonical == first
    assert xrefs.canonicals("customer", [("crm", "1"), ("erp", "9")]) == {("erp", "9"): first}


def test_a_plan_is_carried_out_with_the_callers_own_writes_or_not_at_all() -> None:
    table = MemoryTable()
    xrefs = store(table)
    plan = xrefs.plan_mint("customer", [("crm", "1"), ("erp", "9")])
    xrefs.mint("customer", [("erp", "9")])  # another one was there in between
    before = dict(table.rows)

    outcomes = table.atomically([*plan.writes, *begin_writes("customer", "CU" + "Z" * 16)])

    assert not any(o.done for o in outcomes)
    assert table.rows == before
    again = xrefs.plan_mint("customer", [("crm", "1"), ("erp", "9")])
    assert all(o.done for o in table.atomically([*again.writes, *begin_writes("customer", "CU" + "Z" * 16)]))
    assert (again.canonical, again.created) == (minted_id("customer", ("erp", "9")), False)
    assert [r.external for r in again.new] == ["1"]


def test_a_thing_without_ids_can_be_merged() -> None:
    table = MemoryTable()
    xrefs = store(table)
    winner = xrefs.mint("customer", [("crm", "1")]).canonical
    table.atomically(begin_writes("customer", "CU" + "Z" * 16))
    before = {k: dict(v) for k, v in table.rows.items()}

    xrefs.merge("customer", "CU" + "Z" * 16, winner, by="mara", why="empty")
    assert xrefs.current("customer", "CU" + "Z" * 16) == winner
    xrefs.unmerge("customer", "CU" + "Z" * 16, winner)

    assert table.rows == before


def test_a_merge_keeps_who_when_why_and_what_else_its_caller_knows() -> None:
    table = MemoryTable()
    xrefs = store(table)
    loser, winner = (xrefs.mint("customer", [("crm", n)]).canonical for n in "ab")
    known = (xrefs.known("customer", loser), xrefs.known("customer", winner))

    table.atomically(merge_writes(*known, at=NOW, by="mara", why="one tax id", extra={"score": "0.97"}))

    assert table.rows[f"C#customer#{winner}", f"MERGE#{loser}"] == {
        "pk": f"C#customer#{winner}",
        "sk": f"MERGE#{loser}",
        "at": "2026-11-21T00:00:00.000Z",
        "by": "mara",
        "why": "one tax id",
        "homes": [loser],
        "score": "0.97",
    }
    assert table.rows["X#customer#crm#a", "ID"]["home"] == loser


def test_what_cannot_be_merged_or_taken_back() -> None:
    table = MemoryTable()
    xrefs = store(table)
    ids = [("crm", f"{n}") for n in range(33)]
    large = xrefs.mint("customer", ids[:1]).canonical
    xrefs.attach([customer(n, large) for _, n in ids])
    small = xrefs.mint("customer", [("erp", "1")]).canonical

    def merge(loser: str, winner: str) -> str:
        return refused(lambda: xrefs.merge("customer", loser, winner, by="mara", why="alike")).why

    before = {k: dict(v) for k, v in table.rows.items()}
    assert merge(large, small) == "too_large"
    assert merge(small, small) == "itself"
    assert merge(small, "CU" + "Z" * 16) == "unknown"
    assert merge("CU" + "Z" * 16, small) == "unknown"
    assert refused(lambda: xrefs.merge("item", "A", "B", by="mara", why="alike")).why == "unknown"
    assert refused(lambda: xrefs.unmerge("customer", small, large)).why == "not_merged"
    assert table.rows == before

    xrefs.merge("customer", small, large, by="mara", why="alike")
    assert merge(small, large) == "merged"
    xrefs.unmerge("customer", small, large)
    assert table.rows == before


def test_ids_are_attached_to_what_there_is() -> None:
    missing = refused(lambda: attach_writes([customer("1")], {}, None))
    assert (missing.why, missing.canonicals) == ("unknown", ("CU" + "A" * 16,))
    made = attach_writes([customer("1"), customer("2")], {}, None, create=True)
    assert (made.created, len(made.writes)) == (True, 5)
    assert attach_writes([customer("1")], {("crm", "1"): customer("1")}, None).writes == ()


def test_more_ids_than_a_transaction_takes_are_refused() -> None:
    table = MemoryTable()
    ids = [("crm", f"{n}") for n in range(50)]

    assert refused(lambda: store(table).mint("customer", ids)).why == "too_large"
    assert table.rows == {}
    assert len(store(table).mint("customer", ids[:49]).new) == 49


def test_taking_back_needs_the_merge_that_there_was() -> None:
    xrefs = store()
    loser, winner, third = (xrefs.mint("customer", [("crm", n)]).canonical for n in "abc")
    xrefs.merge("customer", loser, winner, by="mara", why="alike")

    error = refused(lambda: unmerge_writes(xrefs.known("customer", loser), xrefs.known("customer", third)))

    assert (error.why, winner in error.remedy) == ("not_merged", True)


# -- many at once ----------------------------------------------------------------------------------------------


def test_lines_that_contradict_each_other_are_named_and_the_dry_run_knows_it() -> None:
    lines = [
        Wanted(2, customer("1")),
        Wanted(3, customer("1")),
        Wanted(4, customer("1", role="buyer")),
        Wanted(5, customer("2", ""), "t"),
        Wanted(6, CrossReference("customer", "erp", "2", ""), "t"),
        Wanted(7, CrossReference("order", "crm", "2", "SO1")),
    ]
    dry, wet = Import(MemoryTable(), dry_run=True), Import(MemoryTable())
    for importing in (dry, wet):
        judged = importing.take(lines[:4]) + importing.take(lines[4:])
        assert [j.verdict for j in judged] == ["new", "unchanged", "conflict", "new", "new", "conflict"]
        assert judged[2].fault
        assert judged[2].fault.problem == "crm '1' stands on line 2 already, with other content"
        assert judged[5].fault
        assert judged[5].fault.field == "kind"


def test_a_thing_of_many_ids_is_written_in_pieces() -> None:
    table = MemoryTable()

    judged = Import(table).take([Wanted(n, customer(f"{n}")) for n in range(95)])

    assert {j.verdict for j in judged} == {"new"}
    assert table.rows["C#customer#CU" + "A" * 16, "REFS"]["n"] == 95


def test_what_was_merged_takes_no_imported_ids() -> None:
    table = MemoryTable()
    xrefs = store(table)
    loser, winner = (xrefs.mint("customer", [("crm", n)]).canonical for n in "ab")
    xrefs.merge("customer", loser, winner, by="mara", why="alike")

    (new, old) = Import(table).take([Wanted(2, customer("c", loser)), Wanted(3, customer("a", loser))])

    assert new.fault
    assert (new.verdict, new.fault.field) == ("conflict", "canonical")
    assert old.fault
    assert (
        old.fault.problem == f"crm 'a' means the customer {winner} already, into which {loser} was merged, not {loser}"
    )
