"""What sources counted, and where that differed, in their table.

CNT#source#warehouse / sku      the newest count a source reported
DRIFT#source#warehouse / sku    a difference, and how often it was seen running
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.inventory.counts import CodeCount, ItemCount, by_item
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Item, Statement, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Key
from crossdock.quantities import Quantity

_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Sighting:
    """A difference (counted less balance, base units) as of a position, and in how many runs in a row it was seen."""

    sku: str
    difference: Quantity
    position: int
    times: int


class CountStore:
    """Counts and differences of one distributor."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def keep_counts(self, counts: Sequence[CodeCount]) -> int:
        """Keeps the newest count of each code; older ones are superseded and change nothing. Gives back how many."""
        kept = 0
        waiting = [(c, self._newer_count(c)) for c in counts]
        for _ in range(_ROUNDS):
            again: list[tuple[CodeCount, Statement]] = []
            for (count, _), outcome in zip(waiting, self._table.run([s for _, s in waiting]), strict=True):
                if outcome.done:
                    kept += 1
                elif outcome.existing is None:
                    again.append((count, self._table.insert(_count_row(count))))
                elif outcome.existing["ord"] < count.order:
                    again.append((count, self._newer_count(count)))
            if not again:
                return kept
            waiting = again
        raise StoreUnavailableError(f"{len(waiting)} counts kept changing while they were written")

    def _newer_count(self, count: CodeCount) -> Statement:
        changes = [
            ("q = ?", count.quantity),
            ("pos = ?", count.position),
            ("ord = ?", count.order),
            ('"at" = ?', count.counted_at),
            ("cor = ?", count.correlation_id),
        ]
        return self._table.update(_count_key(count), changes, [("ord < ?", count.order)])

    def counts(self, source: str, warehouse: str) -> Iterator[ItemCount]:
        """The newest count of every item that a source reported for a warehouse."""
        return by_item(_count(source, warehouse, row) for row in self._table.query(f"CNT#{source}#{warehouse}"))

    # -- drift ---------------------------------------------------------------------------------------------------

    def sightings(self, source: str, warehouse: str) -> dict[str, Sighting]:
        """What earlier reconciliations saw, by sku."""
        rows = self._table.query(f"DRIFT#{source}#{warehouse}", consistent=True)
        return {r["sk"]: Sighting(r["sk"], r["diff"], r["pos"], r["n"]) for r in rows}

    def saw(self, source: str, warehouse: str, sighting: Sighting) -> None:
        """Remembers a difference for the next run."""
        self._table.put(
            {
                "pk": f"DRIFT#{source}#{warehouse}",
                "sk": sighting.sku,
                "diff": sighting.difference,
                "pos": sighting.position,
                "n": sighting.times,
                "at": to_text(self._clock()),
            }
        )

    def forget(self, source: str, warehouse: str, sku: str) -> None:
        """Forgets a difference that is gone."""
        self._table.delete((f"DRIFT#{source}#{warehouse}", sku))


def _count_key(count: CodeCount) -> Key:
    return f"CNT#{count.source}#{count.warehouse}", f"{count.sku}#{count.code}"


def _count_row(count: CodeCount) -> dict[str, Any]:
    pk, sk = _count_key(count)
    return {
        "pk": pk,
        "sk": sk,
        "q": count.quantity,
        "pos": count.position,
        "ord": count.order,
        "at": count.counted_at,
        "cor": count.correlation_id,
    }


def _count(source: str, warehouse: str, row: Item) -> CodeCount:
    sku, code = row["sk"].split("#", 1)
    return CodeCount(source, warehouse, sku, code, row["q"], row["pos"], row["at"], row["cor"])
