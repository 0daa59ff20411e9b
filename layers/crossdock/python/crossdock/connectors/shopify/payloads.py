"""Shopify's webhook payloads: the fields that we use, as Shopify names them.

Source: Shopify's reference of the REST Admin resources Order, Product and InventoryLevel, which webhooks carry.
"""

import re
from typing import Annotated, Self

from pydantic import Field, PlainValidator, model_validator

from crossdock.contracts.native import Code, Count, Counted, CurrencyWord, Id, Iso, Money, Native, Words, refused
from crossdock.contracts.orders import MAX_LINES
from crossdock.contracts.price_fields import fault

_NUMBER = re.compile(r"[\x21-\x22\x24-\x7e]([\x20-\x22\x24-\x7e]{0,98}[\x21-\x22\x24-\x7e])?")
_COUNTRY = re.compile(r"[A-Z]{2}")


def _order_name(value: object) -> str:
    """`#1001`: what people call the order, without the mark that Shopify puts before it."""
    name = value.removeprefix("#") if isinstance(value, str) else ""
    if not _NUMBER.fullmatch(name):
        raise fault("is no order's name of printable ASCII characters", "set the shop's order id format to such ones")
    return name


def _country(value: object) -> str | None:
    if value is None or (isinstance(value, str) and _COUNTRY.fullmatch(value)):
        return value
    raise fault("is no country of ISO 3166", 'send its two letters, for example "GB"')


class Address(Native):
    """Where goods go."""

    name: Words = None
    company: Words = None
    address1: Words = None
    address2: Words = None
    city: Words = None
    province: Words = None
    zip: Words = None
    country_code: Annotated[str | None, PlainValidator(_country)] = None


class Party(Native):
    """A customer."""

    id: Id


class Company(Native):
    """A company of a B2B shop, and which of its locations bought."""

    id: Id
    location_id: Id | None = None


class Allocation(Native):
    """A part of a discount, as it falls on one line."""

    amount: Money


class LineItem(Native):
    """One line. `current_quantity` is what is left of it after edits and refunds; older payloads lack it."""

    id: Id
    sku: Code = None
    variant_id: Id | None = None
    quantity: Counted
    current_quantity: Counted | None = None
    price: Money
    discount_allocations: list[Allocation] = Field(default_factory=list, max_length=100)

    @model_validator(mode="after")
    def _names_an_item(self) -> Self:
        if self.sku is None and self.variant_id is None:
            raise refused(
                ("sku",),
                "is empty, and so is variant_id: nothing says which item it is",
                "sell products of the catalogue only, each variant with its SKU",
            )
        if self.current_quantity is not None and self.current_quantity > self.quantity:
            raise refused(("current_quantity",), f"is above quantity, {self.quantity}", "send the order again")
        return self


class Order(Native):
    """An order, whole, as it is when the webhook is made."""

    id: Id
    name: Annotated[str, PlainValidator(_order_name)]
    created_at: Iso
    updated_at: Iso
    cancelled_at: Iso | None = None
    cancel_reason: Words = None
    currency: CurrencyWord
    taxes_included: bool
    financial_status: Words = None
    fulfillment_status: Words = None
    source_name: Words = None
    po_number: Words = None
    customer: Party | None = None
    company: Company | None = None
    shipping_address: Address | None = None
    line_items: list[LineItem] = Field(min_length=1, max_length=MAX_LINES)

    @model_validator(mode="after")
    def _lines_differ(self) -> Self:
        seen: set[str] = set()
        for number, line in enumerate(self.line_items):
            if line.id in seen:
                raise refused(("line_items", number, "id"), f"{line.id} is another line's too", "send the order again")
            seen.add(line.id)
        return self


class Variant(Native):
    """One thing that a product is sold as."""

    id: Id
    sku: Code = None
    inventory_item_id: Id | None = None


class Product(Native):
    """A product with its variants."""

    id: Id
    variants: list[Variant] = Field(min_length=1, max_length=2048)


class InventoryLevel(Native):
    """What may be sold of one item at one location; None where Shopify does not track it."""

    inventory_item_id: Id
    location_id: Id
    available: Count | None
    updated_at: Iso
