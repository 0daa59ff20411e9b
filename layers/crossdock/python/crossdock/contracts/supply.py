"""Expected supply as sources and partners report it (API v1 and `supply.expected`)."""

from collections import Counter
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, field_validator

from crossdock.contracts.fields import (
    MAX_QUANTITY,
    Contract,
    FactId,
    ItemCode,
    SystemName,
    WarehouseCode,
    quantity_schema,
)
from crossdock.quantities import Quantity, parse, to_json

MAX_STATEMENTS = 500
MAX_PARTS = 20

Kind = Literal["order", "transfer", "confirmation"]


def _open(value: object) -> Quantity:
    amount = parse(value)
    if not 0 <= amount <= MAX_QUANTITY:
        raise ValueError(
            f"must be at least 0 and at most {MAX_QUANTITY}: it is what is still to come, 0 when nothing is"
        )
    return amount


OpenQuantity = Annotated[Quantity, PlainValidator(_open), PlainSerializer(to_json), quantity_schema(0)]
"""Base units that are still to come, absolute; a fraction as a text, where the item allows one."""


class SupplyPart(Contract):
    """So much on this business date, in the distributor's time zone."""

    quantity: OpenQuantity
    expected_on: date


class SupplyStatement(Contract):
    """What one system says of one line of supply now: each statement replaces its kind's last one, by `version`.

    An `order` (a purchase order's line) and a `transfer` (our own stock under way) say what is still open and when it
    is expected; 0 closes the line. A `confirmation` is the supplier's word about an order's line: `parts` override its
    quantity and date, or, with `partial`, leave the rest of the line as it was ordered.
    """

    id: FactId
    kind: Kind
    item: ItemCode
    warehouse: WarehouseCode
    version: int = Field(ge=0, le=10**18)
    quantity: OpenQuantity | None = Field(default=None, validate_default=True)
    expected_on: date | None = Field(default=None, validate_default=True)
    parts: list[SupplyPart] | None = Field(default=None, min_length=1, max_length=MAX_PARTS, validate_default=True)
    partial: bool = False

    @field_validator("quantity", "expected_on")
    @classmethod
    def _said_of_an_order_only(cls, value: object, others: ValidationInfo) -> object:
        kind = others.data.get("kind")  # missing when it was not valid itself, which is reported by itself
        if kind in {"order", "transfer"} and value is None:
            raise ValueError(f"missing; send it with every {kind}")
        if kind == "confirmation" and value is not None:
            raise ValueError("leave it out; a confirmation says it in parts")
        return value

    @field_validator("parts")
    @classmethod
    def _said_of_a_confirmation_only(cls, parts: object, others: ValidationInfo) -> object:
        kind = others.data.get("kind")
        if kind == "confirmation" and parts is None:
            raise ValueError("missing; send at least one part with its quantity and expected_on")
        if kind in {"order", "transfer"} and parts is not None:
            raise ValueError(f"leave it out; {kind}s say quantity and expected_on")
        return parts

    @field_validator("partial")
    @classmethod
    def _only_a_confirmation_is_partial(cls, partial: bool, others: ValidationInfo) -> bool:  # noqa: FBT001 - its form
        if partial and others.data.get("kind") in {"order", "transfer"}:
            raise ValueError("leave it out; only a confirmation is partial")
        return partial


class SupplyList(Contract):
    """The data of a `supply.expected` webhook. A line's kind stands in it once: which of two would be the newer one?"""

    supply: list[SupplyStatement] = Field(min_length=1, max_length=MAX_STATEMENTS)

    @field_validator("supply")
    @classmethod
    def _each_once(cls, supply: list[SupplyStatement]) -> list[SupplyStatement]:
        said = Counter((s.kind == "confirmation", s.warehouse, s.item, s.id) for s in supply)
        twice = [key for key, times in said.items() if times > 1]
        if twice:
            raise ValueError(
                f"each line may stand in it once, and once more confirmed; {twice[0][3]!r} does more often"
            )
        return supply


class SupplyBatch(SupplyList):
    """The body of `POST /v1/inventory/supply`. `source` may be left out by a partner that has one source."""

    source: SystemName | None = None


class SupplyReported(SupplyList):
    """The data of the event `inventory.supply.reported.v1`."""

    source: SystemName
