"""The published JSON Schemas are those of the models, and the sample documents fit them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from crossdock.contracts.price_models import PriceContext, PriceModel
from crossdock.contracts.price_schemas import schemas, text, write

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[3] / "docs"
SCHEMAS = schemas()


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_published_schema_is_that_of_the_model(name: str) -> None:
    published = (DOCS / "schemas" / f"{name}.json").read_text(encoding="utf-8")

    assert published == text(SCHEMAS[name]), "run `make schemas`"


def test_writing_leaves_exactly_the_schemas(tmp_path: Path) -> None:
    write(tmp_path / "new")

    assert sorted(f.stem for f in (tmp_path / "new").iterdir()) == sorted(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_describes_every_field(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    if name != "price-quote":
        assert undescribed(SCHEMAS[name]) == []


def undescribed(schema: dict[str, Any]) -> list[str]:
    """Fields of objects that say nothing of themselves."""
    return [
        f"{name}.{field}"
        for name, part in {"": schema, **schema["$defs"]}.items()
        for field, said in part.get("properties", {}).items()
        if "description" not in said
    ]


@pytest.mark.parametrize("file", sorted((DOCS / "examples").glob("price-*.json")), ids=lambda f: f.stem)
def test_the_sample_documents_fit_schema_and_contract(file: Path) -> None:
    document = json.loads(file.read_text(encoding="utf-8"))
    if "context" in file.stem:
        Draft202012Validator(SCHEMAS["price-context"]).validate(document)
        for context in document if isinstance(document, list) else [document]:
            PriceContext.model_validate(context)
    else:
        Draft202012Validator(SCHEMAS["price-model"]).validate(document)
        PriceModel.model_validate(document)


@pytest.mark.parametrize("name", ["price-model", "price-context"])
def test_the_example_in_a_schema_fits_it(name: str) -> None:
    (example,) = SCHEMAS[name]["examples"]

    Draft202012Validator(SCHEMAS[name]).validate(example)


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("price-model", {"rules": [{"rule_id": "r"}]}),
        ("price-model", {"rules": [], "colour": "red"}),
        ("price-context", {"item": "A"}),
        ("price-context", {"lines": [{"item": "A", "quantity": 1.5}]}),
    ],
)
def test_a_schema_refuses_what_the_contract_refuses(name: str, document: dict[str, Any]) -> None:
    assert not Draft202012Validator(SCHEMAS[name]).is_valid(document)


@pytest.mark.parametrize("value", ["value", "unit_price"])
def test_a_tier_may_call_its_value_by_either_name(value: str) -> None:
    rule = {"rule_id": "r", "version": 1, "currency": "GBP", "valid_from": "2026-01-01T00:00:00Z"}
    model = {"rules": [{**rule, "tiers": [{"min_quantity": 1, value: "2.55"}]}]}

    Draft202012Validator(SCHEMAS["price-model"]).validate(model)
    assert PriceModel.model_validate(model).rules[0].tiers[0].value.to_eng_string() == "2.55"
