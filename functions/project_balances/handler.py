"""Journal stream → headers: each insert counted once."""

from dataclasses import dataclass
from typing import Any

from crossdock.inventory.balances import deltas
from crossdock.inventory.store import InventoryStore, record_of
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str


@warm
def store() -> InventoryStore:
    return InventoryStore(Table(clients.dynamodb(), env.read(Env).inventory_table), system_clock)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> None:
    """Raises when a header could not be written: the stream delivers the batch again, and nothing counts twice."""
    deadline.begin(context)
    inserts = [r for r in event["Records"] if _is_journal_insert(r)]
    changes = deltas(record_of(r) for r in inserts)
    written = store().apply(changes)
    causes = {c for d in changes for c in d.correlation_ids}
    passed("projected", "balances", causes, records=len(inserts), balances=len(changes), written=written)


def _is_journal_insert(record: dict[str, Any]) -> bool:
    # The event source filters already; a stream that is read without the filter must not do harm.
    return bool(record["eventName"] == "INSERT" and record["dynamodb"]["Keys"]["pk"]["S"].startswith("M#"))
