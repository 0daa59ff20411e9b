"""Webhooks that are forged, stale or unreadable: refused with the reason, and nothing is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crossdock_cli.secrets import new_signing_secret, signing_secrets
from tests.support.problems import named, problem
from tests.support.system import MOVED_AT, movement

if TYPE_CHECKING:
    from tests.support.system import System

pytestmark = pytest.mark.usefixtures("everything", "nothing_stored")

MOVED = {"movements": [movement("hook-1", "HOOK-A", 5)]}
BODY = json.dumps({"type": "stock.moved", "timestamp": MOVED_AT, "data": MOVED}).encode()


def refused(answer: Any) -> tuple[str, str]:
    """(header, what is wrong with it) of a delivery whose origin is not proven."""
    document = problem(answer, 401, "signature-refused")
    [(field, remedy)] = named(document)
    assert document["detail"].endswith(f"Remedy: {remedy}. Nothing was stored.")
    return field, document["errors"][0]["problem"]


def test_a_signature_by_another_secret_is_refused(system: System) -> None:
    answer = system.deliver("wms", BODY, secret=new_signing_secret())

    assert refused(answer) == ("webhook-signature", "fits none of the active secrets")


def test_another_sources_secret_is_refused(system: System) -> None:
    secret = signing_secrets(system.target.secret_document("sources", "erp"))[0]

    assert refused(system.deliver("wms", BODY, secret=secret))[0] == "webhook-signature"


def test_a_body_that_was_tampered_with_is_refused(system: System) -> None:
    headers = system.signed("wms", BODY)

    answer = system.http.post(
        "/webhooks/wms", content=BODY.replace(b'"quantity": 5', b'"quantity": 6'), headers=headers
    )

    assert refused(answer) == ("webhook-signature", "fits none of the active secrets")


def test_a_signature_is_over_the_id_too(system: System) -> None:
    headers = system.signed("wms", BODY) | {"webhook-id": "msg_of_somebody_else"}

    assert refused(system.http.post("/webhooks/wms", content=BODY, headers=headers))[0] == "webhook-signature"


@pytest.mark.parametrize(("age_s", "where"), [(400, "in the past"), (-400, "in the future")])
def test_a_signed_delivery_from_another_time_is_refused(system: System, age_s: int, where: str) -> None:
    field, says = refused(system.deliver("wms", BODY, age_s=age_s))

    assert field == "webhook-timestamp"
    assert says.endswith(f"{where}; at most 300 s are tolerated")


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(system: System, name: str) -> None:
    headers = {k: v for k, v in system.signed("wms", BODY).items() if k != name}

    answer = system.http.post("/webhooks/wms", content=BODY, headers=headers)

    assert refused(answer) == (name, "is missing")


def test_an_unknown_source_is_not_found(system: System) -> None:
    answer = system.http.post("/webhooks/nobody", content=BODY, headers=system.signed("wms", BODY))

    document = problem(answer, 404, "unknown-source")
    assert named(document) == [("source", "use the webhook address you were given")]


def test_an_unknown_event_type_is_told_which_ones_there_are(system: System) -> None:
    document = problem(system.webhook("wms", "stock.eaten", MOVED), 422, "unknown-event-type")

    assert named(document) == [("type", "send one of: stock.moved, stock.counted; or leave it out of the subscription")]


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"{", b""], ids=["no UTF-8", "cut off", "nothing"])
def test_a_signed_body_that_is_no_json_is_refused(system: System, body: bytes) -> None:
    document = problem(system.deliver("wms", body), 400, "malformed-json")

    assert named(document) == [("body", "send one valid JSON document in UTF-8")]


BROKEN = movement("hook-1", "HOOK-A", 5) | {"quantity": 2.0}
COUNT = {"item": "a", "quantity": 1}
CODE = {"system": "wms", "code": "a"}


@pytest.mark.parametrize(
    ("source", "type_", "data", "field"),
    [
        ("wms", "stock.moved", {"movements": []}, "data.movements"),
        ("wms", "stock.moved", {**MOVED, "source": "erp"}, "data.source"),
        ("wms", "stock.moved", {"movements": [BROKEN]}, "data.movements[0].quantity"),
        ("wms", "stock.counted", {"warehouse": "MAIN", "counted_at": MOVED_AT, "counts": [COUNT]}, "data.position"),
        ("erp", "items.declared", {"items": [{"sku": "a#b", "codes": [CODE]}]}, "data.items[0].sku"),
        ("erp", "prices.changed", {"prices": [{}]}, "data.prices[0].rule_id"),
    ],
)
def test_a_signed_document_that_does_not_fit_is_refused_with_its_field(
    system: System, source: str, type_: str, data: Any, field: str
) -> None:
    document = problem(system.webhook(source, type_, data), 422, "invalid-document")

    assert named(document)[0][0] == field


def test_money_as_a_number_is_refused(system: System) -> None:
    price = {
        "rule_id": "HOOK-R",
        "version": 1,
        "item": "HOOK-A",
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "unit_price": 2.55}],
        "valid_from": MOVED_AT,
    }

    document = problem(system.webhook("erp", "prices.changed", {"prices": [price]}), 422, "invalid-document")

    remedy = 'send it as a text, for example "2.55": a JSON number loses digits on its way'
    assert named(document) == [("data.prices[0].tiers[0].unit_price", remedy)]
    assert document["errors"][0]["problem"] == "is not a text"


def test_a_body_over_the_limit_is_refused_whatever_its_signature(system: System) -> None:
    body = BODY + b" " * 1_000_000

    document = problem(system.deliver("wms", body), 413, "body-too-large")

    assert named(document) == [("body", "send at most 1,000,000 bytes, and the rest in further requests")]
