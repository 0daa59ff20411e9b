"""Rebuilding while life goes on: rows come in, are counted, come late or are lost for ever, and headers are spoilt.

Nothing may be counted twice by it, whatever happens between its reads and its writes; in the end every balance is the
fold of its journal, and a further rebuild writes nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crossdock.inventory.balances import deltas
from crossdock.inventory.journal_rows import from_row
from crossdock.inventory.mending import Rebuilder
from crossdock.inventory.rebuild_store import RebuildStore
from crossdock.inventory.rebuilding import State
from crossdock.inventory.store import InventoryStore, record_of
from tests.property.balances import fold, some_movements
from tests.property.properties import stream_records
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from crossdock.inventory.journal import JournalEntry
    from crossdock.platform.dynamo import Item, Key

_KEPT = timedelta(hours=24)


class _Interrupted(MemoryTable):
    """A table at which the world goes on before each read too."""

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        self.boundary()
        return super().get(key, consistent=consistent)

    def query(self, pk: str, *, prefix: str = "", consistent: bool = False) -> Iterator[Item]:
        self.boundary()
        return iter(list(super().query(pk, prefix=prefix, consistent=consistent)))


class Warehouse:
    """A table, its stream that may lose batches, a clock, and movements that are still to come in."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = NOW
        self.table = _Interrupted()
        self.store = InventoryStore(self.table, lambda: self.now)
        self.rebuilder = Rebuilder(RebuildStore(self.table, lambda: self.now), lambda: self.now, self.wait)
        self.to_come = [e for e in some_movements(random) if e.consumed is None]
        self.delivered = 0

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.something()

    def something(self) -> None:
        """One step of the world."""
        match self.random.randrange(6):
            case 0:
                self.write()
            case 1 | 2 | 3:
                self.deliver()
            case 4:
                self.now += timedelta(seconds=self.random.choice([1, 30, 100, 130, 600]))
            case 5 if self.random.random() < 0.2:
                self.now += timedelta(hours=30)

    def write(self) -> None:
        size = self.random.randint(1, 3)
        batch, self.to_come = self.to_come[:size], self.to_come[size:]
        if batch:
            self.store.journal(batch)

    def deliver(self, *, lose: bool = False) -> None:
        """The next records in the order of the stream; what it has kept for too long is gone."""
        records = stream_records(self.table)
        oldest = (self.now - _KEPT).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        while self.delivered < len(records) and self.table.records[self.delivered]["row"]["rec"] < oldest:
            self.delivered += 1
        batch = records[self.delivered : self.delivered + self.random.randint(1, 3)]
        self.delivered += len(batch)
        if batch and not lose:
            self.store.apply(deltas(record_of(r) for r in batch))

    def spoil(self) -> None:
        """Somebody's hand in the table."""
        rows = [r for r in self.table.rows.values() if r["pk"].startswith("T#") and r["sk"].startswith("A#")]
        if rows:
            self.random.choice(rows)[self.random.choice(["oh", "av", "pl", "qc"])] += 1

    def balances(self) -> list[tuple[str, str]]:
        pairs = (tuple(pk.split("#")[1:]) for pk, _ in self.table.rows if pk.startswith("M#"))
        return list(dict.fromkeys(pairs))  # type: ignore[arg-type]

    def rebuild(self) -> None:
        """A mend into which the world may break at every read and write."""
        busy: list[int] = []

        def boundary() -> None:
            if not busy and self.random.random() < 0.3:
                busy.append(1)
                self.something()
                busy.clear()

        for pair in self.balances():
            self.table.boundary = boundary
            self.rebuilder.rebuild(*pair, mend=self.random.random() < 0.8, patience_s=self.random.choice([0, 6]))
            self.table.boundary = lambda: None

    def rest(self) -> None:
        """Everything comes in and is delivered, and a day goes by."""
        while self.to_come or self.delivered < len(self.table.records):
            self.write()
            self.deliver()
        self.now += timedelta(hours=30)


def check_counted_once(random: Random) -> None:
    """Each movement is a power of two, so the balance shows which of them it has counted; two of one show too."""
    world = Warehouse(random)
    world.to_come = [
        replace(e, type="receipt", quantity=1 << n, magnitude=None, status=None, to_bin=None)
        for n, e in enumerate(world.to_come)
    ]
    for _ in range(random.randrange(40)):
        match random.randrange(6):
            case 0:
                world.deliver(lose=True)
            case 1 | 2:
                world.rebuild()
            case _:
                world.something()
        check_each_is_counted_once(world)
    world.rest()
    check_each_is_counted_once(world)
    for pair in world.balances():
        assert world.rebuilder.rebuild(*pair, mend=True, patience_s=0).sound
    check_all_equal(world)


def check_each_is_counted_once(world: Warehouse) -> None:
    for (pk, sk), row in world.table.rows.items():
        if not pk.startswith("T#"):
            continue
        kind, warehouse, *_ = sk.split("#")
        journal = [r["row"] for r in world.table.records if r["row"]["pk"] == f"M#{pk.removeprefix('T#')}#{warehouse}"]
        shown = row["oh" if kind == "A" else "q"]
        assert shown == shown & sum(r["q"] for r in journal), "a movement is counted that is not there"
        if kind == "A":
            nudges = sum(r["q"] == 0 for r in journal)
            assert 0 <= row["n"] - shown.bit_count() <= nudges, "a movement is counted twice"


def check_rebuild(random: Random) -> None:
    """With movements of every kind, and with headers that somebody spoils."""
    world = Warehouse(random)
    for _ in range(random.randrange(40)):
        match random.randrange(10):
            case 0:
                world.deliver(lose=True)
            case 1:
                world.spoil()
            case 2:
                world.rebuild()
            case _:
                world.something()
    world.rest()
    for pair in world.balances():
        # What came late behind a later one may need another look, when the day is over.
        assert world.rebuilder.rebuild(*pair, mend=True, patience_s=0).sound
    check_all_equal(world)


def check_all_equal(world: Warehouse) -> None:
    """Every balance is the independent fold of its journal, and looking again writes nothing."""
    entries: dict[tuple[str, str], list[JournalEntry]] = {pair: [] for pair in world.balances()}
    for record in world.table.records:
        entry = from_row(record["row"])
        entries[entry.sku, entry.warehouse].append(entry)
    for (sku, warehouse), found in entries.items():
        header, details = fold(found)
        row = world.table.rows[f"T#{sku}", f"A#{warehouse}"]
        names = {"oh", "qc", "dmg", "cm", "cu", "av", "pl", "n", "ix", *(n for n in row if n.startswith("ox_"))}
        assert {n: row[n] for n in names if row.get(n)} == header, (sku, warehouse)
        kept: Counter[Any] = Counter()
        for key, detail in world.table.rows.items():
            if key[0] == f"T#{sku}" and key[1].startswith(f"D#{warehouse}#"):
                kept[tuple(key[1].split("#")[2:])] += detail["q"]
        assert {k: v for k, v in kept.items() if v} == details, (sku, warehouse)
    before = {key: dict(row) for key, row in world.table.rows.items()}
    for pair in entries:
        assert world.rebuilder.rebuild(*pair, mend=True).verdict.state is State.EQUAL
    assert world.table.rows == before
