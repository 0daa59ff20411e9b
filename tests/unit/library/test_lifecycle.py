"""Headers of endpoints that are on their way out, and what is said of a partner's share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crossdock.platform import allowances, http, lifecycle
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.lifecycle import Leaving, headers_for
from crossdock.platform.limits import Standing, Terms
from crossdock.platform.problems import Problem

pytestmark = pytest.mark.unit

PAGE = "https://partners.example/changes"
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
GONE = datetime(2027, 11, 1, 12, 30, 5, tzinfo=UTC)
TABLE = {"GET /v1/old": Leaving(SINCE, GONE, PAGE), "/v0/": Leaving(SINCE, None, PAGE)}


def test_an_endpoint_that_stays_says_nothing() -> None:
    assert headers_for("GET /v1/new", '</v1/new?cursor=c>; rel="next"', TABLE) == {}
    assert dict(lifecycle.LEAVING) == {}, "add what leaves to docs/partners.md too"


def test_an_endpoint_that_leaves_says_since_when_until_when_and_where_to_read_on() -> None:
    assert headers_for("GET /v1/old", '</v1/old?cursor=c>; rel="next"', TABLE) == {
        "Deprecation": "@1793491200",
        "Sunset": "Mon, 01 Nov 2027 12:30:05 GMT",
        "Link": f'</v1/old?cursor=c>; rel="next", <{PAGE}>; rel="deprecation"; type="text/html", '
        f'<{PAGE}>; rel="sunset"; type="text/html"',
    }


def test_a_version_leaves_as_a_whole_and_its_end_need_not_be_decided() -> None:
    assert headers_for("POST /v0/anything", "", TABLE) == {
        "Deprecation": "@1793491200",
        "Link": f'<{PAGE}>; rel="deprecation"; type="text/html"',
    }


def test_nothing_ends_before_it_is_deprecated() -> None:
    with pytest.raises(ValueError, match="is before its deprecation"):
        Leaving(GONE, SINCE, PAGE)


# -- on every answer -----------------------------------------------------------------------------------------------

EVENT = {
    "httpMethod": "GET",
    "resource": "/v1/old",
    "headers": {},
    "requestContext": {"authorizer": {"partner": "acme", "rate": "50", "burst": "100"}},
}


def given(patch: pytest.MonkeyPatch, *, admitted: bool) -> list[str]:
    """A limiter that says so, and an endpoint that leaves; gives back the partners it was asked for."""
    asked = []

    class Fixed:
        def take(self, partner: str, terms: Terms) -> Standing:
            asked.append(partner)
            return Standing(admitted, terms, 7 if admitted else 0, 2, 0 if admitted else 3)

    patch.setenv("LIMITS_TABLE", "limits")
    patch.setattr(allowances, "_limiter", lambda table: Fixed())
    patch.setattr(http.lifecycle, "headers_for", lambda route, link: headers_for(route, link, TABLE))
    return asked


def ok(_: Request) -> Response:
    return Response(200, {"fine": True})


def refusing(_: Request) -> Response:
    raise Problem(422, "bad", "no")


@pytest.mark.parametrize(("handle", "status"), [(ok, 200), (refusing, 422)])
def test_every_answer_says_what_is_left(monkeypatch: pytest.MonkeyPatch, handle, status: int) -> None:
    asked = given(monkeypatch, admitted=True)

    answer = serve(EVENT, None, handle, max_body_bytes=10)

    assert (answer["statusCode"], asked) == (status, ["acme"])
    assert answer["headers"]["RateLimit-Policy"] == '"partner";q=100;w=2'
    assert answer["headers"]["RateLimit"] == '"partner";r=7;t=2'
    assert answer["headers"]["Deprecation"] == "@1793491200"


def test_what_is_too_much_is_refused_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, admitted=False)

    answer = serve(EVENT, None, lambda _: pytest.fail("nothing may be done"), max_body_bytes=10)

    assert answer["statusCode"] == 429
    assert answer["headers"]["Retry-After"] == "3"
    assert answer["headers"]["RateLimit"] == '"partner";r=0;t=2'
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert '"type":"urn:crossdock:problem:too-many-requests"' in answer["body"]
    assert '"violated-policies":["partner"]' in answer["body"]


@pytest.mark.parametrize("authorizer", [None, {}, {"partner": "acme"}])
def test_who_has_no_limit_is_not_counted(monkeypatch: pytest.MonkeyPatch, authorizer) -> None:
    asked = given(monkeypatch, admitted=False)

    answer = serve({**EVENT, "requestContext": {"authorizer": authorizer}}, None, ok, max_body_bytes=10)

    assert (answer["statusCode"], asked) == (200, [])
    assert "RateLimit" not in answer["headers"]


def test_a_table_that_does_not_answer_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, admitted=True)

    class Down:
        def take(self, *_: object) -> Standing:
            raise allowances.StoreUnavailableError("down")

    monkeypatch.setattr(allowances, "_limiter", lambda table: Down())

    assert serve(EVENT, None, ok, max_body_bytes=10)["statusCode"] == 200
