"""What vendors make of answers: complete, and nothing that makes one delete its subscription."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossdock.config import Source
from crossdock.config.compile import _Source
from crossdock.exchange.answers import RULES, rules_of
from crossdock.exchange.schemes import SCHEMES

pytestmark = pytest.mark.unit

DOCUMENT = Path(__file__).parents[3] / "docs" / "webhooks.md"


def test_every_scheme_has_rules_and_can_be_configured_and_stands_in_the_document() -> None:
    configurable = _Source.model_fields["scheme"].annotation

    assert set(RULES) == set(SCHEMES) == set(configurable.__args__)  # type: ignore[union-attr]  # a Literal
    assert [name for name in SCHEMES if f"`{name}`" not in DOCUMENT.read_text()] == []


@pytest.mark.parametrize(
    ("scheme", "accepted", "refused", "otherwise", "body"),
    [
        ("standard-webhooks", 202, 401, "refuses", "json"),
        ("generic-hmac", 202, 401, "refuses", "json"),
        ("shopify", 200, 401, "keeps", "json"),
        ("bigcommerce", 200, 401, "keeps", "empty"),
        ("woocommerce", 200, 401, "keeps", "json"),
        ("stripe", 200, 400, "keeps", "json"),
        ("github", 202, 401, "keeps", "json"),
        ("hubspot-v3", 200, 401, "keeps", "json"),
        # Anything but 2xx, 408, 429 and 5xx deletes its subscription.
        ("business-central", 200, 429, "keeps", "empty"),
        ("salesforce-outbound", 200, 401, "keeps", "soap"),
    ],
)
def test_the_answers_are_those_its_vendor_understands(
    scheme: str, accepted: int, refused: int, otherwise: str, body: str
) -> None:
    rules = RULES[scheme]

    assert (rules.accepted, rules.refused, rules.keeps, rules.body) == (accepted, refused, otherwise == "keeps", body)
    assert rules.within_s >= 5
    assert rules.again
    assert rules.stops


def test_a_source_may_want_other_answers() -> None:
    source = Source(
        "shop", "generic_erp", "shopify", counts=False, answers={"accepted": 204, "refused": None, "keeps": None}
    )
    rules = rules_of(source.scheme, source.answers)

    assert (rules.accepted, rules.refused, rules.keeps) == (204, 401, True)
