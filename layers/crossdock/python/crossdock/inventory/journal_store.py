"""The journal in its table: what came in, once and for ever.

M#sku#warehouse / source#id     journal row, immutable                      1 WCU, 1/25 round trip
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.inventory.balances import JournalRecord, padded
from crossdock.inventory.effects import beyond_on_hand, details
from crossdock.inventory.journal import Journaled, JournalEntry, unique
from crossdock.inventory.journal_rows import from_row, to_row
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Outcome, Table, from_attribute


@dataclass(frozen=True, slots=True)
class Recorded:
    """A journal entry and when it was recorded (RFC 3339 UTC)."""

    entry: JournalEntry
    recorded_at: str


class JournalStore:
    """The journal rows of one distributor."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def journal(self, entries: Sequence[JournalEntry]) -> list[Journaled]:
        """Keeps each movement once; outcomes come in the order of the entries.

        1 WCU per movement, 25 to a round trip, no transaction: an INSERT fails alone when its key exists.
        Raises StoreUnavailableError when some could not be written; then all may be sent again.
        """
        first = unique(entries)
        recorded_at = to_text(self._clock())
        rows = [self._table.insert(to_row(e, recorded_at)) for e in first.values()]
        outcomes = dict(zip(first, self._table.run(rows), strict=True))
        return [self._judge(e, first[e.key], outcomes[e.key]) for e in entries]

    def foresee(self, entries: Sequence[JournalEntry]) -> list[Journaled]:
        """What `journal` would answer; nothing is written. 1 RCU each, 100 to a round trip."""
        first = unique(entries)
        rows = self._table.get_many(list(first), consistent=True, attributes=("h",))
        outcomes = {key: Outcome(done=key not in rows, existing=rows.get(key)) for key in first}
        return [self._judge(e, first[e.key], outcomes[e.key]) for e in entries]

    def kept(self, entries: Sequence[JournalEntry]) -> set[tuple[str, str]]:
        """The keys of those that are in the journal already, be it with other content. 1 RCU each, 100 a round trip."""
        keys = [e.key for e in entries]
        return set(self._table.get_many(keys, consistent=True, attributes=("pk",)))

    @staticmethod
    def _judge(entry: JournalEntry, first: JournalEntry, outcome: Outcome) -> Journaled:
        if outcome.done and entry is first:
            return Journaled.APPLIED
        kept_hash = first.content_hash if outcome.done else (outcome.existing or {}).get("h")
        return Journaled.DUPLICATE if kept_hash == entry.content_hash else Journaled.CONFLICT

    def entries(self, sku: str, warehouse: str) -> Iterator[JournalEntry]:
        """The journal of one item in one warehouse, by source and id."""
        for row in self._table.query(f"M#{sku}#{warehouse}", consistent=True):
            yield from_row(row)

    def recorded(self, sku: str, warehouse: str) -> Iterator[Recorded]:
        """The same with the time at which each was recorded."""
        for row in self._table.query(f"M#{sku}#{warehouse}", consistent=True):
            yield Recorded(from_row(row), row["rec"])


def record_of(stream_record: Mapping[str, Any]) -> JournalRecord:
    """A journal insert as the table's stream delivers it."""
    change = stream_record["dynamodb"]
    row = {k: from_attribute(v) for k, v in change["NewImage"].items()}
    return to_record(row, padded(change["SequenceNumber"]))


def to_record(row: Mapping[str, Any], sequence: str) -> JournalRecord:
    """A journal row with its place in the stream."""
    entry = from_row(row)
    return JournalRecord(
        sku=entry.sku,
        warehouse=entry.warehouse,
        quantity=entry.quantity,
        position=entry.position,
        sequence=sequence,
        recorded_at=row["rec"],
        correlation_id=entry.correlation_id,
        others=beyond_on_hand(entry),
        details=details(entry),
    )
