"""Shadow stream → digests: each acknowledged value counted once in the hash of its leaf."""

from dataclasses import dataclass
from typing import Any

from crossdock.exchange.digest_store import DigestStore, change_of
from crossdock.exchange.digests import deltas
from crossdock.exchange.shadow import PREFIX
from crossdock.platform import clients, deadline, env
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    exchange_table: str


@warm
def store() -> DigestStore:
    return DigestStore(Table(clients.dynamodb(), env.read(Env).exchange_table))


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> None:
    """Raises when a digest could not be written: the stream delivers the batch again, and nothing counts twice."""
    deadline.begin(context)
    # The event source filters already; a stream that is read without the filter must not do harm.
    rows = [r for r in event["Records"] if r["dynamodb"]["Keys"]["pk"]["S"].startswith(PREFIX)]
    changes = deltas(change_of(r) for r in rows)
    written = store().apply(changes)
    passed("digested", "shadows", (), records=len(rows), digests=len(changes), written=written)
