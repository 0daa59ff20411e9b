"""Cases that Schemathesis makes of the API's document, for the deployed API and for the handlers in this process."""

from __future__ import annotations

import base64
import copy
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode, Response, checks

from infra.documents.endpoints import served
from tests.support import conformance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy
    from schemathesis import Case

checks.load_all_checks()
CHECKS: Final = [
    checks.not_a_server_error,
    *(
        checks.CHECKS.get_one(name)
        for name in (
            "status_code_conformance",
            "content_type_conformance",
            "response_headers_conformance",
            "response_schema_conformance",
            "negative_data_rejection",
        )
    ),
]
_WITHOUT: Final = {e.path for _, e in served() if (not e.parameters and e.body is None) or e.raw}


def _without_keys() -> dict[str, Any]:
    """The document without what it says of keys: sending one is the test's own to do (`test_two_partners.py`)."""
    document = copy.deepcopy(conformance.document())
    del document["components"]["securitySchemes"]
    for methods in document["paths"].values():
        for spec in methods.values():
            del spec["security"]
    return document


SCHEMA: Final = schemathesis.openapi.from_dict(_without_keys())
# An operation without inputs of its own cannot be asked wrongly; nor can one that takes whatever a source sends.
_OPERATIONS: Final = [found.ok() for found in SCHEMA.get_all_operations() if found.ok().path not in _WITHOUT]

# (operation, mode). Any text may stand in a path: where that is all, no request is wrong by its form.
ASKED: Final = [
    (operation, mode)
    for operation in _OPERATIONS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode == GenerationMode.POSITIVE or operation.body or operation.query
]


def cases(operation: Any, mode: GenerationMode) -> SearchStrategy[Case]:
    """Requests that fit the operation's part of the document, or such as do not."""
    found: SearchStrategy[Case] = operation.as_strategy(generation_mode=mode)
    return found


def bounded(examples: int) -> settings:
    """The same so many cases every time."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def prepared(case: Case) -> requests.PreparedRequest:
    """The case as it would go over the wire."""
    return requests.Request(**case.as_transport_kwargs(base_url="http://localhost")).prepare()


def event(case: Case, sent: requests.PreparedRequest, authorizer: Mapping[str, str]) -> dict[str, Any] | None:
    """The gateway's event for a case, or None for a request that the gateway would route elsewhere."""
    parts = urlsplit(str(sent.url))
    template, path = case.operation.path.strip("/").split("/"), parts.path.strip("/").split("/")
    if len(template) != len(path) or not all(path):
        return None
    body = sent.body if isinstance(sent.body, bytes) else (sent.body or "").encode()
    return {
        "httpMethod": case.method,
        "resource": case.operation.path,
        "path": parts.path,
        "pathParameters": {t[1:-1]: p for t, p in zip(template, path, strict=True) if t.startswith("{")} or None,
        "queryStringParameters": dict(parse_qsl(parts.query, keep_blank_values=True)) or None,
        "headers": {
            name: value if isinstance(value, str) else value.decode("latin-1") for name, value in sent.headers.items()
        },
        "body": base64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
        "requestContext": {"authorizer": dict(authorizer)},
    }


def response(answer: Mapping[str, Any], sent: requests.PreparedRequest) -> Response:
    """A handler's answer as if it had come over HTTP."""
    return Response(
        status_code=answer["statusCode"],
        headers={name.lower(): [value] for name, value in answer["headers"].items()},
        content=answer["body"].encode(),
        request=sent,
        elapsed=0.0,
        verify=True,
    )
