"""What the vendors' connectors refuse, by the vendor's own field names; exact money; fetching page by page."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from crossdock.connectors import bigcommerce, generic_erp, generic_wms, salesforce, shopify
from crossdock.contracts import events
from crossdock.contracts.codes import Codes, CodeTable, Refused
from crossdock.contracts.deliveries import HttpAnswer
from crossdock.contracts.fetching import Api, FetchUnavailableError
from crossdock.contracts.inbound import Fact, Fetch, Several, UnknownEventError
from crossdock.contracts.orders import Order
from crossdock.platform.problems import from_validation
from tests.support.payloads import FOLDER, codes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

pytestmark = pytest.mark.unit


def payload(path: str) -> Any:
    return json.loads((FOLDER / path).read_text(encoding="utf-8"))


def with_(document: Any, path: str, value: Any) -> Any:
    """A copy with one value replaced; `...` leaves it out. `line_items.0.price` is a path."""
    found = copy.deepcopy(document)
    *parents, last = [int(p) if p.isdecimal() else p for p in path.split(".")]
    at = found
    for parent in parents:
        at = at[parent]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return found


def faults(run: Callable[[], object]) -> list[tuple[str, str, str]]:
    """The fields that a connector refuses, with problem and remedy."""
    with pytest.raises(ValidationError) as caught:
        run()
    return [(e.field, e.problem, e.remedy) for e in from_validation(caught.value).errors]


def shop(topic: str, document: Any) -> Any:
    return shopify.translate("shop", json.dumps(document).encode(), {"x-shopify-topic": topic}, codes_of("shopify"))


# -- Shopify ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "field", "problem"),
    [
        ("line_items.0.price", "2,55", "line_items[0].price", "is no plain amount from 0 up"),
        ("line_items.0.price", "-2.55", "line_items[0].price", "is no plain amount from 0 up"),
        ("line_items.0.price", "1E+2", "line_items[0].price", "is no plain amount from 0 up"),
        ("line_items.0.price", "0.1234567", "line_items[0].price", "has more than 6 places"),
        ("line_items.0.quantity", "48", "line_items[0].quantity", "is no whole number of units"),
        ("line_items.0.quantity", -1, "line_items[0].quantity", "is below 0"),
        ("line_items.1.current_quantity", 11, "line_items[1].current_quantity", "is above quantity, 10"),
        (
            "line_items.1.variant_id",
            None,
            "line_items[1].sku",
            "is empty, and so is variant_id: nothing says which item",
        ),
        ("line_items.1.id", 14000000000001, "line_items[1].id", "14000000000001 is another line's too"),
        ("line_items", [], "line_items", "List should have at least 1 item"),
        ("currency", "QQQ", "currency", "is no currency of ISO 4217"),
        ("updated_at", "yesterday", "updated_at", "is no instant with its offset from UTC"),
        ("updated_at", "2026-02-30T00:00:00Z", "updated_at", "is no instant of the calendar"),
        ("updated_at", "1970-01-01T00:00:00Z", "updated_at", "lies outside of the years 2000 to 2200"),
        ("name", "#", "name", "is no order's name of printable ASCII characters"),
        ("taxes_included", ..., "taxes_included", "Field required"),
        ("shipping_address.country_code", "England", "shipping_address.country_code", "is no country of ISO 3166"),
        ("shipping_address.city", "x" * 201, "shipping_address.city", "is no text of at most 200 characters"),
    ],
)
def test_a_field_that_does_not_fit_is_named_as_shopify_names_it(
    path: str, value: Any, field: str, problem: str
) -> None:
    order = with_(payload("shopify/orders-create.json"), path, value)

    ((named, said, remedy),) = faults(lambda: shop("orders/create", order))

    assert named == field
    assert said.startswith(problem)
    assert remedy


def test_shopify_needs_its_topic_and_one_that_is_known() -> None:
    (fault,) = faults(lambda: shopify.translate("shop", b"{}", {}))
    with pytest.raises(UnknownEventError) as caught:
        shop("carts/update", {})

    assert fault == ("X-Shopify-Topic", "is missing", "send the header, as Shopify's webhooks have it")
    assert "orders/create" in caught.value.known


def test_a_webhook_of_cancelled_orders_has_the_date() -> None:
    (fault,) = faults(lambda: shop("orders/cancelled", payload("shopify/orders-create.json")))

    assert fault == ("cancelled_at", "is empty in a webhook of orders/cancelled", "send the order again")


def test_an_order_that_is_created_cancelled_is_cancelled() -> None:
    order = with_(payload("shopify/orders-create.json"), "cancelled_at", "2026-11-20T15:00:00Z")

    found = shop("orders/create", order)

    assert found.type == events.ORDER_CANCELLED
    assert found.data["order"]["status"] == "cancelled"


def test_money_keeps_every_digit_also_as_a_number() -> None:
    body = json.dumps(payload("shopify/orders-create.json")).replace('"2.55"', "123456789012.100001").encode()

    found = shopify.translate("shop", body, {"x-shopify-topic": "orders/create"}, codes_of("shopify"))

    assert isinstance(found, Fact)
    assert found.data["order"]["lines"][0]["unit_price"] == "123456789012.100001"


def test_unknown_fields_and_none_of_ours_reach_the_fact() -> None:
    order = with_(payload("shopify/orders-create.json"), "brand_new_field", {"secret": "x"})

    assert shop("orders/create", order) == shop("orders/create", payload("shopify/orders-create.json"))


# -- BigCommerce -----------------------------------------------------------------------------------------------

ANSWERS = payload("bigcommerce/order-created.expected.json")["answers"]
ORDER = Fetch("order", "250", "store/order/updated", "2026-11-21T08:00:00.000000Z")


def fetched(answers: Mapping[str, Any], wanted: Fetch = ORDER) -> Any:
    asked: list[str] = []

    def get(url: str, headers: Mapping[str, str]) -> HttpAnswer:
        assert headers["X-Auth-Token"] == "secret"
        asked.append(url)
        answer = answers[url.removeprefix("https://api.example/stores/s/")]
        return answer if isinstance(answer, HttpAnswer) else HttpAnswer(200, json.dumps(answer).encode())

    return bigcommerce.fetch(
        "store", wanted, Api("https://api.example/stores/s/", "secret", get), codes_of("bigcommerce")
    )


def lines(count: int, start: int = 1000) -> list[Any]:
    line = ANSWERS["v2/orders/250/products?page=1&limit=250"][0]
    return [{**line, "id": start + n} for n in range(count)]


def test_an_order_of_many_lines_is_fetched_page_by_page() -> None:
    pages = {
        "v2/orders/250/products?page=1&limit=250": lines(250),
        "v2/orders/250/products?page=2&limit=250": lines(250, 2000),
        "v2/orders/250/products?page=3&limit=250": HttpAnswer(204),
    }

    found = fetched({**ANSWERS, **pages})

    assert [line["id"] for line in found.data["order"]["lines"]] == [
        str(n) for n in (*range(1000, 1250), *range(2000, 2250))
    ]


@pytest.mark.parametrize(
    ("path", "value", "field", "problem"),
    [
        ("order.status_id", "open!", "order.status_id", "is no id"),
        ("order.date_modified", "2026-11-20T00:00:00Z", "order.date_modified", "is no date with its offset from UTC"),
        ("order.default_currency_code", "Pound", "order.default_currency_code", "is no currency of ISO 4217"),
        ("products.0.price_ex_tax", "", "products[0].price_ex_tax", "is no plain amount from 0 up"),
        ("products.0.order_address_id", 99, "products[0].order_address_id", "99 is not among the order's shipping"),
        ("products.1.variant_id", 0, "products[1].sku", "is empty, and there is no variant_id"),
        ("products.1.id", 901, "products[1].id", "901 is another line's too"),
        ("products", [], "products", "List should have at least 1 item"),
        ("products", {}, "products", "is no list"),
        ("shipping_addresses.0.country_iso2", "UK!", "shipping_addresses[0].country_iso2", "is no country"),
    ],
)
def test_an_answer_that_does_not_fit_is_named_as_bigcommerce_names_it(
    path: str, value: Any, field: str, problem: str
) -> None:
    names = {
        "order": "v2/orders/250",
        **{n: f"v2/orders/250/{n}?page=1&limit=250" for n in ("products", "shipping_addresses")},
    }
    whole = with_({name: ANSWERS[answer] for name, answer in names.items()}, path, value)

    ((named, said, remedy),) = faults(lambda: fetched({names[n]: a for n, a in whole.items()}))

    assert named == field
    assert said.startswith(problem)
    assert remedy


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (HttpAnswer(0, detail="ConnectTimeoutError"), "GET v2/orders/250: ConnectTimeoutError"),
        (HttpAnswer(401), "GET v2/orders/250: HTTP 401"),
        (HttpAnswer(429), "GET v2/orders/250: HTTP 429"),
        (HttpAnswer(503), "GET v2/orders/250: HTTP 503"),
    ],
)
def test_a_store_that_does_not_answer_is_asked_again_later(answer: HttpAnswer, detail: str) -> None:
    with pytest.raises(FetchUnavailableError) as caught:
        fetched({"v2/orders/250": answer})

    assert str(caught.value) == detail


def test_money_in_a_stores_answer_keeps_every_digit() -> None:
    body = json.dumps(lines(1)).replace('"2.5500"', "0.100001").encode()

    found = fetched({**ANSWERS, "v2/orders/250/products?page=1&limit=250": HttpAnswer(200, body)})

    assert found.data["order"]["lines"][0]["unit_price"] == "0.100001"


@pytest.mark.parametrize(
    ("scope", "data", "expected"),
    [
        ("store/order/updated", {"type": "order", "id": 250}, ("order", "250")),
        (
            "store/sku/updated",
            {"type": "sku", "id": 461, "sku": {"product_id": 20, "variant_id": 63}},
            ("product", "20"),
        ),
        (
            "store/product/inventory/updated",
            {"type": "product", "id": 20, "inventory": {"product_id": 20, "method": "absolute", "value": 5}},
            ("stock_of_product", "20"),
        ),
    ],
)
def test_a_notice_says_what_to_fetch(scope: str, data: Any, expected: tuple[str, str]) -> None:
    body = {
        "scope": scope,
        "store_id": "1",
        "data": data,
        "hash": "x",
        "created_at": 1795248000,
        "producer": "stores/s",
    }

    assert bigcommerce.translate("store", json.dumps(body).encode()) == Fetch(
        *expected, scope, "2026-11-21T08:00:00.000000Z"
    )


def test_an_id_in_a_notice_cannot_lead_elsewhere() -> None:
    body = {"scope": "store/order/updated", "data": {"id": "../../v3/x?y"}, "created_at": 1795248000}

    (fault,) = faults(lambda: bigcommerce.translate("store", json.dumps(body).encode()))

    assert fault[:2] == ("data.id", "is no id")


def test_a_scope_that_is_not_mapped_is_unknown() -> None:
    with pytest.raises(UnknownEventError) as caught:
        bigcommerce.translate("store", b'{"scope":"store/cart/created","created_at":1795248000,"data":{}}')

    assert caught.value.event_type == "store/cart/created"


# -- Salesforce ------------------------------------------------------------------------------------------------

SOAP = (FOLDER / "salesforce" / "outbound-message.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "field", "problem"),
    [
        ("<sf:Id>001000000000001AAA</sf:Id>", "", "Id", "Field required"),
        ("001000000000001AAA", "00100000000001", "Id", "is no id of 18 letters and digits"),
        ("2026-11-21T08:00:00.500Z", "now", "LastModifiedDate", "is no instant with its offset from UTC"),
        ("Leeds", "x" * 201, "BillingCity", "is no text of at most 200 characters"),
        ("Notification>", "Other>", "notifications", "hold no sObject"),
        ("</soapenv:Envelope>", "", "body", "is no outbound message: no element found"),
        ("<soapenv:Envelope", "<!DOCTYPE x [<!ENTITY a 'b'>]><soapenv:Envelope", "body", "has a document type"),
        ("Leeds", "<a>" * 20, "body", "is no outbound message: is nested deeper than any message"),
        ("Leeds", "&unknown;", "body", "is no outbound message: undefined entity"),
    ],
)
def test_a_message_that_does_not_fit_is_named_as_salesforce_names_it(
    old: str, new: str, field: str, problem: str
) -> None:
    body = SOAP.replace(old, new).encode()

    (named, said, remedy), *_ = faults(lambda: salesforce.translate("crm", body))

    assert named == field
    assert said.startswith(problem)
    assert remedy


def test_another_object_than_an_account_is_unknown() -> None:
    with pytest.raises(UnknownEventError) as caught:
        salesforce.translate("crm", SOAP.replace("sf:Account", "sf:Contact").encode())

    assert (caught.value.event_type, caught.value.known) == ("Contact", ("Account",))


def change(**header: Any) -> Any:
    event = payload("salesforce/change-update.json")
    event["detail"]["payload"]["ChangeEventHeader"] |= header
    return salesforce.translate("crm", json.dumps(event).encode())


def test_changed_fields_as_a_bitmap_are_refused() -> None:
    (fault,) = faults(lambda: change(changedFields=["0x400002"]))

    assert fault[:2] == ("ChangeEventHeader.changedFields", "is a bitmap of the event's schema")


def test_a_whole_address_that_was_emptied_empties_its_parts() -> None:
    found = change(changedFields=["ShippingAddress"], nulledFields=["ShippingAddress"])

    assert found.data["accounts"][0]["attributes"] == {
        f"shipping_{part}": None for part in ("street", "city", "region", "postcode", "country")
    }


def test_without_a_list_of_changed_fields_what_is_there_is_said() -> None:
    found = change(changedFields=[], nulledFields=[])

    assert found.data["accounts"][0]["attributes"] == {"number": "C2000", "billing_city": "York"}


@pytest.mark.parametrize("records", [["001*"], ["000000000000000AAA"]])
def test_changes_that_salesforce_lost_are_an_exception(records: list[str]) -> None:
    found = change(
        changeType="GAP_OVERFLOW" if records[0][0] == "0" and "*" not in records[0] else "UPDATE", recordIds=records
    )

    assert isinstance(found, Refused)
    assert (found.kind, found.subject) == ("changes_lost", f"account/crm/{records[0]}")


@pytest.mark.parametrize(("header", "unknown"), [({"entityName": "Contact"}, "Contact"), ({"changeType": "X"}, "X")])
def test_other_changes_are_unknown(header: dict[str, str], unknown: str) -> None:
    with pytest.raises(UnknownEventError) as caught:
        change(**header)

    assert caught.value.event_type == unknown


# -- the generic ones ------------------------------------------------------------------------------------------

UNITS = {"units": CodeTable("stores office", {"EA": "piece", "CS": "case", "ST": "piece"})}


def declared(units: Mapping[str, Any], codes: Codes) -> Any:
    document = with_(payload("generic_erp/items-declared.json"), "data.items.0.profile.unit", "EA")
    document = with_(document, "data.items.0.profile.units", units)
    return generic_erp.translate("erp", json.dumps(document).encode(), {}, codes)


def test_an_erps_units_are_ours_by_its_code_table() -> None:
    found = declared({"CS": 12}, Codes("erp", UNITS))

    profile = found.data["items"][0]["profile"]
    assert (profile["unit"], profile["units"]) == ("piece", {"case": "12"})
    assert declared({"BX": 6}, Codes("erp", UNITS)).subject == "code/units/BX"
    assert declared({"BX": 6}, Codes("erp")).data["items"][0]["profile"]["unit"] == "EA"


def test_two_words_for_one_unit_of_an_item_are_refused() -> None:
    ((field, problem, _),) = faults(lambda: declared({"ST": 4}, Codes("erp", UNITS)))

    assert (field, problem) == ("data.items[0].profile.units", "two of them are one unit by the code table")


def test_prices_and_costs_are_of_our_units() -> None:
    price = {
        "rule_id": "r1",
        "version": 1,
        "item": "E1",
        "currency": "GBP",
        "unit": "CS",
        "tiers": [{"min_quantity": 1, "value": "30"}],
        "valid_from": "2026-01-01",
    }
    body = {"type": "prices.changed", "timestamp": "2026-11-21T08:00:00Z", "data": {"prices": [price]}}

    found = generic_erp.translate("erp", json.dumps(body).encode(), {}, Codes("erp", UNITS))
    refused = generic_erp.translate("erp", json.dumps(body).replace("CS", "PAL").encode(), {}, Codes("erp", UNITS))

    assert isinstance(found, Fact)
    assert found.data["prices"][0]["unit"] == "case"
    assert isinstance(refused, Refused)
    assert refused.detail.startswith("data.prices[0].unit is 'PAL'")


def test_a_count_of_an_unknown_place_waits_and_movements_of_it_alone() -> None:
    codes = Codes("wms", {"warehouses": CodeTable("warehouse office", {"W1": "MAIN"})})
    count = with_(payload("generic_wms/stock-counted.json"), "data.warehouse", "W9")
    moved = with_(payload("generic_wms/stock-moved.json"), "data.movements.0.warehouse", "W1")

    refused = generic_wms.translate("wms", json.dumps(count).encode(), {}, codes)
    several = generic_wms.translate("wms", json.dumps(moved).encode(), {}, codes)

    assert isinstance(refused, Refused)
    assert refused.subject == "code/warehouses/W9"
    assert isinstance(several, Several)
    good, bad = several.parts
    assert [m["id"] for m in good.movements] == ["m1"]  # type: ignore[union-attr]
    assert bad.subject == "code/warehouses/MAIN"  # type: ignore[union-attr]


# -- the canonical order ---------------------------------------------------------------------------------------

CANONICAL = payload("bigcommerce/order-created.expected.json")["expected"][0]["data"]["order"]


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("lines.1.id", "901", "lines: the id '901' stands there twice; each has one of its own"),
        ("lines.1.ship_to", "13", "lines: the ship_to '13' is not among ship_tos; add it there"),
    ],
)
def test_an_order_is_consistent_in_itself(path: str, value: str, problem: str) -> None:
    document = json.dumps(with_(CANONICAL, path, value))

    (fault,) = faults(lambda: Order.model_validate_json(document))

    assert fault[1] == problem
