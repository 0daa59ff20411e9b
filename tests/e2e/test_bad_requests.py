"""Bad requests of partners: each is told what is wrong, where and what to do, and leaves nothing behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.problems import named, problem
from tests.support.system import MOVEMENTS, movement

if TYPE_CHECKING:
    from tests.support.system import System

pytestmark = pytest.mark.usefixtures("everything", "nothing_stored")

GOOD = movement("bad-1", "BAD-A", 5)


def with_(**fields: Any) -> dict[str, Any]:
    return {"movements": [GOOD, {**GOOD, "id": "bad-2", **fields}]}


def without(name: str) -> dict[str, Any]:
    return {"movements": [{k: v for k, v in GOOD.items() if k != name}]}


NUMBER = 'send a whole number, or a fraction as a text with at most 6 places, for example "2.5"'


@pytest.mark.parametrize(
    ("body", "field", "remedy"),
    [
        pytest.param({"movements": "all"}, "movements", "send a list", id="a list of another type"),
        pytest.param([GOOD], "body", "send an object", id="a list instead of the document"),
        pytest.param({}, "movements", "send this field", id="no movements at all"),
        pytest.param({"movements": []}, "movements", "send at least one", id="an empty batch"),
        pytest.param(with_(quantity="five"), "movements[1].quantity", NUMBER, id="a text"),
        pytest.param(with_(quantity=2.5), "movements[1].quantity", NUMBER, id="a float"),
        pytest.param(with_(quantity=True), "movements[1].quantity", NUMBER, id="a bool"),
        pytest.param(with_(id=7), "movements[1].id", "send a text, in quotes", id="a number as id"),
        pytest.param(without("occurred_at"), "movements[0].occurred_at", "send this field", id="a missing field"),
        pytest.param(
            with_(colour="red"),
            "movements[1].colour",
            "leave this field out; it is not part of this version",
            id="an unknown field of a movement",
        ),
        pytest.param(
            {"movements": [GOOD], "priority": 1},
            "priority",
            "leave this field out; it is not part of this version",
            id="an unknown field of the document",
        ),
        pytest.param(
            with_(occurred_at="2026-11-21T08:00:00"),
            "movements[1].occurred_at",
            "add the offset from UTC, for example 2026-11-21T08:00:00Z",
            id="an instant without its offset",
        ),
        pytest.param(with_(type="sold"), "movements[1].type", "send one of the values named", id="an unknown type"),
    ],
)
def test_a_document_that_does_not_fit_is_refused_with_field_and_remedy(
    system: System, body: Any, field: str, remedy: str
) -> None:
    document = problem(system.post(body), 422, "invalid-document")

    assert named(document) == [(field, remedy)]
    assert document["detail"].startswith(f"{field}: ")
    assert document["detail"].endswith(f"Remedy: {remedy}. Nothing was stored.")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"quantity": 0}, "quantity: a movement of nothing is no movement"),
        ({"quantity": -3, "type": "pick"}, "quantity: must be positive for pick"),
        ({"quantity": 10**30}, "quantity: more than 1,000,000,000,000 units in one fact"),
        ({"id": "a#b"}, "id: String should match pattern"),
        ({"occurred_at": "yesterday"}, "occurred_at: Input should be a valid datetime"),
    ],
)
def test_a_value_that_cannot_be_is_refused(system: System, fields: dict[str, Any], says: str) -> None:
    document = problem(system.post(with_(**fields)), 422, "invalid-document")

    assert document["detail"].startswith(f"movements[1].{says}")
    assert [field for field, _ in named(document)] == [f"movements[1].{says.partition(':')[0]}"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"movements": [', id="cut off"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe\x00", id="no UTF-8"),
        pytest.param(b'{"movements": [{"id": "\\ud800"}]}', id="half a character"),
        pytest.param(b'{"movements": [{"quantity": 1e999999}]}' * 2, id="two documents"),
    ],
)
def test_what_is_no_json_document_is_refused(system: System, body: bytes) -> None:
    document = problem(system.post(body), 400, "malformed-json")

    assert named(document) == [("body", "send one valid JSON document in UTF-8")]


def test_every_wrong_field_is_named_and_no_more_than_twenty(system: System) -> None:
    document = problem(system.post({"movements": [{**GOOD, "quantity": 1.5}] * 25}), 422, "invalid-document")

    assert [field for field, _ in named(document)] == [f"movements[{n}].quantity" for n in range(20)]
    assert document["errors_not_listed"] == 5


def test_a_batch_over_the_limit_is_refused_as_a_whole(system: System) -> None:
    batch = [movement(f"bad-l{n}", "BAD-A", 1) for n in range(1001)]

    answer = system.post({"movements": batch})

    document = problem(answer, 422, "invalid-document")
    assert named(document) == [("movements", "send fewer in one request, and the rest in further ones")]
    assert "1000" in document["errors"][0]["problem"]


def test_a_body_over_the_limit_is_refused_before_it_is_read(system: System) -> None:
    body = b'{"movements": [' + b" " * 1_000_000

    document = problem(system.post(body), 413, "body-too-large")

    assert named(document) == [("body", "send at most 1,000,000 bytes, and the rest in further requests")]


# -- who asks --------------------------------------------------------------------------------------------------


def test_a_request_without_a_key_is_told_which_header_to_send(system: System) -> None:
    document = problem(system.post({"movements": [GOOD]}, x_api_key=""), 401, "credential-refused")

    ((field, remedy),) = named(document)
    assert (field, remedy.split(",")[0]) == ("X-Api-Key", "Send the header X-Api-Key with your key")


def test_an_unknown_key_is_refused(system: System) -> None:
    document = problem(system.post({"movements": [GOOD]}, x_api_key="ck_nobody"), 401, "credential-refused")

    assert [field for field, _ in named(document)] == ["X-Api-Key"]


def test_a_key_may_not_speak_for_another_source(system: System) -> None:
    document = problem(system.post({"source": "erp", "movements": [GOOD]}), 403, "source-not-yours")

    assert named(document) == [("source", "name one of: wms")]


# -- where to --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/nothing"), ("DELETE", MOVEMENTS), ("GET", "/"), ("GET", "/webhooks/wms"), ("POST", "/webhooks")],
)
def test_a_path_or_method_that_does_not_exist_is_a_problem_document_too(system: System, method: str, path: str) -> None:
    problem(system.http.request(method, path, headers={"X-Api-Key": system.key}), 404, "no-such-route")


@pytest.mark.parametrize("sku", ["BAD-NEVER", "no%20such%20item", "x" * 200])
def test_an_item_that_nobody_ever_moved_is_not_found(system: System, sku: str) -> None:
    answer = system.http.get(f"/v1/items/{sku}/availability", headers={"X-Api-Key": system.key})

    document = problem(answer, 404, "no-stock-record")
    assert named(document)[0][0] == "sku"


# -- correlation -----------------------------------------------------------------------------------------------


def test_the_callers_correlation_id_is_the_one_of_the_problem(system: System) -> None:
    assert problem(system.post({}, x_correlation_id="order-4711"), 422, "invalid-document")["correlation_id"] == (
        "order-4711"
    )


@pytest.mark.parametrize("offered", ["short", "x" * 65, "with space in it", '{"level":"ERROR"}'])
def test_a_correlation_id_that_is_none_is_replaced(system: System, offered: str) -> None:
    document = problem(system.post({}, x_correlation_id=offered), 422, "invalid-document")

    assert document["correlation_id"].startswith("cd-")
    assert offered not in json.dumps(document)
