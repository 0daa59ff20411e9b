"""What every endpoint of its kind has, beside what it says itself: refusals of the gateway and of `platform.http`."""

from http import HTTPStatus
from typing import Any, Final

from crossdock.contracts.endpoints import Endpoint, Status
from infra.constructs.refusals import REFUSALS

# Refusals of the gateway that a request to a known route with a usable key can get, and those of the key itself.
_OF_THE_KEY: Final = frozenset({"UNAUTHORIZED", "ACCESS_DENIED", "INVALID_API_KEY", "QUOTA_EXCEEDED"})
_NO_ROUTE: Final = "MISSING_AUTHENTICATION_TOKEN"

CORRELATION: Final = "X-Correlation-Id"
HEADERS: Final[dict[str, Any]] = {
    CORRELATION: {"description": "Names the request, for whoever asks us about it.", "schema": {"type": "string"}},
    "ETag": {"description": "Over every byte of the body.", "schema": {"type": "string"}},
    "RateLimit": {
        "description": 'What is left of the share, `"partner";r=97;t=1`: r requests now, all of them again in '
        "t seconds (draft-ietf-httpapi-ratelimit-headers-10).",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": 'The partner\'s share, `"partner";q=100;w=2`: q requests at once, and q more every w seconds.',
        "schema": {"type": "string"},
    },
    "Deprecation": {
        "description": "Since when nobody should begin to use it (RFC 9745).",
        "schema": {"type": "string"},
    },
    "Sunset": {"description": "From when on it may be gone (RFC 8594).", "schema": {"type": "string"}},
    "Link": {"description": "Further addresses, by their rel (RFC 8288).", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to say who calls (RFC 6750).", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
}
PARAMETERS: Final[dict[str, Any]] = {
    CORRELATION: {
        "name": CORRELATION,
        "in": "header",
        "description": "The caller's own name of the request; what cannot be used is replaced.",
        "schema": {"type": "string"},
        "x-crossdock-names": "nothing",
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag of the answer that the caller has: it is answered 304 when it is still so.",
        "schema": {"type": "string"},
        "x-crossdock-names": "nothing",
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Names the request for ever; new for each request, the same for its repetitions.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,100}$"},
        "example": "order-4711-first-try",
        "x-crossdock-names": "idempotency-key",
    },
}


def problems(endpoint: Endpoint) -> dict[Status, list[str]]:
    """The names of all problems that an endpoint may answer, by status."""
    found: dict[Status, set[str]] = {status: set(names) for status, names in endpoint.problems.items()}

    def may(status: int, *names: str) -> None:
        found.setdefault(status, set()).update(names)

    for refusal in REFUSALS:
        if refusal.type != _NO_ROUTE and (endpoint.keyed or refusal.type not in _OF_THE_KEY):
            may(refusal.status, refusal.name)
    may(400, "malformed-body")
    may(413, "body-too-large")
    may(503, "temporarily-unavailable")
    if endpoint.scopes:
        may(403, "scope-missing")
    if endpoint.body is not None:
        may(400, "malformed-json")
        may(422, "invalid-document")
    if endpoint.idempotency:
        may(400, "idempotency-key-missing", "idempotency-key-unusable")
    # A status that is described for itself is not looked up in its range any more.
    for name in found.get("4XX", ()):
        for status in [s for s in found if isinstance(s, int) and s < HTTPStatus.INTERNAL_SERVER_ERROR]:
            may(status, name)
    return {status: sorted(names) for status, names in sorted(found.items(), key=lambda pair: str(pair[0]))}


def headers_of(endpoint: Endpoint) -> list[str]:
    """The names of the headers that the endpoint reads beside those it says itself."""
    found = [CORRELATION]
    if endpoint.revalidates:
        found.append("If-None-Match")
    return found
