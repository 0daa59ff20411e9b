"""What this function tells the API's document of its endpoints."""

from crossdock.contracts.endpoints import Answer, Endpoint

ENDPOINTS = tuple(
    Endpoint(
        method="GET",
        path=f"/v1/{name}.json",
        tag="Descriptions",
        summary=summary,
        keyed=False,
        answers=(Answer(200, "The document, with this stage's address.", None),),
        revalidates=True,
    )
    for name, summary in (
        ("asyncapi", "What is sent and received as events (AsyncAPI 3.0)"),
        ("openapi", "This document (OpenAPI 3.1)"),
    )
)
