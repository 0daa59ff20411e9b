"""JSON Schemas of the public price documents, made from their models: `make schemas` writes them to docs/schemas/.

What fields must have to do with each other (a waiver needs `waives`, a layer fits its scope) is said in descriptions
and checked when a document is read; a schema cannot say it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from crossdock.contracts.price_answers import PriceAnswer
from crossdock.contracts.price_models import PriceContext, PriceModel

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Each document's schema by its name."""
    model = PriceModel.model_json_schema()
    one_or_more = TypeAdapter(PriceContext | list[PriceContext]).json_schema()
    answer = TypeAdapter(PriceAnswer | list[PriceAnswer]).json_schema()
    return {
        "price-model": _named("price-model", "A price model", model, _MODEL),
        "price-context": _named("price-context", "Who asks for prices of what: one, or a list", one_or_more, _CONTEXT),
        "price-quote": _named("price-quote", "The prices of a context: one, or a list", answer, None),
    }


def _named(name: str, title: str, schema: Mapping[str, Any], example: object) -> dict[str, Any]:
    head = {"$schema": _DIALECT, "$id": f"urn:crossdock:schema:{name}", "title": title}
    rest = {key: value for key, value in schema.items() if key != "title"}
    return {**head, **({"examples": [example]} if example is not None else {}), **rest}


def text(schema: Mapping[str, Any]) -> str:
    """A schema as its file has it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> list[Path]:
    """Writes every schema into a folder; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in schemas().items():
        file = folder / f"{name}.json"
        file.write_text(text(schema), encoding="utf-8")
        written.append(file)
    return written


_MODEL: Final = {
    "time_zone": "Europe/London",
    "customers": [{"customer": "ACME", "segments": ["trade"], "currency": "GBP"}],
    "items": [{"item": "WIDGET", "unit": "EA", "units": {"CS": 12}, "families": ["TOOLS"]}],
    "rules": [
        {
            "rule_id": "list-widget",
            "version": 1,
            "item": "WIDGET",
            "currency": "GBP",
            "tiers": [{"min_quantity": 1, "value": "10.00"}, {"min_quantity": 100, "value": "9.00"}],
            "valid_from": "2026-01-01",
        },
        {
            "rule_id": "trade-tools",
            "version": 1,
            "layer": "discount",
            "operation": "percent",
            "scope": {"segment": "trade", "family": "TOOLS"},
            "tiers": [{"value": "5"}],
            "valid_from": "2026-01-01",
            "valid_through": "2026-12-31",
        },
    ],
}
_CONTEXT: Final = {"customer": "ACME", "at": "2026-06-15", "item": "WIDGET", "quantity": 120}
