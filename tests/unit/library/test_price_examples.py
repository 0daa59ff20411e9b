"""The worked examples of tests/examples/prices: what a pricing manager may rely on, through contract and resolver.

Their expected prices were worked out by hand; each `why` says how.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crossdock.contracts.price_models import PriceContext, PriceModel
from crossdock.flows.price_models import PriceBook, base_rule, quote_document
from crossdock.pricing.trace import replay, tells_its_price

pytestmark = pytest.mark.unit

FOLDER = Path(__file__).parents[2] / "examples" / "prices"
FILES = sorted(FOLDER.glob("*.json"))
LISTS = ("rules", "items", "customers")
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def _examples() -> list[Any]:
    documents = [(file.stem, json.loads(file.read_text(encoding="utf-8"))) for file in FILES]
    return [
        pytest.param(document.get("given", {}), example, id=f"{name}: {example['title']}")
        for name, document in documents
        for example in document["examples"]
    ]


EXAMPLES = _examples()


def model(given: dict[str, Any], example: dict[str, Any]) -> PriceModel:
    """What the file gives, and what the example adds: its lists come behind, its settings override."""
    own = {name: example[name] for name in (*LISTS, "settings", "time_zone") if name in example}
    whole = {**given, **own}
    for name in LISTS:
        if name in given or name in own:
            whole[name] = [*given.get(name, ()), *own.get(name, ())]
    whole["settings"] = {**given.get("settings", {}), **own.get("settings", {})}
    return PriceModel.model_validate(whole)


def test_there_are_sixty_examples_and_more() -> None:
    assert len(EXAMPLES) >= 60
    assert len({p.id for p in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize(("given", "example"), EXAMPLES)
def test_an_example_has_its_price(given: dict[str, Any], example: dict[str, Any]) -> None:
    priced = PriceBook(model(given, example)).price(PriceContext.model_validate(example["context"]), NOW)
    document = quote_document(priced, ("rebates", "cost", "margin", "trace"))
    expected = example["expected"]
    lines = expected if isinstance(expected, list) else [expected]
    assert len(document["lines"]) == len(lines)
    for line, wanted in zip(document["lines"], lines, strict=True):
        assert told(line, wanted) == wanted, example["why"]


@pytest.mark.parametrize(("given", "example"), EXAMPLES)
def test_its_trace_gives_the_same_price_again(given: dict[str, Any], example: dict[str, Any]) -> None:
    priced = PriceBook(model(given, example)).price(PriceContext.model_validate(example["context"]), NOW)
    for line in priced.lines:
        trace = json.loads(json.dumps(line.trace()))
        assert tells_its_price(trace)
        assert replay(trace).document() == line.document()


def told(line: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Those parts of an answer that an example speaks of; rules are named without their versions."""
    parts = line["components"]
    base = next((c for c in parts if c["kind"] == "base"), {})
    rejected = {r["rule"].partition("@")[0] for r in line["trace"]["rejected"]}
    found = {
        **line,
        "rule": (base_rule(line) or "").partition("@")[0] or None,
        "level": base.get("level"),
        "contract": base.get("contract"),
        "guard": next((c["guard"] for c in parts if c["kind"] == "guard"), None),
        "rejected": [name for name in wanted.get("rejected", ()) if name in rejected],
        "surcharges": _charges(parts, "surcharge", wanted),
        "freight": _charges(parts, "freight", wanted),
    }
    if wanted.get("next_break"):
        found["next_break"] = {name: line["next_break"].get(name) for name in wanted["next_break"]}
    return {name: found.get(name) for name in wanted}


def _charges(parts: list[dict[str, Any]], kind: str, wanted: dict[str, Any]) -> str:
    """The sum as the example writes it: 5 and 5.00 are the same money."""
    amount = sum((Decimal(c["amount"]) for c in parts if c["kind"] == kind), start=Decimal(0))
    said = wanted.get({"surcharge": "surcharges"}.get(kind, kind))
    return said if said is not None and Decimal(said) == amount else str(amount)
