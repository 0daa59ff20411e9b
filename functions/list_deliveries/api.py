"""What this function tells the API's document of its endpoint."""

from crossdock.contracts.delivery_answers import DeliveriesPage
from crossdock.contracts.endpoints import Answer, Endpoint, in_query

_KINDS = ["availability", "price", "customer"]
_STATES = ["acknowledged", "told", "rejected", "waiting"]

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/deliveries",
        tag="Deliveries",
        summary="What the partner's channels were told, and what became of it",
        says="The newest version of each item; a page may be short, or empty, and still name a next one.",
        scopes=("deliveries:read",),
        parameters=(
            in_query("channel", "channel", "One of the partner's channels; all of them if left out.", "{channel}"),
            in_query("kind", "nothing", "What was told.", enum=_KINDS),
            in_query("state", "nothing", "How far it got.", enum=_STATES),
            in_query("item", "item", "One item: in all channels, and all classes of prices.", minLength=1),
            in_query("limit", "nothing", "Items to a page, 1 to 500; 100 if left out.", "1", pattern="^[0-9]{1,3}$"),
            in_query("cursor", "cursor", "The place that `next` names, for the same partner and question."),
        ),
        answers=(
            Answer(200, "A page.", DeliveriesPage, {"Link": 'The address of the next page, as rel="next" (RFC 8288).'}),
        ),
        problems={403: ("channel-not-yours",), 422: ("cursor-unusable", "invalid-question")},
        gives={"cursor": "/next?cursor"},
    ),
)
