"""The index of duplicates on the engine's table: written with the customer, asked by one small query for each key."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from crossdock.identity.duplicates.index import Candidates, DuplicateIndex, changes, index_keys
from crossdock.identity.duplicates.keys import CAP
from crossdock.identity.duplicates.party import Party
from crossdock.platform.dynamo import Table
from tests.support.tables import table_name

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

FIRM = Party(
    "CU0000000000000001",
    "Müller & Söhne GmbH",
    tax_ids=("DE136695976",),
    street="Hauptstraße 12",
    city="Berlin",
    postcode="10115",
    country="DE",
    phones=("030 901820",),
    emails=("info@mueller-soehne.de",),
)


@pytest.fixture
def table(fresh: Target) -> Table:
    return Table(fresh.dynamodb, table_name("identity"), metered=True)


def keep(table: Table, party: Party, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    wanted = index_keys(party)
    assert all(outcome.done for outcome in table.atomically(changes(party.id, before, wanted)))
    return wanted


def rows(table: Table) -> set[tuple[str, str]]:
    return {(row["pk"], row["sk"]) for page, _ in table.pages(None, attributes=("pk", "sk")) for row in page}


def test_a_customer_is_found_by_whatever_it_shares(table: Table) -> None:
    keep(table, FIRM)
    index = DuplicateIndex(table)
    for shared in (
        Party("", "Nordlux", tax_ids=("136 695 976",), country="DE"),
        Party("", "Nordlux", phones=("+49 30 901820",)),
        Party("", "Nordlux", emails=("jo@mueller-soehne.de",)),
        Party("", "Mueller Söhne", country="DE"),
        Party("", "Nordlux", street="Hauptstr. 12", postcode="D-10115", country="DE"),
    ):
        assert index.candidates(shared) == Candidates((FIRM.id,))
    assert index.candidates(Party("", "Nordlux", country="DE")) == Candidates(())


def test_a_customer_is_no_candidate_of_its_own(table: Table) -> None:
    keep(table, FIRM)
    assert DuplicateIndex(table).candidates(FIRM) == Candidates(())


def test_what_changed_is_what_is_written(table: Table) -> None:
    kept = keep(table, FIRM)
    moved = replace(FIRM, phones=("040 123456",))
    writes = changes(FIRM.id, kept, index_keys(moved))
    assert len(writes) == 2
    assert all(outcome.done for outcome in table.atomically(writes))
    assert rows(table) == {(f"D#{key}", FIRM.id) for key in index_keys(moved)}
    assert changes(FIRM.id, index_keys(moved), index_keys(moved)) == ()
    assert DuplicateIndex(table).candidates(Party("", "x", phones=("+49 30 901820",))) == Candidates(())


def test_nothing_of_a_transaction_stays_that_was_built_on_other_keys(table: Table) -> None:
    keep(table, FIRM)
    before = rows(table)
    outcomes = table.atomically(changes(FIRM.id, (), index_keys(replace(FIRM, phones=("040 123456",)))))
    assert not any(outcome.done for outcome in outcomes)
    assert rows(table) == before


def test_no_number_and_no_name_stands_in_the_index(table: Table) -> None:
    keep(table, FIRM)
    written = repr(rows(table))
    for text in ("136695976", "901820", "mueller", "mlr", "10115"):
        assert text not in written


def test_a_key_too_many_share_is_named_and_not_followed(table: Table) -> None:
    phone = Party("", "x", phones=("+49 30 901820",))
    (key,) = set(index_keys(phone)) - set(index_keys(replace(phone, phones=())))
    for n in range(CAP + 5):
        table.put({"pk": f"D#{key}", "sk": f"CU{n:016d}"})
    table.read_units = 0.0
    assert DuplicateIndex(table).candidates(phone) == Candidates((), ("phone +4930901820",))


def test_a_search_costs_half_a_read_unit_for_each_key(table: Table) -> None:
    for n in range(CAP):
        keep(table, replace(FIRM, id=f"CU{n:016d}"))
    table.read_units = 0.0
    found = DuplicateIndex(table).candidates(replace(FIRM, id=""))
    assert (len(found.ids), found.common) == (CAP, ())
    assert table.read_units == 0.5 * len(index_keys(FIRM))
