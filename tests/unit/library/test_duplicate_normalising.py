"""What people write in several ways is one way when it is compared."""

from __future__ import annotations

import pytest

from crossdock.identity.duplicates.contacts import firm_domain, mail_of, phone_of, site_of
from crossdock.identity.duplicates.names import name_of
from crossdock.identity.duplicates.places import place_of, postcode_of
from crossdock.identity.duplicates.tax_ids import TaxId, tax_id_of, tax_id_problem
from crossdock.identity.duplicates.texts import fold
from crossdock.identity.duplicates.vocabulary import VocabularyError, read

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Müller", "muller"),
        ("Mueller", "muller"),
        ("MÜLLER", "muller"),
        ("Weiß-Straße", "weiss strasse"),
        ("O\u2019Neill's", "oneills"),
        ("Łódź", "lodz"),
        ("Brønnum", "bronnum"),
        ("Ромашка", "romashka"),
        ("Αθήνα", "athina"),
        ("株式会社", "株式会社"),
        (" -- ", ""),
    ],
)
def test_a_text_is_folded(written: str, folded: str) -> None:
    assert fold(written) == folded


@pytest.mark.parametrize(
    ("written", "words", "form"),
    [
        ("Müller & Söhne GmbH & Co. KG", ("muller", "son"), "gmbh_co_kg"),
        ("Mueller und Soehne G.m.b.H. & Co KG", ("muller", "son"), "gmbh_co_kg"),
        ("Smith Bros. Ltd.", ("brother", "smith"), "ltd"),
        ("The Smith Brothers Limited", ("brother", "smith"), "ltd"),
        ("Acme Co., Ltd.", ("acme",), "ltd"),
        ("SARL Dupont et Fils", ("dupont", "son"), "sarl"),
        ("AB Volvo", ("volvo",), "ab"),
        ("Nowak Sp. z o.o.", ("nowak",), "spzoo"),
        ("Rossi F.lli S.p.A.", ("brother", "rossi"), "spa"),
        ("García Hnos., S.L.U.", ("brother", "garcia"), "sl"),
        ("B & Q plc", ("bq",), "plc"),
        ("ООО Ромашка", ("romashka",), "ooo"),  # noqa: RUF001 - Cyrillic is the point
        ("Limited", ("limited",), "ltd"),
        ("", (), None),
    ],
)
def test_a_name_is_taken_apart(written: str, words: tuple[str, ...], form: str | None) -> None:
    name = name_of(written)
    assert (name.words, name.form) == (words, form)


def test_words_of_trade_are_not_what_a_firm_is_called() -> None:
    assert name_of("Nordlux Plumbing Supplies Ltd").own == {"nordlux"}
    assert name_of("Plumbing Supplies Ltd").own == {"plumbing", "supply"}


def test_a_number_tells_branches_apart() -> None:
    assert name_of("Store 014 Acme Inc.").numbers == {"14"}
    assert name_of("Acme").numbers == frozenset()


@pytest.mark.parametrize(
    ("written", "street", "number", "unit"),
    [
        ("Hauptstr. 12a", "hauptstrasse", "12a", ""),
        ("Haupt Strasse 12 A", "hauptstrasse", "12a", ""),
        ("12 Main St., Suite 300", "mainstreet", "12", "300"),
        ("Unit 5, 12 Main Street", "mainstreet", "12", "5"),
        ("12-14 High Road", "highroad", "12", ""),
        ("ul. Długa 5 lok. 7", "ulicadluga", "5", "7"),
        ("Hauptstraße 7, 2. OG", "hauptstrasse", "7", "2"),
        ("221B Baker St", "bakerstreet", "221b", ""),
        ("", "", "", ""),
    ],
)
def test_a_street_is_taken_apart(written: str, street: str, number: str, unit: str) -> None:
    place = place_of(written, None, None, None)
    assert (place.street, place.number, place.unit) == (street, number, unit)


def test_a_post_office_box_is_no_street() -> None:
    place = place_of("P.O. Box 123", "Berlin", "10115", "de")
    assert (place.street, place.number, place.box, place.country) == ("", "", "123", "DE")


@pytest.mark.parametrize(
    ("written", "country", "postcode"),
    [
        ("D-01067", "DE", "01067"),
        ("1067", "DE", "01067"),
        ("60601-1234", "US", "60601"),
        ("606011234", "US", "60601"),
        ("2139", "US", "02139"),
        ("sw1a 1aa", "GB", "sw1a1aa"),
        ("1012 AB", "NL", "1012"),
        ("00-950", "PL", "00950"),
        ("", "DE", ""),
    ],
)
def test_a_postcode_has_one_form(written: str, country: str, postcode: str) -> None:
    assert postcode_of(written, country) == postcode


