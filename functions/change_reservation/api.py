"""What this function tells the API's document of its endpoints."""

from crossdock.contracts.endpoints import Answer, Endpoint, in_path
from crossdock.contracts.reservation_answers import AnsweredReservation, ReservationAfterwards
from crossdock.contracts.reservations import Extension, ReservationChange

_ID = in_path("id", "reservation", "The reservation.", "{reservation}", minLength=1)
_ACTION = in_path(
    "action", "nothing", "What is to be done with it.", "extend", enum=["confirm", "release", "cancel", "extend"]
)

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/reservations/{id}",
        tag="Reservations",
        summary="A reservation as it is now",
        scopes=("reservations:read",),
        parameters=(_ID,),
        answers=(Answer(200, "The reservation.", AnsweredReservation),),
        problems={404: ("no-such-reservation",)},
        revalidates=True,
    ),
    Endpoint(
        method="PATCH",
        path="/v1/reservations/{id}",
        tag="Reservations",
        summary="Change lines of a hold",
        says="The lines named change, the others stay as they are. All of it is changed, or nothing.",
        scopes=("reservations:write",),
        parameters=(_ID,),
        body=ReservationChange,
        example={"lines": [{"line": "1", "quantity": 3}]},
        answers=(Answer(200, "The reservation as it is now.", ReservationAfterwards),),
        problems={
            404: ("no-such-reservation",),
            409: ("not-available", "already-ended", "expired", "in-progress"),
            422: ("unknown-line", "unknown-warehouse", "nothing-left", "too-many-places", "fraction-not-allowed"),
        },
    ),
    Endpoint(
        method="POST",
        path="/v1/reservations/{id}/{action}",
        tag="Reservations",
        summary="Confirm, release, cancel or extend a hold",
        says="Only extend reads a body. What is so already is answered as if it had become so now.",
        scopes=("reservations:write",),
        parameters=(_ID, _ACTION),
        body=Extension,
        body_required=False,
        example={"expires_in_seconds": 900},
        answers=(Answer(200, "The reservation as it is now.", ReservationAfterwards),),
        problems={
            404: ("no-such-reservation", "no-such-action"),
            409: ("already-ended", "expired", "not-confirmed", "in-progress"),
        },
    ),
)
