"""Looks at what is really stored, past the product: whole tables, read item by item."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crossdock.exchange.shadow import PREFIX, key_of
from crossdock.platform.dynamo import from_item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock_cli.target import Target


@dataclass
class Stored:
    """Everything the checks need. Quantities in base units; `journal` counts rows by (source, movement id)."""

    journal: Counter[tuple[str, str]] = field(default_factory=Counter)
    folded: Counter[str] = field(default_factory=Counter)
    balances: dict[str, int] = field(default_factory=dict)
    available: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    unacknowledged: int = 0
    shadows: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    @property
    def projected(self) -> bool:
        """Whether every balance has counted its whole journal."""
        return all(self.balances.get(sku) == quantity for sku, quantity in self.folded.items())


def look(target: Target) -> Stored:
    """Reads the inventory, exchange and exceptions tables."""
    stored = Stored()
    for row in _rows(target, "inventory"):
        _inventory(row, stored)
    for row in _rows(target, "exchange"):
        if row["pk"].startswith(PREFIX):
            _, channel, kind, _ = row["pk"].split("#", 3)
            key = key_of(row)
            stored.unacknowledged += row["ack"] != row["ver"]
            stored.shadows[channel, kind, key] = json.loads(row["ackval"]) if "ackval" in row else None
    for row in _rows(target, "exceptions"):
        if row["sk"].startswith("OCC#") and row["route"] == "movements":
            stored.refused.update(m["id"] for m in json.loads(row["message"]).get("movements", []))
    return stored


def _inventory(row: dict[str, Any], stored: Stored) -> None:
    if row["pk"].startswith("M#"):
        source, movement = row["sk"].split("#", 1)
        stored.journal[source, movement] += 1
        stored.folded[row["pk"].split("#", 2)[1]] += row["q"]
    elif row["pk"].startswith("T#"):
        sku = row["pk"].removeprefix("T#")
        stored.balances[sku] = row["oh"]
        stored.available[sku] = row["av"]


def _rows(target: Target, table: str) -> Iterator[dict[str, Any]]:
    pages = target.dynamodb.get_paginator("scan").paginate(TableName=target.name(table), ConsistentRead=True)
    for page in pages:
        yield from (from_item(raw) for raw in page["Items"])


QUEUES = ("accounts", "movements", "prices", "price-customers", "counts", "references", "supply")


def waiting_messages(target: Target, channels: list[str]) -> int:
    """Messages on the queues, under way or hidden ones included; dead letters too, until they are collected."""
    names = [*QUEUES, *(f"channel-{c}" for c in channels)]
    return sum(_depth(target, name) + _depth(target, f"{name}-dlq") for name in names)


def _depth(target: Target, queue: str) -> int:
    counts = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    )
    answer = target.sqs.get_queue_attributes(QueueUrl=target.queue_url(queue), AttributeNames=list(counts))  # type: ignore[arg-type]
    return sum(int(value) for value in answer["Attributes"].values())
