"""What makes two customers one, and what does not, in the words an operator reads."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from crossdock.identity.duplicates.finding import Tally, pairs
from crossdock.identity.duplicates.keys import CAP, MOST, index_key, keys, sound
from crossdock.identity.duplicates.normalising import normal
from crossdock.identity.duplicates.party import Party
from crossdock.identity.duplicates.scoring import score
from crossdock.identity.duplicates.weights import FILE, WeightsError, read, weights

pytestmark = pytest.mark.unit

FIRM = Party(
    "CU1",
    "Müller & Söhne GmbH",
    tax_ids=("DE136695976",),
    street="Hauptstraße 12",
    city="Berlin",
    postcode="10115",
    country="DE",
    phones=("030 901820",),
    emails=("info@mueller-soehne.de",),
)


def verdicts(a: Party, b: Party) -> dict[str, str]:
    return {e.feature: e.verdict for e in score(a, b).evidence}


def test_a_customer_typed_again_by_somebody_else_is_certain_and_says_why() -> None:
    again = Party(
        "CU2",
        "Mueller Söhne",
        tax_ids=("136 695 976",),
        street="Hauptstr. 12",
        city="BERLIN",
        postcode="D-10115",
        country="DE",
    )
    found = score(FIRM, again)
    assert found.verdict == "certain"
    assert verdicts(FIRM, again) == {
        "tax_id": "the same tax id",
        "address": "the same address",
        "name": "the same name",
    }
    document = found.document()
    assert document["evidence"][0] | {"weight": 0} == {
        "feature": "tax_id",
        "ours": "DE136695976",
        "theirs": "136 695 976",
        "verdict": "the same tax id",
        "weight": 0,
    }
    assert (document["score"], document["verdict"], document["weights"]) == ("1.000", "certain", weights().version)


def test_a_branch_of_a_chain_is_not_its_sister() -> None:
    branch = replace(
        FIRM,
        id="CU2",
        tax_ids=("DE129273398",),
        street="Marktplatz 3",
        city="Hamburg",
        postcode="20095",
        phones=("040 123456",),
    )
    assert score(FIRM, branch).verdict == "no"
    assert score(replace(FIRM, tax_ids=()), branch).verdict == "no"


def test_another_name_at_the_same_address_is_not_a_duplicate() -> None:
    neighbour = Party("CU2", "Nordlux Elektro AG", street="Hauptstr. 12", city="Berlin", postcode="10115", country="DE")
    assert score(FIRM, neighbour).verdict == "no"
    assert verdicts(FIRM, neighbour)["address"] == "the same address under other names, as of firms in one building"
    assert score(FIRM, replace(neighbour, phones=FIRM.phones)).verdict == "no"


def test_another_firm_of_a_group_is_not_a_duplicate() -> None:
    first = replace(FIRM, name="Nordlux Logistik GmbH", tax_ids=())
    second = replace(FIRM, id="CU2", name="Nordlux Immobilien GmbH", tax_ids=())
    assert score(first, second).verdict == "no"
    assert verdicts(first, second)["name"] == "the same name with other words of trade, as firms of one group have"


def test_nothing_is_certain_against_another_valid_tax_id() -> None:
    other = replace(FIRM, id="CU2", tax_ids=("DE129273398",))
    assert score(FIRM, other).value < score(FIRM, replace(other, tax_ids=())).value
    assert score(FIRM, other).verdict != "certain"


def test_a_mistyped_tax_id_is_no_other_one() -> None:
    assert (
        verdicts(FIRM, replace(FIRM, tax_ids=("DE136695977",)))["tax_id"]
        == "the same tax id but for one character, as by a typo"
    )


def test_ids_of_two_kinds_say_nothing_about_each_other() -> None:
    assert "tax_id" not in verdicts(FIRM, replace(FIRM, tax_ids=("GB980780684",)))


def test_what_one_of_the_two_does_not_say_is_no_evidence() -> None:
    bare = Party("CU2", "Müller & Söhne GmbH")
    assert verdicts(FIRM, bare) == {"name": "the same name", "form": "the same legal form"}
    assert score(FIRM, bare).verdict == "no"
    assert score(Party("CU1", ""), Party("CU2", "")).evidence == ()


def test_an_alias_counts_as_a_name() -> None:
    renamed = Party("CU2", "Nordlux AG", aliases=("Mueller Söhne",))
    assert verdicts(FIRM, renamed)["name"] == "the same name"


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ("Nordlux Plumbing Ltd", "Plumbing Nordlux Ltd", "the same name"),
        ("Nord Lux Ltd", "Nordlux Ltd", "the same name"),
        ("Nordlux Plumbing", "Nordlxu Plumbing", "nearly the same name, as by a typo or another spelling"),
        ("Nordlux Plumbing", "Nordlux Plbg", "nearly the same name, as by a typo or another spelling"),
        ("Romero Hermanos", "Romero Hermannos", "nearly the same name, as by a typo or another spelling"),
        ("Nordlux Plumbing", "Nordlux", "the same name, one with a word of trade more"),
        ("Nordlux Verda", "Nordlux", "one name stands within the other"),
        ("Bayerische Motoren Werke AG", "BMW AG", "one name is the other's initials"),
        ("Nordlux Verda", "Nordlux Kaskade", "the names share a word"),
        ("Nordlux Plumbing", "Verda Plumbing", "other names"),
    ],
)
def test_names_are_alike_in_several_ways(ours: str, theirs: str, verdict: str) -> None:
    assert verdicts(Party("1", ours), Party("2", theirs))["name"] == verdict


@pytest.mark.parametrize(
    ("street", "city", "postcode", "verdict"),
    [
        ("Hauptstr. 12", "Berlin", "10115", "the same address"),
        ("Hauptstr. 12a", "Berlin", None, "the same street and number, another spelling of the place"),
        ("Hauptstr.", "Berlin", "10115", "the same street, a house number is missing"),
        ("Hauptstr. 14", "Berlin", "10115", "the same street, another number"),
        ("Marktplatz 12", "Berlin", "10115", "the same postcode, another street or another spelling of it"),
        ("Marktplatz 12", "Berlin", "10999", "the same town, another street"),
        ("Hauptstraße 12", "Hamburg", "20095", "another town"),
        (None, None, "10115", "the same postcode, a street is missing"),
        (None, "Berlin", None, "the same town, a street is missing"),
    ],
)
def test_addresses_are_alike_in_several_ways(
    street: str | None, city: str | None, postcode: str | None, verdict: str
) -> None:
    there = replace(FIRM, street=street, city=city, postcode=postcode)
    assert verdicts(FIRM, there)["address"] == verdict


def test_a_customer_stands_under_readable_keys_that_are_stored_as_digests() -> None:
    assert keys(normal(FIRM)) == (
        "tax de.vat 136695976",
        "phone +4930901820",
        "mail info@mueller-soehne.de",
        "name DE mlr",
        "at DE 10115 12 hau",
        "web mueller-soehne.de",
        "near DE 10115 mlr",
        "town DE prln mlr",
    )
    assert index_key("phone +4930901820") == "phone#" + index_key("phone +4930901820")[6:]
    assert "4930901820" not in index_key("phone +4930901820")


def test_words_that_sound_alike_are_one_key() -> None:
    assert {sound(word) for word in ("mayer", "meier", "maier", "meyer")} == {"mr"}
    assert sound("schmidt") == sound("schmitt")


def test_a_customer_with_much_to_say_stands_under_few_keys() -> None:
    much = replace(
        FIRM,
        aliases=tuple(f"Alias{n} Verda{n} Kask{n}" for n in "abcdef"),
        phones=tuple(f"030 90182{n}" for n in range(9)),
        emails=tuple(f"{n}@firm{n}.de" for n in range(9)),
    )
    assert len(keys(normal(much))) == MOST


def test_texts_without_end_and_without_meaning_are_compared_in_no_time() -> None:
    long = Party(
        "CU1",
        "a b c " * 200_000,
        aliases=tuple(f"Verda {n} " * 100 for n in range(1000)),
        street="1 " * 500_000,
        phones=("1" * 1_000_000,),
        emails=("x" * 1_000_000,),
        websites=("x." * 500_000,),
    )
    assert score(long, replace(long, id="CU2")).value > 0
    assert len(keys(normal(long))) <= MOST
    half = replace(FIRM, name="\ud800 Verda", emails=("\ud800@verda.de",))
    assert all(index_key(key) for key in keys(normal(half)))
    assert list(pairs([half, replace(half, id="CU2")]))


def test_pairs_are_found_once_and_in_order() -> None:
    again = replace(FIRM, id="CU2", name="Müller Söhne")
    stranger = Party("CU3", "Nordlux AG", city="Wien", country="AT")
    third = replace(FIRM, id="CU4", tax_ids=())
    tally = Tally()
    found = [(a.id, b.id, s.verdict) for a, b, s in pairs([FIRM, stranger, again, third], tally)]
    assert found == [("CU1", "CU2", "certain"), ("CU1", "CU4", "raise"), ("CU2", "CU4", "raise")]
    assert (tally.compared, tally.common) == (3, {})


def test_a_key_that_too_many_share_is_skipped_and_named() -> None:
    crowd = [Party(f"CU{n}", f"Firm {n}", phones=("030 901820",), country="DE") for n in range(CAP + 1)]
    tally = Tally()
    assert list(pairs(crowd, tally)) == []
    assert tally.compared == 0
    assert tally.common["phone +4930901820"] == CAP + 1


def _document() -> dict[str, object]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def test_weights_that_turn_agreement_against_itself_are_refused() -> None:
    for feature, level, weight, problem in (
        ("name", "same", -5000, r"^weights\.name\.same: no level may weigh more than full agreement$"),
        ("phone", "apart", 9000, r"^weights\.phone\.same: no level may weigh more"),
        ("phone", "apart", 0, r"^weights\.phone\.apart: no level may weigh less than difference under other names$"),
        (
            "tax_id",
            "near",
            -5000,
            r"^weights\.tax_id: same, unverified, near, other must not weigh more from left to right$",
        ),
        ("address", "town", "1", r"^weights\.address: there must be one whole number for each of same, near"),
    ):
        document = _document()
        document["weights"][feature][level] = weight  # type: ignore[index]
        with pytest.raises(WeightsError, match=problem):
            read(document)


def test_thresholds_in_the_wrong_order_are_refused() -> None:
    document = _document() | {"thresholds": {"raise": 990, "certain": 500}}
    with pytest.raises(WeightsError, match=r"^thresholds: 0 < raise ≤ certain < 1000 must hold, not 990 and 500$"):
        read(document)
