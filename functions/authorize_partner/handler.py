"""Finds the partner behind an API key and lets it in, or not."""

from dataclasses import dataclass
from typing import Any

from crossdock.identity.partners import PartnerAccess, Partners
from crossdock.platform import clients, deadline, env
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    identity_table: str


@warm
def partners() -> Partners:
    return Partners(Table(clients.dynamodb(), env.read(Env).identity_table))


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """API Gateway REQUEST authorizer; its answer is cached per key by the gateway."""
    deadline.begin(context)
    headers = {k.lower(): v for k, v in (event.get("headers") or {}).items()}
    api_key = headers.get("x-api-key") or ""
    access = partners().access(api_key) if api_key else None
    passed("authorized" if access else "turned away", "partner", [], partner=access.partner if access else None)
    return _policy(event["methodArn"], api_key, access)


def _policy(method_arn: str, api_key: str, access: PartnerAccess | None) -> dict[str, Any]:
    # The answer is cached for every endpoint of the stage, so it must speak of all of them.
    api, stage = method_arn.split("/")[:2]
    policy: dict[str, Any] = {
        "principalId": access.partner if access else "unknown",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow" if access else "Deny",
                    "Resource": f"{api}/{stage}/*",
                }
            ],
        },
    }
    if access:
        policy["context"] = {
            "partner": access.partner,
            "scopes": " ".join(access.scopes),
            "sources": " ".join(access.sources),
            "channels": " ".join(access.channels),
            # Customers may have spaces in their names, and never a `#`.
            "customers": "#".join(access.customers),
        }
        policy["usageIdentifierKey"] = api_key
    return policy
