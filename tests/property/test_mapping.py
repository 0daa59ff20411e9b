"""Whatever a vendor sends: facts that fit their contracts, or an error that names what does not; nothing else."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crossdock.connectors import fetching_connector, source_connector
from crossdock.contracts.catalogue import FACTS
from crossdock.contracts.codes import Codes, CodeTable, Refused
from crossdock.contracts.deliveries import HttpAnswer
from crossdock.contracts.fetching import Api, FetchUnavailableError
from crossdock.contracts.inbound import Fact, Fetch, Movements, Part, UnknownEventError, parts_of
from crossdock.platform.problems import from_validation
from crossdock.platform.queues import dumps
from tests.support.examples import examples
from tests.support.payloads import SOURCES, codes_of, recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.payloads import Recorded

pytestmark = pytest.mark.property

TOPICS = ["orders/create", "orders/updated", "orders/cancelled", "products/create", "inventory_levels/update", "x"]
JSON = [e for e in recorded() if e.body.lstrip().startswith(b"{")]
FETCHED = [e for e in recorded() if e.answers]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**17, max_value=10**20),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "\x00", "\ud800", "#", "a#b", "1e999999999", "-1", "0.1234567", "NaN", "2026-02-30T00:00:00Z"]
    ),
    st.sampled_from(["x" * 300, "0" * 50, "9" * 13, "0001-01-01T00:00:00+14:00", "Mon, 99 Foo 2026 00:00:00 +9999"]),
)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a document."""
    found = [path] if path else []
    inside = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return found + [p for key, value in inside for p in places(value, (*path, key))]


@st.composite
def changed(draw: st.DrawFn, original: Any) -> Any:
    """The document with up to three of its values replaced, left out, or doubled."""
    document = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(document) or [("nothing",)]))
        at = document
        for key in way:
            at = at[key]
        what = draw(st.sampled_from(["replace", "leave out", "double"]))
        if what == "replace":
            at[last] = draw(documents)
        elif what == "leave out" and isinstance(at, dict):
            at.pop(last, None)
        elif isinstance(at, list):
            at.append(copy.deepcopy(at[last]))
    return document


def judged(parts: list[Part] | tuple[Part, ...]) -> None:
    """Every fact fits its contract and its way as JSON in UTF-8; every refusal says what to do."""
    for part in parts:
        match part:
            case Fact(type_, subject, data):
                FACTS[type_].model.model_validate_json(dumps(data).encode())
                assert subject
                assert subject.isprintable()
            case Refused():
                assert part.kind
                assert part.subject
                assert part.detail
                assert part.remedy
            case Movements(movements):
                assert movements
            case Fetch():
                assert part.id


def mapped(vendor: str, body: bytes, headers: Mapping[str, str], codes: Codes) -> None:
    try:
        parts = parts_of(source_connector(vendor).translate(SOURCES[vendor], body, headers, codes))
    except ValidationError as exc:
        named(exc)
    except UnknownEventError as exc:
        known(exc.known)
    else:
        judged(parts)


def named(error: ValidationError) -> None:
    """Each fault names its field, what is wrong, and what to do."""
    assert all(e.field and e.problem and e.remedy for e in from_validation(error).errors)


def known(names: tuple[str, ...]) -> None:
    """Whoever sends an unknown event is told the known ones."""
    assert names


@examples(250)
@given(st.sampled_from(sorted(SOURCES)), st.sampled_from(TOPICS), st.binary(max_size=60))
def test_bytes_that_mean_nothing(vendor: str, topic: str, body: bytes) -> None:
    mapped(vendor, body, {"x-shopify-topic": topic}, codes_of(vendor))


@examples(250)
@given(st.sampled_from(sorted(SOURCES)), st.sampled_from(TOPICS), documents)
def test_any_document(vendor: str, topic: str, document: Any) -> None:
    mapped(vendor, json.dumps(document).encode(), {"x-shopify-topic": topic}, codes_of(vendor))


@examples(250)
@given(st.data(), st.sampled_from(JSON))
def test_a_recorded_payload_with_something_changed(data: st.DataObject, example: Recorded) -> None:
    document = data.draw(changed(json.loads(example.body)))
    mapped(example.vendor, json.dumps(document).encode(), example.headers, codes_of(example.vendor))


@examples(250)
@given(st.data(), st.sampled_from([e for e in recorded() if e not in JSON]))
def test_a_recorded_message_with_something_cut_or_put_in(data: st.DataObject, example: Recorded) -> None:
    start = data.draw(st.integers(0, len(example.body)))
    end = data.draw(st.integers(start, min(start + 40, len(example.body))))
    put_in = data.draw(
        st.sampled_from([b"", b"<", b"&x;", b"<!DOCTYPE a>", b"\xff", b"<b>" * 50, b"]]>"]) | st.binary(max_size=5)
    )
    mapped(
        example.vendor, example.body[:start] + put_in + example.body[end:], example.headers, codes_of(example.vendor)
    )


@examples(250)
@given(st.data(), st.sampled_from(FETCHED))
def test_whatever_a_sources_api_answers(data: st.DataObject, example: Recorded) -> None:
    answers = data.draw(changed(dict(example.answers)))
    status = data.draw(st.sampled_from([200, 200, 200, 200, 0, 204, 401, 404, 429, 500]))
    codes = codes_of(example.vendor)
    (wanted,) = parts_of(source_connector(example.vendor).translate("store", example.body, example.headers, codes))
    assert isinstance(wanted, Fetch)

    def get(url: str, _: Mapping[str, str]) -> HttpAnswer:
        answer = next((a for path, a in answers.items() if url.endswith(path)), [])
        return HttpAnswer(status, json.dumps(answer).encode())

    try:
        parts = parts_of(
            fetching_connector(example.vendor).fetch("store", wanted, Api("https://a.example", "token", get), codes)
        )
    except ValidationError as exc:
        named(exc)
    except FetchUnavailableError:
        assert status in {0, 401, 429, 500}
    else:
        assert not any(isinstance(p, Fetch) for p in parts)
        judged(parts)


@examples(250)
@given(st.data(), st.sampled_from(JSON))
def test_a_code_without_a_meaning_is_refused_and_never_guessed(data: st.DataObject, example: Recorded) -> None:
    """Whatever tables there are, each word in a fact is one that a table says."""
    kept = data.draw(st.sets(st.sampled_from(["statuses", "units", "warehouses"])))
    full = codes_of(example.vendor)
    codes = Codes(full.source, {k: CodeTable(t.owner, {}) for k, t in full.tables.items() if k in kept})
    mapped(example.vendor, example.body, example.headers, codes)
    for part in parts_of(source_connector(example.vendor).translate(full.source, example.body, example.headers, codes)):
        if isinstance(part, Refused) and part.kind == "unmapped_code":
            kind = part.subject.split("/")[1]
            assert f"[codes.{full.source}.{kind}]" in part.detail
            assert part.owner == (full.tables[kind].owner if kind in kept else "")
