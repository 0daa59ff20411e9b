"""POST /v1/inventory/movements: checks a batch and puts it on the movements queue."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from crossdock import config
from crossdock.contracts.movements import MovementBatch
from crossdock.inventory.messages import envelope
from crossdock.platform import clients, deadline, env
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import FieldError, Problem, from_validation
from crossdock.platform.queues import Sender, pack
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    movements_queue_url: str


@dataclass(frozen=True, slots=True)
class App:
    movements: Sender
    business: config.BusinessConfig


@warm
def app() -> App:
    return App(Sender(clients.sqs(), env.read(Env).movements_queue_url), config.load())


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, accept, max_body_bytes=app().business.limits.body_bytes)


def accept(request: Request) -> Response:
    """202 when every movement is on the queue: from then on none is lost. A refused batch leaves nothing behind."""
    partner = request.caller()
    partner.require("inventory:write")
    try:
        batch = MovementBatch.model_validate_json(request.body)
    except ValidationError as exc:
        raise from_validation(exc) from exc
    _check_size(len(batch.movements), app().business.limits.movements_per_request)
    source = partner.source(batch.source)
    facts = [m.model_dump(mode="json", exclude_none=True) for m in batch.movements]
    app().movements.send(pack(facts, lambda part: envelope(source, request.correlation_id, part)))
    passed("accepted", "movements", [request.correlation_id], partner=partner.name, source=source, movements=len(facts))
    return Response(202, {"accepted": len(facts), "correlation_id": request.correlation_id})


def _check_size(count: int, limit: int) -> None:
    if count > limit:
        raise Problem(
            422,
            "too-many-movements",
            f"movements: {count:,} in one request; at most {limit:,} are taken. Nothing was stored.",
            [
                FieldError(
                    "movements", f"{count:,} movements", f"send at most {limit:,}, and the rest in further requests"
                )
            ],
        )
