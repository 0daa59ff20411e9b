"""POST /v1/reservations: holds stock for a partner, or says what is missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from crossdock import config
from crossdock.contracts.reservations import QueuedReservation, ReservationRequest
from crossdock.flows import booking
from crossdock.flows.hold_figures import holds_decided
from crossdock.flows.reservation_answers import decided
from crossdock.flows.reserving import check_fractions, fractions_of, wish_of
from crossdock.identity.items import Items
from crossdock.inventory.booking import Booking, Wish
from crossdock.inventory.reserving import Reservations
from crossdock.inventory.standing_store import StandingStore
from crossdock.inventory.store import InventoryStore
from crossdock.inventory.supply_store import SupplyStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Partner, Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import from_validation
from crossdock.platform.queues import Sender
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    identity_table: str
    reservations_queue_url: str


@dataclass(frozen=True, slots=True)
class App:
    booking: Booking
    inventory: InventoryStore
    items: Items
    queue: Sender
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    table = Table(client, values.inventory_table)
    reservations, standings = Reservations(table, system_clock), StandingStore(table)
    return App(
        booking.over(reservations, standings, SupplyStore(table, system_clock), business, system_clock),
        InventoryStore(table, system_clock),
        Items(Table(client, values.identity_table)),
        Sender(clients.sqs(), values.reservations_queue_url),
        business,
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, reserve, max_body_bytes=app().business.limits.body_bytes)


def reserve(request: Request) -> Response:
    """201 with the hold; 202 when the caller would rather not wait; 409 with what is missing."""
    partner = request.caller()
    partner.require("reservations:write")
    key = request.idempotency_key()
    try:
        asked = ReservationRequest.model_validate_json(request.body)
    except ValidationError as exc:
        raise from_validation(exc) from exc
    partner.require_channel(asked.channel)
    wish = wish_of(asked, partner.name, key, app().business, system_clock(), request.correlation_id)
    if fractional := fractions_of(asked.lines):
        check_fractions(asked.lines, {sku: p.places for sku, p in app().items.profiles(fractional).items()})
    if request.prefers("respond-async"):
        return _queue(asked, wish, partner, key)
    decision = app().booking.book(wish)
    holds_decided([decision])
    passed(
        decision.answer.value,
        "reservation",
        [request.correlation_id],
        partner=partner.name,
        reservation=wish.id,
        lines=len(asked.lines),
    )
    return decided(decision, wish.demands, _known, int(system_clock().timestamp()))


def _queue(asked: ReservationRequest, wish: Wish, partner: Partner, key: str) -> Response:
    message = QueuedReservation(
        id=wish.id, partner=partner.name, key=key, correlation_id=wish.correlation_id, request=asked
    )
    app().queue.send([message.model_dump_json(exclude_none=True)])
    passed("queued", "reservation", [wish.correlation_id], partner=partner.name, reservation=wish.id)
    headers = {"Location": f"/v1/reservations/{wish.id}", "Preference-Applied": "respond-async"}
    return Response(202, {"id": wish.id, "status": "queued"}, headers)


def _known(skus: Iterable[str]) -> list[str]:
    """Asked only about items that have nothing available, when a hold is refused."""
    return [sku for sku in skus if app().inventory.stock(sku) is not None]
