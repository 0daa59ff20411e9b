"""PUT /v1/items/{sku}/allocations/{warehouse}: what belongs to a channel alone, and the safety stock."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from pydantic import ValidationError

from crossdock import config
from crossdock.contracts.allocations import AllocationSettings
from crossdock.contracts.names import SKU
from crossdock.inventory.allocating import RefusedAllocation, Wish, to_document
from crossdock.inventory.allocation_store import AllocationStore, NothingRecordedError
from crossdock.inventory.reserving import Reservations
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import FieldError, Problem, from_validation
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str


@dataclass(frozen=True, slots=True)
class App:
    allocations: AllocationStore
    business: config.BusinessConfig


@warm
def app() -> App:
    table = Table(clients.dynamodb(), env.read(Env).inventory_table)
    return App(AllocationStore(table, Reservations(table, system_clock).make_room), config.load())


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, change, max_body_bytes=app().business.limits.body_bytes)


def change(request: Request) -> Response:
    """200 with what then stands; 409 when holds or the pool forbid it. All of a request is set, or nothing."""
    partner = request.caller()
    partner.require("inventory:allocate")
    sku, warehouse = _place(request)
    try:
        wanted = AllocationSettings.model_validate_json(request.body)
    except ValidationError as exc:
        raise from_validation(exc) from exc
    _check_channels(wanted, warehouse)
    wishes = {channel: Wish(a.quantity, a.staged) for channel, a in wanted.allocations.items()}
    try:
        standing = app().allocations.set(sku, warehouse, wishes, wanted.safety_stock)
    except NothingRecordedError as exc:
        raise _unknown(sku, f"Nothing was ever recorded of the item {sku!r} in {warehouse}.") from exc
    except RefusedAllocation as exc:
        raise Problem(
            409,
            "allocation-refused",
            f"{exc}. Remedy: {exc.remedy}. Nothing was changed.",
            [FieldError(exc.field, exc.problem, exc.remedy)],
        ) from exc
    causes = [request.correlation_id]
    passed("set", "allocations", causes, partner=partner.name, sku=sku, warehouse=warehouse, channels=sorted(wishes))
    return Response(200, to_document(standing))


def _place(request: Request) -> tuple[str, str]:
    sku, warehouse = (unquote(request.path.get(name, "")) for name in ("sku", "warehouse"))
    known = app().business.warehouses
    if warehouse not in known:
        raise Problem(
            404,
            "no-such-warehouse",
            f"There is no warehouse {warehouse[:30]!r}. Nothing was changed.",
            [FieldError("warehouse", "unknown", f"name one of: {', '.join(sorted(known))}")],
        )
    # What is no name of ours is not looked up: a key ends at 2 KB, and then the store would seem to be down.
    if not re.fullmatch(SKU, sku):
        raise _unknown(sku, f"{sku[:80]!r} is no item code of ours.")
    return sku, warehouse


def _unknown(sku: str, what: str) -> Problem:
    remedy = "use our item code, not your own; an item appears with its first movement"
    return Problem(
        404, "no-stock-record", f"{what} Nothing was changed.", [FieldError("sku", f"unknown: {sku[:80]!r}", remedy)]
    )


def _check_channels(wanted: AllocationSettings, warehouse: str) -> None:
    """A channel that does not sell from a warehouse would keep units there from everybody."""
    selling = [c.name for c in app().business.channels.values() if warehouse in c.warehouses]
    remedy = f"name one of: {', '.join(sorted(selling)) or 'none'}"
    strangers = sorted(wanted.allocations.keys() - set(selling))
    if strangers:
        raise Problem(
            422,
            "channel-unknown",
            f"allocations.{strangers[0]}: no channel that sells from {warehouse}. Remedy: {remedy}. "
            "Nothing was changed.",
            [FieldError(f"allocations.{s}", f"no channel that sells from {warehouse}", remedy) for s in strangers],
        )
