"""Prices of up to 500 lines as a quote that stands for a while, the quote again, and whether a token of it holds.

POST /v1/quotes · GET /v1/quotes/{id} · POST /v1/quotes/verify
"""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from crossdock import config
from crossdock.contracts.quotes import QuoteRequest, QuoteVerification
from crossdock.flows.order_checks import OrderChecks
from crossdock.flows.quote_answers import COST_SCOPE, seconds_left
from crossdock.flows.quote_views import View
from crossdock.flows.quotes import Quotes
from crossdock.flows.quoting import Pricing, check_rights
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import from_validation
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm
from crossdock.pricing.candidates import Candidates
from crossdock.pricing.quote_keys import QuoteKeys
from crossdock.pricing.quote_store import QuoteStore


@dataclass(frozen=True, slots=True)
class Env:
    pricing_table: str
    quote_secret_prefix: str


@dataclass(frozen=True, slots=True)
class App:
    quotes: Quotes
    orders: OrderChecks
    business: config.BusinessConfig


@warm
def app() -> App:
    values, business = env.read(Env), config.load()
    table, keys = (
        Table(clients.dynamodb(), values.pricing_table),
        QuoteKeys(Secrets(clients.secrets(), values.quote_secret_prefix)),
    )
    pricing = Pricing(Candidates(table, system_clock), business, system_clock)
    quotes = Quotes(pricing, QuoteStore(table), keys, business.pricing, system_clock)
    return App(quotes, OrderChecks(keys.keys_for, system_clock), business)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, answer, max_body_bytes=app().business.limits.body_bytes)


def answer(request: Request) -> Response:
    """Needs the scope prices:read; what costs are behind a price is shown with prices:cost only."""
    request.caller().require("prices:read")
    if request.route == "POST /v1/quotes":
        return _quote(request)
    if request.route == "POST /v1/quotes/verify":
        return _verify(request)
    return _again(request)


def _quote(request: Request) -> Response:
    """201 with a new quote; 200 with the one that was given under this Idempotency-Key before."""
    partner = request.caller()
    key = request.idempotency_key() if "idempotency-key" in request.headers else None
    try:
        asked = QuoteRequest.model_validate_json(request.body)
    except ValidationError as exc:
        raise from_validation(exc) from exc
    if asked.show:
        partner.require(COST_SCOPE)
    check_rights(asked, partner, app().business)
    quote, new = app().quotes.give(asked, partner.name, key, request.correlation_id)
    passed("quoted", "prices", [request.correlation_id], partner=partner.name, quote=quote.id, new=new)
    document = View(tuple(asked.show)).of(quote, partner, system_clock())
    headers = {"Location": f"/v1/quotes/{quote.id}", "Cache-Control": _fresh(document)}
    return Response(201 if new else 200, document, headers)


def _again(request: Request) -> Response:
    """200 with the quote as it was given, and its status now; it does not change until it expires."""
    partner = request.caller()
    view = View.read(request.query, partner)
    quote = app().quotes.find(request.path.get("id", ""), partner)
    passed("read", "quote", [request.correlation_id], partner=partner.name, quote=quote.id)
    document = view.of(quote, partner, system_clock())
    return Response(200, document, {"Cache-Control": _fresh(document)}, revalidate=True)


def _verify(request: Request) -> Response:
    """200 whether the token holds for these lines or not: `valid` says it, `mismatches` why not.

    Who serves every customer, as our own shop does, may hold the tokens of other partners.
    """
    partner = request.caller()
    try:
        asked = QuoteVerification.model_validate_json(request.body)
    except ValidationError as exc:
        raise from_validation(exc) from exc
    if asked.customer is not None:
        partner.require_customer(asked.customer)
    verdict = app().orders.check(asked, partner=None if partner.serves_all else partner.name)
    codes = [m.code for m in verdict.mismatches]
    passed("verified", "quote", [request.correlation_id], partner=partner.name, valid=verdict.stands, codes=codes[:5])
    return Response(200, verdict.document())


def _fresh(document: dict[str, Any]) -> str:
    return f"private, max-age={seconds_left(document, system_clock())}"
