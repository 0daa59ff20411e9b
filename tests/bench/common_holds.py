"""Reserving the common way, for comparison: an idempotency record, and one transaction of balances and reservation.

Three round trips: the record when the work begins (1 write unit), the transaction (2 for each balance and 2 for the
reservation's row), the record when it is done (1). Reading: one GetItem for each warehouse of each item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crossdock.platform.dynamo import to_item

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

_EXPIRES: Final = 1_800_000_000


@dataclass(frozen=True, slots=True)
class CommonHolds:
    """Reservations in a table of their own."""

    client: DynamoDBClient
    table: str

    def stock_up(self, places: Iterable[tuple[str, str]], on_hand: int) -> None:
        """Writes a balance for each (sku, warehouse)."""
        for sku, warehouse in places:
            balance = {"pk": f"BALANCE#{sku}#{warehouse}", "sk": "-", "on_hand": on_hand, "available": on_hand}
            self.client.put_item(TableName=self.table, Item=to_item(balance))

    def hold(self, number: object, wanted: Sequence[tuple[str, str, int]]) -> bool:
        """Holds all lines or none; False when something is short."""
        record = to_item({"pk": f"IDEMPOTENCY#{number}", "sk": "-"})
        self.client.put_item(
            TableName=self.table,
            Item={**record, **to_item({"status": "INPROGRESS", "expiration": _EXPIRES})},
            ConditionExpression="attribute_not_exists(pk)",
        )
        try:
            self.client.transact_write_items(TransactItems=self._balances_and_row(number, wanted))
            held = True
        except self.client.exceptions.TransactionCanceledException:
            held = False
        self.client.update_item(
            TableName=self.table,
            Key=record,
            UpdateExpression="SET #status = :done, #data = :data",
            ExpressionAttributeNames={"#status": "status", "#data": "data"},
            ExpressionAttributeValues=to_item({":done": "COMPLETED", ":data": f'{{"held":{held}}}'.lower()}),
        )
        return held

    def _balances_and_row(self, number: object, wanted: Sequence[tuple[str, str, int]]) -> list[Any]:
        demand: dict[str, int] = {}
        for sku, warehouse, quantity in wanted:
            key = f"BALANCE#{sku}#{warehouse}"
            demand[key] = demand.get(key, 0) + quantity
        balances = [
            {
                "Update": {
                    "TableName": self.table,
                    "Key": to_item({"pk": key, "sk": "-"}),
                    "UpdateExpression": "SET available = available - :q",
                    "ConditionExpression": "available >= :q",
                    "ExpressionAttributeValues": to_item({":q": quantity}),
                }
            }
            for key, quantity in demand.items()
        ]
        lines = [{"sku": sku, "warehouse": warehouse, "quantity": q} for sku, warehouse, q in wanted]
        row = {"pk": f"RESERVATION#{number}", "sk": "-", "status": "HELD", "expires": _EXPIRES, "lines": lines}
        put = {
            "TableName": self.table,
            "Item": to_item(row),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        return [*balances, {"Put": put}]

    def read(self, places: Iterable[tuple[str, str]]) -> int:
        """What is available, read one by one; the sum of it."""
        total = 0
        for sku, warehouse in places:
            key = to_item({"pk": f"BALANCE#{sku}#{warehouse}", "sk": "-"})
            total += int(self.client.get_item(TableName=self.table, Key=key)["Item"]["available"]["N"])
        return total
