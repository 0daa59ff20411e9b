"""One person taken out of documents of any shape: all that is the person's, and nothing that is another's."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest

from crossdock.contracts.persons import COVER, Person, TakingOut, address_of, digits_of, from_document
from crossdock.identity.claims import GONE, Record, absorb
from crossdock.identity.forgetting import of_person, without
from crossdock.platform.scrubbing import body_without, scrubbed, system_of

pytestmark = pytest.mark.unit

ADA = Person(
    contacts=frozenset({"CTADA"}),
    ids=frozenset({("crm", "0039000001"), ("shop", "9")}),
    addresses=frozenset({"ada@acme.example"}),
    phones=frozenset({"904654321"}),
    names=frozenset({"ada byron"}),
)


def taken(document: Any, system: str | None = None) -> tuple[Any, list[str]]:
    taking = TakingOut(ADA, system)
    return taking.of(document), [place for place, _ in taking.found]


@pytest.mark.parametrize(
    ("document", "left"),
    [
        # by our id, by a system's id, and by what is hers alone
        ({"contacts": {"CTADA": {"name": "x"}, "CTBOB": {"name": "y"}}}, {"contacts": {"CTBOB": {"name": "y"}}}),
        ({"contact/CTADA": None, "name": "Acme"}, {"name": "Acme"}),
        ({"email": "ADA@acme.example ", "name": "Acme"}, {"name": "Acme"}),
        ({"phone": "+44 (0)1904 654321"}, {}),
        ({"phone": 1904654321}, {}),
        (["ada@acme.example", "bob@acme.example"], [COVER, "bob@acme.example"]),
        # names only beside it, and in an object of one thing only
        ({"firstName": "Ada", "last_name": "BYRON", "role": "buyer", "mail": "ada@acme.example"}, {"role": "buyer"}),
        ({"email": "ada@acme.example", "name": "Ada Byron", "owner": {"name": "ada byron"}}, {"owner": {}}),
        ({"email": "ada@acme.example", "contacts": [{"name": "Ada Byron"}]}, {"contacts": [{"name": "Ada Byron"}]}),
        # of a text only the mark, and the name beside it
        ({"note": "call Ada Byron, 01904-654321."}, {"note": f"call {COVER}, {COVER}."}),
        ({"note": "see contact/CTADA"}, {"note": f"see contact/{COVER}"}),
    ],
)
def test_what_is_the_persons_goes(document: Any, left: Any) -> None:
    assert taken(document)[0] == left


@pytest.mark.parametrize(
    "document",
    [
        {"name": "Ada Byron", "email": "byron@zenith.example"},
        {"firstName": "Ada"},
        {"note": "Ada Byron called"},
        {"email": "not-ada@acme.example", "also": "ada@acme.example.org", "and": "ada@acme-example"},
        {"phone": "+44 1904 654322", "id": "99904654321123456", "order": "12"},
        {"contacts": {"9": {"name": "Bob"}}},
        {"id": "9", "price": 9, "flag": True, "nothing": None},
    ],
)
def test_what_is_another_persons_is_the_very_same_object(document: Any) -> None:
    made, found = taken(document, "crm")
    assert made is document
    assert found == []


def test_an_id_counts_in_its_own_system_only() -> None:
    document = {"contacts": {"9": {"name": "Ada"}}}
    assert taken(document, "shop") == ({"contacts": {}}, ["/contacts/9"])
    assert taken(document, "crm") == (document, [])
    vendor = {"Id": "0039000001", "FirstName": "Ada", "AccountId": "001"}
    assert taken(vendor, "crm")[0] == {"AccountId": "001"}
    assert taken(vendor, "erp")[0] is vendor


def test_of_a_channels_state_it_is_covered_so_that_the_channel_is_told_anew() -> None:
    value = json.dumps({"contacts": {"CTADA": {"name": "Ada Byron"}}, "rate": 1})
    found = scrubbed({"pk": "SH#webshop#customer#00", "sk": "00#CU1", "val": value, "ver": 3}, ADA, None, "now")
    assert found.write is not None
    assert found.write.put == {"val": '{"contacts":{"CTADA":"●●●"},"rate":1}'}
    assert [(w.name, w.value) for w in found.write.when] == [("val", value)]


def test_numbers_of_a_body_keep_their_digits_and_a_body_without_the_person_its_bytes() -> None:
    body = zlib.compress(b'{"email": "ada@acme.example", "price": 1.10, "big": 12345678901234567890, "e": 1E5}')
    made, found = body_without(body, ADA, "crm")
    assert made is not None
    assert zlib.decompress(made) == b'{"price":1.10,"big":12345678901234567890,"e":1E5}'
    assert found == [("/email", "ada@acme.example")]
    other = zlib.compress(b'{"price":   1.10}')
    assert body_without(other, ADA, "crm") == (other, [])
    assert body_without(b"not packed", ADA, "crm") == (b"not packed", [])
    assert body_without(zlib.compress(b"<Email>ADA@acme.example</Email>"), ADA, "crm")[0] is None


def test_a_body_that_cannot_be_read_goes_and_its_row_says_when() -> None:
    row = {"pk": "IN#crm#1", "sk": "IN", "body": zlib.compress(b"<Email>ada@acme.example</Email>"), "h": "x"}
    write = scrubbed(row, ADA, system_of(row), "2026-11-21T08:00:00.000Z").write
    assert write is not None
    assert (write.put, write.remove) == ({"erased": "2026-11-21T08:00:00.000Z"}, ("body",))


def test_a_mark_in_a_key_is_told_and_not_touched() -> None:
    row = {"pk": "X#customer#shop#ada@acme.example", "sk": "ID", "cid": "CU1"}
    found = scrubbed(row, ADA, None, "now")
    assert (found.keys, found.write) == (True, None)


def test_whose_ids_a_row_speaks_in() -> None:
    message = json.dumps({"sourcesystem": "bus", "data": {"source": "crm"}})
    assert system_of({"pk": "EXC#1", "sk": "OCC#1", "message": message}) == "crm"
    assert system_of({"pk": "IN#shop#a#b", "sk": "IN"}) == "shop"
    assert system_of({"pk": "EXC#1", "sk": "HEAD", "message": "text"}) is None


def test_a_person_is_kept_and_read_again() -> None:
    assert from_document(json.loads(json.dumps(ADA.document()))) == ADA
    assert Person() | ADA == ADA


@pytest.mark.parametrize(("text", "digits"), [("12", None), ("SO 1904 654321", None), ("01904 654321", "904654321")])
def test_what_is_a_telephone_number(text: str, digits: str | None) -> None:
    assert digits_of(text) == digits


def test_what_is_a_mail_address() -> None:
    assert (address_of(" A@b.example"), address_of("a b@c"), address_of("a@b@c")) == ("a@b.example", None, None)


# -- forgetting in a record ------------------------------------------------------------------------------------


def test_a_record_forgets_and_no_late_report_reminds_it() -> None:
    record = Record("crm", "1")
    for version in (1, 2, 5):
        record = absorb(record, version, f"t{version}", {"email": "ada@acme.example", "name": "Acme"}).record
    bare = without(record, ["email"])
    assert bare.values == {"email": None, "name": "Acme"}
    assert bare.claims["name"] == record.claims["name"]
    for version in (1, 3, 5):
        assert absorb(bare, version, f"t{version}", {"email": "ada@acme.example"}).record == bare
    newer = absorb(bare, 6, "t6", {"email": "ada@acme.example"})
    assert newer.record.claims["email"].value == "ada@acme.example"
    assert newer.record.claims["email"].version == 6


def test_which_attributes_are_a_persons() -> None:
    assert of_person("contact/CTADA", {"name": "x"}, ADA)
    assert not of_person("contact/CTBOB", {"email": "ada@acme.example"}, ADA)
    assert of_person("email@company:uk", "Ada@Acme.example", ADA)
    assert not of_person("name", "Ada Byron", ADA)
    assert not of_person(GONE, value=False, person=ADA)
