"""GET, PATCH and the ends of /v1/reservations/{id}: what became of a hold, and what is to become of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from crossdock import config
from crossdock.contracts.reservations import Extension, ReservationChange
from crossdock.flows.reservation_answers import ended, unknown, unknown_action
from crossdock.flows.reserving import changed_hold
from crossdock.inventory.hold_documents import to_document
from crossdock.inventory.holds import LIVE, Ended, Ending, Reservation, State
from crossdock.inventory.reserving import Reservations
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import from_validation
from crossdock.platform.startup import warm

_ID = re.compile(r"[a-z2-7]{20}")
_ENDS = frozenset({"confirm", "release", "cancel"})
"""What settles by itself whether the hold stands: here it is only asked whose it is."""
_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str


@dataclass(frozen=True, slots=True)
class App:
    reservations: Reservations
    business: config.BusinessConfig


@warm
def app() -> App:
    table = Table(clients.dynamodb(), env.read(Env).inventory_table)
    return App(Reservations(table, system_clock), config.load())


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, serve_one, max_body_bytes=app().business.limits.body_bytes)


def serve_one(request: Request) -> Response:
    """Answers for one reservation of the caller's; another partner's does not exist for it."""
    method = request.route.split(" ", 1)[0]
    action = {"GET": "read", "PATCH": "change"}.get(method) or request.path.get("action", "")
    if action not in _ACTIONS:
        raise unknown_action(action)
    partner = request.caller()
    partner.require("reservations:read" if action == "read" else "reservations:write")
    rid = request.path.get("id", "")
    look = app().reservations.seen if action in _ENDS else app().reservations.get
    found = look(rid) if _ID.fullmatch(rid) else None
    if found is None or found.partner != partner.name:
        raise unknown(rid)
    response = _ACTIONS[action](request, found)
    passed(f"{action}", "reservation", [request.correlation_id], partner=partner.name, reservation=rid)
    return response


def read(_: Request, found: Reservation) -> Response:
    """200, with an ETag to ask again by."""
    held = found.state is not State.OPEN
    return Response(200, to_document(found, held=held, now=_now()), revalidate=True)


def confirm(_: Request, found: Reservation) -> Response:
    return ended(app().reservations.confirm(found.id), "confirm", _now())


def release(_: Request, found: Reservation) -> Response:
    return ended(app().reservations.release(found.id), "release", _now())


def cancel(_: Request, found: Reservation) -> Response:
    return ended(app().reservations.cancel(found.id), "cancel", _now())


def extend(request: Request, found: Reservation) -> Response:
    """A hold is made longer, never shorter: to end it sooner, release it."""
    expires = _now() + _read(Extension, request).expires_in_seconds
    if found.state in LIVE and _now() < found.expires and expires < found.expires:
        return ended(Ended(Ending.DONE, found), "extend", _now())
    return ended(app().reservations.extend(found.id, expires), "extend", _now())


def change(request: Request, found: Reservation) -> Response:
    wanted = _read(ReservationChange, request)
    if found.state not in LIVE:
        over = Ending.EXPIRED if found.state is State.EXPIRED else Ending.OTHERWISE
        return ended(Ended(over, found), "change", _now())
    lines, places = changed_hold(wanted, found, app().business)
    return ended(app().reservations.change(found.id, lines, places, found.version), "change", _now())


_ACTIONS: dict[str, Callable[[Request, Reservation], Response]] = {
    "read": read,
    "confirm": confirm,
    "release": release,
    "cancel": cancel,
    "extend": extend,
    "change": change,
}


def _read(model: type[_M], request: Request) -> _M:
    try:
        return model.model_validate_json(request.body)
    except ValidationError as exc:
        raise from_validation(exc) from exc


def _now() -> int:
    return int(system_clock().timestamp())
