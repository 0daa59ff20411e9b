"""Canonical → native for Shopify: availability as quantities at a location, prices of variants and of price lists.

A set is absolute and we are its authority, so nothing is compared with what the shop has (`changeFromQuantity` null).
Each request has an idempotency key of its own: what was refused and mended is tried anew, and a set that is repeated
because its answer was lost sets the same.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from crossdock.connectors.shopify.admin import SHOPIFY, Admin, verdict
from crossdock.contracts.deliveries import Answer, Batch, Need, Target
from crossdock.contracts.price_keys import read_key
from crossdock.contracts.shop_ids import shop_ids
from crossdock.contracts.shop_prices import UntellableError, price_of_one, shop_units
from crossdock.contracts.vendor_requests import AskedToWaitError, Request, Verdict, in_parts, settled

NEEDS: Final[frozenset[Need]] = frozenset({"token", "codes"})
# An input list of Shopify's has 250 entries at most.
LARGEST: Final = 250
# A mutation costs 10 points of a bucket of 1,000 or more, and a request may not cost more than 1,000.
_PRODUCTS: Final = 20
_PLACES: Final = 2
_MOST: Final = 1_000_000_000

_SET_QUANTITIES: Final = (
    "mutation Quantities($input: InventorySetQuantitiesInput!, $key: String!) {"
    " inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code field message } } }"
)
_PRODUCTS_OF: Final = (
    "query Products($ids: [ID!]!) { nodes(ids: $ids) { ... on ProductVariant { id product { id } } } }"
)
_FIXED_PRICES: Final = (
    "mutation FixedPrices($list: ID!, $prices: [PriceListPriceInput!]!) {"
    " priceListFixedPricesAdd(priceListId: $list, prices: $prices) { userErrors { code field message } } }"
)


def deliver(batch: Batch, target: Target) -> Answer:
    """Tells the shop, request by request."""
    shop = Admin(batch.channel, target)
    known = target.codes(sorted({v.sku for v in batch.values}))
    tell = _levels if batch.kind == "availability" else _prices
    requests, rejected = tell(batch, target.settings, shop, known)
    return settled(requests, rejected, target.time_left)


# -- availability ----------------------------------------------------------------------------------------------


def _levels(
    batch: Batch, settings: Mapping[str, Any], shop: Admin, known: Mapping[str, Sequence[str]]
) -> tuple[list[Request], dict[str, str]]:
    ids, rejected = shop_ids(batch, settings, known, "inventory_item")
    units = shop_units(SHOPIFY, batch, _MOST, rejected)
    correlation = next((c for v in batch.values for c in v.correlation_ids), "unknown")

    def send(keys: Sequence[str]) -> Verdict:
        quantities = [
            {
                "inventoryItemId": f"gid://shopify/InventoryItem/{ids[key]}",
                "locationId": f"gid://shopify/Location/{settings['location']}",
                "quantity": units[key],
                "changeFromQuantity": None,
            }
            for key in keys
        ]
        asked = {
            "name": "available",
            "reason": settings["reason"],
            "referenceDocumentUri": f"gid://crossdock/Delivery/{correlation}",
            "quantities": quantities,
        }
        data = shop.ask(_SET_QUANTITIES, {"input": asked, "key": str(uuid.uuid4())})
        places = {n: (key,) for n, key in enumerate(keys)}
        # One quantity that is refused undoes the others.
        return verdict(data.get("inventorySetQuantities"), places, "quantities", partial=False)

    return in_parts([key for key in ids if key not in rejected], send, LARGEST), rejected


# -- prices ----------------------------------------------------------------------------------------------------


def _prices(
    batch: Batch, settings: Mapping[str, Any], shop: Admin, known: Mapping[str, Sequence[str]]
) -> tuple[list[Request], dict[str, str]]:
    ids, rejected = shop_ids(batch, settings, known, "variant")
    amounts: dict[str, Mapping[str, str]] = {}
    for value in batch.values:
        try:
            # A variant has one price: what one unit costs. Breaks are not told (docs/channels.md).
            amount = price_of_one(SHOPIFY, value.fields, _PLACES)
            amounts[value.key] = {"amount": amount, "currencyCode": value.fields["currency"]}
        except UntellableError as exc:
            rejected.setdefault(value.key, str(exc))
    by_class: dict[str, list[str]] = {}
    for key in (k for k in ids if k not in rejected):
        by_class.setdefault(read_key(key)[0], []).append(key)
    requests = []
    for name, keys in by_class.items():
        if name == settings["own_prices"]:
            requests += in_parts(keys, _Variants(shop, ids, amounts).send, _PRODUCTS)
        else:
            price_list = f"gid://shopify/PriceList/{settings['price_lists'][name]}"
            requests += in_parts(keys, _PriceList(shop, price_list, ids, amounts).send, LARGEST)
    return requests, rejected


class _PriceList:
    """Fixed prices of one price list."""

    def __init__(
        self, shop: Admin, price_list: str, ids: Mapping[str, str], amounts: Mapping[str, Mapping[str, str]]
    ) -> None:
        self._shop = shop
        self._list = price_list
        self._ids = ids
        self._amounts = amounts

    def send(self, keys: Sequence[str]) -> Verdict:
        prices = [{"variantId": _variant(self._ids[key]), "price": dict(self._amounts[key])} for key in keys]
        data = self._shop.ask(_FIXED_PRICES, {"list": self._list, "prices": prices})
        places = {n: (key,) for n, key in enumerate(keys)}
        # What is sent again is set again: it may have been done or not.
        return verdict(data.get("priceListFixedPricesAdd"), places, "prices", partial=False)


class _Variants:
    """The variants' own prices, product by product: a mutation knows only one."""

    def __init__(self, shop: Admin, ids: Mapping[str, str], amounts: Mapping[str, Mapping[str, str]]) -> None:
        self._shop = shop
        self._ids = ids
        self._amounts = amounts

    def send(self, keys: Sequence[str]) -> Verdict:
        products, named = self._products(keys)
        if not products:
            return Verdict(named=named, partial=True)
        declared, calls = [], []
        variables: dict[str, Any] = {}
        for n, (product, held) in enumerate(products.items()):
            declared.append(f"$p{n}: ID!, $v{n}: [ProductVariantsBulkInput!]!")
            calls.append(
                f"m{n}: productVariantsBulkUpdate(productId: $p{n}, variants: $v{n}, allowPartialUpdates: true)"
                " { userErrors { code field message } }"
            )
            variables[f"p{n}"] = product
            variables[f"v{n}"] = [
                {"id": _variant(self._ids[key]), "price": self._amounts[key]["amount"]} for key in held
            ]
        data = self._shop.ask(f"mutation Variants({', '.join(declared)}) {{ {' '.join(calls)} }}", variables)
        for n, held in enumerate(products.values()):
            places = {i: (key,) for i, key in enumerate(held)}
            said = verdict(data.get(f"m{n}"), places, "variants", partial=True)
            named |= {**said.named} | (dict.fromkeys(held, said.whole) if said.whole else {})
        return Verdict(named=named, partial=True)

    def _products(self, keys: Sequence[str]) -> tuple[dict[str, list[str]], dict[str, str]]:
        """The keys by the product of their variant, and those whose variant the shop does not have."""
        wanted = [_variant(self._ids[key]) for key in keys]
        nodes = self._shop.ask(_PRODUCTS_OF, {"ids": wanted}).get("nodes")
        if not isinstance(nodes, list):
            raise AskedToWaitError(f"{SHOPIFY}: its answer has no nodes")
        known = [n for n in nodes if isinstance(n, dict) and isinstance(n.get("product"), dict)]
        found = {str(n.get("id")): str(n["product"].get("id")) for n in known}
        products: dict[str, list[str]] = {}
        named = {}
        for key, variant in zip(keys, wanted, strict=True):
            if variant in found:
                products.setdefault(found[variant], []).append(key)
            else:
                named[key] = f"{SHOPIFY} has no {variant}: correct the reference variant/{self._ids[key]}"
        return products, named


def _variant(number: str) -> str:
    return f"gid://shopify/ProductVariant/{number}"
