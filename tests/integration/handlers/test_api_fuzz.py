"""No input gives a 500: bodies, headers, parameters and encodings that nobody would send on purpose, to every endpoint.

What is refused must be refused by name, and every answer is held to the document (`tests/support/conformance.py`).
"""

from __future__ import annotations

import base64
import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.api_examples import Operation, Stage, call, operations, request, staged
from tests.support.examples import examples
from tests.support.metering import metered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

ALL = [pytest.param(o, id=o.route) for o in operations()]
WITH_BODY = [
    pytest.param(o, id=o.route)
    for o in operations()
    if "application/json" in o.spec.get("requestBody", {}).get("content", {})
]

# fmt: off
NASTY: list[Any] = [
    None, True, False, 0, -1, 2**63, 10**40, -(10**400), 1.5, 1e308, float("nan"), float("inf"), "", " ", "\x00",
    "\ud800", "é\u202e\ufeff", "x" * 5000, "9" * 5000, "1e999999999", "-0", "٣", "2026-02-30", "2026-11-21T08:00:00",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "A#B", "../..", "%00", "'; --", [], {}, [[]], [None],
    {"": None}, {"\ud800": 1}, {"x" * 300: 1},
]
BODIES = [
    b"", b"\xff", b"\xfe\xff{\x00}", b"\xef\xbb\xbf{}", b"{", b"null", b"[]", b"0", b'""', b"NaN", b"{}{}",
    b'{"a":1,"a":2}', b"[" * 20_000, b'{"a":' * 20_000, b"9" * 10_000, b'{"x":"\xc3"}', b'"\\ud800"',
    b'{"lines":"\\u0000"}', b"\x00" * 100,
]
HEADERS = [
    "Accept", "Content-Type", "Idempotency-Key", "If-None-Match", "Prefer", "X-Correlation-Id", "X-Api-Key", "Host",
    "X-Forwarded-Proto",
]
# fmt: on
CURSORS = ["[" * 4000, '["book_acme", "00", "\\ud800"]', '["book_acme", "00", 1]', "{}", "0", '"\\ud800"']
FIXED = [t for t in NASTY if isinstance(t, str)] + [base64.urlsafe_b64encode(c.encode()).decode() for c in CURSORS]
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=40),
    st.binary(max_size=30).map(lambda b: b.decode("latin-1")),
    st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode()),
)


@pytest.fixture(scope="module")
def stage(engine: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(engine, tmp_path_factory.mktemp("fuzz")) as both:
        yield both


def usual(stage: Stage, operation: Operation) -> dict[str, Any]:
    """The event of the operation's example."""
    return request(operation, stage.owner, "a-key-of-the-fuzzer").event(stage.owner)


def refused_or_answered(stage: Stage, operation: Operation, event: dict[str, Any]) -> None:
    answer = call(stage.world, operation, event)
    assert answer["statusCode"] < 500, (event, answer)
    answer["body"].encode()  # half a surrogate pair cannot be sent


def encoded(body: bytes) -> dict[str, Any]:
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


@pytest.mark.parametrize("operation", WITH_BODY)
def test_a_body_of_any_bytes(stage: Stage, operation: Operation) -> None:
    for body in BODIES:
        refused_or_answered(stage, operation, usual(stage, operation) | encoded(body))
    for raw in ("é", "*", "AA=A", "\ud800", "A" * 3):
        refused_or_answered(stage, operation, usual(stage, operation) | {"body": raw, "isBase64Encoded": True})
        refused_or_answered(stage, operation, usual(stage, operation) | {"body": raw, "isBase64Encoded": False})


@pytest.mark.parametrize("operation", WITH_BODY)
def test_a_body_cut_off_anywhere(stage: Stage, operation: Operation) -> None:
    whole = base64.b64decode(usual(stage, operation)["body"])
    for end in range(0, len(whole), max(1, len(whole) // 20)):
        refused_or_answered(stage, operation, usual(stage, operation) | encoded(whole[:end]))


@pytest.mark.parametrize("operation", WITH_BODY)
def test_anything_in_any_place_of_a_body(stage: Stage, operation: Operation) -> None:
    body = request(operation, stage.owner, "").body
    for place in [*places_of(body), ("unheard_of",)]:
        for value in NASTY:
            refused_or_answered(stage, operation, usual(stage, operation) | encoded(changed(body, place, value)))


@pytest.mark.parametrize("operation", WITH_BODY)
def test_any_text_in_any_place_of_a_body(stage: Stage, operation: Operation) -> None:
    body = request(operation, stage.owner, "").body

    @examples(20)
    @given(place=st.sampled_from(list(places_of(body))), value=TEXTS)
    def tried(place: tuple[Any, ...], value: str) -> None:
        refused_or_answered(stage, operation, usual(stage, operation) | encoded(changed(body, place, value)))

    tried()


@pytest.mark.parametrize("operation", ALL)
def test_anything_in_any_header_or_parameter(stage: Stage, operation: Operation) -> None:
    for value in [*FIXED, None]:
        event = usual(stage, operation)
        # All at once: each is read by itself, and most by nobody.
        refused_or_answered(stage, operation, event | {"headers": dict.fromkeys(HEADERS, value)})
    for part, name in inputs(operation):
        for value in FIXED if part != "headers" else ():
            event = usual(stage, operation)
            refused_or_answered(stage, operation, event | {part: {**(event[part] or {}), name: value}})


@pytest.mark.parametrize("operation", ALL)
def test_what_no_key_can_be_is_not_looked_up(stage: Stage, operation: Operation) -> None:
    """DynamoDB refuses a key of more than 2 KB, which would look like an outage; the engine takes it."""
    for name in usual(stage, operation)["pathParameters"] or {}:
        event = usual(stage, operation)
        event["pathParameters"] = {**event["pathParameters"], name: "x" * 3000}
        with metered() as count:
            answer = call(stage.world, operation, event)
        assert (answer["statusCode"] in {403, 404, 422}, count.calls) == (True, [])


@pytest.mark.parametrize("operation", ALL)
def test_any_text_in_headers_and_parameters(stage: Stage, operation: Operation) -> None:
    @examples(20)
    @given(said=st.dictionaries(st.sampled_from(inputs(operation)), TEXTS, min_size=1, max_size=4))
    def tried(said: dict[tuple[str, str], str]) -> None:
        event = usual(stage, operation)
        for (part, name), value in said.items():
            event[part] = {**(event[part] or {}), name: value}
        refused_or_answered(stage, operation, event)

    tried()


def inputs(operation: Operation) -> list[tuple[str, str]]:
    """(part of the event, name) of all that is no body."""
    parts = {"path": "pathParameters", "query": "queryStringParameters"}
    found = [(parts[p["in"]], p["name"]) for p in operation.spec["parameters"] if p["in"] in parts]
    return [*found, ("queryStringParameters", "unheard_of"), *(("headers", name) for name in HEADERS)]


def changed(body: Any, place: tuple[Any, ...], value: Any) -> bytes:
    """The document with another value in one place."""
    copied = copy.deepcopy(body)
    at(copied, place[:-1])[place[-1]] = value
    return json.dumps(copied).encode()


def places_of(body: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document: as keys and numbers."""
    for key in body if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else ():
        yield (*way, key)
        yield from places_of(body[key], (*way, key))


def at(body: Any, way: tuple[Any, ...]) -> Any:
    for key in way:
        body = body[key]
    return body
