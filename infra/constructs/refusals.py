"""API Gateway's own refusals, in the shape of those of the functions; without the CDK, for who only describes them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal, by the gateway's name for it: HTTP status, name for programs, what a person should do.

    Where one header or field is to blame, `field` and `problem` name it as the functions' own documents do.
    """

    type: str
    status: int
    name: str
    detail: str
    field: str = ""
    problem: str = ""


LATER: Final = frozenset({429, 503, 504})
UNAUTHORIZED: Final = 401
_AGAIN: Final = "Send the same request again: what was already accepted is not applied twice."

REFUSALS: Final = (
    # The authorizer denies whoever it does not know; the gateway itself answers so only when it cannot ask.
    *(
        Refusal(
            kind,
            UNAUTHORIZED,
            "credential-refused",
            "Send the header X-Api-Key with your key, or Authorization with an access token (Bearer), not both. "
            "Replace a token that has ended by a new one; for anything else ask the distributor.",
            "X-Api-Key",
            "missing, not known, or no longer active",
        )
        for kind in ("UNAUTHORIZED", "ACCESS_DENIED")
    ),
    Refusal(
        "INVALID_API_KEY",
        403,
        "key-without-plan",
        "This key belongs to no usage plan. Ask the distributor to add it to one.",
    ),
    Refusal(
        "WAF_FILTERED",
        403,
        "blocked",
        "The request looks like a probe for weaknesses, or comes from an address known for attacks. If it is neither, "
        "tell the distributor when it was sent.",
    ),
    Refusal(
        "MISSING_AUTHENTICATION_TOKEN",
        404,
        "no-such-route",
        "There is nothing at this path for this method. Compare both with the API's description.",
    ),
    Refusal(
        "REQUEST_TOO_LARGE",
        413,
        "body-too-large",
        "The body is too large. Send fewer movements in one request, and the rest in further ones.",
    ),
    Refusal("UNSUPPORTED_MEDIA_TYPE", 415, "unsupported-media-type", "Send JSON, as application/json."),
    Refusal("THROTTLED", 429, "too-many-requests", f"Wait a second. {_AGAIN}"),
    Refusal("QUOTA_EXCEEDED", 429, "quota-used-up", "The quota of this key is used up until its period ends."),
    Refusal("INTEGRATION_FAILURE", 503, "temporarily-unavailable", f"The service did not answer. {_AGAIN}"),
    Refusal("INTEGRATION_TIMEOUT", 504, "timeout", f"The service did not answer in time. {_AGAIN}"),
    # The authorizer's function fails in one way or cannot be reached in the other; both pass.
    Refusal("AUTHORIZER_FAILURE", 503, "temporarily-unavailable", f"The credential could not be checked. {_AGAIN}"),
    Refusal(
        "AUTHORIZER_CONFIGURATION_ERROR",
        503,
        "temporarily-unavailable",
        f"The credential could not be checked. {_AGAIN}",
    ),
    Refusal("DEFAULT_4XX", 400, "refused", "The request cannot be used; compare it with the API's description."),
    Refusal("DEFAULT_5XX", 500, "internal-error", f"The service failed. {_AGAIN}"),
)
