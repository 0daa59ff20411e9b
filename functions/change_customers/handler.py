"""POST /v1/customers · PATCH /v1/customers/{id}: what partners' systems say of customers."""

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from crossdock import config
from crossdock.contracts.customer_requests import CustomerPatch, CustomerReport
from crossdock.exceptions.store import ExceptionsStore
from crossdock.flows.customer_changes import Changed, CustomerChanges
from crossdock.flows.customer_patches import required
from crossdock.flows.customer_views import CustomerViews, etag
from crossdock.identity.intents import Intents
from crossdock.identity.use_cases import CustomerUseCases, customer_use_cases
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import from_validation
from crossdock.platform.startup import warm

SCOPE = "customers:write"
_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Env:
    identity_table: str
    exceptions_table: str


@dataclass(frozen=True, slots=True)
class App:
    changes: CustomerChanges
    customers: CustomerUseCases
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    table = Table(client, values.identity_table)
    exceptions = ExceptionsStore(Table(client, values.exceptions_table), system_clock)
    customers = customer_use_cases(table, business.ownership, business.customers, system_clock)
    return App(CustomerChanges(customers, Intents(table), exceptions.refuse, system_clock), customers, business)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, answer, max_body_bytes=app().business.limits.body_bytes)


def answer(request: Request) -> Response:
    """Needs the scope customers:write."""
    request.caller().require(SCOPE)
    return _report(request) if request.route.startswith("POST") else _change(request)


def _report(request: Request) -> Response:
    """201 with a new customer; 200 with one that was known, also by this same request."""
    partner = request.caller()
    key = request.idempotency_key() if "idempotency-key" in request.headers else None
    asked = _read(CustomerReport, request)
    changed = app().changes.report(asked, partner, key, request.correlation_id)
    return _answer(request, changed, 201 if changed.created else 200)


def _change(request: Request) -> Response:
    """200 with the customer as it is now, when it had the version that the caller names."""
    tags = required(request.headers.get("if-match"))
    asked = _read(CustomerPatch, request)
    named = request.path.get("id", "")
    changed = app().changes.change(named, asked, tags, request.caller(), request.correlation_id)
    return _answer(request, changed, 200)


def _answer(request: Request, changed: Changed, status: int) -> Response:
    partner, customer = request.caller(), changed.kept.customer
    views = CustomerViews(app().customers.xrefs, app().customers.judging, app().changes.visible(partner))
    document = views.whole(changed.kept)
    passed(
        "kept",
        "customer",
        [request.correlation_id],
        partner=partner.name,
        customer=customer.id,
        version=customer.version,
        new=changed.created,
    )
    headers = {"ETag": etag(customer.version), "Location": f"/v1/customers/{customer.id}"}
    return Response(status, document, headers)


def _read(model: type[_M], request: Request) -> _M:
    try:
        return model.model_validate_json(request.body)
    except ValidationError as exc:
        raise from_validation(exc) from exc
