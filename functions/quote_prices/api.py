"""What this function tells the API's document of its endpoints."""

from crossdock.contracts.endpoints import Answer, Endpoint, in_path, in_query
from crossdock.contracts.price_answers import PriceAnswer
from crossdock.contracts.price_api_answers import TokenVerdict
from crossdock.contracts.quotes import QuoteRequest, QuoteVerification

_LINE = {"line": "1", "item": "WIDGET", "quantity": 3}

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/quotes",
        tag="Quotes",
        summary="Ask for prices",
        says=(
            "Prices of up to 500 lines as a quote that stands until it expires. With an Idempotency-Key the same "
            "request again gets the same quote. `show` needs the scope prices:cost."
        ),
        scopes=("prices:read",),
        body=QuoteRequest,
        example={"customer": "{customer}", "currency": "GBP", "lines": [_LINE]},
        names={"segments": "nothing", "parents": "nothing"},
        answers=(
            Answer(201, "A new quote.", PriceAnswer, {"Location": "Where the quote is read."}),
            Answer(
                200, "The quote that was given under this key.", PriceAnswer, {"Location": "Where the quote is read."}
            ),
        ),
        problems={
            403: ("customer-not-yours", "channel-not-yours"),
            422: ("idempotency-key-reused", "unknown-channel", "unknown-unit"),
        },
        idempotency="optional",
        gives={"quote": "/quote_id", "quote-token": "/token"},
    ),
    Endpoint(
        method="GET",
        path="/v1/quotes/{id}",
        tag="Quotes",
        summary="A quote again",
        says="As it was given, with its status now.",
        scopes=("prices:read",),
        parameters=(
            in_path("id", "quote", "The quote.", "{quote}", minLength=1),
            in_query(
                "show",
                "nothing",
                "What is shown beyond the prices, with commas: trace, cost, margin, rebates. Needs prices:cost.",
            ),
            in_query("lines", "nothing", "Only these lines, with commas.", "1"),
        ),
        answers=(Answer(200, "The quote.", PriceAnswer),),
        problems={404: ("no-such-quote",), 422: ("invalid-question",)},
        revalidates=True,
    ),
    Endpoint(
        method="POST",
        path="/v1/quotes/verify",
        tag="Quotes",
        summary="Whether a quote's token holds for these lines",
        says="Answers 200 whether it holds or not: `valid` says it, `mismatches` why not. Nothing is stored.",
        scopes=("prices:read",),
        body=QuoteVerification,
        example={
            "token": "{quote-token}",
            "customer": "{customer}",
            "lines": [{**_LINE, "unit": "EA", "unit_price": "10.00", "extended_price": "30.00"}],
        },
        answers=(Answer(200, "The verdict.", TokenVerdict),),
        problems={403: ("customer-not-yours",)},
    ),
)
