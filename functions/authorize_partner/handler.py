"""Finds the partner behind an API key or an access token and lets it in, or not."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.identity.callers import Caller, Callers, RefusedError
from crossdock.identity.partners import Partners
from crossdock.identity.tokens import PublishedKeys, Tokens
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.outbound import Http
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    identity_table: str
    stage: str
    # https://cognito-idp.{region}.amazonaws.com/{pool}: what tokens say they were issued by.
    token_issuer: str


@warm
def app() -> Callers:
    values = env.read(Env)
    local = values.stage == "local"
    # The engine's pool says it is AWS's, and publishes its keys under the engine's own address.
    host = os.environ["AWS_ENDPOINT_URL"] + "/" + values.token_issuer.rpartition("/")[2] if local else None
    keys = PublishedKeys(f"{host or values.token_issuer}/.well-known/jwks.json", Http(allow_plain=local).get)
    partners = Partners(Table(clients.dynamodb(), values.identity_table))
    return Callers(partners, Tokens(values.token_issuer, keys), system_clock)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """API Gateway REQUEST authorizer, asked for each call; what it finds it keeps for a minute."""
    deadline.begin(context)
    headers = {k.lower(): v for k, v in (event.get("headers") or {}).items()}
    try:
        caller = app().find(headers.get("x-api-key") or "", headers.get("authorization") or "")
    except RefusedError as exc:
        passed("turned away", "partner", [], reason=exc.why)
        # Deny, and not the error that API Gateway answers with 401: strangers must not make a function fail.
        return _policy(event["methodArn"], "Deny", "unknown") | {"context": {"reason": exc.why}}
    passed("authorized", "partner", [], partner=caller.access.partner, by=caller.by)
    return _policy(event["methodArn"], "Allow", caller.access.partner) | {
        "context": _context(caller),
        "usageIdentifierKey": caller.usage_key,
    }


def _policy(method_arn: str, effect: str, principal: str) -> dict[str, Any]:
    api, stage = method_arn.split("/")[:2]
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{api}/{stage}/*"}
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def _context(caller: Caller) -> Mapping[str, Any]:
    access = caller.access
    return {
        "partner": access.partner,
        "scopes": " ".join(caller.scopes),
        "sources": " ".join(access.sources),
        "channels": " ".join(access.channels),
        # Customers may have spaces in their names, and never a `#`.
        "customers": "#".join(access.customers),
        "rate": access.rate,
        "burst": access.burst,
    }
