"""POST /v1/inventory/supply: checks what is said about expected supply and puts it on the bus."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from crossdock import config
from crossdock.contracts.events import SUPPLY_REPORTED, Event
from crossdock.contracts.supply import SupplyBatch
from crossdock.platform import clients, deadline, env
from crossdock.platform.bus import Bus
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import from_validation
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    event_bus_name: str


@dataclass(frozen=True, slots=True)
class App:
    bus: Bus
    business: config.BusinessConfig


@warm
def app() -> App:
    return App(Bus(clients.events(), env.read(Env).event_bus_name), config.load())


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    # One request becomes one event on the bus, as one webhook does.
    return serve(event, context, accept, max_body_bytes=app().business.limits.webhook_bytes)


def accept(request: Request) -> Response:
    """202 when all of it is on the bus. A refused request leaves nothing behind; the same one may be sent again."""
    partner = request.caller()
    partner.require("inventory:write")
    try:
        batch = SupplyBatch.model_validate_json(request.body)
    except ValidationError as exc:
        raise from_validation(exc) from exc
    source = partner.source(batch.source)
    said = [s.model_dump(mode="json", exclude_none=True) for s in batch.supply]
    event = Event(
        id=f"{source}:{request.correlation_id}",
        type=SUPPLY_REPORTED,
        source=source,
        subject=f"supply/{source}",
        time=to_text(system_clock()),
        correlation_id=request.correlation_id,
        data={"source": source, "supply": said},
    )
    app().bus.put([event])
    passed("accepted", "supply", [request.correlation_id], partner=partner.name, source=source, statements=len(said))
    return Response(202, {"accepted": len(said), "correlation_id": request.correlation_id})
