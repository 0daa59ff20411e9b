"""The ownership matrix: what a configuration may say, which rule fits, and whose word stands."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from crossdock.config.compile import ConfigError, compile_document
from crossdock.config.model import from_document
from crossdock.contracts.customer_attributes import AttributeNameError, checked, named
from crossdock.contracts.ownership import Matrix, Rule, UnownedError
from crossdock.identity.claims import Claim, Said
from crossdock.identity.golden import Enrichment
from crossdock.identity.ownership import choose

pytestmark = pytest.mark.unit

DEMO = Path(__file__).parents[3] / "config" / "demo.toml"
OWNED: dict[str, Any] = {"attributes": ["*"], "owner": "erp"}


def problems(*rules: dict[str, Any], **more: Any) -> list[str]:
    """What is said of the demo's configuration with these rules in place of its own."""
    raw = tomllib.loads(DEMO.read_text(encoding="utf-8"))
    raw["ownership"] = {"version": 1, "rules": list(rules), **more.pop("ownership", {})}
    raw["customers"] = more
    try:
        compile_document(raw, "demo.toml")
    except ConfigError as exc:
        return [line.strip() for line in str(exc).splitlines()[1:]]
    return []


@pytest.mark.parametrize(
    ("rules", "more", "said"),
    [
        (
            [{**OWNED, "owner": "sap"}],
            {},
            (
                "ownership.rules.0.owner: 'sap' is not among [sources.*] and [channels.*], nor operator or rules; "
                "add it or name another"
            ),
        ),
        (
            [OWNED, {"attributes": ["terms"], "owner": "erp"}, {"attributes": ["terms"], "owner": "crm"}],
            {},
            "ownership.rules.2.attributes: 'terms' has an owner in rules.1 already, 'erp'; leave one of them out",
        ),
        (
            [OWNED, *({"attributes": ["terms"], "owner": o, "scope": "company:uk"} for o in ("erp", "crm"))],
            {},
            (
                "ownership.rules.2.attributes: 'terms' for company:uk has an owner in rules.1 already, 'erp'; "
                "leave one of them out"
            ),
        ),
        (
            [{"attributes": ["[a-z_]*"], "owner": "erp"}],
            {},
            "ownership.rules.0.attributes.0: String should match pattern",
        ),
        (
            [OWNED, {"attributes": ["credits"], "owner": "erp"}],
            {},
            "ownership.rules.1.attributes: 'credits' is no attribute of a customer; use one of name,",
        ),
        (
            [OWNED, {"attributes": ["terms"], "owner": "erp", "scope": "planet:earth"}],
            {},
            "ownership.rules.1.scope: 'planet' is none of company, warehouse, channel; write one, as company:uk",
        ),
        (
            [{**OWNED, "fallbacks": ["erp"]}],
            {},
            "ownership.rules.0.fallbacks: 'erp' is the owner already; leave it out",
        ),
        (
            [{**OWNED, "written_back": ["crm", "crm"]}],
            {},
            "ownership.rules.0.written_back: a system stands in it twice; name it once",
        ),
        ([OWNED], {"required": ["nmae"]}, "customers.required: 'nmae' is no attribute of a customer; use one of name,"),
        (
            [OWNED],
            {"enrichment": [{"when": {"name": "A*"}, "gives": {"credit_hold": "yes"}}]},
            "customers.enrichment.0.gives.credit_hold: is not true or false; send one of them, without quotes",
        ),
        (
            [OWNED],
            {"ownership": {"trust": {"sap": 3}}},
            "ownership.trust.sap: 'sap' is neither a source nor a channel; correct it or leave it out",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_remedy(
    rules: list[dict[str, Any]], more: dict[str, Any], said: str
) -> None:
    (found,) = problems(*rules, **more)
    assert found.startswith(said)


def test_an_attribute_that_nobody_owns_is_named() -> None:
    (found,) = problems({"attributes": ["billing_*", "shipping_*", "credit_*", "tax_*"], "owner": "erp"})
    assert found.startswith("ownership.rules: nobody owns name, legal_name, number, type,")
    assert found.endswith('add a rule without a scope that names them, or attributes = ["*"] for all that are left')


def test_a_rule_for_a_scope_alone_owns_the_attribute_for_nobody_else() -> None:
    (found,) = problems({"attributes": ["*"], "owner": "erp", "scope": "channel:webshop"})
    assert "contacts and ship-tos are said for all" not in found
    assert found.startswith("ownership.rules: nobody owns name,")


def test_the_demos_configuration_is_a_matrix() -> None:
    business = from_document(compile_document(tomllib.loads(DEMO.read_text(encoding="utf-8")), "demo.toml"))
    rule = business.ownership.rule("credit_limit@company:uk")
    assert (rule.owner, rule.foreign, rule.written_back) == ("erp", "revert", ("crm", "webshop"))


MATRIX = Matrix(
    1,
    (
        Rule("*", ("erp",)),
        Rule("credit_*", ("bank",)),
        Rule("credit_limit", ("erp",)),
        Rule("credit_limit", ("uk_erp",), scope="company:uk"),
        Rule("credit_limit", ("any_erp",), scope="company:*"),
    ),
)


@pytest.mark.parametrize(
    ("attribute", "owner"),
    [
        ("name", "erp"),
        ("credit_hold", "bank"),
        ("credit_hold@company:uk", "bank"),
        ("credit_limit", "erp"),
        ("credit_limit@company:uk", "uk_erp"),
        ("credit_limit@company:fr", "any_erp"),
        ("credit_limit@channel:webshop", "erp"),
        ("contact/CT1", "erp"),
    ],
)
def test_the_closest_rule_counts_the_name_before_the_scope(attribute: str, owner: str) -> None:
    assert MATRIX.rule(attribute).owner == owner


def test_what_no_rule_gives_to_anybody_is_unowned() -> None:
    with pytest.raises(UnownedError, match=r"nobody owns terms; give it an owner in \[\[ownership.rules\]\]"):
        Matrix(1, (Rule("name", ("erp",)),)).rule("terms")


def claim(system: str, value: str, at: int, external: str = "1", *, echo: bool = False) -> Claim:
    return Claim(system, external, Said(value, at, f"2026-11-21T08:00:{at:02d}.000Z"), echo)


@pytest.mark.parametrize(
    ("rule", "claims", "value", "why"),
    [
        (Rule("name", ("erp", "crm")), [claim("crm", "c", 9), claim("erp", "e", 1)], "e", "erp owns it"),
        (
            Rule("name", ("erp", "crm")),
            [claim("crm", "c", 9)],
            "c",
            "erp, who owns it, has said nothing; crm stands in",
        ),
        (
            Rule("name", ("erp",)),
            [claim("erp", "old", 1), claim("erp", "new", 2, "2")],
            "new",
            "erp owns it, by its record that changed last",
        ),
        (
            Rule("name", ("erp", "crm"), "newest"),
            [claim("crm", "c", 9), claim("erp", "e", 1)],
            "c",
            "crm spoke last, at 2026-11-21T08:00:09.000Z",
        ),
        (
            Rule("name", ("erp", "crm"), "trust"),
            [claim("crm", "c", 9), claim("erp", "e", 1)],
            "e",
            "erp is trusted most (9)",
        ),
        (
            Rule("name", ("erp",), "manual"),
            [claim("erp", "e", 9), claim("operator", "o", 1)],
            "o",
            "an operator decided",
        ),
        (Rule("name", ("erp",), "manual"), [claim("erp", "e", 9)], "e", "erp owns it"),
        (Rule("name", ("erp",)), [claim("shop", "s", 9)], None, "nobody who may has spoken"),
        (
            Rule("name", ("erp", "crm"), "newest"),
            [claim("crm", "c", 9, echo=True), claim("erp", "e", 1)],
            "e",
            "erp spoke last, at 2026-11-21T08:00:01.000Z",
        ),
        (
            Rule("name", ("erp", "crm"), "newest"),
            [claim("crm", "c", 9, echo=True)],
            "c",
            "crm spoke last, at 2026-11-21T08:00:09.000Z",
        ),
    ],
)
def test_whose_word_stands_and_why(rule: Rule, claims: list[Claim], value: str | None, why: str) -> None:
    choice = choose(Matrix(1, (rule,), {"erp": 9, "crm": 3}), "name", claims)
    assert (choice.winner.said.value if choice.winner else None) == value
    assert choice.why.startswith(why)
    assert len(choice.others) == len(claims) - (choice.winner is not None)


@pytest.mark.parametrize(
    ("attribute", "value", "kept"),
    [
        ("credit_limit", "2500.00", "2500"),
        ("credit_limit@company:uk", "-0", "0"),
        ("billing_country", "Österreich", "AT"),
        ("billing_country", "gbr", "GB"),
        ("segments", ["b", "a"], ["a", "b"]),
        ("contact/CT1", {"name": "Ada", "email": None}, {"name": "Ada"}),
        ("tax_exempt_until", "2027-03-31", "2027-03-31"),
        ("phone", None, None),
    ],
)
def test_a_value_has_one_form(attribute: str, value: Any, kept: Any) -> None:
    assert checked(attribute, value) == kept


@pytest.mark.parametrize(
    ("attribute", "value", "said"),
    [
        ("credit_limit", 2500, "is not a text; send it in quotes"),
        ("credit_limit", "1e3", "is no plain amount"),
        ("credit_hold", "true", "is not true or false"),
        ("billing_country", "Freedonia", "is no country"),
        ("currency", "pounds", "is no currency"),
        ("segments", ["a", "a"], "names one thing twice"),
        ("contact/CT1", {"mail": "x"}, "has a field 'mail'; it may have name, email, phone, role, language"),
        ("contact/CT1", {}, "says nothing"),
        ("name", " ", "is an empty text"),
        ("name", "a" * 501, "is longer than 500 characters"),
        ("tax_exempt_until", "2027-02-30", "is no date"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_remedy(attribute: str, value: Any, said: str) -> None:
    with pytest.raises(ValueError, match="; ") as refused:
        checked(attribute, value)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    "name", ["contact", "colour", "credit_limit@planet:earth", "contact/CT1@company:uk", "name@company"]
)
def test_a_name_that_is_no_attributes_is_refused(name: str) -> None:
    with pytest.raises(AttributeNameError):
        named(name)


def test_what_is_derived_needs_every_condition() -> None:
    rule = Enrichment({"billing_country": "GB", "billing_postcode": "SW*"}, {"territory": "LONDON"})
    assert rule.fits({"billing_country": "gb", "billing_postcode": "sw9 8hj"})
    assert not rule.fits({"billing_country": "GB", "billing_postcode": "E1 6AN"})
    assert not rule.fits({"billing_postcode": "SW9 8HJ"})
    assert Enrichment({"segments": "trade"}, {}).fits({"segments": ["retail", "trade"]})
