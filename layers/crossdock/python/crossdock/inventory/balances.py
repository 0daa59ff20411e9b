"""Balances: the sum of the journal, kept up to date from its stream, each record counted exactly once.

Why each record is counted once. A stream gives the records of one item and warehouse in the order of their sequence
numbers, and a failed batch again from its beginning. A header remembers the sequence number it has counted up to:

    header.seq:      ──────────●                    counted
    batch again:          ──────────────●           first … last
    cut:                        ────────●           only what lies after header.seq is added, in one update

The update that adds also moves `seq` forward, under the condition that it stood before the first record added. So a
batch delivered twice, or cut short by a crash, or handled by two invocations at once, adds nothing twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SEQUENCE_DIGITS = 40
"""Stream sequence numbers have up to 40 digits; padded to that, texts compare as the numbers do."""

CORRELATIONS_KEPT = 8
"""Correlation ids a header carries to whoever is told of the change: it has to stay within one write unit."""

NO_POSITION = -1


def padded(sequence_number: str) -> str:
    """A stream's sequence number as a text that sorts as the number does."""
    return sequence_number.zfill(SEQUENCE_DIGITS)


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """One insert into the journal as the stream shows it. `sequence` is padded; `recorded_at` is RFC 3339 UTC."""

    sku: str
    warehouse: str
    quantity: int
    position: int | None
    sequence: str
    recorded_at: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Delta:
    """What a run of records adds to one balance, with the records kept so that a counted prefix can be cut off."""

    sku: str
    warehouse: str
    records: tuple[JournalRecord, ...]

    @property
    def quantity(self) -> int:
        return sum(r.quantity for r in self.records)

    @property
    def first(self) -> str:
        return self.records[0].sequence

    @property
    def last(self) -> str:
        return self.records[-1].sequence

    @property
    def position(self) -> int:
        """The furthest source position among the records, or -1."""
        return max((r.position for r in self.records if r.position is not None), default=NO_POSITION)

    @property
    def as_of(self) -> str:
        return max(r.recorded_at for r in self.records)

    @property
    def correlation_ids(self) -> list[str]:
        return list(dict.fromkeys(r.correlation_id for r in self.records))[:CORRELATIONS_KEPT]

    def after(self, sequence: str) -> "Delta | None":
        """The part that lies after a sequence number, or None when all of it is counted already."""
        rest = tuple(r for r in self.records if r.sequence > sequence)
        return Delta(self.sku, self.warehouse, rest) if rest else None


def deltas(records: Iterable[JournalRecord]) -> list[Delta]:
    """One delta per balance, its records in stream order: k records of a balance become one update."""
    grouped: dict[tuple[str, str], list[JournalRecord]] = {}
    for record in records:
        grouped.setdefault((record.sku, record.warehouse), []).append(record)
    return [Delta(sku, warehouse, _in_order(found)) for (sku, warehouse), found in grouped.items()]


def _in_order(records: Sequence[JournalRecord]) -> tuple[JournalRecord, ...]:
    once = {r.sequence: r for r in records}  # a batch put together from overlapping ones holds a record twice
    return tuple(once[sequence] for sequence in sorted(once))
