"""What a channel may see of its items now, by kind of value."""

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.config import Channel
from crossdock.contracts.deliveries import EVENT_TYPES
from crossdock.contracts.price_keys import read_key
from crossdock.exchange.delivery import ReadCurrent
from crossdock.inventory.answers import available
from crossdock.inventory.promising import Audience
from crossdock.inventory.standing_store import StandingStore
from crossdock.platform.clock import Clock
from crossdock.pricing.cell_store import CellStore
from crossdock.pricing.cells import undated
from crossdock.pricing.instants import instant_text
from crossdock.quantities import to_json

Value = Mapping[str, Any] | None


def reader(kind: str, channel: Channel, standings: StandingStore, cells: CellStore, clock: Clock) -> ReadCurrent:
    """The reader of items of one kind for one channel; of a kind that it does not publish there is nothing to tell.

    What it is told of customers is read by `customer_channels.py`.

    Raises ValueError for a kind that is none.
    """
    if kind in EVENT_TYPES and kind not in channel.publishes:
        return lambda _: {}
    if kind == "availability":
        return lambda skus: _availability(channel, standings, clock, skus)
    if kind == "price":
        return lambda keys: prices(channel, cells, clock, keys)
    raise ValueError(f"kind: {kind!r} is neither availability nor price")


def _availability(channel: Channel, standings: StandingStore, clock: Clock, skus: Sequence[str]) -> dict[str, Value]:
    """What the channel may be promised; read consistently, because what is told has a version that only grows."""
    audience, now = Audience(channel.warehouses, channel.buffer, channel.name), clock()
    found = standings.items(skus, channel.warehouses, consistent=True)
    return {sku: {"available": to_json(available(found[sku], audience, now))} if sku in found else None for sku in skus}


def prices(channel: Channel, cells: CellStore, clock: Clock, keys: Sequence[str]) -> dict[str, Value]:
    """The published cells of the classes that the channel holds; of an item that never had a price there is nothing."""
    wanted = {key: pair for key in keys if (pair := read_key(key))[0] in channel.price_classes}
    found = cells.read_keys(wanted.values())
    now = instant_text(clock())
    values: dict[str, Value] = {}
    for key, pair in wanted.items():
        if pair in found:
            document = found[pair].document
            shown = document if channel.dated else undated(document, now)
            values[key] = {"price_class": pair[0], **shown}
    return values
