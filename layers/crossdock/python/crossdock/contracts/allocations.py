"""Allocations and safety stock as an operator's partner sets them (API v1)."""

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from crossdock.contracts.fields import MAX_QUANTITY, Contract, SystemName, quantity_schema
from crossdock.quantities import Quantity, parse


def _stated(value: object) -> Quantity:
    amount = parse(value)
    if amount < 0:
        raise ValueError("must be 0 or more; send 0 to take everything away")
    if amount > MAX_QUANTITY:
        raise ValueError(f"must be {MAX_QUANTITY} at most")
    return amount


StatedQuantity = Annotated[Quantity, BeforeValidator(_stated), quantity_schema(0)]
"""Base units, 0 or more: a whole number, or a fraction as a text."""


class ChannelAllocation(Contract):
    """What shall belong to a channel alone. `staged`: below what its holds have taken, take the rest as they end."""

    quantity: StatedQuantity
    staged: bool = False


class AllocationSettings(Contract):
    """The body of `PUT /v1/items/{sku}/allocations/{warehouse}`: what is left out stays as it is."""

    safety_stock: StatedQuantity | None = None
    allocations: dict[SystemName, ChannelAllocation] = Field(default_factory=dict, max_length=50)

    @model_validator(mode="after")
    def _says_something(self) -> "AllocationSettings":
        if self.safety_stock is None and not self.allocations:
            raise ValueError("sets nothing; send safety_stock, or allocations with a channel in them")
        return self
