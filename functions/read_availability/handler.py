"""GET /v1/items/{sku}/availability: what is there and what may be promised, told apart."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from crossdock.contracts.names import SKU
from crossdock.inventory.availability import to_document
from crossdock.inventory.store import InventoryStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import FieldError, Problem
from crossdock.platform.startup import warm

_NO_BODY = 0


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str


@warm
def store() -> InventoryStore:
    return InventoryStore(Table(clients.dynamodb(), env.read(Env).inventory_table), system_clock)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, read, max_body_bytes=_NO_BODY)


def read(request: Request) -> Response:
    """200 with the item's stock by warehouse, or 404 when nothing was ever recorded of it."""
    request.caller().require("inventory:read")
    sku = unquote(request.path.get("sku", ""))
    # What is no name of ours is not looked up: a key ends at 2 KB, and then the store would seem to be down.
    stock = store().stock(sku) if re.fullmatch(SKU, sku) else None
    passed("read", "availability", [request.correlation_id], sku=sku[:80], found=stock is not None)
    if stock is None:
        raise Problem(
            404,
            "no-stock-record",
            f"Nothing was ever recorded of the item {sku[:80]!r}.",
            [FieldError("sku", "unknown", "use our item code, not your own; an item appears with its first movement")],
        )
    return Response(200, to_document(stock))
