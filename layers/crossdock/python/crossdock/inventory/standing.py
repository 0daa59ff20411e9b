"""One item in one warehouse as it stands now: its header, and what a hot item has given to its shards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crossdock.inventory.availability import ItemStock, WarehouseStock, in_transit
from crossdock.inventory.markers import Marker
from crossdock.inventory.promising import Free
from crossdock.quantities import Quantity, whole


@dataclass(frozen=True, slots=True)
class ShardStock:
    """What one shard of a hot item holds, in base units: free, in live holds, confirmed."""

    available: Quantity
    reserved: Quantity
    committed: Quantity
    holds: tuple[Marker, ...] = ()

    def expired(self, now: datetime) -> Quantity:
        """What holds that have expired still take, and that is free."""
        return sum(h.quantity for h in self.holds if h.expired(now.timestamp()))


@dataclass(frozen=True, slots=True)
class WarehouseStanding:
    """A header with its item's shards in that warehouse; none of an ordinary item."""

    header: WarehouseStock
    shards: tuple[ShardStock, ...] = ()

    def free(self, now: datetime) -> Free:
        """What may be promised, holds that have expired counted as free."""
        channels = {*self.header.own, *(h.channel for h in self.header.holds if h.channel)}
        return Free(
            self.header.warehouse,
            self.header.available_at(now),
            self.header.pool_at(now),
            {channel: self.header.own_at(channel, now) for channel in channels},
            self._free_in_shards(now),
        )

    def _free_in_shards(self, now: datetime) -> Quantity:
        """What lies free in the shards, of what this header knows to have granted.

        Header and shards are read one after the other, and units may be granted in between: they are in the header's
        pool as it was read, and in a shard as well. What the header had granted by then is the upper bound.
        """
        free = sum(s.available + s.expired(now) for s in self.shards)
        taken = sum(s.reserved - s.expired(now) + s.committed for s in self.shards)
        return whole(max(0, min(free, self.header.shard_grants - taken)))

    def reserved(self, now: datetime) -> Quantity:
        """What live holds take."""
        return whole(self.header.reserved_at(now) + sum(s.reserved - s.expired(now) for s in self.shards))

    @property
    def committed(self) -> Quantity:
        """What is confirmed and has not left."""
        return whole(self.header.committed + sum(s.committed for s in self.shards))


@dataclass(frozen=True, slots=True)
class ItemStanding:
    """One item over the warehouses asked for, with what is in transit to each of them ("" where nobody said where).

    `in_transit` is None where not all of the item's headers were read, without which nobody can say.
    """

    sku: str
    warehouses: tuple[WarehouseStanding, ...]
    in_transit: Mapping[str, Quantity] | None

    @property
    def as_of(self) -> str:
        """When the newest counted movement was recorded; empty when nothing was ever counted here."""
        return max((s.header.as_of for s in self.warehouses), default="")

    @property
    def lag_ms(self) -> int:
        """How long the slowest of the newest counted movements took from being recorded to being counted."""
        return max((s.header.lag_ms for s in self.warehouses), default=0)

    def free(self, now: datetime) -> list[Free]:
        return [standing.free(now) for standing in self.warehouses]


def item_standing(
    sku: str, found: Iterable[WarehouseStanding], warehouses: Sequence[str], *, whole_item: bool
) -> ItemStanding | None:
    """What was found of an item, cut down to some warehouses; None when there is nothing.

    With `whole_item`, `found` is every header of the item, and a warehouse to which something is under way is there
    even if nothing has ever arrived. Otherwise nothing is said of transit.
    """
    by_warehouse = {s.header.warehouse: s for s in found}
    transit = in_transit(ItemStock(sku, tuple(s.header for s in by_warehouse.values()))) if whole_item else None
    for destination in transit or {}:
        by_warehouse.setdefault(destination, WarehouseStanding(nothing_there(sku, destination)))
    served = tuple(by_warehouse[w] for w in warehouses if w in by_warehouse)
    return ItemStanding(sku, served, transit) if served else None


def nothing_there(sku: str, warehouse: str) -> WarehouseStock:
    """A warehouse in which nothing was ever counted of an item."""
    return WarehouseStock(sku, warehouse, 0, 0, 0, 0, 0, 0, version=0, as_of="", position=-1)
