"""Native → canonical for Shopify: see docs/connectors.md for the tables."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from crossdock.connectors.shopify import payloads
from crossdock.contracts import native
from crossdock.contracts.codes import NO_CODES, STATUSES, WAREHOUSES, Codes, UnmappedCodeError
from crossdock.contracts.facts import levels_facts, order_fact, together
from crossdock.contracts.inbound import Translated, UnknownEventError
from crossdock.contracts.levels import Level
from crossdock.contracts.listed_items import ListedItem, declare_listed
from crossdock.contracts.orders import Order, OrderLine, ShipTo

_TOPIC: Final = "x-shopify-topic"
MAPPING_VERSION: Final = "shopify/1"
HEADERS: Final[tuple[str, ...]] = (_TOPIC,)
CODE_TABLES: Final[tuple[str, ...]] = (STATUSES, WAREHOUSES)

_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


def translate(source: str, body: bytes, headers: Mapping[str, str] = _NOBODY, codes: Codes = NO_CODES) -> Translated:
    """A webhook of the topic that its header X-Shopify-Topic names.

    Raises pydantic.ValidationError naming what does not fit, or UnknownEventError for another topic.
    """
    topic = headers.get(_TOPIC)
    if not topic:
        raise native.refused(("X-Shopify-Topic",), "is missing", "send the header, as Shopify's webhooks have it")
    if topic not in _TOPICS:
        raise UnknownEventError(topic, tuple(_TOPICS))
    document = native.read_json(body)
    try:
        return _TOPICS[topic](source, document, codes)
    except UnmappedCodeError as exc:
        return exc.refused


def _created(source: str, document: Any, codes: Codes) -> Translated:
    return order_fact(source, _order(payloads.Order.model_validate(document), codes), new=True)


def _updated(source: str, document: Any, codes: Codes) -> Translated:
    return order_fact(source, _order(payloads.Order.model_validate(document), codes), new=False)


def _cancelled(source: str, document: Any, codes: Codes) -> Translated:
    order = payloads.Order.model_validate(document)
    if order.cancelled_at is None:
        raise native.refused(("cancelled_at",), "is empty in a webhook of orders/cancelled", "send the order again")
    return order_fact(source, _order(order, codes), new=False)


def _order(order: payloads.Order, codes: Codes) -> Order:
    ship_tos = _ship_tos(order)
    return Order(
        document=order.name,
        version=native.version_of(order.updated_at),
        id=order.id,
        status=_status(order, codes),
        channel=order.source_name,
        customer=_customer(order),
        reference=order.po_number,
        placed_at=order.created_at,
        changed_at=order.updated_at,
        cancelled_at=order.cancelled_at,
        cancel_reason=order.cancel_reason,
        currency=order.currency,
        tax_included=order.taxes_included,
        ship_tos=ship_tos,
        lines=[_line(line) for line in order.line_items],
    )


def _status(order: payloads.Order, codes: Codes) -> Any:
    """What has been sent decides, before it what has been paid: Shopify's words for the two differ."""
    if order.cancelled_at is not None:
        return "cancelled"
    if order.fulfillment_status is not None:
        return codes.canonical(STATUSES, order.fulfillment_status, "fulfillment_status")
    return codes.canonical(STATUSES, order.financial_status or "null", "financial_status")


def _customer(order: payloads.Order) -> str | None:
    if order.company is not None:
        return f"company/{order.company.id}"
    return f"customer/{order.customer.id}" if order.customer is not None else None


def _ship_tos(order: payloads.Order) -> list[ShipTo]:
    address = order.shipping_address
    if address is None:
        return []
    location = order.company.location_id if order.company is not None else None
    return [
        ShipTo(
            id=f"company_location/{location}" if location else "shipping_address",
            name=address.name,
            company=address.company,
            street=[line for line in (address.address1, address.address2) if line],
            city=address.city,
            region=address.province,
            postcode=address.zip,
            country=address.country_code,
        )
    ]


def _line(line: payloads.LineItem) -> OrderLine:
    off = sum((a.amount for a in line.discount_allocations), start=native.NOTHING)
    return OrderLine(
        id=line.id,
        item=line.sku or f"variant/{line.variant_id}",
        quantity=line.quantity if line.current_quantity is None else line.current_quantity,
        unit_price=line.price,
        discount=off or None,
    )


def _product(source: str, document: Any, _: Codes) -> Translated:
    variants = payloads.Product.model_validate(document).variants
    return declare_listed(source, [_listed(v) for v in variants])


def _listed(variant: payloads.Variant) -> ListedItem:
    codes = [f"variant/{variant.id}"]
    if variant.inventory_item_id is not None:
        codes.append(f"inventory_item/{variant.inventory_item_id}")
    return ListedItem(variant.sku, tuple(codes))


def _level(source: str, document: Any, codes: Codes) -> Translated:
    level = payloads.InventoryLevel.model_validate(document)
    shown = Level(
        item=f"inventory_item/{level.inventory_item_id}",
        warehouse=codes.canonical(WAREHOUSES, level.location_id, "location_id"),
        available=level.available,
        at=level.updated_at,
    )
    return together(levels_facts(source, [shown]))


_TOPICS: Final[Mapping[str, Callable[[str, Any, Codes], Translated]]] = {
    "orders/create": _created,
    "orders/updated": _updated,
    "orders/cancelled": _cancelled,
    "products/create": _product,
    "products/update": _product,
    "inventory_levels/update": _level,
}
