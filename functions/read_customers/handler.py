"""Customers as the partner may see them: found, one, and what was believed of it.

GET /v1/customers · GET /v1/customers/{id} · GET /v1/customers/{id}/history
"""

from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.flows import customer_questions
from crossdock.flows.customer_answers import CustomerAnswers, Page
from crossdock.flows.customer_views import etag
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.customers import Judging
from crossdock.identity.findable import Findable
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.cursors import Cursors
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm

SCOPE = "customers:read"
PATH = "/v1/customers"


@dataclass(frozen=True, slots=True)
class Env:
    identity_table: str
    cursor_secret_prefix: str


@dataclass(frozen=True, slots=True)
class App:
    answers: CustomerAnswers
    cursors: Cursors


@warm
def app() -> App:
    values, business = env.read(Env), config.load()
    table = Table(clients.dynamodb(), values.identity_table)
    # Nothing is judged here but why a value was believed; what makes a record complete is not asked.
    judging = Judging(business.ownership, business.customers, lambda _: ())
    answers = CustomerAnswers(CustomerStore(table), CrossReferences(table, system_clock), Findable(table), judging)
    return App(answers, Cursors(Secrets(clients.secrets(), values.cursor_secret_prefix)))


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, answer, max_body_bytes=0)


def answer(request: Request) -> Response:
    """Needs the scope customers:read."""
    request.caller().require(SCOPE)
    if request.route == f"GET {PATH}":
        return _search(request)
    if request.route.endswith("/history"):
        return _history(request)
    return _one(request)


def _one(request: Request) -> Response:
    """200 with the golden record; 304 while it has the version that the caller names."""
    partner, named = request.caller(), request.path.get("id", "")
    explain = customer_questions.explain(request.query)
    document = app().answers.one(named, partner, explain=explain)
    passed("read", "customer", [request.correlation_id], partner=partner.name, customer=document["id"])
    return Response(200, document, {"ETag": etag(document["version"])}, revalidate=True)


def _search(request: Request) -> Response:
    """200 with a page; `next` and `Link` are the address of the page behind it."""
    partner = request.caller()
    asked = customer_questions.search(request.query)
    place = app().cursors.place(request, PATH)
    page = app().answers.some(asked, partner, place)
    passed("read", "customers", [request.correlation_id], partner=partner.name, customers=len(page.documents))
    return _page(request, PATH, "customers", page)


def _history(request: Request) -> Response:
    """200 with a page, likewise."""
    partner, named = request.caller(), request.path.get("id", "")
    attribute, limit = customer_questions.history(request.query)
    path = f"{PATH}/{named}/history"
    place = app().cursors.place(request, path)
    page = app().answers.history(named, partner, attribute, limit, place)
    passed("read", "customer history", [request.correlation_id], partner=partner.name, customer=named)
    return _page(request, path, "changes", page, {"id": named})


def _page(request: Request, path: str, name: str, page: Page, more: dict[str, Any] | None = None) -> Response:
    following = app().cursors.following(request, path, page.next)
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    return Response(200, {**(more or {}), name: page.documents, "next": following}, headers)
