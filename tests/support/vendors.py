"""Shops without a network, for tests of their channels: they hold what they were told and keep their published limits.

Written from the vendors' public references (Shopify: GraphQL Admin API 2026-10; BigCommerce: REST V3), not from our
connectors: what those send is read here as the vendor would read it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.deliveries import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOKEN: Final = "shpat_a-token-that-tests-know"
_CALL: Final = re.compile(
    r"(?:(\w+):\s*)?(inventorySetQuantities|productVariantsBulkUpdate|priceListFixedPricesAdd|nodes)\("
)
_ARGUMENT: Final = re.compile(r"(\w+):\s*(\$\w+|true|false)")
_BIGGEST_LIST: Final = 250
_DEAREST: Final = 1_000
_CALLS: Final = 10


@dataclass
class Shopify:
    """One shop. `points` is what its bucket holds: a request that costs more is throttled.

    `stocked` are its inventory items at the location, `variants` their products, `price_lists` their currencies.
    """

    location: str = "gid://shopify/Location/77"
    currency: str = "GBP"
    points: float = 20_000
    stocked: set[str] = field(default_factory=set)
    variants: dict[str, str] = field(default_factory=dict)
    price_lists: dict[str, str] = field(default_factory=dict)
    quantities: dict[str, int] = field(default_factory=dict)
    prices: dict[tuple[str, str], str] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    on_request: Callable[[], HttpAnswer | None] = lambda: None

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        self.urls.append(url)
        if headers.get("X-Shopify-Access-Token") != TOKEN:
            return HttpAnswer(401, b'{"errors":"[API] Invalid API key or access token"}')
        answer = self.on_request()
        if answer is not None:
            return answer
        document = json.loads(body)
        self.requests.append(document)
        query, variables = document["query"], document["variables"]
        calls = _calls(query, variables)
        cost = sum(1 + len(c["ids"]) if name == "nodes" else _CALLS for _, name, c in calls)
        if cost > _DEAREST:
            return self._failed("Query cost is too high", "MAX_COST_EXCEEDED", cost)
        if cost > self.points:
            return self._failed("Throttled", "THROTTLED", cost)
        self.points -= cost
        for value in variables.values():
            for listed in (value, *(value.values() if isinstance(value, dict) else ())):
                if isinstance(listed, list) and len(listed) > _BIGGEST_LIST:
                    return self._failed(
                        "The input array size is greater than the maximum", "MAX_INPUT_SIZE_EXCEEDED", cost
                    )
        data = {
            alias or name: getattr(self, f"_{name}")(arguments, query, variables) for alias, name, arguments in calls
        }
        return HttpAnswer(200, json.dumps({"data": data, "extensions": self._cost(cost)}).encode())

    def _failed(self, message: str, code: str, cost: int) -> HttpAnswer:
        errors = [{"message": message, "extensions": {"code": code}}]
        return HttpAnswer(200, json.dumps({"errors": errors, "extensions": self._cost(cost)}).encode())

    def _cost(self, cost: int) -> dict[str, Any]:
        status = {"maximumAvailable": 20_000.0, "currentlyAvailable": self.points, "restoreRate": 100.0}
        return {"cost": {"requestedQueryCost": cost, "actualQueryCost": None, "throttleStatus": status}}

    def _inventorySetQuantities(self, arguments: Mapping[str, Any], query: str, variables: Mapping[str, Any]) -> Any:  # noqa: N802 - the vendor's name
        """All of the quantities, or none: since 2026-04 under a key, and with a comparison or an explicit null."""
        found = re.search(r"@idempotent\(key: \$(\w+)\)", query)
        if found is None:
            return _errors(("IDEMPOTENCY_KEY_REQUIRED", None, "an idempotency key is required"))
        key, asked = variables[found.group(1)], arguments["input"]
        if key in self.keys:
            before, result = self.keys[key]
            return result if before == asked else _errors(("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", None, "other input"))
        problems = self._wrong_quantities(asked["quantities"])
        if asked["name"] != "available" or asked["reason"] != "correction":
            problems.append(("INVALID_REASON", ["input", "reason"], "is no reason"))
        if not problems:
            self.quantities |= {one["inventoryItemId"]: one["quantity"] for one in asked["quantities"]}
        result = _errors(*problems)
        self.keys[key] = (asked, result)
        return result

    def _wrong_quantities(self, quantities: list[dict[str, Any]]) -> list[tuple[str, list[str] | None, str]]:
        problems: list[tuple[str, list[str] | None, str]] = []
        items = [one["inventoryItemId"] for one in quantities]
        for n, one in enumerate(quantities):
            place = ["input", "quantities", str(n)]
            if "changeFromQuantity" not in one:
                problems.append(("CHANGE_FROM_QUANTITY_REQUIRED", place, "is required"))
            if one["inventoryItemId"] not in self.stocked:
                problems.append(("INVALID_INVENTORY_ITEM", [*place, "inventoryItemId"], "could not be found"))
            if one["locationId"] != self.location:
                problems.append(("INVALID_LOCATION", [*place, "locationId"], "could not be found"))
            if not 0 <= one["quantity"] <= 1_000_000_000:
                problems.append(("INVALID_QUANTITY", [*place, "quantity"], "is out of range"))
            if items.count(one["inventoryItemId"]) > 1:
                problems.append(("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", place, "stands there twice"))
        return problems

    def _nodes(self, arguments: Mapping[str, Any], _: str, __: Mapping[str, Any]) -> Any:
        return [
            {"id": i, "product": {"id": self.variants[i]}} if i in self.variants else None for i in arguments["ids"]
        ]

    def _productVariantsBulkUpdate(self, arguments: Mapping[str, Any], _: str, __: Mapping[str, Any]) -> Any:  # noqa: N802 - the vendor's name
        if arguments["productId"] not in self.variants.values():
            return _errors(("PRODUCT_DOES_NOT_EXIST", ["productId"], "Product does not exist"))
        problems = []
        for n, one in enumerate(arguments["variants"]):
            if self.variants.get(one["id"]) != arguments["productId"]:
                problems.append(("PRODUCT_VARIANT_DOES_NOT_EXIST", ["variants", str(n), "id"], "does not exist"))
        if problems and arguments.get("allowPartialUpdates") is not True:
            return _errors(*problems)
        wrong = {int(place[1]) for _, place, _ in problems}
        for n, one in enumerate(arguments["variants"]):
            if n not in wrong:
                self.prices["list", one["id"]] = one["price"]
        return _errors(*problems)

    def _priceListFixedPricesAdd(self, arguments: Mapping[str, Any], _: str, __: Mapping[str, Any]) -> Any:  # noqa: N802 - the vendor's name
        price_list = arguments["priceListId"]
        if price_list not in self.price_lists:
            return _errors(("PRICE_LIST_NOT_FOUND", ["priceListId"], "Price list does not exist."))
        problems = []
        for n, one in enumerate(arguments["prices"]):
            place = ["prices", str(n)]
            if one["variantId"] not in self.variants:
                problems.append(("VARIANT_NOT_FOUND", [*place, "variantId"], "does not exist"))
            if one["price"]["currencyCode"] != self.price_lists[price_list]:
                problems.append(("PRICE_LIST_CURRENCY_MISMATCH", [*place, "price", "currencyCode"], "does not match"))
        if not problems:
            self.prices |= {(price_list, p["variantId"]): p["price"]["amount"] for p in arguments["prices"]}
        return _errors(*problems)


def _calls(query: str, variables: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(Alias, name, arguments) of each field of the operation."""
    found = []
    for call in _CALL.finditer(query):
        written = query[call.end() : query.index(")", call.end())]
        arguments = {
            name: variables[value[1:]] if value.startswith("$") else value == "true"
            for name, value in _ARGUMENT.findall(written)
        }
        found.append((call.group(1) or "", call.group(2), arguments))
    assert found, query
    return found