@pytest.mark.parametrize(
    ("written", "country", "found"),
    [
        ("030 901820", "DE", "+4930901820"),
        ("+49 (0)30 901820", "DE", "+4930901820"),
        ("0049 30 901820", "US", "+4930901820"),
        ("(312) 555-0100 ext. 12", "US", "+13125550100"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("12345678", "ZZ", "12345678"),
        ("12345", "DE", "+4912345"),
        ("none", "DE", ""),
        ("", "", ""),
    ],
)
def test_a_telephone_number_is_read_as_its_country_dials_it(written: str, country: str, found: str) -> None:
    assert phone_of(written, country) == found


def test_a_mail_address_says_which_firm_unless_anybody_may_have_it() -> None:
    assert mail_of("Jo Smith <Jo.Smith+orders@Acme.CO.UK>") == "jo.smith@acme.co.uk"
    assert mail_of("at the desk") == ""
    assert firm_domain("jo@acme.co.uk") == "acme.co.uk"
    assert firm_domain("jo@gmail.com") == ""


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("https://www.Acme.com/shop?x=1", "acme.com"),
        ("acme.com", "acme.com"),
        ("//acme.com", "acme.com"),
        ("https://www.facebook.com/acme", ""),
        ("acme.myshopify.com", ""),
        ("gmail.com", ""),
        ("our site", ""),
    ],
)
def test_a_web_address_is_its_host_unless_many_have_a_page_there(written: str, host: str) -> None:
    assert site_of(written) == host


@pytest.mark.parametrize(
    ("written", "country", "kind", "number"),
    [
        ("DE 136 695 976", "DE", "de.vat", "136695976"),
        ("136695976", "DE", "de.vat", "136695976"),
        ("DE136695976", "US", "de.vat", "136695976"),
        ("GB 980 7806 84", "GB", "gb.vat", "980780684"),
        ("FR 40 303 265 045", "FR", "fr.siren", "303265045"),
        ("303 265 045", "FR", "fr.siren", "303265045"),
        ("12-3456789", "US", "us.ein", "123456789"),
        ("NL4495445B01", "NL", "nl.btw", "004495445B01"),
        ("CHE-100.155.212 MWST", "CH", "ch.uid", "CHE100155212"),
        ("CHE100155212", "CH", "ch.uid", "CHE100155212"),
        ("EL 094259216", "GR", "gr.vat", "094259216"),
        ("NO 995 525 828 MVA", "NO", "no.orgnr", "995525828"),
        ("B-58378431", "ES", "es.nif", "B58378431"),
        ("DE136695977", "DE", "", "136695977"),
        ("HR 77540", "DE", "", "HR77540"),
    ],
)
def test_a_tax_id_is_read_by_its_countrys_rules(written: str, country: str, kind: str, number: str) -> None:
    assert tax_id_of(written, country) == TaxId(kind, number)


def test_a_tax_id_without_a_character_is_none() -> None:
    assert tax_id_of(" - ", "DE") is None


@pytest.mark.parametrize(
    ("country", "written", "problem"),
    [
        ("DE", "DE136695976", None),
        ("ZZ", "anything", None),
        ("DE", "12", "it is shorter than any country's tax id"),
        ("DE", "DE136695977", "its check digit does not fit: a character is mistyped; DE has VAT or STNR"),
        ("FR", "303265046", "its check digit does not fit: a character is mistyped; FR has TVA or SIREN or SIRET"),
        ("GB", "GB1234567", "it is too long or too short; GB has VAT"),
        ("NL", "NLABC", "it has a character where none of its kind may stand; NL has BTW"),
    ],
)
def test_what_is_wrong_with_a_tax_id_is_said(country: str, written: str, problem: str | None) -> None:
    assert tax_id_problem(country, written) == problem


def test_lists_that_give_a_word_two_meanings_are_refused() -> None:
    document = {
        "version": 1,
        "legal_forms": {"ltd": ["ltd"], "inc": ["Ltd"]},
        "names": {"stop": [], "generic": [], "abbreviations": {}},
        "streets": {"units": [], "boxes": [], "stop": [], "endings": {}, "abbreviations": {}},
        "mail": {"free": [], "shared": []},
    }
    with pytest.raises(VocabularyError, match=r"^legal_forms: 'Ltd' stands for 'ltd' and for 'inc'$"):
        read(document)
