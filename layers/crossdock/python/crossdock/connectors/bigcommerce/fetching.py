"""The latest state of what a webhook named, from the store's API, as canonical facts.

An order takes three requests and may change between them. Then another webhook follows, with a later `date_modified`,
and its fact takes the place of this one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from crossdock.connectors.bigcommerce import payloads, translation
from crossdock.contracts import native
from crossdock.contracts.codes import NO_CODES, STATUSES, WAREHOUSES, Codes, Refused, UnmappedCodeError
from crossdock.contracts.facts import levels_facts, order_fact, together
from crossdock.contracts.fetching import Api, FetchUnavailableError
from crossdock.contracts.inbound import Fetch, Part, Translated
from crossdock.contracts.levels import Level
from crossdock.contracts.listed_items import ListedItem, declare_listed
from crossdock.contracts.orders import MAX_LINES, Order, OrderLine, ShipTo

_OK, _NO_CONTENT, _NOT_FOUND = 200, 204, 404
_PAGE: Final = 250
_PAGES: Final = MAX_LINES // _PAGE + 1
_NOWHERE: Final = frozenset({None, "0"})


class _MissingError(Exception):
    """The store has no such thing (any more)."""


def fetch(source: str, wanted: Fetch, api: Api, codes: Codes = NO_CODES) -> Translated:
    """What the store has now. Raises FetchUnavailableError, and pydantic.ValidationError for what does not fit."""
    try:
        if wanted.resource == translation.ORDER:
            return _order(source, wanted, api, codes)
        if wanted.resource == translation.PRODUCT:
            return _product(source, wanted, api)
        return _levels(source, wanted, api, codes)
    except UnmappedCodeError as exc:
        return exc.refused
    except _MissingError:
        return Refused(
            "not_at_source",
            f"{wanted.resource}/{source}/{wanted.id}",
            f"{source} told of {wanted.resource} {wanted.id} ({wanted.scope}), and has no such one now",
            "if it was deleted there on purpose, close this; else have it restored, then replay",
        )


# -- orders ----------------------------------------------------------------------------------------------------


def _order(source: str, wanted: Fetch, api: Api, codes: Codes) -> Translated:
    path = f"v2/orders/{quote(wanted.id)}"
    whole = payloads.WholeOrder.model_validate(
        {
            "order": _get(api, path),
            "products": list(_paged(api, f"{path}/products")),
            "shipping_addresses": list(_paged(api, f"{path}/shipping_addresses")),
        }
    )
    return order_fact(source, _canonical(whole, codes), new=wanted.scope == translation.CREATED)


def _canonical(whole: payloads.WholeOrder, codes: Codes) -> Order:
    order = whole.order
    status: Any = codes.canonical(STATUSES, order.status_id, f"status_id ({order.status or 'without a word'})")
    return Order(
        document=order.id,
        version=native.version_of(order.date_modified),
        id=order.id,
        status=status,
        channel=order.channel_id,
        customer=None if order.customer_id == "0" else f"customer/{order.customer_id}",
        placed_at=order.date_created,
        changed_at=order.date_modified,
        currency=order.default_currency_code or order.currency_code,
        tax_included=False,
        ship_tos=[_ship_to(a) for a in whole.shipping_addresses],
        lines=[_line(p) for p in whole.products],
    )


def _ship_to(address: payloads.ShippingAddress) -> ShipTo:
    return ShipTo(
        id=address.id,
        name=" ".join(part for part in (address.first_name, address.last_name) if part)[:200] or None,
        company=address.company,
        street=[line for line in (address.street_1, address.street_2) if line],
        city=address.city,
        region=address.state,
        postcode=address.zip,
        country=address.country_iso2,
    )


def _line(line: payloads.OrderProduct) -> OrderLine:
    off = sum((d.amount for d in line.applied_discounts), start=native.NOTHING)
    return OrderLine(
        id=line.id,
        item=line.sku or f"variant/{line.variant_id}",
        quantity=line.quantity,
        unit_price=line.price_ex_tax,
        discount=off or None,
        ship_to=None if line.order_address_id in _NOWHERE else line.order_address_id,
    )


# -- products and stock ----------------------------------------------------------------------------------------


def _product(source: str, wanted: Fetch, api: Api) -> Translated:
    answer = payloads.ProductAnswer.model_validate(
        _get(api, f"v3/catalog/products/{quote(wanted.id)}?include=variants")
    )
    return declare_listed(source, [ListedItem(v.sku, (f"variant/{v.id}",)) for v in answer.data.variants])


def _levels(source: str, wanted: Fetch, api: Api, codes: Codes) -> Translated:
    """One fact for all places that have a warehouse; each place without one is refused by itself."""
    by = "product_id" if wanted.resource == translation.STOCK_OF_PRODUCT else "variant_id"
    at = datetime.fromisoformat(wanted.at)
    levels: dict[tuple[str, str], Level] = {}
    unmapped: dict[str, Part] = {}
    for item in _stocked(api, f"v3/inventory/items?{by}:in={quote(wanted.id)}"):
        for place in item.locations:
            try:
                level = _level(item, place, at, codes)
            except UnmappedCodeError as exc:
                unmapped[place.location_id] = exc.refused
            else:
                levels[level.item, level.warehouse] = _added(levels.get((level.item, level.warehouse)), level)
    if not levels and not unmapped:
        raise _MissingError
    return together([*levels_facts(source, list(levels.values())), *unmapped.values()])


def _level(item: payloads.StockedItem, place: payloads.StockAtLocation, at: datetime, codes: Codes) -> Level:
    return Level(
        item=f"variant/{item.identity.variant_id}",
        warehouse=codes.canonical(WAREHOUSES, place.location_id, "location_id"),
        available=place.available_to_sell,
        on_hand=place.total_inventory_onhand,
        at=at,
    )


def _added(before: Level | None, level: Level) -> Level:
    """Two of the store's locations may be one warehouse of ours: then it has what both have."""
    if before is None or before.available is None or level.available is None:
        return level
    both = before.on_hand is not None and level.on_hand is not None
    return Level(
        item=level.item,
        warehouse=level.warehouse,
        available=before.available + level.available,
        on_hand=(before.on_hand or 0) + (level.on_hand or 0) if both else None,
        at=level.at,
    )


def _stocked(api: Api, path: str) -> Iterator[payloads.StockedItem]:
    for page in range(1, _PAGES + 1):
        answer = payloads.InventoryAnswer.model_validate(_get(api, f"{path}&page={page}&limit={_PAGE}"))
        yield from answer.data
        if len(answer.data) < _PAGE:
            return


# -- the API ---------------------------------------------------------------------------------------------------


def _get(api: Api, path: str) -> Any:
    headers = {"X-Auth-Token": api.token, "Accept": "application/json"}
    answer = api.get(f"{api.url.rstrip('/')}/{path}", headers)
    if answer.status == _NOT_FOUND:
        raise _MissingError
    if answer.status == _NO_CONTENT:
        return []  # what V2 says of an empty page
    if answer.status != _OK:
        raise FetchUnavailableError(f"GET {path}: {answer.detail or f'HTTP {answer.status}'}")
    return native.read_json(answer.body)


def _paged(api: Api, path: str) -> Iterator[Any]:
    """All entries of a list. One that never ends is given up a page after the most that an order may have."""
    for page in range(1, _PAGES + 1):
        entries = _get(api, f"{path}?page={page}&limit={_PAGE}")
        if not isinstance(entries, list):
            raise native.refused((path.rpartition("/")[2],), "is no list", "look at the store's API; it may have moved")
        yield from entries
        if len(entries) < _PAGE:
            return
