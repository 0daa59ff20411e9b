"""POST /v1/order-checks: whether an order may be taken, by the customer's state, its credit and the quote it names."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from crossdock import config
from crossdock.contracts.customer_requests import OrderCheckRequest
from crossdock.flows.order_acceptance import OrderAcceptance
from crossdock.flows.order_checks import OrderChecks
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.customers import Judging
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import from_validation
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm
from crossdock.pricing.quote_keys import QuoteKeys

SCOPE = "orders:check"


@dataclass(frozen=True, slots=True)
class Env:
    identity_table: str
    quote_secret_prefix: str


@dataclass(frozen=True, slots=True)
class App:
    acceptance: OrderAcceptance
    business: config.BusinessConfig


@warm
def app() -> App:
    values, business = env.read(Env), config.load()
    table = Table(clients.dynamodb(), values.identity_table)
    keys = QuoteKeys(Secrets(clients.secrets(), values.quote_secret_prefix))
    # Customers are taken as they were judged when they changed; nothing is judged here.
    judging = Judging(business.ownership, business.customers, lambda _: ())
    acceptance = OrderAcceptance(
        CustomerStore(table),
        CrossReferences(table, system_clock),
        judging,
        OrderChecks(keys.keys_for, system_clock),
        business.currency,
    )
    return App(acceptance, business)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, check, max_body_bytes=app().business.limits.body_bytes)


def check(request: Request) -> Response:
    """200 whether the order is accepted or not: `accepted` says it, `reasons` why not. Needs the scope orders:check."""
    partner = request.caller()
    partner.require(SCOPE)
    try:
        asked = OrderCheckRequest.model_validate_json(request.body)
    except ValidationError as exc:
        raise from_validation(exc) from exc
    verdict = app().acceptance.check(asked, partner)
    passed(
        "checked",
        "order",
        [request.correlation_id],
        partner=partner.name,
        customer=verdict["customer"],
        accepted=verdict["accepted"],
        codes=[r["code"] for r in verdict["reasons"]][:5],
    )
    return Response(200, verdict)
