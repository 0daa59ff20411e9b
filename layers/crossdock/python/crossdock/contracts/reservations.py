"""Reservations as partners ask for them (API v1), and the event that says what became of one."""

from collections import Counter
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from crossdock.contracts.fields import MAX_QUANTITY, Contract, Sku, SystemName, WarehouseCode, quantity_schema
from crossdock.quantities import Quantity, parse, to_json

MAX_LINES = 500
MIN_SECONDS, MAX_SECONDS = 30, 86_400
"""How long a hold may last: shorter ends before its answer is read, longer is no hold but an order."""

OnShortage = Literal["refuse", "partial", "backorder"]
SourcingRule = Literal["priority", "nearest", "fewest_splits"]


def _positive(value: object) -> Quantity:
    amount = parse(value)
    if not 0 < amount <= MAX_QUANTITY:
        raise ValueError(f"must be above 0 and at most {MAX_QUANTITY}; leave a line of nothing out")
    return amount


def _nothing_or_positive(value: object) -> Quantity:
    return 0 if parse(value) == 0 else _positive(value)


HeldQuantity = Annotated[Quantity, PlainValidator(_positive), PlainSerializer(to_json), quantity_schema(1)]
"""Base units to hold: above 0; a fraction as a text, where the item allows one."""

ChangedQuantity = Annotated[
    Quantity, PlainValidator(_nothing_or_positive), PlainSerializer(to_json), quantity_schema(0)
]
"""The same, or 0."""

LineId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,40}$")]
"""A line as its sender calls it: 1–40 printable ASCII characters without spaces."""

Seconds = Annotated[int, Field(ge=MIN_SECONDS, le=MAX_SECONDS)]

Reference = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class ShipTo(Contract):
    """Where the goods go, in degrees (WGS 84)."""

    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)


class ReservedLine(Contract):
    """One line. Without a warehouse, the sourcing rule finds where it comes from; then it may be split."""

    line: LineId
    sku: Sku
    quantity: HeldQuantity
    warehouse: WarehouseCode | None = None


class _Named(Protocol):
    @property
    def line(self) -> str: ...


_L = TypeVar("_L", bound=_Named)


def _each_line_once(lines: list[_L]) -> list[_L]:
    twice = [line for line, n in Counter(x.line for x in lines).items() if n > 1]
    if twice:
        raise ValueError(f"each line id may stand once in a request; {twice[0]!r} stands in it more often")
    return lines


class ReservationRequest(Contract):
    """The body of `POST /v1/reservations`.

    All lines are judged together, by the summed demand per item and warehouse (domain rule 5). `on_shortage` says what
    happens when it is more than there is: nothing is held (refuse), what there is is held (partial), or the rest is
    promised from expected supply (backorder).
    """

    channel: SystemName
    lines: list[ReservedLine] = Field(min_length=1, max_length=MAX_LINES)
    on_shortage: OnShortage = "refuse"
    sourcing: SourcingRule = "priority"
    ship_to: ShipTo | None = Field(default=None, validate_default=True)
    expires_in_seconds: Seconds | None = None
    reference: Reference | None = None

    _lines_once = field_validator("lines")(_each_line_once)

    @field_validator("ship_to")
    @classmethod
    def _nearest_to_somewhere(cls, ship_to: ShipTo | None, others: ValidationInfo) -> ShipTo | None:
        if ship_to is None and others.data.get("sourcing") == "nearest":
            raise ValueError("missing; sourcing by nearest needs the latitude and longitude that the goods go to")
        return ship_to


class Extension(Contract):
    """The body of `POST /v1/reservations/{id}/extend`: the hold then ends this many seconds from now."""

    expires_in_seconds: Seconds


class ChangedLine(Contract):
    """A line's new quantity, or its new warehouse, or both. Quantity 0 takes the line out."""

    line: LineId
    quantity: ChangedQuantity | None = None
    warehouse: WarehouseCode | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "ChangedLine":
        if self.quantity is None and self.warehouse is None:
            raise ValueError("quantity: missing; send a new quantity, a new warehouse, or both")
        return self


class ReservationChange(Contract):
    """The body of `PATCH /v1/reservations/{id}`: the lines that change; the others stay as they are."""

    lines: list[ChangedLine] = Field(min_length=1, max_length=MAX_LINES)

    _lines_once = field_validator("lines")(_each_line_once)


class QueuedReservation(Contract):
    """A message of the queue `reservations`: a request that was answered 202, with who asked and under which key."""

    v: Literal[1] = 1
    kind: Literal["reserve"] = "reserve"
    id: str
    partner: str
    key: str
    correlation_id: str
    request: ReservationRequest
    replay: dict[str, str] | None = None
