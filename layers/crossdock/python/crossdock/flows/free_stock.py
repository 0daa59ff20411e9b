"""What a channel may take now, item by item and warehouse by warehouse, for planning a hold."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from crossdock.inventory.availability import WarehouseStock
from crossdock.inventory.booking import Holdable, ReadHoldable
from crossdock.inventory.promising import Audience, Free
from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import Clock


def reader(inventory: InventoryStore, clock: Clock) -> ReadHoldable:
    """Reads headers, 100 to a round trip, 1 RCU each up to 4 KB; expired holds count as free."""

    def read(channel: str, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Holdable]:
        now = clock()
        found = {key: free(stock, channel, now) for key, stock in inventory.headers(keys).items()}
        return {
            (sku, warehouse): Holdable(max(0, f.total), f.holdable(Audience((warehouse,), channel=channel)))
            for (sku, warehouse), f in found.items()
        }

    return read


def free(stock: WarehouseStock, channel: str, now: datetime) -> Free:
    """What a header says is free at an instant, as far as it concerns this channel."""
    return Free(stock.warehouse, stock.available_at(now), stock.pool_at(now), {channel: stock.own_at(channel, now)})
