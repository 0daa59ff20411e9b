"""Whether an answer of the API is one that its document knows: status, headers, media type, shape and problem type.

Every call of a handler through the World is checked, so that whatever a test makes a handler answer is described.
"""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from jsonschema import Draft202012Validator

from infra.documents import asyncapi, openapi
from infra.documents.endpoints import endpoints

if TYPE_CHECKING:
    from collections.abc import Mapping

# Every answer has them, and they say nothing of the API.
_ANY_ANSWER: Final = frozenset({"cache-control", "content-type"})


class UndescribedAnswerError(AssertionError):
    """A handler answered what the API's document does not know."""


@cache
def document() -> dict[str, Any]:
    """The document as the code makes it now."""
    return openapi.document()


@cache
def events() -> dict[str, Any]:
    """The document of events as the code makes it now."""
    return asyncapi.document()


def check_delivery(delivery: Mapping[str, Any]) -> None:
    """Raises UndescribedAnswerError for a delivery to a channel that the document of events does not know."""
    _check_message("channel", delivery)


def check_event(event: Mapping[str, Any]) -> None:
    """The same for an event on the bus."""
    _check_message("bus", event)


def _check_message(channel: str, said: Mapping[str, Any]) -> None:
    if said["type"] not in events()["channels"][channel]["messages"]:
        raise UndescribedAnswerError(f"{said['type']} went to the {channel}; describe it (infra/documents/asyncapi.py)")
    payload = events()["components"]["messages"][said["type"]]["payload"]
    _conforms(f"{said['type']} went to the {channel}", f"{channel} {said['type']}", payload, said, events())


def operation(function: str, event: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """The operation that an event is for and its route; None for a function that serves none.

    A test may leave out the route of a function that does not look at it: then it is the first one described.
    """
    served = endpoints().get(function)
    if not served:
        return None
    method, resource = event.get("httpMethod") or "", event.get("resource") or ""
    if not resource:
        method, resource = served[0].method, served[0].path
    found = document()["paths"].get(resource, {}).get(method.lower())
    if found is None:
        raise UndescribedAnswerError(
            f"{function} was asked for {method} {resource}, which its api.py does not describe"
        )
    return f"{method} {resource}", found


def check(function: str, event: Mapping[str, Any], answer: Any) -> None:
    """Raises UndescribedAnswerError with what is missing in the function's api.py."""
    found = operation(function, event)
    if found is None or not isinstance(answer, dict) or "statusCode" not in answer:
        return
    route, described = found
    check_answer(route, described, answer["statusCode"], answer["headers"], answer["body"])
    if 200 <= answer["statusCode"] < 300:
        _check_request(route, described, event)


def check_answer(route: str, described: Mapping[str, Any], status: int, headers: Mapping[str, str], body: str) -> None:
    """The same for an answer however it came."""
    known = described["responses"].get(str(status)) or described["responses"].get(f"{status // 100}XX")
    if known is None:
        raise UndescribedAnswerError(f"{route} answered {status}: {body[:300]}; describe it in the function's api.py")
    strange = {h.lower() for h in headers} - {h.lower() for h in known.get("headers", {})} - _ANY_ANSWER
    if strange:
        raise UndescribedAnswerError(f"{route} answered {status} with the headers {sorted(strange)}; describe them")
    if "content" not in known:
        if body:
            raise UndescribedAnswerError(f"{route} answered {status} with a body: {body[:300]}; none is described")
        return
    media = next(v for h, v in headers.items() if h.lower() == "content-type").partition(";")[0]
    if media not in known["content"]:
        raise UndescribedAnswerError(f"{route} answered {status} as {media}; describe it in the function's api.py")
    value = json.loads(body) if media.endswith("json") and media != "application/x-ndjson" else body
    _conforms(f"{route} answered {status}", f"{route} {status} {media}", known["content"][media]["schema"], value)


def _check_request(route: str, described: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    """What is taken must be what the document says may be sent: no field that works and is described nowhere."""
    schema = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    raw = event.get("body") or ""
    sent = base64.b64decode(raw) if event.get("isBase64Encoded") else raw.encode()
    if schema is not None and sent:
        _conforms(f"{route} took", f"{route} body", schema, json.loads(sent))


_made: Final[dict[str, Draft202012Validator]] = {}


def _conforms(
    what: str, key: str, schema: Mapping[str, Any], value: Any, whole: Mapping[str, Any] | None = None
) -> None:
    if key not in _made:
        _made[key] = Draft202012Validator({**schema, "components": (whole or document())["components"]})
    errors = sorted(_made[key].iter_errors(value), key=lambda e: len(e.path), reverse=True)
    if errors:
        first = errors[0]
        where = "/".join(map(str, first.absolute_path)) or "the whole"
        raise UndescribedAnswerError(f"{what} what is not described: {where}: {first.message[:400]}")
