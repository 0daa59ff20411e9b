"""The pricing table: the only place in this domain that knows DynamoDB.

R#rule / V#version      every version of every rule, immutable: what was known, and when
R#rule / ITEM           the one item the rule is about
I#sku / SHEET           the current version of each of an item's rules: all that resolving needs, in one read
"""

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Table, from_attribute, to_item
from crossdock.pricing.rules import Rule, from_document

_RULE = "r_"
_VERSION = "v_"
CORRELATIONS_KEPT = 8


class Kept(Enum):
    """What became of a rule version."""

    CURRENT = "current"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    OTHER_ITEM = "other_item"


class PricingStore:
    """Rule versions and item sheets."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def keep(self, rule: Rule, source: str, correlation_id: str) -> Kept:
        """Keeps one rule version in the ledger and, if it is the newest of its rule, on its item's sheet.

        A rule is about one item for ever: a version for another item would leave its price standing on the first one's
        sheet, so it is not kept. 2 WCU (3 for a new rule) and a read. The ledger goes first: after a crash in between,
        the redelivery finds the version there and still writes the sheet. The sheet is written under the condition
        that it holds an older version, so versions that arrive in any order end in the newest one.
        """
        if self._item_of(rule, source) != rule.sku:
            return Kept.OTHER_ITEM
        existing = self._table.put_new(
            {
                "pk": f"R#{source}:{rule.rule_id}",
                "sk": f"V#{rule.version:010d}",
                "rule": rule.text(),
                "h": rule.content_hash,
                "rec": to_text(self._clock()),
                "cor": correlation_id,
            }
        )
        if existing and existing["h"] != rule.content_hash:
            return Kept.CONFLICT
        moved = self._put_on_sheet(rule, source, correlation_id)
        if existing:
            return Kept.DUPLICATE
        return Kept.CURRENT if moved else Kept.SUPERSEDED

    def _item_of(self, rule: Rule, source: str) -> str:
        """The item a rule is about: that of the first version that came, whichever that was."""
        pin = {"pk": f"R#{source}:{rule.rule_id}", "sk": "ITEM", "sku": rule.sku}
        kept = self._table.get((pin["pk"], pin["sk"])) or self._table.put_new(pin)
        return rule.sku if kept is None else str(kept["sku"])

    def _put_on_sheet(self, rule: Rule, source: str, correlation_id: str) -> bool:
        name = f"{source}:{rule.rule_id}"
        client = self._table.client
        try:
            client.update_item(
                TableName=self._table.name,
                Key=to_item({"pk": f"I#{rule.sku}", "sk": "SHEET"}),
                UpdateExpression="SET #rule = :rule, #version = :version, cors = :cors ADD ver :one",
                ConditionExpression="attribute_not_exists(#version) OR #version < :version",
                ExpressionAttributeNames={"#rule": _RULE + name, "#version": _VERSION + name},
                ExpressionAttributeValues=to_item(
                    {":rule": rule.text(), ":version": rule.version, ":cors": [correlation_id], ":one": 1}
                ),
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def rules(self, skus: Iterable[str]) -> dict[str, list[Rule]]:
        """The current rules of each item that has a sheet, read consistently, 100 items to a round trip."""
        rows = self._table.get_many([(f"I#{sku}", "SHEET") for sku in skus], consistent=True)
        return {
            pk.removeprefix("I#"): [from_document(json.loads(v)) for k, v in row.items() if k.startswith(_RULE)]
            for (pk, _), row in rows.items()
        }


def changed_sheet(stream_record: Mapping[str, Any]) -> tuple[str, list[str]]:
    """(sku, correlation ids) of an item sheet as the table's stream delivers it."""
    image = stream_record["dynamodb"]["NewImage"]
    return image["pk"]["S"].removeprefix("I#"), from_attribute(image["cors"]) if "cors" in image else []
