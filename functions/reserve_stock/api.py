"""What this function tells the API's document of its endpoint."""

from crossdock.contracts.endpoints import Answer, Endpoint, Parameter
from crossdock.contracts.reservation_answers import ReservationAfterwards, ReservationQueued
from crossdock.contracts.reservations import ReservationRequest

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/reservations",
        tag="Reservations",
        summary="Hold stock",
        says="All lines or none, what there is, or the rest from supply. The same request again gets the same answer.",
        scopes=("reservations:write",),
        parameters=(
            Parameter(
                "header",
                "Prefer",
                "nothing",
                "respond-async: do not wait for the decision (RFC 7240).",
                {"type": "string"},
            ),
        ),
        body=ReservationRequest,
        example={
            "channel": "{channel}",
            "lines": [{"line": "1", "sku": "WIDGET", "quantity": 2, "warehouse": "MAIN"}],
            "expires_in_seconds": 900,
            "reference": "basket of {partner}",
        },
        answers=(
            Answer(201, "The stock is held.", ReservationAfterwards, {"Location": "Where the reservation is read."}),
            Answer(
                202,
                "The request is kept and decided in a moment.",
                ReservationQueued,
                {
                    "Location": "Where the reservation is read.",
                    "Preference-Applied": "respond-async.",
                },
            ),
        ),
        problems={
            403: ("channel-not-yours",),
            409: ("not-available", "in-progress"),
            422: (
                "idempotency-key-reused",
                "unknown-channel",
                "unknown-warehouse",
                "unknown-item",
                "fraction-not-allowed",
            ),
        },
        idempotency="required",
        gives={"reservation": "/id"},
    ),
)
