"""The common way to read what a quote needs: the customer, then for each line a query for the item with its rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crossdock.platform.dynamo import to_item
from tests.bench.price_catalogue import party, sku

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.bench.price_catalogue import Catalogue

_FACTS = "FACTS"


class CommonPrices:
    """A row for each rule beside the row of its item, as a table of rules with an index by item has it."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def load(self, catalogue: Catalogue, items: Sequence[int], customer: int) -> None:
        """Puts the items with their rules, those of the customer's contract too, and the customer."""
        self._put(f"C#{party(customer)}", _FACTS, catalogue.customer(customer))
        for number in items:
            self._put(f"I#{sku(number)}", _FACTS, catalogue.item(number))
            for rule in catalogue.of_item(number):
                self._put(f"I#{sku(number)}", rule["rule_id"], rule)
        for rule in catalogue.contracts(customer):
            self._put(f"I#{rule['scope']['item']}", rule["rule_id"], rule)

    def read(self, items: Sequence[int], customer: int) -> None:
        """One after the other, as a loop over the lines does it."""
        self._client.get_item(TableName=self._table, Key=_key(f"C#{party(customer)}", _FACTS))
        for number in items:
            self._client.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"I#{sku(number)}"}},
            )

    def _put(self, pk: str, sk: str, document: dict[str, Any]) -> None:
        row: Any = to_item({"pk": pk, "sk": sk, "doc": json.dumps(document)})
        self._client.put_item(TableName=self._table, Item=row)


def _key(pk: str, sk: str) -> Any:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
