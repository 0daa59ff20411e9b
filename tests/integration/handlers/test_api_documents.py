"""The API's documents as they are served: for everybody, with the stage's address, cacheable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.world import World, api_event

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.integration

DOCS = Path(__file__).parents[3] / "docs"
CLOUD = {"domainName": "abc.execute-api.eu-west-1.amazonaws.com", "path": "/live/v1/openapi.json"}


def ask(
    world: World, name: str, context: Mapping[str, Any] = CLOUD, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    event = api_event(route=f"GET /v1/{name}", headers=headers) | {"requestContext": dict(context)}
    answer: dict[str, Any] = world.call("describe_api", event)
    return answer


def test_the_document_is_the_committed_one_with_the_stages_address(world: World) -> None:
    answer = ask(world, "openapi.json")

    assert answer["statusCode"] == 200
    committed = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    address = "https://abc.execute-api.eu-west-1.amazonaws.com/live"
    assert json.loads(answer["body"]) == {**committed, "servers": [{"url": address}]}


def test_a_domain_of_its_own_has_its_own_path(world: World) -> None:
    context = {"domainName": "api.example.com", "path": "/stock/v1/openapi.json"}

    document = json.loads(ask(world, "openapi.json", context)["body"])

    assert document["servers"] == [{"url": "https://api.example.com/stock"}]


def test_the_events_document_names_the_same_server(world: World) -> None:
    document = json.loads(ask(world, "asyncapi.json", {**CLOUD, "path": "/live/v1/asyncapi.json"})["body"])

    committed = json.loads((DOCS / "asyncapi.json").read_text(encoding="utf-8"))
    said = {"host": CLOUD["domainName"], "protocol": "https", "pathname": "/live"}
    committed["servers"]["api"] |= said
    assert document == committed


def test_the_local_engine_has_one_address_for_all_apis(world: World) -> None:
    context = {"path": "/live/v1/openapi.json", "apiId": "a1b2"}

    document = json.loads(ask(world, "openapi.json", context, {"Host": "localhost:4566"})["body"])

    assert document["servers"] == [{"url": "http://localhost:4566/_aws/execute-api/a1b2/live"}]


def test_a_caller_cannot_put_its_own_address_in(world: World) -> None:
    asked = ask(world, "openapi.json", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})

    assert "evil" not in asked["body"]


def test_who_has_the_document_is_told_so(world: World) -> None:
    first = ask(world, "openapi.json")
    assert first["headers"]["Cache-Control"] == "public, max-age=300"

    again = ask(world, "openapi.json", headers={"If-None-Match": first["headers"]["ETag"]})

    assert (again["statusCode"], again["body"]) == (304, "")
    assert again["headers"]["ETag"] == first["headers"]["ETag"]
