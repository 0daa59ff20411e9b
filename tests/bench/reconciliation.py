"""What comparing a channel costs: 200,000 rows, of which 100 drifted, by hashes and by reading every row.

The reconciler's own code on a table in memory that adds up read units from the sizes of what is read, as DynamoDB bills
them: the local engine's read units are a constant, and the cost does not depend on the engine.
"""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.digests import Held
from crossdock.exchange.channel_reconciliation import Ask, ChannelReconciler, View
from crossdock.exchange.digest_store import DigestStore
from crossdock.exchange.digests import Change, deltas, padded
from crossdock.exchange.drift import Policy
from crossdock.exchange.drift_store import DriftStore
from crossdock.exchange.leaves import LEAVES_IN_GROUP, item_hash, leaf_hashes, leaf_of, to_text
from crossdock.exchange.publication import EVERYTHING
from crossdock.exchange.shadow import ShadowStore, canonical, row_key
from crossdock.platform.dynamo import to_item
from tests.bench.sizes import item_size, read_units
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crossdock.platform.dynamo import Item
    from crossdock.platform.writes import Key

ROWS: Final = 200_000
DRIFTED: Final = 100
_PAGE_BYTES: Final = 1_048_576
_WRITTEN: Final = "2026-11-20T08:00:00.000Z"


@dataclass(frozen=True)
class ReconciliationCost:
    """Read units of one run, those of the run that heals, and those of reading every row; how many were healed."""

    seen: float
    healed: float
    every_row: float
    items_healed: int


class CountedTable(MemoryTable):
    """Adds up read units; keeps partitions apart, so that a query of one looks at nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.partitions: dict[str, set[str]] = defaultdict(set)
        self.units = 0.0

    def keep(self, row: Mapping[str, Any]) -> None:
        self.rows[row["pk"], row["sk"]] = dict(row)

    def sort(self) -> None:
        """To be called when all rows are there."""
        for pk, sk in self.rows:
            self.partitions[pk].add(sk)

    def query(self, pk: str, *, prefix: str = "", consistent: bool = False) -> Iterator[Item]:
        found = [self.rows[pk, sk] for sk in sorted(self.partitions[pk]) if sk.startswith(prefix)]
        self.units += _pages(found, consistent=consistent)
        yield from deepcopy(found)

    def get_many(
        self, keys: Iterable[Key], *, consistent: bool = False, attributes: Sequence[str] = ()
    ) -> dict[Key, Item]:
        found = super().get_many(keys, consistent=consistent)
        self.units += sum(read_units(_size(self.rows.get(k)), consistent=consistent) for k in dict.fromkeys(keys))
        return found

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        self.units += read_units(_size(self.rows.get(key)), consistent=consistent)
        return super().get(key, consistent=consistent)


def channel_reconciliation(rows: int = ROWS, drifted: int = DRIFTED) -> ReconciliationCost:
    """Two runs over a channel that changed some of its items: the first sees them, the second heals them."""
    table, held = CountedTable(), {f"SKU-{n:06d}": {"available": n % 500} for n in range(rows)}
    _tell(table, held)
    for sku in Random(1).sample(sorted(held), drifted):  # noqa: S311 - the same items every time
        held[sku] = {"available": 501}
    sent: list[str] = []
    reconciler = ChannelReconciler(
        shadow=ShadowStore(table, lambda: NOW),
        digests=DigestStore(table),
        memory=DriftStore(table),
        send=lambda _, bodies: sent.extend(bodies),
        refuse=lambda _: None,
        policy=Policy(settle_seconds=900, sightings=2, heal_cap=200),
        clock=lambda: NOW,
    )
    view = View("shop", "availability", _ask(held), lambda _: {}, EVERYTHING, lambda fields: fields)
    every_row = sum(_size(r) for r in table.rows.values() if r["pk"].startswith("SH#")) / 4096 / 2
    costs: list[float] = []
    healed = 0
    for _ in range(2):
        table.units = 0.0
        healed = reconciler.run(view, (), "cd-bench").count("healed")
        costs.append(table.units)
    return ReconciliationCost(costs[0], costs[1], every_row, healed)


def _tell(table: CountedTable, held: Mapping[str, Mapping[str, Any]]) -> None:
    """Rows that were acknowledged a day ago, and their digests."""
    changes = []
    for number, (sku, fields) in enumerate(held.items()):
        pk, sk = row_key("shop", "availability", sku)
        text = canonical(fields)
        row = {"pk": pk, "sk": sk, "ver": 7, "val": text, "ack": 7, "ackval": text, "at": _WRITTEN, "acked": _WRITTEN}
        table.keep({**row, "lease": ""})
        changes.append(Change(pk, leaf_of(sku) % LEAVES_IN_GROUP, item_hash(sku, text), padded(str(number + 1))))
    DigestStore(table).apply(deltas(changes))
    table.sort()


def _ask(held: Mapping[str, Mapping[str, Any]]) -> Ask:
    leaves: dict[int, list[str]] = defaultdict(list)
    for sku in held:
        leaves[leaf_of(sku)].append(sku)
    return Ask(
        leaves=lambda _: {
            leaf: to_text(total) for leaf, total in leaf_hashes((s, canonical(f)) for s, f in held.items()).items()
        },
        leaf=lambda _, leaf: [Held(sku, 7, held[sku]) for sku in leaves[leaf]],
    )


def _size(row: Mapping[str, Any] | None) -> int:
    return item_size(to_item(row)) if row else 0


def _pages(rows: Sequence[Item], *, consistent: bool) -> float:
    """A query is billed page by page for the sum of what it reads."""
    total, units = 0, 0.0
    for row in rows:
        total += _size(row)
        if total >= _PAGE_BYTES:
            units, total = units + read_units(total, consistent=consistent), 0
    return units + read_units(total, consistent=consistent) if total or not units else units
