"""What a partner may still ask for, said on every answer (draft-ietf-httpapi-ratelimit-headers-10), and the 429.

    RateLimit-Policy: "partner";q=100;w=2      100 at once, and so many again in every 2 seconds
    RateLimit: "partner";r=97;t=1              97 left now; all of them again after 1 second

The rate and the burst come with the authorizer's answer. Without the table (a function that serves no partner) nothing
is counted. When the table does not answer, the request goes on uncounted: a limit that fails must not become an outage,
and API Gateway's own throttle still stands before us.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from crossdock.platform import clients, deadline
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.limits import Limiter, Standing, Terms
from crossdock.platform.logs import logger
from crossdock.platform.metrics import happened
from crossdock.platform.problems import FieldError, Problem

_POLICY: Final = '"partner"'


@dataclass(frozen=True, slots=True)
class Allowance:
    """The headers that say what is left, and the refusal if nothing is."""

    headers: Mapping[str, str] = field(default_factory=dict)
    refusal: Problem | None = None


def spend(event: Mapping[str, Any]) -> Allowance:
    """Counts one call of a partner's. At most one write in most cases; see `Limiter`."""
    found = (event.get("requestContext") or {}).get("authorizer") or {}
    table = os.environ.get("LIMITS_TABLE")
    if not table or not found.get("partner") or not found.get("rate"):
        return Allowance()
    terms = Terms(int(found["rate"]), int(found["burst"]))
    try:
        standing = _limiter(table).take(str(found["partner"]), terms)
    except (StoreUnavailableError, BotoCoreError, ClientError, deadline.DeadlineExceeded) as exc:
        logger().warning("not counted", reason=str(exc), partner=str(found["partner"]))
        return Allowance()
    if standing.admitted:
        return Allowance(headers_of(standing))
    logger().info("partner limited", extra={"partner": str(found["partner"])})
    happened(("PartnersLimited", 1, "Count"))
    return Allowance(headers_of(standing), too_many(standing))


def headers_of(standing: Standing) -> dict[str, str]:
    """Both fields, as structured fields (RFC 9651)."""
    terms = standing.terms
    window = -(-terms.burst // terms.rate)
    return {
        "RateLimit-Policy": f"{_POLICY};q={terms.burst};w={window}",
        "RateLimit": f"{_POLICY};r={standing.remaining};t={standing.full_after}",
    }


def too_many(standing: Standing) -> Problem:
    """429 with the seconds until the next token."""
    terms, wait = standing.terms, standing.retry_after
    return Problem(
        429,
        "too-many-requests",
        f"This partner may ask {terms.rate} times a second, {terms.burst} times at once. Nothing was stored; send the "
        f"same request again after {wait} s.",
        [FieldError("RateLimit", "used up", f"wait {wait} s, and spread requests by the RateLimit headers")],
        headers={"Retry-After": str(wait)},
        members={"violated-policies": ["partner"]},
    )


@cache
def _limiter(table: str) -> Limiter:
    return Limiter(Table(clients.dynamodb(), table), lambda: time.time_ns() // 1000)
