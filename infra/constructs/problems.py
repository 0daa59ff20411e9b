"""API Gateway's own refusals as RFC 9457 problem documents, in the same shape as those of the functions."""

import json

from aws_cdk import aws_apigateway as apigateway

from infra.constructs.refusals import LATER, REFUSALS, UNAUTHORIZED, Refusal


def add_problems(api: apigateway.RestApi) -> None:
    """Every refusal of the gateway itself: the document, its media type and the correlation id in a header."""
    for refusal in REFUSALS:
        headers = {
            "Content-Type": "'application/problem+json'",
            "X-Correlation-Id": "context.requestId",
        }
        if refusal.status in LATER:
            headers["Retry-After"] = "'2'"
        if refusal.status == UNAUTHORIZED:
            headers["WWW-Authenticate"] = "'Bearer realm=\"crossdock\"'"
        api.add_gateway_response(
            f"Refusal-{refusal.type}",
            type=apigateway.ResponseType.of(refusal.type),
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
    if refusal.status == UNAUTHORIZED:
        # A word of the authorizer's, such as token-expired; empty when it was not asked.
        document["reason"] = "$context.authorizer.reason"
    return json.dumps(document, indent=1)
