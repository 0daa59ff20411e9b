"""Reservations as partners make them, for tests over the handlers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.world import Context, World, api_event, movement, movements_message

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE = "/v1/reservations/{id}"


def stocked(world: World, **quantities: int) -> None:
    """Puts so many units of an item into MAIN, or, as `A1_NORTH`, into another warehouse."""
    moves = []
    for name, quantity in quantities.items():
        item, _, warehouse = name.partition("_")
        world.knows(("wms", item, item))
        moves.append(movement(f"in-{name}", quantity, item=item, warehouse=warehouse or "MAIN"))
    answer = world.call("apply_movements", world.queue_event("movements", [movements_message(*moves)]), Context())
    assert answer == {"batchItemFailures": []}
    world.project()


def line(id_: str = "1", sku: str = "A1", quantity: Any = 5, **fields: Any) -> dict[str, Any]:
    return {"line": id_, "sku": sku, "quantity": quantity, **fields}


def body(*lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"channel": "webshop", "lines": list(lines or [line()]), **fields}


def post(
    world: World,
    document: Any = None,
    key: str | None = "key-1",
    headers: Mapping[str, str] | None = None,
    **caller: Any,
) -> Any:
    """POST /v1/reservations; `caller` is that of `api_event`."""
    named = {} if key is None else {"Idempotency-Key": key}
    who = {"channels": "webshop marketplace", **caller}
    event = api_event(
        body() if document is None else document,
        headers={**named, **(headers or {})},
        route="POST /v1/reservations",
        **who,
    )
    return answer_of(world.call("reserve_stock", event, Context()))


def act(world: World, rid: str, action: str, document: Any = None, **caller: Any) -> Any:
    """GET, PATCH (change) or POST …/{action} of one reservation."""
    method = {"read": "GET", "change": "PATCH"}.get(action, "POST")
    route = f"{method} {ONE}" if method != "POST" else f"POST {ONE}/{{action}}"
    path = {"id": rid} if method != "POST" else {"id": rid, "action": action}
    event = api_event(document, route=route, path=path, **caller)
    return answer_of(world.call("change_reservation", event, Context()))


def answer_of(raw: Mapping[str, Any]) -> Any:
    """(status, document)."""
    return raw["statusCode"], json.loads(raw["body"]) if raw["body"] else None


def header(world: World, sku: str = "A1", warehouse: str = "MAIN") -> dict[str, Any]:
    """What an item's header says of available, reserved and committed units."""
    row = world.row("inventory", f"T#{sku}", f"A#{warehouse}")
    assert row is not None
    return {"oh": row["oh"], "av": row["av"], "rsv": row["rsv"], "cm": row["cm"]}


def expire(world: World, *messages: Any) -> None:
    """Lets the expiries queue's function handle messages."""
    answer = world.call("expire_reservations", world.queue_event("expiries", messages), Context())
    assert answer == {"batchItemFailures": []}


def look(rid: str, **fields: Any) -> dict[str, Any]:
    """A message of the expiries queue."""
    return {"v": 1, "kind": "expire", "reservation": rid, "correlation_id": "c-expire", "abandoned": False, **fields}
