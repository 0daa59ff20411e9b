"""What a channel may compute by itself, as a signed manifest; and whether prices that it computed are taken.

GET /v1/channels/{channel}/price-manifest · POST /v1/price-checks
"""

import json
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from crossdock import config
from crossdock.contracts.quotes import PriceCheckRequest
from crossdock.exchange.signatures import sign_with_all
from crossdock.flows.price_checking import PriceChecks, allowed
from crossdock.flows.quoting import Pricing, check_rights
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import FieldError, Problem, from_validation
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm
from crossdock.pricing.candidates import Candidates
from crossdock.pricing.manifests import manifest


@dataclass(frozen=True, slots=True)
class Env:
    pricing_table: str
    channel_secret_prefix: str


@dataclass(frozen=True, slots=True)
class App:
    checks: PriceChecks
    secrets: Secrets
    business: config.BusinessConfig


@warm
def app() -> App:
    values, business = env.read(Env), config.load()
    table = Table(clients.dynamodb(), values.pricing_table)
    pricing = Pricing(Candidates(table, system_clock), business, system_clock)
    return App(
        PriceChecks(pricing, business),
        Secrets(clients.secrets(), values.channel_secret_prefix),
        business,
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, answer, max_body_bytes=app().business.limits.body_bytes)


def answer(request: Request) -> Response:
    """Needs the scope prices:read, and a channel of the partner's own."""
    request.caller().require("prices:read")
    if request.route == "POST /v1/price-checks":
        return _check(request)
    return _manifest(request)


def _check(request: Request) -> Response:
    """200 with each line accepted or refused, and why; nothing is stored."""
    partner = request.caller()
    try:
        asked = PriceCheckRequest.model_validate_json(request.body)
    except ValidationError as exc:
        raise from_validation(exc) from exc
    check_rights(asked, partner, app().business)
    document = app().checks.check(asked)
    refused = [line["code"] for line in document["lines"] if not line["accepted"]]
    lines = len(document["lines"])
    passed("checked", "prices", [request.correlation_id], channel=asked.channel, lines=lines, refused=refused[:10])
    return Response(200, document)


def _manifest(request: Request) -> Response:
    """200 with the document, signed anew at each call by all secrets of the channel (Standard Webhooks headers)."""
    partner, name, business = request.caller(), request.path.get("channel", ""), app().business
    if name not in business.channels or name not in partner.channels:
        error = FieldError("channel", "unknown", f"name one of: {', '.join(partner.channels) or 'none'}")
        raise Problem(404, "no-such-channel", f"There is no channel {name[:40]!r} of yours.", [error])
    rights, now = allowed(name, business), system_clock()
    document = manifest(rights, business.distributor, business.channels[name].prices.manifest_hours, now)
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    secrets = app().secrets.get(name, f"crossdock channels set {name}")["signing_secrets"]
    signed = sign_with_all(secrets, f"price-manifest-{name}-{document['version']}", now, text.encode())
    passed("signed", "manifest", [request.correlation_id], channel=name, version=document["version"])
    return Response(200, headers=signed, text=text)
