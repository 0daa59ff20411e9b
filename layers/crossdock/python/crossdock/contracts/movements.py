"""Stock movements as partners and sources send them (API v1 and `stock.moved`)."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from crossdock.contracts.fields import (
    Bin,
    Contract,
    FactId,
    Instant,
    ItemCode,
    Lot,
    MovedQuantity,
    ReservationId,
    SystemName,
    UnitName,
    WarehouseCode,
)
from crossdock.quantities import Quantity

MovementType = Literal[
    "receipt",
    "putaway",
    "pick",
    "pack",
    "shipment",
    "adjustment",
    "transfer_out",
    "transfer_in",
    "return",
    "status_change",
]
Status = Literal["available", "quality_hold", "damaged"]

SIGN: dict[str, int] = {
    "receipt": 1,
    "return": 1,
    "transfer_in": 1,
    "pick": -1,
    "shipment": -1,
    "transfer_out": -1,
    "putaway": 0,
    "pack": 0,
    "status_change": 0,
}
"""What a type does to the stock on hand. An adjustment carries its own sign."""

Note = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]

_ALL_BUT_STATUS_CHANGE: Final = frozenset(
    {"receipt", "putaway", "pick", "pack", "shipment", "adjustment", "transfer_out", "transfer_in", "return"}
)
_BELONGS_TO: Final[dict[str, frozenset[str]]] = {
    "to_bin": frozenset({"putaway"}),
    "to_warehouse": frozenset({"transfer_out"}),
    "status": _ALL_BUT_STATUS_CHANGE,
    "from_status": frozenset({"status_change"}),
    "to_status": frozenset({"status_change"}),
    "reservation": frozenset({"pick", "shipment"}),
}
_NEEDS: Final[dict[str, tuple[str, ...]]] = {"putaway": ("to_bin",), "status_change": ("from_status", "to_status")}

_PLAIN_TYPES: Final = _ALL_BUT_STATUS_CHANGE - {"putaway"}
_PLAIN_FIELDS: Final = frozenset(
    {
        "id",
        "item",
        "warehouse",
        "type",
        "quantity",
        "occurred_at",
        "sequence",
        "reference",
        "reason",
        "unit",
        "lot",
        "bin",
    }
)

_Fault = tuple[str, PydanticCustomError]


class Movement(Contract):
    """One change of stock, identified by its source for ever.

    `quantity` counts `unit`, or base units where none is named, and is positive; only an adjustment is signed. A source
    reports a unit's departure once, as `pick` or as `shipment`, unless the warehouse's `leaves_with` says which of the
    two counts. `sequence` is the source's own growing position, one to a movement, by which its counts can be compared
    and what got lost on the way is noticed. `status` is that of the stock moved (available unless said); a status
    change goes `from_status` → `to_status`. `reservation` is the confirmed hold that a pick or shipment fulfils.
    """

    id: FactId
    item: ItemCode
    warehouse: WarehouseCode
    type: MovementType
    quantity: MovedQuantity
    occurred_at: Instant
    sequence: int | None = Field(default=None, ge=0, le=10**18)
    reference: Note | None = None
    reason: Note | None = None
    unit: UnitName | None = None
    lot: Lot | None = None
    bin: Bin | None = None
    to_bin: Bin | None = None
    status: Status | None = None
    from_status: Status | None = None
    to_status: Status | None = None
    to_warehouse: WarehouseCode | None = None
    reservation: ReservationId | None = None

    @model_validator(mode="after")
    def _fields_fit_the_type(self) -> Self:
        if self.quantity > 0 and self.type in _PLAIN_TYPES and self.model_fields_set <= _PLAIN_FIELDS:
            return self  # nearly every one: there is nothing that could contradict
        faults = list(self._faults())
        if faults:
            raise ValidationError.from_exception_data(
                "Movement", [InitErrorDetails(type=fault, loc=(name,), input=None) for name, fault in faults]
            )
        return self

    def _faults(self) -> Iterator[_Fault]:
        if self.quantity == 0:
            yield _fault("quantity", "nothing_moved", "a movement of nothing is no movement")
        elif self.quantity < 0 and self.type != "adjustment":
            reason = f"must be positive for {self.type}: the type says the direction; only an adjustment is signed"
            yield _fault("quantity", "not_signed", reason)
        said = self.model_fields_set
        for name, types in _BELONGS_TO.items():
            if name in said and getattr(self, name) is not None and self.type not in types:
                yield _fault(name, "not_for_this_type", f"belongs to {_or(types)}, not to a {self.type}")
        for name in _NEEDS.get(self.type, ()):
            if getattr(self, name) is None:
                yield _fault(name, "missing", f"Field required for a {self.type}")
        yield from self._contradictions()

    def _contradictions(self) -> Iterator[_Fault]:
        """What two fields say that cannot both be meant."""
        if self.to_bin is not None and self.to_bin == self.bin:
            yield _fault("to_bin", "same_place", "is the bin that the stock comes from")
        if self.to_warehouse == self.warehouse:
            yield _fault("to_warehouse", "same_place", "is the warehouse that the stock comes from")
        if self.to_status is not None and self.to_status == self.from_status:
            yield _fault("to_status", "same_place", "is the status that the stock has already")
        if self.reservation is not None and self.status not in {None, "available"}:
            yield _fault("status", "held_is_available", "what is reserved is available stock")

    @property
    def signed_quantity(self) -> Quantity:
        """What the movement says that it adds to the stock on hand, in the unit it names."""
        return self.quantity * SIGN.get(self.type, 1)


def _fault(field: str, kind: Any, problem: str) -> _Fault:
    return field, PydanticCustomError(kind, "{problem}", {"problem": problem})


def _or(types: frozenset[str]) -> str:
    if types is _ALL_BUT_STATUS_CHANGE:
        return "every other type"
    return " or ".join(f"a {t}" for t in sorted(types))


class MovementBatch(Contract):
    """The body of `POST /v1/inventory/movements`. `source` may be left out by a partner that has one source."""

    source: SystemName | None = None
    movements: list[Movement] = Field(min_length=1, max_length=1000)


class MovementList(Contract):
    """The data of a `stock.moved` webhook."""

    movements: list[Movement] = Field(min_length=1, max_length=1000)
