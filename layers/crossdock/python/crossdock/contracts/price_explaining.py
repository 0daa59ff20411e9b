"""What `crossdock price explain` asks for."""

from typing import Literal

from pydantic import Field

from crossdock.contracts.fields import Contract
from crossdock.contracts.price_fields import Channel
from crossdock.contracts.price_models import PriceLineId


class QuoteExplained(Contract):
    """A quote by its id, all of it or one line; `today`: beside what would be quoted now."""

    action: Literal["quote"]
    quote: str = Field(min_length=1, max_length=60)
    line: PriceLineId | None = None
    today: bool = False


class ItemExplained(Contract):
    """What a channel holds of an item's price: `SKU-1`, or `SKU-1@gold` for a class other than the list."""

    action: Literal["item"]
    channel: Channel
    key: str = Field(min_length=1, max_length=200)
