"""Orders as sources report them (`orders.order.placed.v1`, `.changed.v1`, `.cancelled.v1`).

Each event holds the whole order as its source has it now. An order is known by its source, its `document` and its
`version`, never by its content: two equal orders are two orders.
"""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from crossdock.contracts.fields import Contract, FactId, ItemCode, SystemName, UnitName
from crossdock.contracts.price_fields import BusinessDate, Currency, Name, PriceInstant, Text, TierQuantity, Value

MAX_LINES = 1000
MAX_SHIP_TOS = 50

Status = Literal["incomplete", "held", "released", "partly_shipped", "shipped", "completed", "cancelled"]
"""How far an order is: not one yet; waiting for a payment or a check; to be fulfilled; …"""

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class ShipTo(Contract):
    """Where goods go: an address as the source holds it, under the source's own id."""

    id: FactId
    name: Text | None = None
    company: Text | None = None
    street: list[Text] = Field(default_factory=list, max_length=4)
    city: Text | None = None
    region: Text | None = None
    postcode: Text | None = None
    country: Country | None = None


class OrderLine(Contract):
    """What is ordered, under the line's id in the source. A quantity of 0: nothing of it any more.

    `quantity` counts `unit`, or what the item's code stands for where none is named. `unit_price` is before the
    discount, which is off the whole line. `ship_to` names one of the order's; left out: the only one.
    """

    id: FactId
    item: ItemCode
    quantity: TierQuantity
    unit: UnitName | None = None
    unit_price: Value
    discount: Value | None = None
    ship_to: FactId | None = None
    requested_on: BusinessDate | None = None


class Order(Contract):
    """An order as its source has it. `version` grows with the source's own changes of it.

    `id` is the source's own, `document` the number that people use. `channel` is the sales channel within the source,
    `customer` the customer as the source calls it (absent: a guest), `reference` the buyer's own number. All amounts
    are in `currency`; `tax_included` says of unit prices and discounts that tax is in them.
    """

    document: FactId
    version: int = Field(ge=1, le=10**18)
    id: FactId
    status: Status
    channel: Text | None = None
    customer: Name | None = None
    reference: Text | None = None
    placed_at: PriceInstant
    changed_at: PriceInstant
    cancelled_at: PriceInstant | None = None
    cancel_reason: Text | None = None
    currency: Currency
    tax_included: bool
    ship_tos: list[ShipTo] = Field(default_factory=list, max_length=MAX_SHIP_TOS)
    lines: list[OrderLine] = Field(min_length=1, max_length=MAX_LINES)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, ids in {"lines": [x.id for x in self.lines], "ship_tos": [s.id for s in self.ship_tos]}.items():
            twice = [i for i, times in Counter(ids).items() if times > 1]
            if twice:
                raise ValueError(f"{name}: the id {twice[0]!r} stands there twice; each has one of its own")
        known = {s.id for s in self.ship_tos}
        unknown = [line.ship_to for line in self.lines if line.ship_to is not None and line.ship_to not in known]
        if unknown:
            raise ValueError(f"lines: the ship_to {unknown[0]!r} is not among ship_tos; add it there")
        return self


class OrderReported(Contract):
    """The data of the three events about an order."""

    source: SystemName
    order: Order
