"""The field types that several contracts share, so that one word means one thing everywhere."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from crossdock import quantities
from crossdock.contracts.names import SKU

MAX_QUANTITY = 10**12
"""Base units in one fact: far above any warehouse, and far below where a sum of a million of them loses a digit."""


# Decimal() also takes "1E+2", "1_000", " 2 " and digits of other scripts; a channel would be sent them as they came.
_PLAIN_AMOUNT = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})?")


class Contract(BaseModel):
    """A document from outside: unknown fields are refused, and nothing is converted from another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def quantity_schema(least: int, *, signed: bool = False) -> WithJsonSchema:
    """How a quantity is described to outsiders; a text of zeros is below `least` 1 as well."""
    number = {"type": "integer", "minimum": -MAX_QUANTITY if signed else least, "maximum": MAX_QUANTITY}
    above = "(?=.*[1-9])" if least else ""
    text = {"type": "string", "pattern": f"^{'-?' if signed else ''}{above}[0-9]{{1,12}}(\\.[0-9]{{1,6}})?$"}
    return WithJsonSchema({"anyOf": [number, text], "examples": [5, "2.5"]})


def _utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as exc:  # the first and the last day of the calendar, with an offset that leads beyond it
        raise ValueError("the instant lies outside of the calendar in UTC; send a real date") from exc


def _amount(value: object) -> object:
    """Money arrives as a text, never as a JSON number: a number has been a binary float somewhere on its way."""
    if not isinstance(value, str):
        raise ValueError('send the amount as a text, for example "2.55"')  # noqa: TRY004 - pydantic wants ValueError
    if not _PLAIN_AMOUNT.fullmatch(value):
        raise ValueError('write the amount with digits and at most one point, for example "2.55"')
    return Decimal(value)


def _moved_quantity(value: object) -> quantities.Quantity:
    if type(value) is int and -MAX_QUANTITY <= value <= MAX_QUANTITY:
        return value  # nearly every one, and there are thousands in a request
    try:
        quantity = quantities.parse(value)
    except ValueError as exc:
        raise PydanticCustomError("quantity_type", "neither a whole number nor a plain decimal text") from exc
    if not -MAX_QUANTITY <= quantity <= MAX_QUANTITY:
        raise PydanticCustomError("quantity_range", "more than 1,000,000,000,000 units in one fact")
    return quantity


# `#` separates the parts of our keys, and control characters would hide in logs.
FactId = Annotated[
    str, StringConstraints(pattern=r"^[\x21-\x22\x24-\x7e]([\x20-\x22\x24-\x7e]{0,98}[\x21-\x22\x24-\x7e])?$")
]
"""An id its source gives: 1–100 printable ASCII characters without `#`, no space at either end."""

ItemCode = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,80}$", strip_whitespace=False)]
"""An item as its source calls it: 1–80 characters, no control characters."""

Sku = Annotated[str, StringConstraints(pattern=f"^{SKU}$")]
"""A canonical item."""

SystemName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
"""A source or channel as the configuration calls it."""

WarehouseCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,30}$")]
"""A warehouse as the configuration calls it."""

UnitName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,19}$")]
"""A unit of measure as the item's profile calls it: piece, case, m, pallet."""

Lot = Annotated[
    str, StringConstraints(pattern=r"^[\x21-\x22\x24-\x7e]([\x20-\x22\x24-\x7e]{0,38}[\x21-\x22\x24-\x7e])?$")
]
"""A lot or batch: 1–40 printable ASCII characters without `#`, no space at either end."""

Bin = Annotated[
    str, StringConstraints(pattern=r"^[\x21-\x22\x24-\x7e]([\x20-\x22\x24-\x7e]{0,28}[\x21-\x22\x24-\x7e])?$")
]
"""A place within a warehouse: 1–30 printable ASCII characters without `#`, no space at either end."""

ReservationId = Annotated[str, StringConstraints(pattern=r"^[a-z2-7]{20}$")]
"""A reservation as we named it: 20 letters and digits."""

MovedQuantity = Annotated[
    quantities.Quantity,
    PlainValidator(_moved_quantity),
    PlainSerializer(quantities.to_json, return_type=int | str, when_used="json"),
    quantity_schema(0, signed=True),
]
"""A quantity: a whole number, or a fraction as a text ("2.5"), in JSON too; at most 10^12 either way."""

CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""

Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""An instant with its offset, kept in UTC."""

Amount = Annotated[Decimal, BeforeValidator(_amount)]
"""Money as an exact decimal, sent as a text."""
