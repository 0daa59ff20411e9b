"""The journal: one immutable row per movement, the answer to "why is this number so?".

A movement is identified by its source's id within item and warehouse. Its content has a hash, so that the same id with
other content is seen and raised instead of being taken for a repetition.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from crossdock.quantities import Quantity, to_json

OWN_SOURCE = "crossdock"
"""The source of adjusting movements that reconciliation writes."""


AVAILABLE, QUALITY_HOLD, DAMAGED = "available", "quality_hold", "damaged"
"""What a stock status can be; stock of the last two is on hand and may not be promised."""

_DEPARTURES = frozenset({"pick", "shipment"})


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One movement of one item in one warehouse.

    `quantity` is its signed effect on the stock on hand, in base units: 0 where it changes only where or in which
    status stock lies, or where the warehouse's stock leaves with another type; `magnitude` is then the quantity moved.
    `occurred_at` is RFC 3339 UTC; `position` is the source's sequence number, None for sources that have none.

    The rest is None when nothing was said of it. `status` None means available; a status change goes from `status` to
    `to_status`. `destination` is the warehouse a transfer goes to. `consumed` is how much of the confirmed hold
    `reservation` the movement used up, in base units. `unit` and `unit_quantity` are the quantity as it was stated.
    """

    sku: str
    warehouse: str
    source: str
    id: str
    type: str
    quantity: Quantity
    occurred_at: str
    position: int | None
    correlation_id: str
    reference: str | None = None
    reason: str | None = None
    magnitude: Quantity | None = None
    lot: str | None = None
    bin: str | None = None
    to_bin: str | None = None
    status: str | None = None
    to_status: str | None = None
    destination: str | None = None
    reservation: str | None = None
    consumed: Quantity | None = None
    unit: str | None = None
    unit_quantity: Quantity | None = None

    @property
    def partition(self) -> str:
        """The journal of one item in one warehouse: what its stream order and its fold are about."""
        return f"M#{self.sku}#{self.warehouse}"

    @property
    def sort_key(self) -> str:
        return f"{self.source}#{self.id}"

    @property
    def key(self) -> tuple[str, str]:
        return self.partition, self.sort_key

    @property
    def stated(self) -> Quantity:
        """The quantity as its source said it, in its unit, with the direction that the type gives it.

        What we made of it (base units, and whether a pick or a shipment lowers the stock) follows from a profile and
        from the configuration, and both may change before the movement is delivered again.
        """
        if self.unit_quantity is not None:
            return self.unit_quantity
        if self.magnitude is None:
            return self.quantity
        return -self.magnitude if self.type in _DEPARTURES else self.magnitude

    @property
    def content_hash(self) -> str:
        """96 bits over everything the source said; what we added (correlation, arrival, what it consumed) is left out.

        What was not said takes no part, so a movement of the first version has the hash that it had then.
        """
        said = (
            self.type,
            str(to_json(self.stated)),
            self.occurred_at,
            "" if self.position is None else str(self.position),
            self.reference or "",
            self.reason or "",
        )
        more = {
            "unit": self.unit,
            "lot": self.lot,
            "bin": self.bin,
            "to_bin": self.to_bin,
            "status": self.status,
            "to_status": self.to_status,
            "to_warehouse": self.destination,
            "reservation": self.reservation,
        }
        named = (f"{name}={value}" for name, value in more.items() if value is not None)
        return hashlib.sha256("\x1f".join((*said, *named)).encode()).hexdigest()[:24]


class Journaled(Enum):
    """What became of a movement on its way into the journal."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"


def unique(entries: Sequence[JournalEntry]) -> dict[tuple[str, str], JournalEntry]:
    """The first entry of each identity, in order: a batch may hold the same movement twice."""
    first: dict[tuple[str, str], JournalEntry] = {}
    for entry in entries:
        first.setdefault(entry.key, entry)
    return first
