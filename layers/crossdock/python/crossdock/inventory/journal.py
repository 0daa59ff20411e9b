"""The journal: one immutable row per movement, the answer to "why is this number so?".

A movement is identified by its source's id within item and warehouse. Its content has a hash, so that the same id with
other content is seen and raised instead of being taken for a repetition.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

OWN_SOURCE = "crossdock"
"""The source of adjusting movements that reconciliation writes."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One movement of one item in one warehouse.

    `quantity` is signed, in base units; `occurred_at` is RFC 3339 UTC; `position` is the source's sequence number,
    None for sources that have none.
    """

    sku: str
    warehouse: str
    source: str
    id: str
    type: str
    quantity: int
    occurred_at: str
    position: int | None
    correlation_id: str
    reference: str | None = None
    reason: str | None = None

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
    def content_hash(self) -> str:
        """96 bits over everything the source said; what we added (correlation, time of arrival) is left out."""
        said = (
            self.type,
            str(self.quantity),
            self.occurred_at,
            "" if self.position is None else str(self.position),
            self.reference or "",
            self.reason or "",
        )
        return hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:24]


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
