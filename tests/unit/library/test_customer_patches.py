"""Preconditions and merge patches of customers, without a table."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.contracts.customer_requests import CustomerPatch
from crossdock.flows.customer_access import Sight
from crossdock.flows.customer_patches import applied, matches, patched, required
from crossdock.flows.customer_rights import check_stands, field
from crossdock.identity.customers import Customer
from crossdock.identity.golden import Golden
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.http import Partner
from crossdock.platform.problems import Problem
from tests.support.memory import MemoryTable

pytestmark = pytest.mark.unit

ADA = "contact/CTAAAAAAAAAAAAAAAA"


def stands(value: Any, system: str = "crm", external: str = "1") -> Golden:
    return Golden(value, system, external, 1, "2026-11-21T08:00:00.000Z", f"{system} owns it")


CUSTOMER = Customer(
    "CUAAAAAAAAAAAAAAAA",
    version=5,
    attributes={"name": stands("Acme"), "phone": stands(None), "terms": stands("N30", "erp")},
    many={ADA: stands({"name": "Ada", "phone": "1"})},
)


def said(**patch: Any) -> dict[str, Any]:
    asked = CustomerPatch.model_validate(patch)
    return dict(patched(asked, "crm", CUSTOMER, CrossReferences(MemoryTable())).says)


def test_a_part_of_a_contact_is_merged_into_what_is_believed_of_it() -> None:
    contact = ADA.partition("/")[2]
    assert said(contacts={contact: {"phone": None, "role": "buyer"}}) == {ADA: {"name": "Ada", "role": "buyer"}}
    assert said(contacts={contact: {}}) == {ADA: {"name": "Ada", "phone": "1"}}
    assert said(contacts={contact: None}) == {ADA: None}


def test_what_is_not_there_is_taken_away_by_saying_nothing() -> None:
    assert said(contacts={"CTBBBBBBBBBBBBBBBB": None, "mine": None}) == {}


def test_a_contact_of_ones_own_gets_an_id_and_the_writes_that_make_it_known() -> None:
    asked = CustomerPatch.model_validate({"contacts": {"7": {"name": "Bob"}}})
    found = patched(asked, "crm", CUSTOMER, CrossReferences(MemoryTable()))
    assert list(found.says.values()) == [{"name": "Bob"}]
    assert {name: len(writes) for name, writes in found.naming.items()} == dict.fromkeys(found.says, 3)


@pytest.mark.parametrize(
    ("contact", "part", "problem"),
    [
        ("CTBBBBBBBBBBBBBBBB", {"name": "Eve"}, "is none of this customer's"),
        ("7", {}, "says nothing"),
        ("CTAAAAAAAAAAAAAAAA", {"name": None, "phone": None}, "says nothing"),
        ("7", {"name": "x" * 501}, "name is longer than 500 characters or holds control characters"),
    ],
)
def test_what_cannot_be_said_of_a_contact_names_it(contact: str, part: Any, problem: str) -> None:
    with pytest.raises(Problem) as found:
        said(contacts={contact: part})
    assert [(e.field, e.problem) for e in found.value.errors] == [(f"contacts.{contact}", problem)]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [('"5"', True), ('"4", "5"', True), ("*", True), ('"4"', False), ("5", False), ('W/"5"', False), ('"05"', False)],
)
def test_a_version_is_named_by_its_strong_tag_or_by_any(tags: str, *, expected: bool) -> None:
    assert matches(tags, 5) is expected


@pytest.mark.parametrize("header", [None, "", "  "])
def test_without_a_tag_nothing_is_changed(header: str | None) -> None:
    with pytest.raises(Problem) as found:
        required(header)
    assert (found.value.status, found.value.name) == (428, "precondition-required")


@pytest.mark.parametrize(
    ("tags", "says", "expected"),
    [
        ('"4"', {"name": "Acme", "phone": None, "email": None}, True),
        ('"4"', {ADA: {"phone": "1", "name": "Ada"}}, True),
        ('"3"', {"name": "Acme"}, False),
        ("*", {"name": "Acme"}, False),
        ('"4"', {"name": "Acme plc"}, False),
        ('"4"', {"terms": "N30"}, False),
        ('"4"', {"email": "a@acme.example"}, False),
        ('"4"', {"name": None}, False),
    ],
)
def test_a_change_was_made_before_when_it_stands_by_the_records_own_word_in_the_next_version(
    tags: str, says: dict[str, Any], *, expected: bool
) -> None:
    assert applied(tags, says, ("crm", "1"), CUSTOMER) is expected


def test_what_another_one_stands_against_is_named_with_its_owner() -> None:
    with pytest.raises(Problem) as found:
        check_stands("crm", {"terms": "N60", "name": "Acme", ADA: {"name": "Eve"}}, CUSTOMER)
    assert found.value.members == {"owners": {ADA: "crm", "terms": "erp"}}
    assert [e.field for e in found.value.errors] == ["contacts.CTAAAAAAAAAAAAAAAA", "attributes.terms"]


def test_a_field_is_named_as_the_request_has_it() -> None:
    names = ["terms", "credit_hold@company:uk", "ship_to/9"]
    assert [field(n) for n in names] == ["attributes.terms", "attributes.credit_hold@company:uk", "ship_tos.9"]


@pytest.mark.parametrize(
    ("partner", "numbering", "expected"),
    [
        (Partner("p", frozenset(), (), customers=("*",)), None, True),
        (Partner("p", frozenset(), ("crm",)), None, True),
        (Partner("p", frozenset(), ("shop",)), "erp", False),
        (Partner("p", frozenset(), (), customers=("4711",)), "erp", True),
        (Partner("p", frozenset(), (), customers=("4711",)), None, False),
        (Partner("p", frozenset(), (), customers=("001",)), "erp", False),
        (Partner("p", frozenset(), (), customers=("CU1",)), None, True),
    ],
)
def test_a_customer_is_seen_by_source_by_our_id_or_by_its_number(
    partner: Partner, numbering: str | None, *, expected: bool
) -> None:
    assert Sight(partner, numbering).knows("CU1", [("crm", "001"), ("erp", "4711")]) is expected
