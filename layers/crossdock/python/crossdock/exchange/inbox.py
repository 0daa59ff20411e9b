"""The inbox: every accepted delivery, once, as it came.

    IN#source#delivery-id / IN      raw body (zlib), hash, correlation id

The conditional put is at once the dedupe, the durable copy and the source of a replay. What follows it, one message,
is sent also for a duplicate: a sender repeats when it saw no answer, and then we may have died between the two. All
that consumes those messages recognises what it has.
"""

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Table

_KEPT_DAYS = 35


@dataclass(frozen=True, slots=True)
class Delivery:
    """One verified delivery of a source."""

    source: str
    id: str
    body: bytes
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of it. `correlation_id` is the first delivery's, so that a repetition is found on the same trace."""

    duplicate: bool
    conflicting: bool
    correlation_id: str


class Inbox:
    """Keeps deliveries for five weeks."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def accept(self, delivery: Delivery, forward: Callable[[str], None]) -> Receipt:
        """Keeps the delivery, then forwards it under its correlation id; returns when both are done.

        One put and what `forward` sends. A delivery id that comes again with another body is not forwarded: it is
        reported as conflicting, and the first one stands.
        """
        digest = hashlib.sha256(delivery.body).hexdigest()
        now = self._clock()
        existing = self._table.put_new(
            {
                "pk": f"IN#{delivery.source}#{delivery.id}",
                "sk": "IN",
                # Facts of one kind resemble each other: a body of 1,000 movements costs 13 write units, not 171.
                "body": zlib.compress(delivery.body),
                "h": digest,
                "cor": delivery.correlation_id,
                "at": to_text(now),
                "ttl": int((now + timedelta(days=_KEPT_DAYS)).timestamp()),
            }
        )
        if existing and existing["h"] != digest:
            return Receipt(duplicate=True, conflicting=True, correlation_id=existing["cor"])
        correlation_id = existing["cor"] if existing else delivery.correlation_id
        forward(correlation_id)
        return Receipt(duplicate=existing is not None, conflicting=False, correlation_id=correlation_id)
