"""The headers in their table: an item's stock in a warehouse, with all that is taken off it.

T#sku / A#warehouse             header: on hand, its deductions, available  1 WCU per k records, 1/25 round trip
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crossdock.inventory.availability import ItemStock, WarehouseStock
from crossdock.inventory.balances import NO_POSITION, Delta
from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Item, Statement, Table, from_attribute
from crossdock.platform.errors import StoreUnavailableError

_ROUNDS = 6


class HeaderStore:
    """The headers of one distributor."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def apply(self, changes: Sequence[Delta]) -> int:
        """Adds each delta to its header exactly once; gives back how many headers were written.

        At most one write per delta in the ordinary case. Raises StoreUnavailableError when some could not be applied:
        the same deltas may be applied again.
        """
        written = 0
        waiting: list[tuple[Delta, Statement]] = [
            (d, self._add(d, with_position=d.position > NO_POSITION)) for d in changes
        ]
        for _ in range(_ROUNDS):
            outcomes = self._table.run([s for _, s in waiting])
            again: list[tuple[Delta, Statement]] = []
            for (delta, _), outcome in zip(waiting, outcomes, strict=True):
                if outcome.done:
                    written += 1
                    continue
                again += self._next_try(delta, outcome.existing)
            if not again:
                return written
            waiting = again
        raise StoreUnavailableError(f"{len(waiting)} balances kept changing under the projection")

    def _next_try(self, delta: Delta, header: Item | None) -> list[tuple[Delta, Statement]]:
        """What is still to be done for a delta that its header did not take."""
        if header is None:
            return [(delta, self._table.insert(_new_header(delta)))]
        rest = delta.after(header["seq"])
        if rest is None:
            return []
        # The header's source position only grows; a late movement lies behind it and must not move it back.
        return [(rest, self._add(rest, with_position=rest.position > header["pos"]))]

    def _add(self, delta: Delta, *, with_position: bool) -> Statement:
        changes: list[tuple[str, Any]] = [
            ("oh = oh + ?", delta.quantity),
            ("av = av + ?", delta.quantity),
            ("ver = ver + ?", 1),
            ("seq = ?", delta.last),
            ('"at" = ?', delta.as_of),
            ("cors = ?", delta.correlation_ids),
        ]
        conditions: list[tuple[str, Any]] = [("seq < ?", delta.first)]
        if with_position:
            changes.append(("pos = ?", delta.position))
            conditions.append(("pos < ?", delta.position))
        return self._table.update((f"T#{delta.sku}", f"A#{delta.warehouse}"), changes, conditions)

    def stock(self, sku: str) -> ItemStock | None:
        """One item over all warehouses, or None when nothing was ever recorded of it. One round trip."""
        found = [_stock(row) for row in self._table.query(f"T#{sku}", prefix="A#")]
        return ItemStock(sku, tuple(found)) if found else None

    def headers(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], WarehouseStock]:
        """The headers that exist of (sku, warehouse) pairs, read consistently, 100 to a round trip."""
        rows = self._table.get_many([(f"T#{sku}", f"A#{wh}") for sku, wh in keys], consistent=True)
        found = [_stock(row) for row in rows.values()]
        return {(s.sku, s.warehouse): s for s in found}


def changed_header(stream_record: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """(sku, warehouse, correlation ids) of a header as the table's stream delivers it."""
    image = stream_record["dynamodb"]["NewImage"]
    sku = image["pk"]["S"].removeprefix("T#")
    warehouse = image["sk"]["S"].removeprefix("A#")
    return sku, warehouse, from_attribute(image["cors"]) if "cors" in image else []


def _new_header(delta: Delta) -> dict[str, Any]:
    nothing = dict.fromkeys(("ss", "qc", "dmg", "rsv"), 0)
    return {
        "pk": f"T#{delta.sku}",
        "sk": f"A#{delta.warehouse}",
        "oh": delta.quantity,
        "av": delta.quantity,
        **nothing,
        "ver": 1,
        "seq": delta.last,
        "pos": delta.position,
        "at": delta.as_of,
        "cors": delta.correlation_ids,
    }


def _stock(row: Item) -> WarehouseStock:
    return WarehouseStock(
        sku=row["pk"].removeprefix("T#"),
        warehouse=row["sk"].removeprefix("A#"),
        on_hand=row["oh"],
        safety_stock=row["ss"],
        quality_hold=row["qc"],
        damaged=row["dmg"],
        reserved=row["rsv"],
        available=row["av"],
        version=row["ver"],
        as_of=row["at"],
        position=row["pos"],
    )
