"""Answers about stock (API v1)."""

from typing import Literal

from pydantic import Field

from crossdock.contracts.answered import Correlated, Day, Moment, Told
from crossdock.contracts.fields import Contract, Sku, SystemName, WarehouseCode
from crossdock.contracts.reservations import HeldQuantity


class StockAsked(Contract):
    """The answer to the quantity or date that was asked for."""

    date: Day | None = None
    promised: Told
    quantity: Told | None = None
    suffices: bool | None = None
    first_date: Day | None = Field(default=None, description="When the quantity can be had; null: not foreseeable.")


class StockInWarehouse(Contract):
    """One warehouse's part of an item."""

    warehouse: str
    on_hand: Told
    safety_stock: Told
    quality_hold: Told
    damaged: Told
    reserved: Told
    committed: Told
    available: Told = Field(
        description="What this audience may be promised; without one what is there, below 0 when more was promised."
    )
    in_transit: Told | None = None
    expected: Told | None = None
    version: int
    as_of: Moment | None
    lag_ms: int


class Substitute(Contract):
    """Another item that has the quantity now."""

    sku: str
    available: Told


class ItemAvailability(Contract):
    """What is there of an item and what may be promised. `reserved` and `committed` are parts of what is on hand."""

    sku: str
    on_hand: Told
    available: Told
    reserved: Told
    committed: Told
    in_transit: Told | None = None
    expected: Told | None = None
    as_of: Moment | None = Field(description="When the newest movement counted happened.")
    lag_ms: int = Field(description="How long the newest movement took from its source to here, in milliseconds.")
    asked: StockAsked | None = None
    warehouses: list[StockInWarehouse]
    substitutes: list[Substitute] | None = None


class UnknownItem(Contract):
    """Why an item of a list has no answer."""

    type: Literal["urn:crossdock:problem:no-stock-record"]
    detail: str
    remedy: str


class UnknownAvailability(Contract):
    """An item of a list of which nothing was ever recorded."""

    sku: str
    error: UnknownItem


class ListedAvailability(Contract):
    """The items in the order asked for."""

    items: list[ItemAvailability | UnknownAvailability]


class PromisedDate(Contract):
    """A date on which what may be promised changes."""

    date: Day
    arriving: Told
    projected: Told
    promised: Told


class PromisedSupply(Contract):
    """A part of a line of supply. From what is overdue nothing is promised: nobody knows when it will come."""

    id: str
    kind: Literal["order", "transfer"]
    warehouse: str
    quantity: Told
    date: Day
    confirmed: bool
    overdue: bool


class AvailableToPromise(Contract):
    """What may be promised of an item by date, and from which supply."""

    sku: str
    today: Day
    date: Day | None = None
    promised: Told
    quantity: Told | None = None
    suffices: bool | None = None
    first_date: Day | None = None
    dates: list[PromisedDate]
    supply: list[PromisedSupply]
    as_of: Moment | None
    lag_ms: int
    substitutes: list[Substitute] | None = None


class ListedItem(Contract):
    """An item, and how many are wanted."""

    sku: Sku
    quantity: HeldQuantity | None = None


class AvailabilityQuestion(Contract):
    """The body of `POST /v1/availability`. A request by date names at most 50 items."""

    items: list[ListedItem] = Field(min_length=1, max_length=500)
    channel: SystemName | None = None
    segment: str | None = None
    warehouses: list[WarehouseCode] | str | None = Field(default=None, description="A list, or names with commas.")
    warehouse_set: str | None = None
    date: Day | None = None
    in_transit: bool = False


class AnsweredShare(Contract):
    """A channel's share: what it was given, what of that is left, what its holds took, what is still to be taken."""

    quantity: Told
    unconsumed: Told
    consumed: Told
    staged: Told


class AnsweredAllocations(Correlated):
    """An item's allocations in a warehouse, as they stand."""

    sku: str
    warehouse: str
    safety_stock: Told
    available: Told
    pool: Told = Field(description="What is available to all channels.")
    allocations: dict[str, AnsweredShare]
