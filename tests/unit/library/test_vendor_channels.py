"""Shops as channels: what is asked of them, what their answers mean, and what never leaves us."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.connectors import bigcommerce, shopify
from crossdock.contracts.deliveries import Answer, Batch, HttpAnswer, Target, Value
from crossdock.contracts.vendor_requests import NO_TIME, Verdict, in_parts, settled
from tests.support.vendors import TOKEN, BigCommerce, Shopify
from tests.support.world import NOW_TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

pytestmark = pytest.mark.unit

CODES = {f"SKU-{n}": [f"SKU-{n}", f"variant/{n}", f"inventory_item/{1000 + n}"] for n in range(1, 300)}
SHOPIFY = {
    "system": "shop",
    "location": "77",
    "own_prices": "list",
    "price_lists": {"gold": "5", "silver": "6"},
    "api_version": "2026-10",
    "reason": "correction",
}
BIGCOMMERCE = {"system": "shop", "location": 1, "price_lists": {"list": 3, "gold": 4}}


def shop(items: int = 299) -> Shopify:
    found = Shopify()
    found.stocked = {f"gid://shopify/InventoryItem/{1000 + n}" for n in range(1, items + 1)}
    found.variants = {
        f"gid://shopify/ProductVariant/{n}": f"gid://shopify/Product/{900 + n // 3}" for n in range(1, items + 1)
    }
    found.price_lists = {"gid://shopify/PriceList/5": "GBP", "gid://shopify/PriceList/6": "EUR"}
    return found


def store(items: int = 299) -> BigCommerce:
    return BigCommerce(variants=set(range(1, items + 1)), price_lists={3: "gbp", 4: "gbp"})


def unused(*_: Any) -> HttpAnswer:
    raise AssertionError("not to be called")


def to_shopify(vendor: Shopify, batch: Batch, **more: Any) -> Answer:
    target = Target(
        "https://demo.myshopify.com/", vendor.post, unused, put=unused, token=TOKEN, settings=SHOPIFY, codes=codes
    )
    return shopify.deliver(batch, replace(target, **more))


def to_store(vendor: BigCommerce, batch: Batch, **more: Any) -> Answer:
    target = Target(vendor.base, unused, unused, put=vendor.put, token=TOKEN, settings=BIGCOMMERCE, codes=codes)
    return bigcommerce.deliver(batch, replace(target, **more))


def codes(skus: Sequence[str]) -> Mapping[str, Sequence[str]]:
    return {sku: CODES[sku] for sku in skus if sku in CODES}


def levels(**available: Any) -> Batch:
    values = tuple(Value(k.replace("_", "-"), 1, {"available": q}, ("cd-1",)) for k, q in available.items())
    return Batch("webshop", "availability", values, NOW_TEXT)


def many(count: int) -> Batch:
    return levels(**{f"SKU_{n}": n for n in range(1, count + 1)})


def priced(*tiers: tuple[Any, str | None], **more: Any) -> dict[str, Any]:
    window = {
        "from": None,
        "to": None,
        "rules": ["R@1"],
        "tiers": [{"min_quantity": q, "unit_price": price, **more} for q, price in tiers],
    }
    return {"price_class": "list", "currency": "GBP", "unit": "each", "windows": [window] if tiers else []}


def prices(**fields: Mapping[str, Any]) -> Batch:
    """By item, `SKU_1__gold` for another class than the list."""
    values = []
    for name, said in fields.items():
        sku, _, price_class = name.partition("__")
        key = sku.replace("_", "-") + (f"@{price_class}" if price_class else "")
        values.append(Value(key, 1, {**said, "price_class": price_class or "list"}, ("cd-1",)))
    return Batch("webshop", "price", tuple(values), NOW_TEXT)


# -- Shopify: stock --------------------------------------------------------------------------------------------


def test_stock_is_set_in_one_request_that_compares_with_nothing() -> None:
    vendor = shop()

    assert to_shopify(vendor, levels(SKU_1=5, SKU_2=0)) == Answer("acknowledged")

    (request,) = vendor.requests
    assert vendor.urls == ["https://demo.myshopify.com/admin/api/2026-10/graphql.json"]
    assert request["variables"]["input"] == {
        "name": "available",
        "reason": "correction",
        "referenceDocumentUri": "gid://crossdock/Delivery/cd-1",
        "quantities": [
            {
                "inventoryItemId": f"gid://shopify/InventoryItem/{item}",
                "locationId": "gid://shopify/Location/77",
                "quantity": quantity,
                "changeFromQuantity": None,
            }
            for item, quantity in ((1001, 5), (1002, 0))
        ],
    }
    assert vendor.quantities == {"gid://shopify/InventoryItem/1001": 5, "gid://shopify/InventoryItem/1002": 0}


def test_each_request_has_an_idempotency_key_of_its_own_so_that_what_was_mended_is_tried_anew() -> None:
    vendor = shop(items=1)
    assert "could not be found" in to_shopify(vendor, levels(SKU_2=7)).rejected["SKU-2"]
    vendor.stocked.add("gid://shopify/InventoryItem/1002")

    assert to_shopify(vendor, levels(SKU_2=7)) == Answer("acknowledged")

    keys = [r["variables"]["key"] for r in vendor.requests]
    assert len(set(keys)) == 2
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", k) for k in keys)
    assert vendor.quantities == {"gid://shopify/InventoryItem/1002": 7}


def test_what_the_shop_refuses_is_rejected_alone_and_the_rest_is_sent_again_without_it() -> None:
    vendor = shop()
    vendor.stocked -= {"gid://shopify/InventoryItem/1002"}

    answer = to_shopify(vendor, many(5))

    assert answer.state == "acknowledged"
    assert answer.rejected == {"SKU-2": "Shopify: could not be found (INVALID_INVENTORY_ITEM)"}
    assert [len(r["variables"]["input"]["quantities"]) for r in vendor.requests] == [5, 4]
    assert sorted(vendor.quantities.values()) == [1, 3, 4, 5]


def test_a_batch_above_the_vendors_limit_goes_in_parts() -> None:
    vendor = shop()
    assert to_shopify(vendor, many(299)) == Answer("acknowledged")
    assert [len(r["variables"]["input"]["quantities"]) for r in vendor.requests] == [250, 49]
    assert len(vendor.quantities) == 299


def test_an_item_without_its_reference_is_rejected_with_the_command_that_declares_it() -> None:
    vendor = shop()
    strange = {"SKU-8": ["SKU-8"], "SKU-9": ["inventory_item/9", "inventory_item/10"], "SKU-7": ["inventory_item/x"]}

    answer = to_shopify(vendor, levels(SKU_7=1, SKU_8=1, SKU_9=1, SKU_1=4), codes=lambda _: {**CODES, **strange})

    missing = "nothing says which inventory_item of shop it is: crossdock xref add shop inventory_item/NUMBER"
    assert answer.rejected == {
        "SKU-7": f"{missing} 'SKU-7'",
        "SKU-8": f"{missing} 'SKU-8'",
        "SKU-9": "shop knows it as several inventory_item/…: 9, 10; leave one of them",
    }
    assert vendor.quantities == {"gid://shopify/InventoryItem/1001": 4}


def test_without_a_system_the_channel_names_whose_references_are_meant() -> None:
    answer = to_shopify(shop(), levels(SKU_1=1), settings={**SHOPIFY, "system": None}, codes=lambda _: {})
    assert "crossdock xref add webshop inventory_item/NUMBER 'SKU-1'" in answer.rejected["SKU-1"]


def test_a_shop_is_never_shown_more_than_there_is_nor_more_than_it_can_count() -> None:
    vendor = shop()
    answer = to_shopify(vendor, levels(SKU_1="2.75", SKU_2=1_000_000_000, SKU_3=1_000_000_001))
    assert sorted(vendor.quantities.values()) == [2, 1_000_000_000]
    assert answer.rejected == {
        "SKU-3": "Shopify counts to 1000000000 units, and there are 1000000001: hold the rest back from it (buffer)"
    }


# -- Shopify: what holds up the whole --------------------------------------------------------------------------


def test_a_throttled_request_waits_for_as_long_as_its_points_take_to_come_back() -> None:
    vendor = shop()
    vendor.points = 3

    assert to_shopify(vendor, levels(SKU_1=5)) == Answer("unavailable", "Shopify: throttled", retry_after_s=1)

    vendor.points = -1_990
    assert to_shopify(vendor, levels(SKU_1=5)).retry_after_s == 20
    assert vendor.quantities == {}


def test_what_was_done_before_the_throttle_stands_and_the_rest_is_for_later() -> None:
    vendor = shop()
    vendor.points = 10

    answer = to_shopify(vendor, many(260))

    assert (answer.state, answer.rejected, answer.retry_after_s) == ("acknowledged", {}, 1)
    assert answer.later == {f"SKU-{n}": "Shopify: throttled" for n in range(251, 261)}
    assert len(vendor.quantities) == 250


def test_a_token_that_is_not_taken_holds_up_the_channel_and_says_what_to_do() -> None:
    vendor = shop()
    remedy = "give it a token with the scopes of docs/channels.md: crossdock channels set webshop --token TOKEN"
    assert to_shopify(vendor, levels(SKU_1=5, X=1), token="old") == Answer(
        "unavailable", f"Shopify does not let us in (HTTP 401): {remedy}"
    )
    denied = {"errors": [{"message": "Access denied for x.", "extensions": {"code": "ACCESS_DENIED"}}]}
    vendor.on_request = lambda: HttpAnswer(200, json.dumps(denied).encode())
    assert to_shopify(vendor, levels(SKU_1=5)) == Answer(
        "unavailable", f"Shopify does not let us in (Access denied for x.): {remedy}"
    )


@pytest.mark.parametrize("status", [301, 302, 308, 404])
def test_a_wrong_address_holds_up_the_channel(status: int) -> None:
    vendor = shop()
    vendor.on_request = lambda: HttpAnswer(status)
    answer = to_shopify(vendor, levels(SKU_1=5))
    assert answer.state == "unavailable"
    assert answer.detail.endswith("mend the address: crossdock channels set webshop --url URL")


@pytest.mark.parametrize("status", [0, 408, 409, 425, 429, 500, 502, 503, 504])
def test_what_passes_is_waited_for_as_long_as_the_vendor_says(status: int) -> None:
    vendor = shop()
    vendor.on_request = lambda: HttpAnswer(status, detail="d", retry_after_s=7)
    assert to_shopify(vendor, levels(SKU_1=5)) == Answer("unavailable", "Shopify: d", retry_after_s=7)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"[" * 60_000,
        b"{}",
        b'{"data":null}',
        b'{"data":{}}',
        b'{"data":{"inventorySetQuantities":null}}',
        b'{"data":{"inventorySetQuantities":{"userErrors":"x"}}}',
        b'{"errors":[{"message":"x","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}',
        b'{"errors":[{"message":"x","extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"throttleStatus":3}}}',
    ],
)
def test_an_answer_that_says_nothing_is_waited_over(body: bytes) -> None:
    vendor = shop()
    vendor.on_request = lambda: HttpAnswer(200, body)
    assert to_shopify(vendor, levels(SKU_1=5)).state == "unavailable"


@pytest.mark.parametrize("code", ["SERVICE_UNAVAILABLE", "IDEMPOTENCY_CONCURRENT_REQUEST"])
def test_a_mutation_that_asks_to_be_repeated_is(code: str) -> None:
    vendor = shop()
    errors = {"userErrors": [{"code": code, "field": None, "message": "try again"}]}
    vendor.on_request = lambda: HttpAnswer(200, json.dumps({"data": {"inventorySetQuantities": errors}}).encode())
    assert to_shopify(vendor, levels(SKU_1=5)) == Answer("unavailable", f"Shopify: try again ({code})")


def test_an_error_about_an_entry_with_a_number_without_end_is_everybodys() -> None:
    vendor = shop()
    path = ["input", "quantities", "9" * 5_000]
    errors = {"userErrors": [{"code": "X", "field": path, "message": "no"}]}
    vendor.on_request = lambda: HttpAnswer(200, json.dumps({"data": {"inventorySetQuantities": errors}}).encode())
    assert to_shopify(vendor, levels(SKU_1=5)) == Answer("acknowledged", rejected={"SKU-1": "Shopify: no (X)"})


def test_an_error_that_names_no_item_is_everybodys() -> None:
    answer = to_shopify(shop(), levels(SKU_1=5, SKU_2=6), settings={**SHOPIFY, "reason": "because"})
    said = "Shopify: is no reason (INVALID_REASON)"
    assert answer == Answer("acknowledged", rejected={"SKU-1": said, "SKU-2": said})


def test_a_request_that_is_refused_without_a_name_is_halved_until_the_culprit_is_alone() -> None:
    vendor = shop()
    poison = "gid://shopify/InventoryItem/1003"
    errors = {"errors": [{"message": "Variable $input was provided invalid value"}]}
    inner = vendor.post

    def post(url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        return HttpAnswer(200, json.dumps(errors).encode()) if poison.encode() in body else inner(url, headers, body)

    answer = to_shopify(vendor, many(8), post=post)

    assert answer.rejected == {"SKU-3": "Shopify: Variable $input was provided invalid value"}
    assert len(vendor.quantities) == 7


@pytest.mark.parametrize("seconds", [0.9, 1.0, 1.1, 2.0, 3.0, 5.0, 7.9])
@pytest.mark.parametrize("poison", [{1}, {250}, {1, 2, 3}, {1, 63, 126, 189}, set(range(1, 251))])
def test_a_slow_vendor_that_names_nobody_settles_something_each_time_until_all_is_settled(
    seconds: float, poison: set[int]
) -> None:
    """Eight seconds a delivery, however long each request takes: what is for later is told by the next."""
    refused = {f"SKU-{n}" for n in poison}
    told: set[str] = set()
    rejected: set[str] = set()
    waiting = [f"SKU-{n}" for n in range(1, 251)]
    for _ in range(250):
        clock, begun = [8.0], [0]

        def send(keys: Sequence[str], clock: list[float] = clock, begun: list[int] = begun) -> Verdict:
            clock[0] -= seconds
            begun[0] += 1
            if refused & set(keys):
                return Verdict(unnamed="no")
            told.update(keys)
            return Verdict()

        answer = settled(in_parts(waiting, send, 250), {}, lambda clock=clock: clock[0])
        assert (answer.state, begun[0] <= 9) == ("acknowledged", True)
        assert set(answer.later.values()) <= {NO_TIME}
        assert len(answer.later) < len(waiting), "something was settled"
        rejected |= set(answer.rejected)
        waiting = list(answer.later)
        if not waiting:
            break

    assert (waiting, rejected, len(told)) == ([], refused, 250 - len(refused))


def test_no_request_is_begun_when_the_time_of_the_delivery_is_over() -> None:
    vendor, left = shop(), [1.0, 0.0]
    answer = to_shopify(vendor, many(299), time_left=lambda: left.pop(0))
    assert len(vendor.requests) == 1
    assert answer.later == {f"SKU-{n}": NO_TIME for n in range(251, 300)}

    assert to_shopify(vendor, levels(SKU_1=5), time_left=lambda: 0.0) == Answer("unavailable", NO_TIME)
    assert len(vendor.requests) == 1


# -- Shopify: prices -------------------------------------------------------------------------------------------


def test_list_prices_are_the_variants_own_and_other_classes_have_a_price_list() -> None:
    vendor = shop()
    answer = to_shopify(
        vendor,
        prices(
            SKU_1=priced((0, "2.5"), (10, "2.25")),
            SKU_2=priced((1, "100.00")),
            SKU_1__gold=priced((1, "2.1")),
            SKU_4=priced((1, "0")),
        ),
    )
    assert answer == Answer("acknowledged")
    assert vendor.prices == {
        ("list", "gid://shopify/ProductVariant/1"): "2.5",
        ("list", "gid://shopify/ProductVariant/2"): "100",
        ("list", "gid://shopify/ProductVariant/4"): "0",
        ("gid://shopify/PriceList/5", "gid://shopify/ProductVariant/1"): "2.1",
    }
    assert len(vendor.requests) == 3, "which products, their variants, and the price list"
    assert vendor.requests[2]["variables"] == {
        "list": "gid://shopify/PriceList/5",
        "prices": [{"variantId": "gid://shopify/ProductVariant/1", "price": {"amount": "2.1", "currencyCode": "GBP"}}],
    }


def test_a_hundred_products_go_within_the_cost_that_a_request_may_have() -> None:
    vendor = shop()
    batch = prices(**{f"SKU_{n}": priced((1, f"{n}.5")) for n in range(1, 101)})
    assert to_shopify(vendor, batch) == Answer("acknowledged")
    assert len(vendor.prices) == 100
    assert len(vendor.requests) == 10


def test_a_variant_that_the_shop_does_not_have_is_rejected_alone() -> None:
    vendor = shop(items=2)
    answer = to_shopify(vendor, prices(SKU_1=priced((1, "2")), SKU_3=priced((1, "3")), SKU_3__gold=priced((1, "1"))))
    assert answer.rejected == {
        "SKU-3": "Shopify has no gid://shopify/ProductVariant/3: correct the reference variant/3",
        "SKU-3@gold": "Shopify: does not exist (VARIANT_NOT_FOUND)",
    }
    assert vendor.prices == {("list", "gid://shopify/ProductVariant/1"): "2"}


def test_a_product_that_goes_away_between_two_requests_takes_only_its_own_variants_along() -> None:
    vendor = shop()
    first = vendor.post

    def post(url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        if b"productVariantsBulkUpdate" in body:
            vendor.variants.pop("gid://shopify/ProductVariant/3")
        return first(url, headers, body)

    answer = to_shopify(
        vendor, prices(SKU_3=priced((1, "3")), SKU_4=priced((1, "4")), SKU_9=priced((1, "9"))), post=post
    )

    assert answer.rejected == {"SKU-3": "Shopify: does not exist (PRODUCT_VARIANT_DOES_NOT_EXIST)"}
    assert sorted(vendor.prices.values()) == ["4", "9"]


def test_a_price_list_that_is_not_there_is_everybodys_and_another_list_goes_on() -> None:
    vendor = shop()
    del vendor.price_lists["gid://shopify/PriceList/5"]
    answer = to_shopify(
        vendor, prices(SKU_1__gold=priced((1, "2")), SKU_2__gold=priced((1, "2")), SKU_1=priced((1, "3")))
    )
    said = "Shopify: Price list does not exist. (PRICE_LIST_NOT_FOUND)"
    assert answer.rejected == {"SKU-1@gold": said, "SKU-2@gold": said}
    assert vendor.prices == {("list", "gid://shopify/ProductVariant/1"): "3"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (priced(), "it has no price now, and Shopify cannot be told so: take it off sale there, or price it"),
        (priced((5, "2")), "it is sold from 5 units on, and Shopify sells one: give it a price for one unit"),
        (priced((1, None)), "a guard blocks its price from 1 units on: see crossdock price explain"),
        (priced((1, "0.0375")), "0.0375 has more than the 2 decimals that Shopify keeps: round it to them"),
        (
            priced((1, "2"), quote=True),
            "from 1 units on only a quote says what it costs (graduated tiers), which Shopify cannot hold",
        ),
    ],
)
def test_a_price_that_the_shop_cannot_hold_is_rejected_before_it_is_asked(fields: Mapping[str, Any], said: str) -> None:
    vendor = shop()
    assert to_shopify(vendor, prices(SKU_1=fields)) == Answer("acknowledged", rejected={"SKU-1": said})
    assert vendor.requests == []


# -- BigCommerce -----------------------------------------------------------------------------------------------


def test_stock_of_a_store_is_adjusted_absolutely() -> None:
    vendor = store()

    assert to_store(vendor, levels(SKU_1=5, SKU_2="0.5")) == Answer("acknowledged")

    ((path, body),) = vendor.bodies
    assert path == "inventory/adjustments/absolute"
    assert json.loads(body) == {
        "reason": "crossdock",
        "items": [
            {"location_id": 1, "variant_id": 1, "quantity": 5},
            {"location_id": 1, "variant_id": 2, "quantity": 0},
        ],
    }


def test_what_a_store_names_is_rejected_alone_whether_by_its_place_or_by_its_words() -> None:
    vendor = store()
    vendor.variants -= {2}
    vendor.by_product = {4}

    answer = to_store(vendor, many(6))

    assert answer == Answer(
        "acknowledged",
        rejected={
            "SKU-2": "BigCommerce: items.1.variant_id: Item was not found",
            "SKU-4": "BigCommerce: [Item with variant_id 4 is tracked by product, please update stock by product id]",
        },
    )
    assert vendor.quantities == {1: 1, 3: 3, 5: 5, 6: 6}
    assert len(vendor.bodies) == 3


def test_a_store_that_names_nobody_is_asked_by_halves() -> None:
    vendor = store()
    inner = vendor.put

    def put(url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        poison = any(i["variant_id"] == 7 for i in json.loads(body)["items"])
        return HttpAnswer(422, b'{"title":"Invalid","errors":{}}') if poison else inner(url, headers, body)

    assert to_store(vendor, many(8), put=put) == Answer("acknowledged", rejected={"SKU-7": "BigCommerce: Invalid"})
    assert sorted(vendor.quantities) == [1, 2, 3, 4, 5, 6, 8]


def test_a_store_whose_quota_is_used_up_waits_until_its_window_ends() -> None:
    vendor = store()
    vendor.quota = 0
    assert to_store(vendor, levels(SKU_1=5)) == Answer("unavailable", "BigCommerce: HTTP 429", retry_after_s=15)

    vendor.reset_ms = 15_001
    assert to_store(vendor, levels(SKU_1=5)).retry_after_s == 16

    vendor.on_request = lambda: HttpAnswer(429, b"{}", headers={"x-rate-limit-time-reset-ms": "9" * 5_000})
    assert to_store(vendor, levels(SKU_1=5)).retry_after_s == 1_000_000_000

    degraded = b'{"error":{"code":"SERVICE_DEGRADED","retry_after_seconds":30}}'
    vendor.on_request = lambda: HttpAnswer(503, degraded)
    assert to_store(vendor, levels(SKU_1=5)).retry_after_s == 30
    assert vendor.quantities == {}


def test_a_stores_token_that_is_not_taken_holds_up_the_channel() -> None:
    answer = to_store(store(), levels(SKU_1=5), token="")
    assert answer.state == "unavailable"
    assert "crossdock channels set webshop --token TOKEN" in answer.detail


def test_prices_are_records_of_the_classs_price_list_with_all_their_breaks() -> None:
    vendor = store()

    answer = to_store(
        vendor,
        prices(
            SKU_1=priced((0, "2.5000"), (10, "2.25"), (50, "2.1")),
            SKU_2=priced((1, "0.0375")),
            SKU_1__gold=priced((1, "2")),
        ),
    )

    assert answer == Answer("acknowledged")
    assert vendor.records == {
        (3, 1): {
            "variant_id": 1,
            "currency": "gbp",
            "price": 2.5,
            "bulk_pricing_tiers": [
                {"quantity_min": 10, "quantity_max": 49, "type": "fixed", "amount": 2.25},
                {"quantity_min": 50, "quantity_max": 2_147_483_647, "type": "fixed", "amount": 2.1},
            ],
        },
        (3, 2): {"variant_id": 2, "currency": "gbp", "price": 0.0375, "bulk_pricing_tiers": []},
        (4, 1): {"variant_id": 1, "currency": "gbp", "price": 2, "bulk_pricing_tiers": []},
    }
    assert [path for path, _ in vendor.bodies] == ["pricelists/3/records", "pricelists/4/records"]


def test_an_amount_keeps_every_digit_on_its_way() -> None:
    vendor = store()
    assert to_store(vendor, prices(SKU_1=priced((1, "1234567890123.4567")))) == Answer("acknowledged")
    assert '"price":1234567890123.4567,' in vendor.bodies[0][1]


def test_a_break_at_a_part_of_a_unit_is_rejected() -> None:
    answer = to_store(store(), prices(SKU_1=priced((1, "2"), ("2.5", "1"))))
    assert answer.rejected == {"SKU-1": "a break is at 2.5 units, and BigCommerce counts whole ones: move the break"}


def test_records_that_a_store_refuses_are_rejected_and_the_rest_is_there() -> None:
    vendor = store()
    vendor.variants -= {2}
    answer = to_store(vendor, prices(SKU_1=priced((1, "1")), SKU_2=priced((1, "2")), SKU_3=priced((1, "3"))))
    assert answer == Answer("acknowledged", rejected={"SKU-2": "BigCommerce: variant_id: The variant was not found"})
    assert sorted(vendor.records) == [(3, 1), (3, 3)]


def test_a_stores_price_list_that_is_not_there_is_everybodys() -> None:
    vendor = store()
    del vendor.price_lists[4]
    answer = to_store(vendor, prices(SKU_1__gold=priced((1, "1")), SKU_2=priced((1, "2"))))
    assert answer.rejected == {"SKU-1@gold": "BigCommerce has no price list 4: mend settings.price_lists"}
    assert sorted(vendor.records) == [(3, 2)]


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b"[" * 60_000, b'{"errors":[1]}', b'{"batch_errors":[null,{"data":3}]}']
)
def test_a_refusal_in_no_known_form_is_isolated_all_the_same(body: bytes) -> None:
    vendor = store()
    vendor.on_request = lambda: HttpAnswer(422, body)
    answer = to_store(vendor, levels(SKU_1=1, SKU_2=2))
    assert answer.state == "acknowledged"
    assert set(answer.rejected) == {"SKU-1", "SKU-2"}
