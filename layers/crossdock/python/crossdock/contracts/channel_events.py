"""What a channel's endpoint receives as signed webhooks (v1), and what it may answer.

The deliveries are built without a validation library (`deliveries.py`); tests hold them to these contracts.
"""

from typing import Literal

from pydantic import Field

from crossdock.contracts.answered import Moment, Told
from crossdock.contracts.customer_events import CustomersChangedForChannel
from crossdock.contracts.fields import Contract
from crossdock.contracts.price_api_answers import PriceWindow


class ToldItem(Contract):
    """One item's value. Its `version` only grows for this channel: an older one that comes later is to be ignored."""

    sku: str
    version: int = Field(ge=1)
    correlation_ids: list[str] = Field(description="Of the facts that it came from.")


class ToldAvailability(ToldItem):
    """What the channel may promise of an item now."""

    available: Told


class ToldPrice(ToldItem):
    """The prices of an item in a price class, window by window; no window: there is no price, which is never 0."""

    price_class: str
    currency: str
    unit: str | None = Field(description="The base unit, which quantities and prices are of.")
    windows: list[PriceWindow]


class AvailabilityBatch(Contract):
    """Some items of one channel."""

    channel: str
    items: list[ToldAvailability] = Field(min_length=1)


class PriceBatch(Contract):
    """Some items of one channel."""

    channel: str
    items: list[ToldPrice] = Field(min_length=1)


class AvailabilityChanged(Contract):
    """What may be promised of items has changed."""

    type: Literal["availability.changed.v1"]
    timestamp: Moment
    data: AvailabilityBatch


class PricesChangedForChannel(Contract):
    """Prices have changed, or windows of theirs."""

    type: Literal["price.changed.v1"]
    timestamp: Moment
    data: PriceBatch


class RejectedItem(Contract):
    """An item, or a customer, that the channel cannot take; without a price class: in all of the delivery's."""

    sku: str | None = None
    customer: str | None = None
    reason: str | None = None
    price_class: str | None = None


class ChannelAnswer(Contract):
    """What an endpoint may say with its 2xx: the items it did not take. Any other body is ignored."""

    rejected: list[RejectedItem] = Field(default_factory=list)


CHANNEL_EVENTS = (AvailabilityChanged, PricesChangedForChannel, CustomersChangedForChannel)
