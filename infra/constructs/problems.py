"""API Gateway's own refusals as RFC 9457 problem documents, in the same shape as those of the functions."""

import json
from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_apigateway as apigateway

_Type = apigateway.ResponseType


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal: HTTP status, the name programs go by, and what a person should do."""

    type: apigateway.ResponseType
    status: int
    name: str
    detail: str


_AGAIN: Final = "Send the same request again: what was already accepted is not applied twice."

REFUSALS: Final = (
    Refusal(
        _Type.UNAUTHORIZED,
        401,
        "api-key-missing-or-unknown",
        "Send your API key in the header X-Api-Key; the distributor's operator issues one.",
    ),
    Refusal(
        _Type.ACCESS_DENIED,
        403,
        "not-allowed",
        "This API key may not do this. Ask the distributor's operator for the scope that is missing.",
    ),
    Refusal(
        _Type.INVALID_API_KEY,
        403,
        "api-key-without-plan",
        "This API key belongs to no usage plan. Ask the distributor's operator to add it to one.",
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
    Refusal(_Type.QUOTA_EXCEEDED, 429, "quota-used-up", "The quota of this API key is used up until its period ends."),
    Refusal(_Type.INTEGRATION_FAILURE, 503, "unavailable", f"The service did not answer. {_AGAIN}"),
    Refusal(_Type.INTEGRATION_TIMEOUT, 504, "timeout", f"The service did not answer in time. {_AGAIN}"),
    Refusal(_Type.AUTHORIZER_FAILURE, 503, "unavailable", f"The API key could not be checked. {_AGAIN}"),
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
        if refusal.type is _Type.THROTTLED:
            headers["Retry-After"] = "'1'"
        api.add_gateway_response(
            refusal.name if refusal.name != "unavailable" else f"{refusal.name}-{refusal.type.response_type}",
            type=refusal.type,
            status_code=str(refusal.status),
            response_headers=headers,
            # API Gateway takes the template named application/json whatever the caller accepts.
            templates={"application/json": _document(refusal)},
        )


def _document(refusal: Refusal) -> str:
    document = {
        "type": f"urn:crossdock:problem:{refusal.name}",
        "title": refusal.name.replace("-", " "),
        "status": refusal.status,
        "detail": refusal.detail,
        "correlation_id": "$context.requestId",
    }
    return json.dumps(document, indent=1)
