"""Digests: the leaf hashes of what each channel acknowledged, kept from the stream of its rows, each change once.

A group's rows share a partition, so the stream has their changes in one order; its digest row remembers the sequence
number it has counted up to, as a balance does:

    digest.seq:      ──────────●                    counted
    batch again:          ──────────────●           first … last
    cut:                        ────────●           only what lies after digest.seq is added, in one update

A change adds the new acknowledged value's hash and takes the old one's away. So a delivery costs nothing more; a batch
of the stream costs one write for each group it touches, however many items of it changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.exchange.leaves import LEAVES_IN_GROUP

_SEQUENCE_DIGITS = 40

NOTHING_COUNTED = "0" * _SEQUENCE_DIGITS


def padded(sequence_number: str) -> str:
    """A stream's sequence number as a text that sorts as the number does."""
    return sequence_number.zfill(_SEQUENCE_DIGITS)


@dataclass(frozen=True, slots=True)
class Change:
    """What one change of a shadow row adds to its leaf (0 … 63 within the partition's group); `sequence` is padded."""

    partition: str
    leaf: int
    amount: int
    sequence: str


@dataclass(frozen=True, slots=True)
class Delta:
    """The changes of one group in the order of its stream, kept apart so that a counted prefix can be cut off."""

    partition: str
    changes: tuple[Change, ...]

    @property
    def first(self) -> str:
        return self.changes[0].sequence

    @property
    def last(self) -> str:
        return self.changes[-1].sequence

    @property
    def sums(self) -> dict[str, int]:
        """What is added, by the digest row's attribute."""
        found: dict[str, int] = {}
        for change in self.changes:
            name = attribute(change.leaf)
            found[name] = found.get(name, 0) + change.amount
        return found

    def after(self, sequence: str) -> "Delta | None":
        """The part that lies after a sequence number, or None when all of it is counted already."""
        rest = tuple(c for c in self.changes if c.sequence > sequence)
        return Delta(self.partition, rest) if rest else None


def attribute(leaf: int) -> str:
    """The attribute that holds a leaf's sum: two characters, so that a digest stays within one write unit."""
    return f"{leaf:02x}"


ATTRIBUTES = tuple(attribute(leaf) for leaf in range(LEAVES_IN_GROUP))


def deltas(changes: Iterable[Change]) -> list[Delta]:
    """One delta per group, its changes in stream order and each once; what changes no hash is left out."""
    grouped: dict[str, dict[str, Change]] = {}
    for change in changes:
        if change.amount:
            grouped.setdefault(change.partition, {})[change.sequence] = change
    return [Delta(p, tuple(found[s] for s in sorted(found))) for p, found in grouped.items()]
