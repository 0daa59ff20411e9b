"""The documents with which prices are asked for: contexts (quote requests), and the offline price model.

A price model is all that a resolution needs beside the question: rules, items, customers and settings in one file, so
that a rule can be tried before it is approved, without anything deployed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from crossdock.contracts.fields import Contract
from crossdock.contracts.price_checks import moved
from crossdock.contracts.price_fields import (
    Channel,
    Currency,
    Family,
    Item,
    Moment,
    Name,
    OrderedQuantity,
    PriceUnit,
    TierQuantity,
    fault,
)
from crossdock.contracts.price_form import normalised
from crossdock.contracts.price_settings import PriceSettings
from crossdock.contracts.prices import PriceRule

MAX_LINES = 500
_FRACTION = re.compile(r"([1-9][0-9]{0,11})(?:/([1-9][0-9]{0,11}))?|[0-9]{1,12}\.[0-9]{1,6}")

Faults = Iterator[tuple[tuple[int | str, ...], PydanticCustomError]]


def _factor(value: object) -> Fraction:
    if isinstance(value, Fraction):
        return value
    if type(value) is int and 0 < value <= 10**12:
        return Fraction(value)
    if isinstance(value, str) and _FRACTION.fullmatch(value) and Fraction(value) > 0:
        return Fraction(value)
    raise fault(
        "is no exact number above 0",
        'send how many base units one of this unit is: a whole number, a decimal text, or a fraction such as "1/4"',
    )


def _factor_json(factor: Fraction) -> int | str:
    return factor.numerator if factor.denominator == 1 else str(factor)


def _zone(name: object) -> str:
    try:
        return ZoneInfo(name).key if isinstance(name, str) else _no_zone(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _no_zone(name)


def _no_zone(name: object) -> str:
    raise fault(f"{str(name)[:60]!r} is no time zone", "send an IANA name, for example Europe/London")


UnitFactor = Annotated[
    Fraction,
    PlainValidator(_factor),
    PlainSerializer(_factor_json, return_type=int | str, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": r"^[0-9]+(/[0-9]+|\.[0-9]+)?$"}],
            "examples": [12, "1/4"],
        }
    ),
]
"""Base units in one of a unit, exactly."""

ZoneName = Annotated[
    str, PlainValidator(_zone), WithJsonSchema({"type": "string", "examples": ["Europe/London", "America/New_York"]})
]

PriceLineId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,40}$")]
"""A line as its sender calls it: 1–40 printable ASCII characters without spaces."""


class PriceLine(Contract):
    """One line to be priced."""

    line: PriceLineId | None = Field(default=None, description="The line's name; absent: its number, from 1.")
    item: Item = Field(description="The item.")
    quantity: OrderedQuantity = Field(description="How much is ordered, in `unit`.")
    unit: PriceUnit | None = Field(default=None, description="The unit ordered in. Absent: the item's base unit.")
    substitute_for: Item | None = Field(
        default=None, description="The item that was ordered, where this one is sent instead."
    )


_ONE_LINE_OR_MORE = {"anyOf": [{"required": ["lines"]}, {"required": ["item", "quantity"]}]}


class PriceContext(Contract, json_schema_extra=_ONE_LINE_OR_MORE):
    """Who asks for prices of what, where and when: the body of a quote request, and a context of the offline command.

    One line may be written without `lines`, by `item`, `quantity` and `unit` at the top.
    """

    customer: Name | None = Field(default=None, description="Who buys. Absent: somebody whom no rule names.")
    ship_to: Name | None = Field(default=None, description="The customer's delivery address.")
    branch: Name | None = Field(default=None, description="The branch that sells. Absent: the ship-to's or customer's.")
    region: Name | None = Field(default=None, description="The region. Absent: the ship-to's or customer's.")
    channel: Channel | None = Field(default=None, description="The channel in which is sold.")
    currency: Currency | None = Field(default=None, description="ISO 4217. Absent: the customer's.")
    at: Moment | None = Field(
        default=None,
        description="The instant that the prices are for. A business date means its midnight in the distributor's "
        "zone. Absent: now.",
    )
    known_at: Moment | None = Field(
        default=None, description="As of when what was known: later versions and approvals do not count. Absent: now."
    )
    job: Name | None = Field(default=None, description="The job or project.")
    freight_terms: Name | None = Field(default=None, description="Absent: the customer's.")
    segments: list[Name] | None = Field(
        default=None, max_length=100, description="Instead of the customer's. Not for partners."
    )
    parents: list[Name] | None = Field(
        default=None, max_length=20, description="Instead of the customer's, nearest first. Not for partners."
    )
    basket: dict[Item, TierQuantity] = Field(
        default_factory=dict,
        description="What else is in the cart, in base units: counts for tiers whose basis is item or mix_group.",
    )
    lines: list[PriceLine] = Field(default_factory=list, max_length=MAX_LINES, description="1 to 500 lines.")
    item: Item | None = Field(default=None, description="Short for one line.")
    quantity: OrderedQuantity | None = Field(default=None, description="Short for one line.")
    unit: PriceUnit | None = Field(default=None, description="Short for one line.")

    @model_validator(mode="after")
    def _lines_are_named(self) -> Self:
        _raise("PriceContext", self._faults())
        return self

    def _faults(self) -> Faults:
        for field in ("item", "quantity", "unit"):
            if self.lines and getattr(self, field) is not None:
                yield (field,), fault("stands beside lines", "name each line in lines, or only one line without lines")
        if not self.lines and self.item is None:
            yield ("lines",), fault("is missing", "send lines, or item and quantity for a single one")
        elif not self.lines and self.quantity is None:
            yield ("quantity",), fault("is missing", "send how much is ordered")
        named = Counter(line.line for line in self.asked())
        for place, line in enumerate(self.lines):
            if named[line.line or str(place + 1)] > 1:
                problem = f"is {line.line or place + 1}, and another line is too"
                yield ("lines", place, "line"), fault(problem, "give each line a name of its own")
        if self.ship_to is not None and self.customer is None:
            yield ("customer",), fault("is missing: a ship_to is one of a customer", "name the customer")

    def asked(self) -> list[PriceLine]:
        """The lines, each with a name."""
        if not self.lines and self.item is not None and self.quantity is not None:
            return [PriceLine.model_construct(line="1", item=self.item, quantity=self.quantity, unit=self.unit)]
        return [
            line if line.line else line.model_copy(update={"line": str(n)})
            for n, line in enumerate(self.lines, start=1)
        ]


class ModelShipTo(Contract):
    """A delivery address of a customer, as far as prices go."""

    branch: Name | None = Field(default=None, description="The branch that delivers there.")
    region: Name | None = Field(default=None, description="The region that it lies in.")


class ModelCustomer(Contract):
    """What prices need to know of a customer."""

    customer: Name = Field(description="The customer's id.")
    segments: list[Name] = Field(default_factory=list, max_length=100, description="All that it belongs to.")
    parents: list[Name] = Field(
        default_factory=list, max_length=20, description="Whose contracts hold for it too, nearest first."
    )
    branch: Name | None = Field(default=None, description="The branch that serves it.")
    region: Name | None = Field(default=None, description="Its region.")
    currency: Currency | None = Field(default=None, description="The currency it buys in.")
    freight_terms: Name | None = Field(default=None, description="The terms of freight agreed with it.")
    ship_tos: dict[Name, ModelShipTo] = Field(default_factory=dict, description="Its delivery addresses by id.")
    strategic: bool = Field(default=False, description="A late publication to its segment raises an alarm.")


class ModelItem(Contract):
    """What prices need to know of an item."""

    item: Item = Field(description="The item's code.")
    unit: PriceUnit = Field(default="EA", description="The base unit.")
    units: dict[PriceUnit, UnitFactor] = Field(default_factory=dict, description="Base units in one of each unit.")
    families: list[Family] = Field(default_factory=list, max_length=50, description="The families it belongs to.")
    mix_groups: list[Name] = Field(
        default_factory=list, max_length=20, description="The groups in which its quantity adds up with others'."
    )
    substitutes: list[Item] = Field(default_factory=list, max_length=50, description="What may be sent instead.")

    @model_validator(mode="after")
    def _base_unit_is_one(self) -> Self:
        if self.units.get(self.unit, Fraction(1)) != 1:
            problem = fault("is the base unit, and not 1 of itself", "leave it out of units")
            _raise("ModelItem", iter([(("units", self.unit), problem)]))
        return self


class PriceModel(Contract):
    """Everything that prices are resolved from, in one file."""

    time_zone: ZoneName | None = Field(
        default=None,
        description="The distributor's zone, an IANA name: business dates begin at its midnights. Needed where a "
        "business date is used.",
    )
    settings: PriceSettings = Field(default_factory=PriceSettings, description="How rules are resolved.")
    customers: list[ModelCustomer] = Field(default_factory=list, description="Customers that contexts may name.")
    items: list[ModelItem] = Field(
        default_factory=list, description="Units, families and mix groups. An item without them need not be listed."
    )
    rules: list[PriceRule] = Field(description="The rules; of each, as many versions as are wanted.")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _raise("PriceModel", self._faults())
        return self

    def _faults(self) -> Faults:
        yield from _twice("rules", ((r.rule_id, r.version) for r in self.rules), "version")
        yield from moved(self.rules)
        yield from _twice("customers", (c.customer for c in self.customers), "customer")
        yield from _twice("items", (i.item for i in self.items), "item")
        if self.time_zone is None and (place := self._first_date()):
            problem = f"is missing: {place} is a business date, and a day begins at another instant in each zone"
            yield ("time_zone",), fault(problem, "add time_zone, for example Europe/London, or send instants")
        else:
            yield from self._empty_windows()

    def _empty_windows(self) -> Faults:
        """Windows between an instant and a date: whether they are empty shows in the zone only."""
        for place, rule in enumerate(self.rules):
            try:
                normalised(rule, self.time_zone or "UTC")
            except ValidationError as exc:
                for error in exc.errors():
                    yield ("rules", place, *error["loc"]), fault(error["ctx"]["problem"], error["ctx"]["remedy"])

    def _first_date(self) -> str | None:
        for n, rule in enumerate(self.rules):
            for field in ("valid_from", "valid_to", "valid_through"):
                if type(getattr(rule, field)) is date:
                    return f"rules[{n}].{field}"
        return None


def _twice(name: str, keys: Iterable[Any], field: str) -> Faults:
    seen: set[Any] = set()
    for place, key in enumerate(keys):
        if key in seen:
            said = f"{key[0]}@{key[1]}" if isinstance(key, tuple) else key
            yield (name, place, field), fault(f"{said} stands in the file twice", "leave one of the two out")
        seen.add(key)


def _raise(title: str, faults: Faults) -> None:
    if found := [InitErrorDetails(type=problem, loc=where, input=None) for where, problem in faults]:
        raise ValidationError.from_exception_data(title, found)
