"""The deployed API against its document: over HTTP, with requests that fit it and such as do not, made by Schemathesis.

The same cases every time, few of each: what is wide runs over the handlers (`integration/handlers/test_api_schema.py`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from tests.support.schemathesis_cases import ASKED, CHECKS, bounded, cases, prepared

if TYPE_CHECKING:
    from schemathesis import Case, GenerationMode

    from tests.support.system import System

EXAMPLES = 2
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def key(system: System) -> str:
    """A partner with every scope and no source: what it sends as facts is refused, and changes nothing for others."""
    scopes = [f"--scope={scope}" for scope in SCOPES]
    added = system.crossdock("partners", "add", "schema", *scopes, "--channel", "webshop", "--customer", "C1", "--json")
    return str(added.document["api_key"])


SCOPES = sorted(
    {
        scope
        for methods in json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))["paths"].values()
        for operation in methods.values()
        for one in operation["security"]
        for scopes in one.values()
        for scope in scopes
    }
)


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json"])
def test_the_documents_are_there_for_everybody_with_the_stages_address(system: System, name: str) -> None:
    answer = system.http.get(f"/v1/{name}")

    assert answer.status_code == 200
    said = answer.json()
    committed = json.loads((DOCS / name).read_text(encoding="utf-8"))
    if name == "openapi.json":
        assert system.http.get(f"{said['servers'][0]['url']}/v1/{name}").json() == said
    assert said | {"servers": None} == committed | {"servers": None}
    again = system.http.get(f"/v1/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("operation", "mode"), ASKED, ids=[f"{o.label} {m.value}" for o, m in ASKED])
def test_answers_are_as_described_and_what_does_not_fit_is_refused(
    system: System, key: str, operation: Any, mode: GenerationMode
) -> None:
    @bounded(EXAMPLES)
    @given(case=cases(operation, mode))
    def asked(case: Case) -> None:
        sent = prepared(case)
        case.validate_response(
            system.http.request(
                str(sent.method),
                str(sent.path_url),
                content=sent.body if isinstance(sent.body, bytes) else (sent.body or "").encode(),
                headers={**sent.headers, "X-Api-Key": key},
            ),
            checks=CHECKS,
        )

    asked()
