"""What a channel may see of its items now, by kind of value."""

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.config import Channel
from crossdock.contracts.deliveries import EVENT_TYPES
from crossdock.exchange.delivery import ReadCurrent
from crossdock.inventory.answers import available
from crossdock.inventory.promising import Audience
from crossdock.inventory.standing_store import StandingStore
from crossdock.platform.clock import Clock, to_text
from crossdock.pricing.resolution import to_value, windows
from crossdock.pricing.store import PricingStore
from crossdock.quantities import to_json

Value = Mapping[str, Any] | None


def reader(kind: str, channel: Channel, standings: StandingStore, pricing: PricingStore, clock: Clock) -> ReadCurrent:
    """The reader of one kind for one channel; of a kind that the channel does not publish there is nothing to tell.

    Raises ValueError for a kind that is none.
    """
    if kind in EVENT_TYPES and kind not in channel.publishes:
        return lambda _: {}
    if kind == "availability":
        return lambda skus: _availability(channel, standings, clock, skus)
    if kind == "price":
        return lambda skus: _prices(channel, pricing, clock, skus)
    raise ValueError(f"kind: {kind!r} is neither availability nor price")


def _availability(channel: Channel, standings: StandingStore, clock: Clock, skus: Sequence[str]) -> dict[str, Value]:
    """What the channel may be promised; read consistently, because what is told has a version that only grows."""
    audience, now = Audience(channel.warehouses, channel.buffer, channel.name), clock()
    found = standings.items(skus, channel.warehouses, consistent=True)
    return {sku: {"available": to_json(available(found[sku], audience, now))} if sku in found else None for sku in skus}


def _prices(channel: Channel, pricing: PricingStore, clock: Clock, skus: Sequence[str]) -> dict[str, Value]:
    now = to_text(clock())
    return {
        sku: to_value(windows(rules, channel.currency, now), channel.currency)
        for sku, rules in pricing.rules(skus).items()
    }
