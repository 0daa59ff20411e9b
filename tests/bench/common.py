"""The common way, for comparison: an idempotency record and a transaction for each movement; a loop that checks fields.

It is what the usual tutorial does, one movement at a time: 2 write units for the idempotency record (written when the
work begins and when it is done) and 4 for the transaction of balance and ledger entry, in three round trips.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crossdock.platform import clients

if TYPE_CHECKING:
    from collections.abc import Iterable

_EXPIRES = 1_800_000_000
_TYPES = frozenset({"receipt", "return", "pick", "shipment", "adjustment", "transfer_out", "transfer_in"})
_OUT = frozenset({"pick", "shipment", "transfer_out"})


def apply_one_by_one(table: str, movements: Iterable[dict[str, Any]]) -> None:
    """Applies movements the common way."""
    client = clients.dynamodb()
    for movement in movements:
        record = {"pk": {"S": f"IDEMPOTENCY#{movement['id']}"}, "sk": {"S": "-"}}
        client.put_item(
            TableName=table,
            Item={**record, "status": {"S": "INPROGRESS"}, "expiration": {"N": str(_EXPIRES)}},
            ConditionExpression="attribute_not_exists(pk)",
        )
        client.transact_write_items(TransactItems=_balance_and_ledger(table, movement))
        client.update_item(
            TableName=table,
            Key=record,
            UpdateExpression="SET #status = :done, #data = :data",
            ExpressionAttributeNames={"#status": "status", "#data": "data"},
            ExpressionAttributeValues={":done": {"S": "COMPLETED"}, ":data": {"S": '{"applied":true}'}},
        )


def _balance_and_ledger(table: str, movement: dict[str, Any]) -> list[Any]:
    signed = -movement["quantity"] if movement["type"] in _OUT else movement["quantity"]
    stock = f"{movement['item']}#{movement['warehouse']}"
    entry = {name: {"N": str(v)} if isinstance(v, int) else {"S": v} for name, v in movement.items()}
    return [
        {
            "Update": {
                "TableName": table,
                "Key": {"pk": {"S": f"BALANCE#{stock}"}, "sk": {"S": "-"}},
                "UpdateExpression": "ADD on_hand :signed",
                "ExpressionAttributeValues": {":signed": {"N": str(signed)}},
            }
        },
        {
            "Put": {
                "TableName": table,
                "Item": {"pk": {"S": f"LEDGER#{stock}"}, "sk": {"S": movement["id"]}, **entry},
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
    ]


def check_by_hand(body: bytes) -> list[dict[str, Any]]:
    """Parses a batch and checks its fields in a loop. Raises ValueError for what does not fit."""
    movements: list[dict[str, Any]] = json.loads(body)["movements"]
    for n, movement in enumerate(movements):
        for name in ("id", "item", "warehouse", "type", "occurred_at"):
            if not isinstance(movement.get(name), str) or not movement[name]:
                raise ValueError(f"movements[{n}].{name}: missing or not a text")
        if movement["type"] not in _TYPES:
            raise ValueError(f"movements[{n}].type: unknown")
        if not isinstance(movement.get("quantity"), int) or movement["quantity"] == 0:
            raise ValueError(f"movements[{n}].quantity: not a whole number other than 0")
        if datetime.fromisoformat(movement["occurred_at"]).tzinfo is None:
            raise ValueError(f"movements[{n}].occurred_at: has no offset")
    return movements
