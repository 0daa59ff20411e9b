"""What this function tells the API's document of its endpoints."""

from crossdock.contracts.endpoints import Answer, Endpoint, in_path
from crossdock.contracts.price_api_answers import PriceManifest, PricesChecked
from crossdock.contracts.quotes import PriceCheckRequest

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/price-checks",
        tag="Prices",
        summary="Whether prices that a channel computed are taken",
        says="Each line is accepted or refused, with the reason. Nothing is stored.",
        scopes=("prices:read",),
        body=PriceCheckRequest,
        example={
            "channel": "{channel}",
            "customer": "{customer}",
            "lines": [{"line": "1", "item": "WIDGET", "quantity": 3, "unit_price": "10.00"}],
        },
        answers=(Answer(200, "Each line, accepted or refused.", PricesChecked),),
        problems={403: ("channel-not-yours", "customer-not-yours"), 422: ("unknown-channel", "unknown-unit")},
    ),
    Endpoint(
        method="GET",
        path="/v1/channels/{channel}/price-manifest",
        tag="Prices",
        summary="What a channel may compute by itself",
        says="Signed as webhooks to the channel are, by all of its active secrets.",
        scopes=("prices:read",),
        parameters=(in_path("channel", "channel", "One of the partner's channels.", "{channel}", minLength=1),),
        answers=(
            Answer(
                200,
                "The signed manifest.",
                PriceManifest,
                {
                    "webhook-id": "What is signed, with the time and the body.",
                    "webhook-timestamp": "Seconds since 1970.",
                    "webhook-signature": "One `v1,…` for each active secret.",
                },
            ),
        ),
        problems={404: ("no-such-channel",)},
        revalidates=True,
    ),
)
