"""Answers about deliveries to a partner's channels (API v1)."""

from typing import Literal

from pydantic import Field

from crossdock.contracts.answered import Correlated, Moment
from crossdock.contracts.fields import Contract


class DeliveryTold(Contract):
    """One item of one channel: the newest version for it, and how far that got."""

    channel: str
    kind: Literal["availability", "price", "customer"]
    item: str
    price_class: str | None = Field(default=None, description="Of a price: the class of customers that it is for.")
    state: Literal["acknowledged", "told", "rejected", "waiting"] = Field(
        description="acknowledged: the channel holds it; told: it is being sent; rejected: the channel would not take "
        "it; waiting: it will be sent, or sent again."
    )
    version: int
    acknowledged_version: int = Field(description="What the channel holds; 0: nothing yet.")
    decided_at: Moment
    acknowledged_at: Moment | None
    reason: str | None = Field(default=None, description="Of a rejected one: the channel's words.")


class DeliveriesPage(Correlated):
    """A page; `next` is the address of the one behind it, null at the end. A page may be short and not the last."""

    deliveries: list[DeliveryTold]
    next: str | None
