"""What every refusal over HTTP must look like (RFC 9457, and our additions to it)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx


def problem(answer: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """The problem document of an answer, after checking everything that all of them have in common."""
    document: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, document["status"]) == (status, status), document
    assert (document["type"], document["title"]) == (f"urn:crossdock:problem:{name}", name.replace("-", " ")), document
    assert document["detail"]
    assert document["correlation_id"] == answer.headers["x-correlation-id"]
    return document


def named(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The fields that a problem names, each with what to do about it."""
    assert all(error["problem"] for error in document["errors"])
    return [(error["field"], error["remedy"]) for error in document["errors"]]
