"""One API call: limits, identity, correlation, and which error becomes which answer."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from crossdock.platform import deadline
from crossdock.platform.correlation import choose
from crossdock.platform.errors import NotConfiguredError, StoreUnavailableError
from crossdock.platform.http import Partner, Request, Response, serve
from crossdock.platform.problems import Problem
from tests.support.world import Context

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit


def event(body: str = "", **fields: Any) -> dict[str, Any]:
    return {"headers": {"X-Correlation-Id": "cd-12345678"}, "body": body, "isBase64Encoded": False, **fields}


def answered(
    handle: Callable[[Request], Response], sent: dict[str, Any], limit: int = 10
) -> tuple[int, dict[str, Any]]:
    answer = serve(sent, None, handle, max_body_bytes=limit)
    document = json.loads(answer["body"])
    assert answer["isBase64Encoded"] is False
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert answer["headers"]["X-Correlation-Id"] == document["correlation_id"]
    expected = "application/problem+json" if answer["statusCode"] >= 400 else "application/json"
    assert answer["headers"]["Content-Type"] == expected
    return answer["statusCode"], document


def echo(request: Request) -> Response:
    return Response(200, {"body": request.body.decode("latin-1")})


def never(_: Request) -> Response:
    raise AssertionError("must not be called")


def raising(error: Exception) -> Callable[[Request], Response]:
    def handle(_: Request) -> Response:
        raise error

    return handle


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (event("text"), "text"),
        (event(base64.b64encode(b"\x00\xff").decode(), isBase64Encoded=True), "\x00\xff"),
        (event(), ""),
        ({**event(), "body": None}, ""),
        ({**event("x"), "headers": None}, "x"),
    ],
)
def test_the_body_is_the_bytes_that_were_sent(sent: dict[str, Any], body: str) -> None:
    assert answered(echo, sent)[1]["body"] == body


@pytest.mark.parametrize("body", ["=", "é", "abc"])
def test_a_body_that_is_no_base64_is_a_problem(body: str) -> None:
    assert answered(never, event(body, isBase64Encoded=True))[0] == 400


def test_the_limit_counts_bytes_after_decoding() -> None:
    assert answered(echo, event("x" * 10))[0] == 200
    status, problem = answered(never, event("é" * 6))
    assert (status, problem["detail"]) == (413, "The body has 12 bytes; at most 10 are taken. Nothing was stored.")
    encoded = base64.b64encode(b"x" * 10).decode()
    assert answered(echo, event(encoded, isBase64Encoded=True))[0] == 200


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailableError("table-7 is down"),
        ClientError({"Error": {"Code": "ThrottlingException", "Message": "m"}}, "Op"),
        EndpointConnectionError(endpoint_url="http://x"),
        deadline.DeadlineExceeded("no time"),
        NotConfiguredError("no secret"),
    ],
)
def test_an_outage_of_ours_is_503_with_retry_after_and_tells_nothing_of_the_inside(error: Exception) -> None:
    answer = serve(event(), None, raising(error), max_body_bytes=10)

    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "2")
    assert str(error) not in answer["body"]
    assert json.loads(answer["body"])["type"] == "urn:crossdock:problem:temporarily-unavailable"


def test_a_defect_of_ours_is_not_dressed_up() -> None:
    with pytest.raises(ZeroDivisionError):
        serve(event(), None, raising(ZeroDivisionError()), max_body_bytes=10)


def test_a_problem_carries_its_own_headers() -> None:
    problem = Problem(405, "no", "No.", headers={"Allow": "GET"})

    answer = serve(event(), None, raising(problem), max_body_bytes=10)

    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "GET")
    assert json.loads(answer["body"]) == {
        "type": "urn:crossdock:problem:no",
        "title": "no",
        "status": 405,
        "detail": "No.",
        "correlation_id": "cd-12345678",
    }


@pytest.mark.parametrize("offered", ["cd-12345678", "A" * 64, "a.b:c_d-9"])
def test_a_usable_correlation_id_is_kept(offered: str) -> None:
    assert choose(offered) == offered


@pytest.mark.parametrize(
    "offered", [None, "", "short", "A" * 65, "cd-1234567\n", "cd 12345678", "cd-1234567é", "{}[]()<>"]
)
def test_any_other_is_replaced(offered: str | None) -> None:
    chosen = choose(offered)

    assert chosen.startswith("cd-")
    assert len(chosen) == 35
    assert chosen != choose(offered)


def test_the_id_is_found_whatever_the_case_of_its_header() -> None:
    sent = {**event(), "headers": {"x-CORRELATION-id": "cd-87654321"}}

    assert answered(echo, sent)[1]["correlation_id"] == "cd-87654321"


def test_the_caller_is_who_the_authorizer_found() -> None:
    found: list[Any] = []

    def handle(request: Request) -> Response:
        found.append(request.caller())
        return Response(200, {})

    authorizer = {"partner": "acme", "scopes": "a b", "sources": "wms erp"}
    answered(handle, event(requestContext={"authorizer": authorizer}))

    assert (found[0].name, found[0].scopes, found[0].sources) == ("acme", {"a", "b"}, ("wms", "erp"))


@pytest.mark.parametrize("context", [None, {}, {"authorizer": None}, {"authorizer": {"partner": ""}}])
def test_nobody_is_401_and_a_missing_scope_is_403(context: Any) -> None:
    def handle(request: Request) -> Response:
        request.caller().require("inventory:write")
        return Response(200, {})

    assert answered(handle, event(requestContext=context))[0] == 401
    authorizer = {"partner": "acme", "scopes": "inventory:read", "sources": ""}
    status, problem = answered(handle, event(requestContext={"authorizer": authorizer}))
    assert (status, problem["errors"][0]["field"]) == (403, "X-Api-Key")


@pytest.mark.parametrize("said", [None, "wms"])
def test_a_key_without_a_source_is_told_who_gives_it_one(said: str | None) -> None:
    with pytest.raises(Problem) as caught:
        Partner("acme", frozenset(), ()).source(said)
    assert [e.remedy for e in caught.value.errors] == ["ask the distributor to give this key a source"]


def test_the_deadline_comes_from_the_context() -> None:
    def handle(_: Request) -> Response:
        return Response(200, {"left": deadline.remaining_seconds(cap=9)})

    left = json.loads(serve(event(), Context(5_400), handle, max_body_bytes=10)["body"])["left"]
    deadline.begin(None)

    assert 4 < left <= 5


# -- asking again by ETag ----------------------------------------------------------------------------------------


def asked(if_none_match: str | None = None, correlation_id: str = "cd-00000001", amount: int = 1) -> dict[str, Any]:
    headers = {"X-Correlation-Id": correlation_id} | ({"If-None-Match": if_none_match} if if_none_match else {})
    answer = Response(200, {"amount": amount}, revalidate=True)
    return serve({"headers": headers}, None, lambda _: answer, max_body_bytes=0)


def test_an_answer_that_can_be_asked_for_again_has_the_same_bytes_whoever_asks() -> None:
    one, two = asked(correlation_id="cd-00000001"), asked(correlation_id="cd-00000002")

    assert one["body"] == two["body"] == '{"amount":1}'
    assert one["headers"] == {
        "Content-Type": "application/json",
        "X-Correlation-Id": "cd-00000001",
        "Cache-Control": "private, no-cache",
        "ETag": two["headers"]["ETag"],
    }
    assert one["headers"]["ETag"] != asked(amount=2)["headers"]["ETag"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*", '"a",{},"b"'])
def test_who_holds_the_bytes_already_is_told_so_without_them(form: str) -> None:
    tag = asked()["headers"]["ETag"]

    answer = asked(form.format(tag))

    assert answer == {
        "statusCode": 304,
        "headers": {"X-Correlation-Id": "cd-00000001", "Cache-Control": "private, no-cache", "ETag": tag},
        "body": "",
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("held", ['"other"', "nonsense", '""', "W/"])
def test_who_holds_other_bytes_gets_these(held: str) -> None:
    assert (asked(held)["statusCode"], asked(held)["body"]) == (200, '{"amount":1}')
