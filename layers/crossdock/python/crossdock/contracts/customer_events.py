"""What the bus hears of customers, and what a channel is sent of them.

Every event names the version of the golden record that it is of: who hears several keeps the highest. The events are
built without a validation library (`crossdock.flows.customer_announcing`); tests hold them to these contracts.
"""

from typing import Any, Literal

from pydantic import Field

from crossdock.contracts.answered import Moment
from crossdock.contracts.fields import Contract

State = Literal["checking", "incomplete", "review", "ready", "gone", "merged"]


class CustomerUpserted(Contract):
    """The data of `customer.upserted.v1`: a customer is new, or something of it is another.

    `changed` names every attribute whose value changed, contacts and ship-tos by their ids; `old` and `new` hold the
    values of those of which there is one, null where there was or is none; both are empty where they are more than an
    event takes (180 KB).
    """

    customer: str
    version: int = Field(ge=1)
    state: State
    changed: list[str]
    old: dict[str, Any]
    new: dict[str, Any]


class CustomerHoldChanged(Contract):
    """The data of `customer.hold_changed.v1`: orders on account are to be stopped, or may go again.

    `scope` is the company, warehouse or channel that it is for alone, as `company:uk`; null: for all.
    """

    customer: str
    version: int = Field(ge=1)
    scope: str | None
    hold: bool
    reason: str | None


class CustomerMerged(Contract):
    """The data of `customer.merged.v1`: a customer is a part of another now (`into`), or stands for itself again."""

    customer: str
    version: int = Field(ge=1)
    into: str | None


class ToldCustomer(Contract):
    """A customer as a channel may see it. Its `version` only grows: an older one that comes later is to be ignored.

    `ids` are what every system calls it, this one too; `attributes` those that are written back to this channel, all of
    them each time: one that is missing is empty. Contacts and ship-tos go by our ids. `into`: it is that one now.
    """

    customer: str
    version: int = Field(ge=1)
    correlation_ids: list[str] = Field(description="Of the facts that it came from.")
    state: State
    ids: dict[str, list[str]]
    attributes: dict[str, Any]
    contacts: dict[str, dict[str, str]] = Field(default_factory=dict)
    ship_tos: dict[str, dict[str, str]] = Field(default_factory=dict)
    into: str | None = None


class CustomerBatch(Contract):
    """Some customers of one channel."""

    channel: str
    customers: list[ToldCustomer] = Field(min_length=1)


class CustomersChangedForChannel(Contract):
    """What a channel is to hold of customers has changed."""

    type: Literal["customer.changed.v1"]
    timestamp: Moment
    data: CustomerBatch
