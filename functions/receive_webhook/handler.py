"""POST /webhooks/{source}: proves a delivery's origin, keeps it, and sends it on, before the 2xx."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from crossdock import config
from crossdock.connectors import source_connector
from crossdock.contracts.events import Event
from crossdock.contracts.inbound import Fact, Movements, Translated, UnknownEventError
from crossdock.exchange.inbox import Delivery, Inbox
from crossdock.exchange.signatures import SignatureRefusedError, verify
from crossdock.inventory.messages import envelope
from crossdock.platform import clients, deadline, env
from crossdock.platform.bus import Bus
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import FieldError, Problem, from_validation
from crossdock.platform.queues import Sender, pack
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm

# A signature that fits no kept secret may be by one that is newer: look for it, but not for every forgery.
_LOOK_AGAIN_S = 2


@dataclass(frozen=True, slots=True)
class Env:
    exchange_table: str
    movements_queue_url: str
    event_bus_name: str
    source_secret_prefix: str
    stage: str


@dataclass(frozen=True, slots=True)
class App:
    inbox: Inbox
    movements: Sender
    bus: Bus
    secrets: Secrets
    business: config.BusinessConfig


@warm
def app() -> App:
    values = env.read(Env)
    return App(
        inbox=Inbox(Table(clients.dynamodb(), values.exchange_table), system_clock),
        movements=Sender(clients.sqs(), values.movements_queue_url),
        bus=Bus(clients.events(), values.event_bus_name),
        secrets=Secrets(clients.secrets(), values.source_secret_prefix, max_age=2 if values.stage == "local" else 60),
        business=config.load(),
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, accept, max_body_bytes=app().business.limits.webhook_bytes)


def accept(request: Request) -> Response:
    """202 after the inbox write and what follows it. A delivery that is refused leaves nothing behind."""
    source = _source(request.path.get("source", ""))
    delivery_id = _verified(source, request)
    translated = _translated(source, request.body)
    delivery = Delivery(source.name, delivery_id, request.body, request.correlation_id)
    receipt = app().inbox.accept(delivery, lambda cid: _forward(source, delivery_id, translated, cid))
    if receipt.conflicting:
        raise Problem(
            409,
            "delivery-id-reused",
            f"webhook-id: {delivery_id} was delivered before with another body; the first one stands.",
            [FieldError("webhook-id", "used before for another body", "give each message its own id")],
        )
    passed(
        "accepted",
        "webhook",
        [receipt.correlation_id],
        source=source.name,
        delivery=delivery_id,
        again=receipt.duplicate,
    )
    document = {"delivery_id": delivery_id, "duplicate": receipt.duplicate, "correlation_id": receipt.correlation_id}
    return Response(202, document)


def _source(name: str) -> config.Source:
    source = app().business.sources.get(name)
    if source is None:
        raise Problem(
            404,
            "unknown-source",
            f"There is no source {name[:40]!r} here.",
            [FieldError("source", "unknown", "use the webhook address you were given")],
        )
    return source


def _verified(source: config.Source, request: Request) -> str:
    try:
        return _delivery_id(source, request, None)
    except SignatureRefusedError as exc:
        refused = exc
    if refused.field == "webhook-signature":
        try:
            return _delivery_id(source, request, _LOOK_AGAIN_S)
        except SignatureRefusedError as exc:
            refused = exc
    raise Problem(
        401,
        "signature-refused",
        f"{refused.field}: {refused.problem}. Remedy: {refused.remedy}. Nothing was stored.",
        [FieldError(refused.field, refused.problem, refused.remedy)],
    )


def _delivery_id(source: config.Source, request: Request, max_age: int | None) -> str:
    """The id of a delivery that a secret proves, which we know since `max_age` seconds at most."""
    secrets = app().secrets.get(source.name, f"run: crossdock sources rotate {source.name}", max_age)["signing_secrets"]
    tolerance = app().business.limits.signature_tolerance_seconds
    return verify(secrets, request.headers, request.body, system_clock(), tolerance)


def _translated(source: config.Source, body: bytes) -> Translated:
    try:
        return source_connector(source.connector).translate(source.name, body)
    except ValidationError as exc:
        raise from_validation(exc) from exc
    except UnknownEventError as exc:
        known = ", ".join(exc.known)
        raise Problem(
            422,
            "unknown-event-type",
            f"type: {exc.event_type[:60]!r} is not one this source sends. Nothing was stored.",
            [FieldError("type", "unknown", f"send one of: {known}; or leave it out of the subscription")],
        ) from exc


def _forward(source: config.Source, delivery_id: str, translated: Translated, correlation_id: str) -> None:
    match translated:
        case Movements(movements):
            app().movements.send(pack(movements, lambda part: envelope(source.name, correlation_id, part)))
        case Fact(type_, subject, data):
            event = Event(
                id=f"{source.name}:{delivery_id}",
                type=type_,
                source=source.name,
                subject=subject,
                time=to_text(system_clock()),
                correlation_id=correlation_id,
                data=data,
            )
            app().bus.put([event])
