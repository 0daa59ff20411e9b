"""What this function tells the API's document of its endpoint."""

from crossdock.contracts.endpoints import Answer, Endpoint, in_path, in_query
from crossdock.contracts.price_api_answers import PriceBookPage

_LINK = {"Link": 'The address of the next page, as rel="next" (RFC 8288).'}

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/price-books/{class}",
        tag="Prices",
        summary="A price class's whole book, a page at a time",
        says="With `Accept: application/x-ndjson` a page is one entry a line, and only `Link` names the next page.",
        scopes=("prices:read",),
        parameters=(
            in_path("class", "price-class", "A price class that the partner may read.", "{price-class}", minLength=1),
            in_query("limit", "nothing", "Items to a page, 1 to 2000; 500 if left out.", "1", pattern="^[0-9]{1,4}$"),
            in_query("cursor", "price-book-cursor", "The place that `next` names."),
        ),
        answers=(
            Answer(200, "A page.", PriceBookPage, _LINK),
            Answer(200, "A page.", None, _LINK, media="application/x-ndjson"),
        ),
        problems={404: ("no-such-price-class",), 422: ("cursor-unusable", "invalid-question")},
        revalidates=True,
        gives={"price-book-cursor": "/next?cursor"},
    ),
)
