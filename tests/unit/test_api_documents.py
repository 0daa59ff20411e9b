"""The API's documents: what the code makes, what is committed, and what is served are the same, and valid."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from crossdock.contracts.catalogue import FACTS
from crossdock.contracts.deliveries import EVENT_TYPES
from crossdock.contracts.endpoints import OWNED, SHARED
from infra.documents import asyncapi, openapi
from infra.documents.common import problems
from infra.documents.endpoints import endpoints, served
from infra.documents.files import documents, text
from infra.documents.naming import UNSAID

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
OPENAPI, ASYNCAPI = openapi.document(), asyncapi.document()
OPERATIONS = [
    pytest.param(operation, id=operation["operationId"])
    for methods in OPENAPI["paths"].values()
    for operation in methods.values()
]


@pytest.mark.parametrize("name", sorted(documents()))
def test_what_is_committed_is_what_the_code_makes(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text(documents()[name]), "run: make schemas"


def test_the_openapi_document_is_valid() -> None:
    assert [str(e) for e in OpenAPIV31SpecValidator(OPENAPI).iter_errors()] == []


def test_a_document_that_is_not_valid_would_be_noticed() -> None:
    broken = {**OPENAPI, "paths": {"/v1/x": {"get": {"responses": {"200": {}}}}}}

    assert [str(e) for e in OpenAPIV31SpecValidator(broken).iter_errors()] != []


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere_and_every_schema_is_one(document: dict[str, Any]) -> None:
    for reference in references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
    # The usual dialects: 2020-12 for OpenAPI 3.1, draft 7 for AsyncAPI 3.0.
    dialect = Draft202012Validator if "openapi" in document else Draft7Validator
    for schema in document["components"]["schemas"].values():
        dialect.check_schema(schema)


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_every_function_that_serves_the_api_describes_what_it_serves() -> None:
    serving = {
        handler.parent.name
        for handler in (ROOT / "functions").glob("*/handler.py")
        if re.search(r"\bserve\(\s*event\b", handler.read_text(encoding="utf-8"))
    }
    assert set(endpoints()) == serving


def test_no_endpoint_is_described_twice() -> None:
    routes = [endpoint.route for _, endpoint in served()]
    assert len(set(routes)) == len(routes) == len(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_what_each_of_its_inputs_names(operation: dict[str, Any]) -> None:
    known = {*OWNED, *SHARED}
    for parameter in operation["parameters"]:
        if "$ref" not in parameter:
            assert parameter["x-crossdock-names"] in known, f"say in api.py what {parameter['name']} names"
    for path, whose in operation.get("requestBody", {}).get("x-crossdock-names", {}).items():
        assert whose != UNSAID, f"say what {path} names: in contracts/endpoints.py (FIELDS, PLAIN) or by `names`"
        assert whose in known


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_has_an_example_of_every_input_it_needs(operation: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        if parameter.get("required"):
            assert parameter.get("example"), f"give {parameter['name']} an example in api.py"
    for content in operation.get("requestBody", {}).get("content", {}).items():
        assert content[0] == "*/*" or content[1].get("example"), "give the body an example in api.py"


def test_problems_of_the_gateway_and_of_every_handler_are_described() -> None:
    quotes = {e.route: problems(e) for e in endpoints()["quote_prices"]}["POST /v1/quotes"]

    assert quotes == {
        400: ["idempotency-key-missing", "idempotency-key-unusable", "malformed-body", "malformed-json", "refused"],
        401: ["credential-refused"],
        403: ["blocked", "channel-not-yours", "customer-not-yours", "key-without-plan", "scope-missing"],
        413: ["body-too-large"],
        415: ["unsupported-media-type"],
        422: ["idempotency-key-reused", "invalid-document", "unknown-channel", "unknown-unit"],
        429: ["quota-used-up", "too-many-requests"],
        500: ["internal-error"],
        503: ["temporarily-unavailable"],
        504: ["timeout"],
    }


def test_the_events_document_has_every_fact_and_everything_a_channel_is_sent() -> None:
    messages = ASYNCAPI["components"]["messages"]

    assert set(FACTS) <= set(messages)
    assert set(EVENT_TYPES.values()) == set(ASYNCAPI["channels"]["channel"]["messages"])
    assert {"stock.moved", "stock.counted", "prices.changed", "items.declared", "supply.expected"} <= set(
        ASYNCAPI["channels"]["webhooks"]["messages"]
    )
    assert ASYNCAPI["operations"]["tellChannel"]["action"] == "send"
    assert ASYNCAPI["operations"]["receiveWebhooks"]["action"] == "receive"


def test_the_function_that_serves_the_documents_holds_those_that_are_committed() -> None:
    for name in documents():
        served_file = ROOT / "functions" / "describe_api" / name
        assert json.loads(served_file.read_text(encoding="utf-8")) == documents()[name]
