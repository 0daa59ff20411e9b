"""Bringing cells up to date: read the cell, then the rules, write what changed, look again.

    worker A:  cell n=6 ── rules (old) ──────────────── write n=6→7 ── rules again: they differ, begin anew
    worker B:        cell n=6 ── rules (new) ── same price as n=6: nothing to write

Without the second look A's older price would stand for ever, for B saw nothing to do. The second look is also what
makes it safe to leave out, by the cell as it stands, what a change cannot move: a change that was left out by a cell
which somebody was just about to replace is seen by that one's second look.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from crossdock.platform.clock import Clock
from crossdock.platform.errors import StoreUnavailableError
from crossdock.pricing.cell_store import Stored
from crossdock.pricing.cells import Cell, compute, from_now, price_hash
from crossdock.pricing.context import Context, ItemFacts
from crossdock.pricing.instants import instant_text
from crossdock.pricing.rules import Rule
from crossdock.pricing.sensitivity import GIVES_A_PRICE, from_mask, to_mask
from crossdock.pricing.settings import Settings

# Of several workers that write one cell at once, one gets through in each round.
_ROUNDS = 8


class Found(Protocol):
    """The rules of a buyer and items, and of which versions of which rows."""

    @property
    def items(self) -> Mapping[str, ItemFacts]: ...
    @property
    def rules(self) -> Mapping[str, Sequence[Rule]]: ...
    @property
    def versions(self) -> Mapping[str, int]: ...


class Cells(Protocol):
    """Where cells are kept."""

    def read(self, price_class: str, skus: Sequence[str], /) -> dict[str, Stored]: ...
    def write(self, price_class: str, cells: Mapping[str, tuple[Stored | None, Stored]], /) -> set[str]: ...


Read = Callable[[Context, Sequence[str]], Found]
"""The candidates of items for a buyer, read consistently."""

Expect = Callable[[str, Mapping[str, str]], None]
"""Told of a class and, by item, of the instant at which its cell moves by itself; before the cell is written."""


@dataclass(frozen=True, slots=True)
class Job:
    """Cells of one class that may have to move; `layers` are those of which something changed.

    `since` is the instant (UTC text) at which the change was seen.
    """

    price_class: str
    skus: tuple[str, ...]
    layers: frozenset[str]
    since: str
    correlation_ids: tuple[str, ...] = ()


@dataclass(slots=True)
class Published:
    """What became of the cells of a job, by item. `written` are those whose row changed, `changed` whose price did."""

    pruned: set[str] = field(default_factory=set)
    computed: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)


class Publisher:
    """Computes cells."""

    def __init__(self, cells: Cells, read: Read, expect: Expect, settings: Settings, clock: Clock) -> None:
        self._cells = cells
        self._read = read
        self._expect = expect
        self._settings = settings
        self._clock = clock

    def publish(self, job: Job, buyer: Context) -> Published:
        """Computes what the change can move and writes what moved. `buyer` is the class's; its instant is not used.

        Raises StoreUnavailableError when the rules kept changing: the job may then be done again.
        """
        done = Published()
        waiting, forced = list(job.skus), set[str]()
        for _ in range(_ROUNDS):
            waiting = self._round(job, buyer, waiting, forced, done)
            if not waiting:
                return done
        raise StoreUnavailableError(f"{len(waiting)} price cells of {job.price_class} kept changing")

    def _round(self, job: Job, buyer: Context, waiting: Sequence[str], forced: set[str], done: Published) -> list[str]:
        """One look at the cells; gives back those to look at again, and adds to `forced` what may not be left out."""
        at = replace(buyer, at=instant_text(self._clock()))
        stored = self._cells.read(job.price_class, waiting)
        moving = [s for s in waiting if s in forced or may_move(stored.get(s), job.layers, at.at)]
        done.pruned |= set(waiting) - set(moving)
        if not moving:
            return []
        found = self._read(at, moving)
        computed = {sku: self._compute(at, sku, found) for sku in moving}
        done.computed += moving
        rows = {sku: _row(job, stored.get(sku), cell, found.items.get(sku)) for sku, cell in computed.items()}
        writes = {sku: (stored.get(sku), row) for sku, row in rows.items() if row is not None}
        if not writes:
            return []
        edges = {s: row.next_edge for s, (before, row) in writes.items() if _new_edge(before, row)}
        self._expect(job.price_class, {s: edge for s, edge in edges.items() if edge is not None})
        won = self._cells.write(job.price_class, writes)
        done.written |= won
        done.changed |= {s for s in won if moved(*writes[s], at.at)}
        again = self._overtaken(at, sorted(won), found, writes)
        forced |= again
        return [s for s in writes if s not in won or s in again]

    def _compute(self, at: Context, sku: str, found: Found) -> Cell:
        return compute(at, found.items.get(sku) or ItemFacts(sku), found.rules.get(sku, ()), self._settings)

    def _overtaken(
        self, at: Context, won: Sequence[str], found: Found, writes: Mapping[str, tuple[Stored | None, Stored]]
    ) -> set[str]:
        """The cells to compute again: rules changed while they were computed, or a window opened."""
        versions = self._read(at, won).versions if won else {}
        if any(found.versions.get(row) != version for row, version in versions.items()):
            return set(won)
        now = instant_text(self._clock())
        return {s for s in won if (edge := writes[s][1].next_edge) is not None and edge <= now}


def may_move(stored: Stored | None, layers: frozenset[str], now: str) -> bool:
    """Whether a change of these layers may move a cell: one that is not of today any more always may.

    A cell that is not there has no price, or is about to be computed anyway: a discount does not give it one.
    """
    if stored is None:
        return not layers.isdisjoint(GIVES_A_PRICE)
    if stored.next_edge is not None and stored.next_edge <= now:
        return True
    return not layers.isdisjoint(from_mask(stored.mask))


def moved(before: Stored | None, after: Stored, now: str) -> bool:
    """Whether a channel that was told of windows ahead has to be told: more has changed than that time went by."""
    if before is None:
        return True
    return price_hash(from_now(before.document, now)) != price_hash(from_now(after.document, now))


def _row(job: Job, before: Stored | None, cell: Cell, item: ItemFacts | None) -> Stored | None:
    """The cell's row as it is to be, or None when it stands so. No price at all needs no row.

    While the prices are the same, the document stays as it was published, with the rule versions it was published by.
    """
    price, mask, edge = cell.price_hash, to_mask(cell.layers), cell.next_edge
    family = item.families[0] if item and item.families else None
    if before is None:
        if not cell.windows:
            return None
        return Stored(1, cell.document(), price, mask, edge, job.since, job.correlation_ids, family)
    if (before.price_hash, before.mask, before.next_edge, before.family) == (price, mask, edge, family):
        return None
    new = replace(before, count=before.count + 1, mask=mask, next_edge=edge, family=family)
    if before.price_hash == price:
        return new
    return replace(
        new, document=cell.document(), price_hash=price, since=job.since, correlation_ids=job.correlation_ids
    )


def _new_edge(before: Stored | None, after: Stored) -> bool:
    return after.next_edge is not None and (before is None or before.next_edge != after.next_edge)
