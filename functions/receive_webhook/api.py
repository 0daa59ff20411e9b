"""What this function tells the API's document of its endpoint."""

from crossdock.contracts.endpoints import Answer, Endpoint, in_path
from crossdock.contracts.webhook_answers import DeliveryAccepted, DeliveryTested
from crossdock.exchange.answers import RULES

_VENDORS = RULES.values()
_AS_IT_IS = {"X-Content-Type-Options": "nosniff.", "ETag": "Over every byte of the body."}
_KEPT = "The delivery is kept, or was already; with a body where its vendor may be sent one."

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/webhooks/{source}",
        tag="Webhooks",
        summary="Take a delivery of a source",
        says=(
            "Proven by the source's own scheme over the raw bytes; what it says is described in asyncapi.json. The "
            "statuses are those that the source's vendor goes by, and its configuration may choose others."
        ),
        keyed=False,
        # The signature is what lets a sender in: knowing another's source is of no use.
        parameters=(in_path("source", "nothing", "The source.", "wms", minLength=1),),
        raw={"description": "What the source's system sends."},
        answers=(
            *(Answer(status, _KEPT, DeliveryAccepted) for status in sorted({r.accepted for r in _VENDORS})),
            Answer("2XX", _KEPT, DeliveryAccepted),
            Answer(200, _KEPT, DeliveryTested),
            *(Answer(200, _KEPT, None, _AS_IT_IS, media=media) for media in ("text/plain", "text/xml")),
        ),
        problems={
            **dict.fromkeys(sorted({r.refused for r in _VENDORS}), ("signature-refused",)),
            400: ("malformed-json", "signature-refused"),
            "4XX": ("signature-refused",),
            404: ("unknown-source",),
            409: ("delivery-id-reused",),
            422: ("invalid-document", "unknown-event-type"),
        },
    ),
)
