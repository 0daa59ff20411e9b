"""Reading how items stand, as cheaply as it can be had.

one item, all warehouses    1 query of its headers, 0.5 RCU up to 4 KB of them; 1 more trip when the item is hot
many items                  a key for each item and warehouse, 0.5 RCU each, 100 to a round trip; the same for shards
Reads are eventually consistent unless told otherwise, which costs twice as much: what is shown is a moment old anyway,
and a hold is judged by its own condition.
"""

from collections.abc import Iterable, Sequence

from crossdock.inventory.header_rows import stock_of
from crossdock.inventory.markers import PREFIX, parse
from crossdock.inventory.standing import ItemStanding, ShardStock, WarehouseStanding, item_standing
from crossdock.platform.dynamo import Item, Table


class StandingStore:
    """How the items of one distributor stand."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def item(self, sku: str, warehouses: Sequence[str]) -> ItemStanding | None:
        """One item in some warehouses; None when nothing was ever recorded of it there."""
        rows = list(self._table.query(f"T#{sku}", prefix="A#"))
        return item_standing(sku, self._standings(rows)[sku] if rows else (), warehouses, whole_item=True)

    def items(
        self,
        skus: Iterable[str],
        warehouses: Sequence[str],
        every_warehouse: Sequence[str] | None = None,
        *,
        consistent: bool = False,
    ) -> dict[str, ItemStanding]:
        """Many items in some warehouses: those of which something was recorded there.

        With `every_warehouse`, the item's headers in all of those are read, to say what is in transit to some.
        """
        wanted = list(dict.fromkeys(skus))
        read = warehouses if every_warehouse is None else every_warehouse
        keys = [(f"T#{sku}", f"A#{wh}") for sku in wanted for wh in read]
        rows = self._table.get_many(keys, consistent=consistent)
        found = self._standings(rows.values(), consistent=consistent)
        standings = (
            item_standing(sku, found[sku], warehouses, whole_item=every_warehouse is not None)
            for sku in wanted
            if sku in found
        )
        return {standing.sku: standing for standing in standings if standing}

    def _standings(self, rows: Iterable[Item], *, consistent: bool = False) -> dict[str, list[WarehouseStanding]]:
        """Headers with their shards, by sku."""
        headers = [stock_of(row) for row in rows]
        keys = {
            (h.sku, h.warehouse): [(f"T#{h.sku}#S{n:02d}", f"A#{h.warehouse}") for n in range(h.hot)] for h in headers
        }
        wanted = [key for some in keys.values() for key in some]
        shards = self._table.get_many(wanted, consistent=consistent) if wanted else {}
        found: dict[str, list[WarehouseStanding]] = {}
        for header in headers:
            mine = (shards[key] for key in keys[header.sku, header.warehouse] if key in shards)
            found.setdefault(header.sku, []).append(WarehouseStanding(header, tuple(_shard(row) for row in mine)))
        return found


def _shard(row: Item) -> ShardStock:
    holds = (parse(name, text) for name, text in row.items() if name.startswith(PREFIX))
    return ShardStock(row["av"], row["rsv"], row["cm"], tuple(sorted(holds)))
