"""Stock movements as partners and sources send them (API v1 and `stock.moved`)."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from crossdock.contracts.fields import MAX_QUANTITY, Contract, FactId, Instant, ItemCode, SystemName, WarehouseCode

MovementType = Literal["receipt", "return", "pick", "shipment", "adjustment", "transfer_out", "transfer_in"]

SIGN: dict[str, int] = {
    "receipt": 1,
    "return": 1,
    "transfer_in": 1,
    "pick": -1,
    "shipment": -1,
    "transfer_out": -1,
}
"""What a type does to the stock on hand. An adjustment carries its own sign."""

Note = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class Movement(Contract):
    """One signed change of stock, identified by its source for ever.

    `quantity` counts base units and is positive; only an adjustment is signed. A source reports a unit's departure
    once: as `pick` or as `shipment`. `sequence` is the source's own growing position, by which its counts can be
    compared later.
    """

    id: FactId
    item: ItemCode
    warehouse: WarehouseCode
    type: MovementType
    quantity: int = Field(ge=-MAX_QUANTITY, le=MAX_QUANTITY)
    occurred_at: Instant
    sequence: int | None = Field(default=None, ge=0, le=10**18)
    reference: Note | None = None
    reason: Note | None = None

    @field_validator("quantity")
    @classmethod
    def _not_zero_and_signed_for_adjustments_only(cls, quantity: int, others: ValidationInfo) -> int:
        if quantity == 0:
            raise ValueError("a movement of nothing is no movement; send a quantity other than 0 or leave it out")
        kind = others.data.get("type")  # missing when it was not valid itself, which is reported by itself
        if quantity < 0 and kind not in {None, "adjustment"}:
            raise ValueError(f"must be positive for {kind}: the type says the direction; only an adjustment is signed")
        return quantity

    @property
    def signed_quantity(self) -> int:
        """What the movement adds to the stock on hand, in base units."""
        return self.quantity * SIGN.get(self.type, 1)


class MovementBatch(Contract):
    """The body of `POST /v1/inventory/movements`. `source` may be left out by a partner that has one source."""

    source: SystemName | None = None
    movements: list[Movement] = Field(min_length=1, max_length=1000)


class MovementList(Contract):
    """The data of a `stock.moved` webhook."""

    movements: list[Movement] = Field(min_length=1, max_length=1000)
