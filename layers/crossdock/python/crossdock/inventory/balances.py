"""Balances: the sum of the journal, kept up to date from its stream, each record counted exactly once.

Why each record is counted once. A stream gives the records of one item and warehouse in the order of their sequence
numbers, and a failed batch again from its beginning. A header remembers the sequence number it has counted up to:

    header.seq:      ──────────●                    counted
    batch again:          ──────────────●           first … last
    cut:                        ────────●           only what lies after header.seq is added, in one update

The update that adds also moves `seq` forward, under the condition that it stood before the first record added. So a
batch delivered twice, or cut short by a crash, or handled by two invocations at once, adds nothing twice.

Everything that a row changes of the balance is changed by that one update: of a transfer, what is gone from here and
what is under way from here. Details by lot, bin and status are rows of their own, each with a `seq` of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crossdock.inventory.effects import Amounts, Detail, total
from crossdock.quantities import Quantity, whole

SEQUENCE_DIGITS = 40
"""Stream sequence numbers have up to 40 digits; padded to that, texts compare as the numbers do."""

NOTHING_COUNTED = "0" * SEQUENCE_DIGITS
"""What a balance remembers that has counted nothing: every record of a stream lies beyond it."""

CORRELATIONS_KEPT = 8
"""Correlation ids a header carries to whoever is told of the change: it has to stay within one write unit."""

NO_POSITION = -1


def padded(sequence_number: str) -> str:
    """A stream's sequence number as a text that sorts as the number does."""
    return sequence_number.zfill(SEQUENCE_DIGITS)


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """One insert into the journal as the stream shows it. `sequence` is padded; `recorded_at` is RFC 3339 UTC.

    `others` is what it changes of the balance besides `quantity` on hand; `details` what it changes by lot, bin and
    status.
    """

    sku: str
    warehouse: str
    quantity: Quantity
    position: int | None
    sequence: str
    recorded_at: str
    correlation_id: str
    others: Amounts = field(default_factory=dict)
    details: Mapping[Detail, Quantity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delta:
    """What a run of records adds to one balance, with the records kept so that a counted prefix can be cut off."""

    sku: str
    warehouse: str
    records: tuple[JournalRecord, ...]

    @property
    def key(self) -> tuple[str, str]:
        return f"T#{self.sku}", f"A#{self.warehouse}"

    @property
    def quantity(self) -> Quantity:
        return whole(sum(r.quantity for r in self.records))

    @property
    def adds(self) -> dict[str, Quantity]:
        """Header attribute → amount, everything that the records change, `n` being how many they are."""
        return {**total(self.quantity, (r.others for r in self.records if r.others)), "n": len(self.records)}

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


@dataclass(frozen=True, slots=True)
class DetailDelta:
    """What a run of records adds to the stock of one lot, bin and status; counted as a balance is, by itself."""

    sku: str
    warehouse: str
    detail: Detail
    records: tuple[tuple[str, Quantity], ...]

    @property
    def key(self) -> tuple[str, str]:
        return f"T#{self.sku}", detail_key(self.warehouse, self.detail)

    @property
    def quantity(self) -> Quantity:
        return whole(sum(quantity for _, quantity in self.records))

    @property
    def first(self) -> str:
        return self.records[0][0]

    @property
    def last(self) -> str:
        return self.records[-1][0]

    def after(self, sequence: str) -> "DetailDelta | None":
        """The part that lies after a sequence number, or None when all of it is counted already."""
        rest = tuple(r for r in self.records if r[0] > sequence)
        return DetailDelta(self.sku, self.warehouse, self.detail, rest) if rest else None


def detail_key(warehouse: str, detail: Detail) -> str:
    """The sort key of a detail's row beside the item's headers."""
    return f"D#{warehouse}#{detail.lot}#{detail.bin}#{detail.status}"


def deltas(records: Iterable[JournalRecord]) -> list[Delta]:
    """One delta per balance, its records in stream order: k records of a balance become one update."""
    grouped: dict[tuple[str, str], list[JournalRecord]] = {}
    for record in records:
        grouped.setdefault((record.sku, record.warehouse), []).append(record)
    return [Delta(sku, warehouse, _in_order(found)) for (sku, warehouse), found in grouped.items()]


def detail_deltas(changes: Iterable[Delta]) -> list[DetailDelta]:
    """One delta per detail that the records of these balances name.

    A run that adds up to nothing is counted all the same: the detail's row must know that it has seen it.
    """
    grouped: dict[tuple[str, str, Detail], list[tuple[str, Quantity]]] = {}
    for delta in changes:
        for record in delta.records:
            for detail, quantity in record.details.items():
                grouped.setdefault((delta.sku, delta.warehouse, detail), []).append((record.sequence, quantity))
    return [DetailDelta(*key, tuple(found)) for key, found in grouped.items()]


def _in_order(records: Sequence[JournalRecord]) -> tuple[JournalRecord, ...]:
    once = {r.sequence: r for r in records}  # a batch put together from overlapping ones holds a record twice
    return tuple(once[sequence] for sequence in sorted(once))
