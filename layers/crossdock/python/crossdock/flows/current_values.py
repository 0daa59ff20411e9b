"""What a channel may see of its items now, by kind of value."""

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.config import Channel
from crossdock.contracts.deliveries import EVENT_TYPES
from crossdock.exchange.delivery import ReadCurrent
from crossdock.inventory.availability import promise
from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import Clock, to_text
from crossdock.pricing.resolution import to_value, windows
from crossdock.pricing.store import PricingStore

Value = Mapping[str, Any] | None


def reader(kind: str, channel: Channel, inventory: InventoryStore, pricing: PricingStore, clock: Clock) -> ReadCurrent:
    """The reader of one kind for one channel; of a kind that the channel does not publish there is nothing to tell.

    Raises ValueError for a kind that is none.
    """
    if kind in EVENT_TYPES and kind not in channel.publishes:
        return lambda _: {}
    if kind == "availability":
        return lambda skus: _availability(channel, inventory, skus)
    if kind == "price":
        return lambda skus: _prices(channel, pricing, clock, skus)
    raise ValueError(f"kind: {kind!r} is neither availability nor price")


def _availability(channel: Channel, inventory: InventoryStore, skus: Sequence[str]) -> dict[str, Value]:
    headers = inventory.headers((sku, wh) for sku in skus for wh in channel.warehouses)
    found: dict[str, Value] = {}
    for sku in skus:
        stock = [headers[sku, wh] for wh in channel.warehouses if (sku, wh) in headers]
        found[sku] = {"available": promise(stock, channel.warehouses, channel.buffer)} if stock else None
    return found


def _prices(channel: Channel, pricing: PricingStore, clock: Clock, skus: Sequence[str]) -> dict[str, Value]:
    now = to_text(clock())
    return {
        sku: to_value(windows(rules, channel.currency, now), channel.currency)
        for sku, rules in pricing.rules(skus).items()
    }