def _errors(*problems: tuple[str, list[str] | None, str]) -> dict[str, Any]:
    return {"userErrors": [{"code": code, "field": place, "message": message} for code, place, message in problems]}


@dataclass
class BigCommerce:
    """One store. `quota` is how many requests it takes until its window ends, in `reset_ms`."""

    base: str = "https://api.bigcommerce.com/stores/abc123"
    location: int = 1
    quota: int = 10_000
    reset_ms: int = 15_000
    variants: set[int] = field(default_factory=set)
    by_product: set[int] = field(default_factory=set)
    price_lists: dict[int, str] = field(default_factory=dict)
    quantities: dict[int, int] = field(default_factory=dict)
    records: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    bodies: list[tuple[str, str]] = field(default_factory=list)
    on_request: Callable[[], HttpAnswer | None] = lambda: None

    def put(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        path = url.removeprefix(f"{self.base}/v3/")
        limits = {"x-rate-limit-time-reset-ms": str(self.reset_ms), "x-rate-limit-requests-left": str(self.quota)}
        if headers.get("X-Auth-Token") != TOKEN:
            return HttpAnswer(401, b'{"status":401,"title":"Unauthorized"}')
        answer = self.on_request()
        if answer is not None:
            return answer
        if self.quota <= 0:
            return HttpAnswer(429, b'{"status":429,"title":"Too many requests"}', headers=limits)
        self.quota -= 1
        self.bodies.append((path, body.decode()))
        if path == "inventory/adjustments/absolute":
            return self._adjust(json.loads(body)["items"])
        if found := re.fullmatch(r"pricelists/(\d+)/records", path):
            return self._upsert(int(found.group(1)), json.loads(body))
        return HttpAnswer(404, b'{"status":404,"title":"Not found"}')

    def _adjust(self, items: list[dict[str, Any]]) -> HttpAnswer:
        """All of the adjustments, or none."""
        if len(items) > 2_000:
            return _problem(422, "Payload is too large", {})
        errors: dict[str, str] = {}
        for n, item in enumerate(items):
            if item["location_id"] != self.location:
                errors[f"items.{n}.location_id"] = "Location was not found"
            if item["variant_id"] not in self.variants:
                errors[f"items.{n}.variant_id"] = "Item was not found"
            if not 0 <= item["quantity"] <= 2_147_483_647:
                errors[f"items.{n}.quantity"] = "is out of range"
        if errors:
            return _problem(422, "Payload contains invalid fields", errors)
        for item in items:
            if item["variant_id"] in self.by_product:
                named = f"[Item with variant_id {item['variant_id']} is tracked by product"
                return _problem(422, f"{named}, please update stock by product id]", {})
        self.quantities |= {item["variant_id"]: item["quantity"] for item in items}
        return HttpAnswer(200, b'{"transaction_id":"t1"}')

    def _upsert(self, price_list: int, records: list[dict[str, Any]]) -> HttpAnswer:
        """What is right is kept although the rest of the batch is not."""
        if price_list not in self.price_lists:
            return HttpAnswer(404, b'{"status":404,"title":"The requested price list was not found"}')
        if len(records) > 1_000:
            return _problem(422, "Too many records", {})
        errors = []
        for record in records:
            wrong = {}
            if record["variant_id"] not in self.variants:
                wrong["variant_id"] = "The variant was not found"
            if record["currency"] != self.price_lists[price_list]:
                wrong["currency"] = "is not one of the store's"
            if wrong:
                errors.append({"data": {k: record[k] for k in ("variant_id", "currency")}, "field_errors": wrong})
            else:
                self.records[price_list, record["variant_id"]] = record
        if errors:
            return HttpAnswer(422, json.dumps({"batch_errors": errors}).encode())
        return HttpAnswer(200, b'{"data":{},"meta":{}}')


def _problem(status: int, title: str, errors: Mapping[str, str]) -> HttpAnswer:
    document = {"status": status, "title": title, "type": "https://developer.bigcommerce.com", "errors": dict(errors)}
    return HttpAnswer(status, json.dumps(document).encode())
