"""BigCommerce's webhooks and answers: the fields that we use, as BigCommerce names them.

Source: BigCommerce's reference of webhook events, of orders (V2), and of catalogue and inventory (V3).
"""

import re
from typing import Annotated, Self

from pydantic import Field, PlainValidator, model_validator

from crossdock.contracts.native import (
    Code,
    Count,
    Counted,
    CurrencyWord,
    Epoch,
    Id,
    Money,
    Native,
    Rfc2822,
    Words,
    refused,
)
from crossdock.contracts.orders import MAX_LINES, MAX_SHIP_TOS
from crossdock.contracts.price_fields import fault

_COUNTRY = re.compile(r"[A-Z]{2}")


def _country(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
        raise fault("is no country of ISO 3166", 'send its two letters, for example "GB"')
    return value


class Notice(Native):
    """A webhook without its `data`, which depends on the scope."""

    scope: str
    created_at: Epoch


class _Thing(Native):
    id: Id


class ThingNotice(Notice):
    """Something changed: an order or a product."""

    data: _Thing


class _OfProduct(Native):
    product_id: Id


class _SkuData(Native):
    sku: _OfProduct


class SkuNotice(Notice):
    """A variant changed: its product is fetched."""

    data: _SkuData


class _ProductStock(Native):
    inventory: _OfProduct


class ProductStockNotice(Notice):
    """The stock of a product changed."""

    data: _ProductStock


class _OfVariant(Native):
    variant_id: Id


class _VariantStock(Native):
    inventory: _OfVariant


class VariantStockNotice(Notice):
    """The stock of a variant changed."""

    data: _VariantStock


class Order(Native):
    """An order without its lines. `status_id` is the state, whatever the store calls it in `status`.

    Amounts are in the transaction's currency, `default_currency_code`; `currency_code` is what the shopper was shown.
    """

    id: Id
    customer_id: Id
    date_created: Rfc2822
    date_modified: Rfc2822
    status_id: Id
    status: Words = None
    currency_code: CurrencyWord
    default_currency_code: CurrencyWord | None = None
    channel_id: Id | None = None


class Discount(Native):
    """What a promotion took off one line."""

    amount: Money


class OrderProduct(Native):
    """One line. `order_address_id` 0 belongs to what is not sent anywhere."""

    id: Id
    sku: Code = None
    variant_id: Id | None = None
    order_address_id: Id | None = None
    quantity: Counted
    price_ex_tax: Money
    applied_discounts: list[Discount] = Field(default_factory=list, max_length=100)

    @model_validator(mode="after")
    def _names_an_item(self) -> Self:
        if self.sku is None and self.variant_id in {None, "0"}:
            raise refused(
                ("sku",),
                "is empty, and there is no variant_id: nothing says which item it is",
                "sell products of the catalogue only, each with its SKU",
            )
        return self


class ShippingAddress(Native):
    """Where goods go."""

    id: Id
    first_name: Words = None
    last_name: Words = None
    company: Words = None
    street_1: Words = None
    street_2: Words = None
    city: Words = None
    state: Words = None
    zip: Words = None
    country_iso2: Annotated[str | None, PlainValidator(_country)] = None


class WholeOrder(Native):
    """The three answers that make an order, under the names of their resources."""

    order: Order
    products: list[OrderProduct] = Field(min_length=1, max_length=MAX_LINES)
    shipping_addresses: list[ShippingAddress] = Field(max_length=MAX_SHIP_TOS)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        lines: set[str] = set()
        addresses = {a.id for a in self.shipping_addresses}
        for number, line in enumerate(self.products):
            if line.id in lines:
                raise refused(("products", number, "id"), f"{line.id} is another line's too", "save the order again")
            if line.order_address_id not in {None, "0"} | addresses:
                raise refused(
                    ("products", number, "order_address_id"),
                    f"{line.order_address_id} is not among the order's shipping addresses",
                    "save the order again",
                )
            lines.add(line.id)
        if len(addresses) < len(self.shipping_addresses):
            raise refused(("shipping_addresses",), "two of them have one id", "save the order again")
        return self


class Variant(Native):
    """One thing that a product is sold as; a product without options has one."""

    id: Id
    sku: Code = None


class _Product(Native):
    variants: list[Variant] = Field(min_length=1, max_length=2048)


class ProductAnswer(Native):
    """A product of the catalogue with its variants."""

    data: _Product


class _Identity(Native):
    variant_id: Id


class StockAtLocation(Native):
    """What one location has of an item."""

    location_id: Id
    available_to_sell: Count
    total_inventory_onhand: Count | None = None


class StockedItem(Native):
    """An item with what each location has of it."""

    identity: _Identity
    locations: list[StockAtLocation] = Field(max_length=500)


class InventoryAnswer(Native):
    """One page of items with their stock."""

    data: list[StockedItem] = Field(max_length=1000)
