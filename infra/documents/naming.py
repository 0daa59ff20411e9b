"""What the fields of a body name: found by walking its schema, said where they stand (`contracts/endpoints.py`)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from crossdock.contracts.endpoints import FIELDS, PLAIN

UNSAID: Final = "unsaid"
"""Nobody has said what a field names: a test asks for it."""

_REF: Final = "#/components/schemas/"


def body_names(schema: Mapping[str, Any], schemas: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, str]:
    """What each field names that can hold a text, by its path: `lines/sku`; `*` stands for the names in an object."""
    found = {}
    for path in sorted(set(_texts(schema, schemas, (), ()))):
        found[path] = own.get(path) or _usual(path)
    return found


def _usual(path: str) -> str:
    name = path.rsplit("/", 1)[-1] if not path.endswith("/*") else "/".join(path.split("/")[-2:])
    return FIELDS.get(name) or ("nothing" if name in PLAIN else UNSAID)


def _texts(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], path: tuple[str, ...], inside: tuple[str, ...]
) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        if name not in inside:
            yield from _texts(schemas[name], schemas, path, (*inside, name))
        return
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _texts(part, schemas, path, inside)
    if "items" in schema:
        yield from _texts(schema["items"], schemas, path, inside)
    for name, part in schema.get("properties", {}).items():
        yield from _texts(part, schemas, (*path, name), inside)
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict) or "patternProperties" in schema:
        yield "/".join((*path, "*"))
        for part in (extra, *schema.get("patternProperties", {}).values()):
            if isinstance(part, dict):
                yield from _texts(part, schemas, (*path, "*"), inside)
    if path and _may_be_text(schema):
        yield "/".join(path)


def _may_be_text(schema: Mapping[str, Any]) -> bool:
    if "enum" in schema or "const" in schema or schema.get("format") in {"date", "date-time"}:
        return False
    return schema.get("type") == "string" or not schema.keys() - {"title", "description", "default"}
