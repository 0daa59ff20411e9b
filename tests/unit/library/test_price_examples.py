"""The worked examples of prices: what is expected was worked out by hand, and each says why."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from crossdock.contracts.price_models import PriceContext, PriceModel
from crossdock.contracts.price_schemas import schemas
from crossdock.contracts.price_words import LAYERS
from crossdock.flows.price_models import PriceBook, Priced, line_documents, quote_document
from crossdock.pricing.trace import replay, tells_its_price
from tests.support.price_examples import EXPECTED, Example, examples, seen

pytestmark = pytest.mark.unit

EXAMPLES = examples()
VALIDATORS = {name: Draft202012Validator(schema) for name, schema in schemas().items()}
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


def priced(example: Example) -> Priced:
    """An example's prices, model and context read as their contracts read a file."""
    return PriceBook(PriceModel.model_validate(example.model)).price(PriceContext.model_validate(example.context), NOW)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.id)
def test_the_price_is_as_worked_out_by_hand(example: Example) -> None:
    lines = line_documents(priced(example), ["trace"])

    assert [seen(line, expected) for line, expected in zip(lines, example.expected, strict=True)] == example.expected
    for line in lines:
        assert ("unit_price" in line) == ("extended_price" in line) == (line["status"] == "PRICED")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.id)
def test_its_trace_gives_the_same_price_again(example: Example) -> None:
    for line in priced(example).lines:
        trace = json.loads(json.dumps(line.trace()))

        assert tells_its_price(trace)
        assert replay(trace).document() == line.document()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.id)
def test_documents_of_examples_are_those_of_the_published_schemas(example: Example) -> None:
    for name, document in (
        ("price-model", example.model),
        ("price-context", example.context),
        ("price-quote", quote_document(priced(example), ("rebates", "cost", "margin", "trace"))),
    ):
        VALIDATORS[name].validate(document)


def test_there_are_many_and_each_says_why_in_words_of_its_own() -> None:
    assert len(EXAMPLES) >= 150
    assert len({e.id for e in EXAMPLES}) == len(EXAMPLES)
    assert [e.id for e in EXAMPLES if len(e.why) < 20] == []
    assert [e.id for e in EXAMPLES for line in e.expected if not line.keys() <= EXPECTED] == []


def words(value: Any) -> set[str]:
    """Every text in a document."""
    return set(re.findall(r'"([^"]*)"', json.dumps(value)))


@pytest.mark.parametrize(
    "word",
    [
        *LAYERS,
        *("FIRST", "HIGHEST", "NEWEST", "OLDEST", "LOWEST", "lowest", "stop", "original"),
        *("graduated", "item", "mix_group", "line"),
        *("exclusive", "compound", "always", "running", "block"),
        *("half_even", "half_down", "half_up", "up", "down", "JPY", "KWD", "GBP"),
        *(
            "percent",
            "amount",
            "cost_plus",
            "margin",
            "multiple",
            "valid_through",
            "substitute_for",
            "known_at",
            "waives",
        ),
        *("NO_PRICE", "BLOCKED", "draft", "withdrawn", "basket", "freight_terms", "allow_discounts"),
    ],
)
def test_every_word_of_the_rules_is_shown_in_an_example(word: str) -> None:
    said = [words(e.model) | words(e.context) | words(e.expected) for e in EXAMPLES]

    assert any(word in some for some in said)
