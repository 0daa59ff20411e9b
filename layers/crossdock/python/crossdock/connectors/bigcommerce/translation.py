"""Native → canonical for BigCommerce's webhooks: each says what to fetch. See docs/connectors.md for the tables."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from crossdock.connectors.bigcommerce import payloads
from crossdock.contracts.codes import NO_CODES, STATUSES, WAREHOUSES, Codes
from crossdock.contracts.inbound import Fetch, Translated, UnknownEventError
from crossdock.contracts.native import read_json
from crossdock.contracts.price_fields import instant_text

MAPPING_VERSION: Final = "bigcommerce/1"
HEADERS: Final[tuple[str, ...]] = ()
CODE_TABLES: Final[tuple[str, ...]] = (STATUSES, WAREHOUSES)

ORDER, PRODUCT, STOCK_OF_PRODUCT, STOCK_OF_VARIANT = "order", "product", "stock_of_product", "stock_of_variant"
CREATED: Final = "store/order/created"

_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


def translate(
    source: str,  # noqa: ARG001 - a notice means the same whoever sends it
    body: bytes,
    headers: Mapping[str, str] = _NOBODY,  # noqa: ARG001 - all that counts is in the body
    codes: Codes = NO_CODES,  # noqa: ARG001 - codes stand in what is fetched
) -> Translated:
    """What a webhook of the `scope` it names asks for.

    Raises pydantic.ValidationError naming what does not fit, or UnknownEventError for another scope.
    """
    document = read_json(body)
    scope = payloads.Notice.model_validate(document).scope
    if scope not in _SCOPES:
        raise UnknownEventError(scope, tuple(_SCOPES))
    return _SCOPES[scope](document)


def _thing(resource: str) -> Callable[[Any], Fetch]:
    def wanted(document: Any) -> Fetch:
        notice = payloads.ThingNotice.model_validate(document)
        return _fetch(resource, notice.data.id, notice)

    return wanted


def _product_of_sku(document: Any) -> Fetch:
    notice = payloads.SkuNotice.model_validate(document)
    return _fetch(PRODUCT, notice.data.sku.product_id, notice)


def _stock_of_product(document: Any) -> Fetch:
    notice = payloads.ProductStockNotice.model_validate(document)
    return _fetch(STOCK_OF_PRODUCT, notice.data.inventory.product_id, notice)


def _stock_of_variant(document: Any) -> Fetch:
    notice = payloads.VariantStockNotice.model_validate(document)
    return _fetch(STOCK_OF_VARIANT, notice.data.inventory.variant_id, notice)


def _fetch(resource: str, id_: str, notice: payloads.Notice) -> Fetch:
    return Fetch(resource, id_, notice.scope, instant_text(notice.created_at))


_SCOPES: Final[Mapping[str, Callable[[Any], Fetch]]] = {
    CREATED: _thing(ORDER),
    "store/order/updated": _thing(ORDER),
    "store/order/statusUpdated": _thing(ORDER),
    "store/product/created": _thing(PRODUCT),
    "store/product/updated": _thing(PRODUCT),
    "store/sku/created": _product_of_sku,
    "store/sku/updated": _product_of_sku,
    "store/product/inventory/updated": _stock_of_product,
    "store/sku/inventory/updated": _stock_of_variant,
}
