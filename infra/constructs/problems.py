"""API Gateway's own refusals as RFC 9457 problem documents, in the same shape as those of the functions."""

import json
from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_apigateway as apigateway

_Type = apigateway.ResponseType


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal: HTTP status, the name programs go by, and what a person should do.

    Where one header or field is to blame, `field` and `problem` name it as the functions' own documents do.
    """

    type: apigateway.ResponseType
    status: int
    name: str
    detail: str
    field: str = ""
    problem: str = ""


_LATER: Final = frozenset({429, 503, 504})
_AGAIN: Final = "Send the same request again: what was already accepted is not applied twice."

REFUSALS: Final = (
    Refusal(
        _Type.UNAUTHORIZED,
        401,
        "key-missing",
        "Send the header X-Api-Key with the key you were given.",
        "X-Api-Key",
        "missing",
    ),
    Refusal(
        _Type.ACCESS_DENIED,
        403,
        "key-refused",
        "This key is not known or no longer active. Ask the distributor for a new one.",
        "X-Api-Key",
        "not known, or no longer active",
    ),
    Refusal(
        _Type.INVALID_API_KEY,
        403,
        "key-without-plan",
        "This key belongs to no usage plan. Ask the distributor to add it to one.",
    ),
    Refusal(
        _Type.MISSING_AUTHENTICATION_TOKEN,
        404,
        "no-such-route",
        "There is nothing at this path for this method. Compare both with the API's description.",
    ),
    Refusal(
        _Type.REQUEST_TOO_LARGE,
        413,
        "body-too-large",
        "The body is too large. Send fewer movements in one request, and the rest in further ones.",
    ),
    Refusal(_Type.UNSUPPORTED_MEDIA_TYPE, 415, "unsupported-media-type", "Send JSON, as application/json."),
    Refusal(_Type.THROTTLED, 429, "too-many-requests", f"Wait a second. {_AGAIN}"),
    Refusal(_Type.QUOTA_EXCEEDED, 429, "quota-used-up", "The quota of this key is used up until its period ends."),
    Refusal(_Type.INTEGRATION_FAILURE, 503, "temporarily-unavailable", f"The service did not answer. {_AGAIN}"),
    Refusal(_Type.INTEGRATION_TIMEOUT, 504, "timeout", f"The service did not answer in time. {_AGAIN}"),
    # The authorizer's function fails in one way or cannot be reached in the other; both pass.
    Refusal(_Type.AUTHORIZER_FAILURE, 503, "temporarily-unavailable", f"The key could not be checked. {_AGAIN}"),
    Refusal(
        _Type.AUTHORIZER_CONFIGURATION_ERROR,
        503,
        "temporarily-unavailable",
        f"The key could not be checked. {_AGAIN}",
    ),
    Refusal(_Type.DEFAULT_4_XX, 400, "refused", "The request cannot be used; compare it with the API's description."),
    Refusal(_Type.DEFAULT_5_XX, 500, "internal-error", f"The service failed. {_AGAIN}"),
)


def add_problems(api: apigateway.RestApi) -> None:
    """Every refusal of the gateway itself: the document, its media type and the correlation id in a header."""
    for refusal in REFUSALS:
        headers = {
            "Content-Type": "'application/problem+json'",
            "X-Correlation-Id": "context.requestId",
        }
        if refusal.status in _LATER:
            headers["Retry-After"] = "'2'"
        api.add_gateway_response(
            f"Refusal-{refusal.type.response_type}",
            type=refusal.type,
            status_code=str(refusal.status),
            response_headers=headers,
            # API Gateway takes the template named application/json whatever the caller accepts.
            templates={"application/json": _document(refusal)},
        )


def _document(refusal: Refusal) -> str:
    document: dict[str, object] = {
        "type": f"urn:crossdock:problem:{refusal.name}",
        "title": refusal.name.replace("-", " "),
        "status": refusal.status,
        "detail": refusal.detail,
        "correlation_id": "$context.requestId",
    }
    if refusal.field:
        document["errors"] = [{"field": refusal.field, "problem": refusal.problem, "remedy": refusal.detail}]
    return json.dumps(document, indent=1)
