"""Quotes and price checks as partners and channels ask for them (API v1)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from crossdock.contracts.fields import Contract
from crossdock.contracts.price_fields import (
    Channel,
    Currency,
    Item,
    Name,
    OrderedQuantity,
    PriceUnit,
    TierQuantity,
    Value,
    fault,
)
from crossdock.contracts.price_models import MAX_LINES, PriceContext, PriceLineId

MAX_TOKEN = 400_000
"""Characters of a quote's token."""

TRACED_LINES = 100
"""Lines whose traces one answer can hold: each has its candidates, and Lambda ends an answer at 6 MB."""

Shown = Literal["trace", "cost", "margin", "rebates"]
"""What an answer holds only when it is asked for, and only for whom may see costs."""

Operation = Literal["tiers", "extend", "convert_units", "round", "discount"]
"""What a channel may compute by itself, if its manifest says so (pricing rule 9)."""

Faults = Iterator[tuple[tuple[int | str, ...], PydanticCustomError]]


class QuoteRequest(PriceContext):
    """The body of `POST /v1/quotes`: who buys what, where and when. The customer's own facts are ours to know."""

    show: list[Shown] = Field(default_factory=list, max_length=10, description="What is shown on request.")

    @model_validator(mode="after")
    def _says_nothing_of_the_customer(self) -> Self:
        remedy = "leave it out: the customer's own are used"
        strange = [name for name in ("segments", "parents") if getattr(self, name) is not None]
        _raise("QuoteRequest", (((name,), fault("is not for a partner to say", remedy)) for name in strange))
        if "trace" in self.show and len(self.asked()) > TRACED_LINES:
            problem = f"asks for the traces of {len(self.asked())} lines"
            remedy = f"leave trace out, then ask GET /v1/quotes/{{id}}?show=trace&lines=… for {TRACED_LINES} at a time"
            _raise("QuoteRequest", [(("show",), fault(problem, remedy))])
        if len(self.basket) > MAX_LINES:
            _raise("QuoteRequest", [(("basket",), fault(f"has {len(self.basket)} items", f"name at most {MAX_LINES}"))])
        return self


class OrderedLine(Contract):
    """A line of an order that names a quote, as the quote has it."""

    line: PriceLineId
    item: Item
    quantity: OrderedQuantity
    unit: PriceUnit
    unit_price: Value
    extended_price: Value


class QuoteVerification(Contract):
    """The body of `POST /v1/quotes/verify`: a token, and the lines that are ordered by it, in any number."""

    token: str = Field(min_length=1, max_length=MAX_TOKEN)
    customer: Name | None = None
    currency: Currency | None = None
    lines: list[OrderedLine] = Field(min_length=1, max_length=MAX_LINES)


class CheckedLine(Contract):
    """A price that a channel computed. `operations` is how, as far as it says so; `unit` absent: the base unit."""

    line: PriceLineId
    item: Item
    quantity: OrderedQuantity
    unit: PriceUnit | None = None
    unit_price: Value
    extended_price: Value | None = None
    operations: list[Operation] = Field(default_factory=list, max_length=10)


class PriceCheckRequest(Contract):
    """The body of `POST /v1/price-checks`: prices that one of the partner's channels computed for one buyer."""

    channel: Channel
    customer: Name | None = None
    ship_to: Name | None = None
    branch: Name | None = None
    region: Name | None = None
    job: Name | None = None
    freight_terms: Name | None = None
    currency: Currency | None = None
    basket: dict[Item, TierQuantity] = Field(default_factory=dict, max_length=MAX_LINES)
    lines: list[CheckedLine] = Field(min_length=1, max_length=MAX_LINES)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _raise("PriceCheckRequest", self._faults())
        return self

    def _faults(self) -> Faults:
        named = Counter(line.line for line in self.lines)
        for place, line in enumerate(self.lines):
            if named[line.line] > 1:
                yield ("lines", place, "line"), fault(f"is {line.line}, and another line is too", "name each line once")
        if self.ship_to is not None and self.customer is None:
            yield ("customer",), fault("is missing: a ship_to is one of a customer", "name the customer")


def _raise(title: str, faults: Iterable[tuple[tuple[int | str, ...], PydanticCustomError]]) -> None:
    if found := [InitErrorDetails(type=problem, loc=where, input=None) for where, problem in faults]:
        raise ValidationError.from_exception_data(title, found)
