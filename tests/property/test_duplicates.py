"""Whatever people write: normalising gives an answer and gives it twice, and a score means the same both ways round."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.identity.duplicates.contacts import mail_of, phone_of, site_of
from crossdock.identity.duplicates.finding import pairs
from crossdock.identity.duplicates.index import index_keys
from crossdock.identity.duplicates.keys import MOST, keys
from crossdock.identity.duplicates.names import name_of
from crossdock.identity.duplicates.normalising import normal
from crossdock.identity.duplicates.party import Party
from crossdock.identity.duplicates.places import place_of, postcode_of
from crossdock.identity.duplicates.scoring import score
from crossdock.identity.duplicates.tax_ids import tax_id_of, tax_id_problem
from crossdock.identity.duplicates.texts import compact, fold
from tests.support.examples import examples

pytestmark = pytest.mark.property

ANY = st.text(max_size=40)
COUNTRIES = st.sampled_from(("DE", "US", "GB", "FR", "GR", "NO", "ZZ", "", "de", "ß", "日本"))
NAMES = st.lists(
    st.sampled_from(("Nordlux", "Müller", "Verda", "Plumbing", "& Söhne", "Store 14", "GmbH", "Ltd.", "S.p.A.", "of")),
    min_size=1,
    max_size=4,
).map(" ".join)
TAX_IDS = st.sampled_from(("DE136695976", "136695977", "DE129273398", "GB980780684", "12-3456789", "HRB 1234", "?"))
STREETS = st.sampled_from(("Hauptstr. 12", "12 Main St, Unit 5", "Marktplatz 3", "PO Box 7", "Hauptstraße"))
CITIES = st.sampled_from(("Berlin", "Köln", "Springfield"))
POSTCODES = st.sampled_from(("10115", "D-10115", "50667", "62701-1234"))
PHONES = st.sampled_from(("030 901820", "+49 30 901821", "(312) 555-0100", "12345", "none"))
MAILS = st.sampled_from(("info@nordlux.de", "a@nordlux.de", "me@gmail.com", "x@verda.com", "?"))
SITES = st.sampled_from(("www.nordlux.de", "https://verda.com/x", "facebook.com/verda", "?"))


def few(texts: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.one_of(texts, texts, texts, ANY), max_size=2).map(tuple)


@st.composite
def parties(draw: st.DrawFn) -> Party:
    """A party of words that meet each other often, and now and then of any text at all."""
    return Party(
        id="CU1",
        name=draw(st.one_of(NAMES, NAMES, NAMES, ANY)),
        aliases=draw(few(NAMES)),
        tax_ids=draw(few(TAX_IDS)),
        street=draw(st.one_of(st.none(), STREETS, ANY)),
        city=draw(st.one_of(st.none(), CITIES, ANY)),
        postcode=draw(st.one_of(st.none(), POSTCODES, ANY)),
        country=draw(st.one_of(st.none(), COUNTRIES)),
        phones=draw(few(PHONES)),
        emails=draw(few(MAILS)),
        websites=draw(few(SITES)),
    )


@given(ANY)
@examples(600)
def test_what_is_normalised_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert compact(compact(text)) == compact(text)
    assert mail_of(mail_of(text)) == mail_of(text)
    assert site_of(site_of(text)) == site_of(text)


@given(ANY, COUNTRIES)
@examples(600)
def test_any_text_gives_an_answer_in_every_place(text: str, country: str) -> None:
    name_of(text)
    place_of(text, text, text, country)
    tax_id_problem(country, text)
    assert postcode_of(postcode_of(text, country), country) == postcode_of(text, country)
    assert phone_of(phone_of(text, country), country) == phone_of(text, country)
    found = tax_id_of(text, country)
    assert found is None or found.number != ""


@given(parties(), parties())
@examples(300)
def test_a_score_is_the_same_whichever_comes_first(a: Party, b: Party) -> None:
    forth, back = score(a, b), score(b, a)
    assert (forth.value, forth.verdict) == (back.value, back.verdict)
    assert [(e.feature, e.ours, e.theirs, e.verdict, e.weight) for e in forth.evidence] == [
        (e.feature, e.theirs, e.ours, e.verdict, e.weight) for e in back.evidence
    ]
    assert 0 <= forth.value <= 1
    assert score(a, b) == forth


@given(parties(), st.sampled_from(("tax id", "address", "address and phone", "phone and mail")))
@examples(300)
def test_a_party_with_evidence_is_a_duplicate_of_itself(party: Party, evidence: str) -> None:
    named = replace(party, name=f"{party.name} Nordlux GmbH", country="DE")
    known = {
        "tax id": replace(named, tax_ids=("DE136695976",)),
        "address": replace(named, street="Hauptstr. 12", city="Berlin", postcode="10115"),
        "address and phone": replace(
            named, street="Hauptstr. 12", city="Berlin", postcode="10115", phones=("030 90182",)
        ),
        "phone and mail": replace(named, phones=("030 901820",), emails=("info@nordlux.de",)),
    }[evidence]
    found = score(known, replace(known, id="CU2"))
    assert found.raised
    if evidence == "tax id":
        assert found.verdict == "certain"


@given(parties(), parties(), st.sampled_from(("alias", "tax", "phone", "mail", "site", "address")))
@examples(500)
def test_more_that_agrees_never_makes_it_less_likely(a: Party, b: Party, what: str) -> None:
    if what == "address":
        # In another country everything is read in another way, and may agree or differ where it said nothing before.
        a, b = replace(a, country="DE"), replace(b, country="DE")
    before = score(a, b).value
    assert score(agreeing(a, what), agreeing(b, what)).value >= before


def agreeing(party: Party, what: str) -> Party:
    """The party with one more thing in it, the same for everybody."""
    match what:
        case "alias":
            return replace(party, aliases=(*party.aliases, "Kaskade Brenner"))
        case "tax":
            return replace(party, tax_ids=(*party.tax_ids, "DE811569869"))
        case "phone":
            return replace(party, phones=(*party.phones, "+49 89 1234567"))
        case "mail":
            return replace(party, emails=(*party.emails, "jo@kaskade.de"))
        case "site":
            return replace(party, websites=(*party.websites, "kaskade.de"))
        case _:
            return replace(party, street="Seeweg 9", city="Lindau", postcode="88131", country="DE")


@given(parties())
@examples(200)
def test_keys_are_few_each_said_once_and_always_the_same(party: Party) -> None:
    found = keys(normal(party))
    assert len(found) == len(set(found)) <= MOST
    assert keys(normal(party)) == found
    assert len(index_keys(party)) == len(found)


@given(st.lists(parties(), max_size=6))
@examples(60)
def test_pairs_are_those_that_share_a_key_and_score_high_enough(drawn: list[Party]) -> None:
    given_ids = [replace(party, id=f"CU{n}") for n, party in enumerate(drawn)]
    expected = [
        (a.id, b.id)
        for n, a in enumerate(given_ids)
        for b in given_ids[n + 1 :]
        if set(keys(normal(a))) & set(keys(normal(b))) and score(a, b).raised
    ]
    assert [(a.id, b.id) for a, b, _ in pairs(given_ids)] == expected
