"""The inbox: every accepted delivery, once, as it came.

    IN#source#delivery-id / IN      raw body (zlib), or the name of the object that holds it; hash, correlation id,
                                    headers that its mapping reads

The conditional put is at once the dedupe, the durable copy and the source of a replay. What follows it, one message,
is sent also for a duplicate: a sender repeats when it saw no answer, and then we may have died between the two. All
that consumes those messages recognises what it has. A large body is put into its object before: an object without a row
is nothing, and the next attempt names the same one.
"""

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Table

KEPT_DAYS = 35
INLINE_BYTES = 200_000
"""A body above this goes into an object: an item of a table holds 400 KB, and one event on the bus 256."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One verified delivery of a source.

    `content` is a hash of what it says, where attempts differ in more than that; otherwise the body's. `expires_at` is
    when the subscription that it came by ends, where its sender says so. `headers` are those that its mapping reads.
    """

    source: str
    id: str
    body: bytes
    correlation_id: str
    content: str | None = None
    event_type: str | None = None
    expires_at: datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def large(self) -> bool:
        """Whether its body is kept as an object."""
        return len(self.body) > INLINE_BYTES


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of it. `correlation_id` is the first delivery's, so that a repetition is found on the same trace."""

    duplicate: bool
    conflicting: bool
    correlation_id: str


class Objects(Protocol):
    """Where large bodies lie."""

    def put(self, name: str, body: bytes) -> None: ...

    def get(self, name: str) -> bytes | None: ...


class Inbox:
    """Keeps deliveries for five weeks."""

    def __init__(self, table: Table, clock: Clock, objects: Objects | None = None) -> None:
        """`objects` may be left out where no large body is written or read."""
        self._table = table
        self._clock = clock
        self._objects = objects

    def accept(self, delivery: Delivery, forward: Callable[[str], None]) -> Receipt:
        """Keeps the delivery, then forwards it under its correlation id; returns when both are done.

        One put (two for a large body) and what `forward` sends. A delivery id that comes again with another content is
        not forwarded: it is reported as conflicting, and the first one stands.
        """
        digest = hashlib.sha256(delivery.body).hexdigest() if delivery.content is None else delivery.content
        now = self._clock()
        existing = self._table.put_new(
            {
                "pk": f"IN#{delivery.source}#{delivery.id}",
                "sk": "IN",
                **self._kept(delivery),
                **({"hd": dict(delivery.headers)} if delivery.headers else {}),
                "h": digest,
                "cor": delivery.correlation_id,
                "at": to_text(now),
                "ttl": int((now + timedelta(days=KEPT_DAYS)).timestamp()),
            }
        )
        if existing and existing["h"] != digest:
            return Receipt(duplicate=True, conflicting=True, correlation_id=existing["cor"])
        correlation_id = existing["cor"] if existing else delivery.correlation_id
        forward(correlation_id)
        return Receipt(duplicate=existing is not None, conflicting=False, correlation_id=correlation_id)

    def find(self, source: str, delivery_id: str) -> Delivery | None:
        """A delivery with its raw body as it came; None when it is not kept (any more). 1 RCU per 4 KB."""
        row = self._table.get((f"IN#{source}#{delivery_id}", "IN"), consistent=True)
        if row is None:
            return None
        packed: bytes | None = row.get("body")
        # Of a delivery that could not be read and spoke of an erased person, neither is left.
        if packed is None and self._objects is not None and "obj" in row:
            packed = self._objects.get(row["obj"])
        if packed is None:
            return None
        return Delivery(source, delivery_id, zlib.decompress(packed), row["cor"], headers=row.get("hd", {}))

    def _kept(self, delivery: Delivery) -> dict[str, Any]:
        # Facts of one kind resemble each other: a body of 1,000 movements costs 13 write units, not 171.
        packed = zlib.compress(delivery.body)
        if not delivery.large or self._objects is None:
            return {"body": packed}
        # Named by its content: an attempt that died after it is followed by one that writes the same again.
        name = f"{delivery.source}/{hashlib.sha256(delivery.body).hexdigest()}"
        self._objects.put(name, packed)
        return {"obj": name}
