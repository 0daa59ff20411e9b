"""The check that every test's answers pass through can fail: on each part of an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossdock.contracts.events import SUPPLY_REPORTED, Event
from tests.support.conformance import UndescribedAnswerError, check, check_delivery, check_event

pytestmark = pytest.mark.unit

EVENT = {"httpMethod": "POST", "resource": "/v1/inventory/movements", "body": None}
TAKEN = {"accepted": 1, "correlation_id": "cd-1"}


def answer(status: int = 202, body: Any = TAKEN, media: str = "application/json", **headers: str) -> dict[str, Any]:
    all_headers = {"Content-Type": media, "X-Correlation-Id": "cd-1", **headers}
    return {"statusCode": status, "headers": all_headers, "body": json.dumps(body)}


def problem(name: str, status: int = 403) -> dict[str, Any]:
    document = {
        "type": f"urn:crossdock:problem:{name}",
        "title": name,
        "status": status,
        "detail": "No.",
        "correlation_id": "cd-1",
    }
    return answer(status, document, "application/problem+json")


def test_what_is_described_passes() -> None:
    check("receive_movements", EVENT, answer())
    check("receive_movements", EVENT, problem("scope-missing"))
    check("apply_movements", EVENT, {"batchItemFailures": []})


@pytest.mark.parametrize(
    "strange",
    [
        answer(status=203),
        answer(body={**TAKEN, "also": 1}),
        answer(body={"accepted": 1}),
        answer(body={**TAKEN, "accepted": "1"}),
        answer(media="text/plain"),
        answer(**{"X-New": "1"}),
        problem("customer-not-yours"),
        problem("scope-missing", status=404),
    ],
    ids=["status", "one more field", "a field less", "another type", "media", "header", "problem", "problem's status"],
)
def test_what_is_not_described_is_noticed(strange: dict[str, Any]) -> None:
    with pytest.raises(UndescribedAnswerError):
        check("receive_movements", EVENT, strange)


def test_a_route_that_is_not_described_is_noticed() -> None:
    with pytest.raises(UndescribedAnswerError, match="GET /v1/inventory/movements"):
        check("receive_movements", {**EVENT, "httpMethod": "GET"}, answer())


def test_taking_what_is_not_described_is_noticed() -> None:
    with pytest.raises(UndescribedAnswerError, match="took"):
        check("receive_movements", {**EVENT, "body": '{"movements": [], "unheard_of": 1}'}, answer())


@pytest.mark.parametrize("change", [{"available": None}, {"version": 0}, {"more": 1}])
def test_a_delivery_that_is_not_described_is_noticed(change: dict[str, Any]) -> None:
    item = {"sku": "A1", "version": 1, "available": 5, "correlation_ids": []}
    delivery = {"type": "availability.changed.v1", "timestamp": "2026-11-21T08:00:00.000Z"}

    check_delivery({**delivery, "data": {"channel": "webshop", "items": [item]}})
    with pytest.raises(UndescribedAnswerError):
        check_delivery({**delivery, "data": {"channel": "webshop", "items": [item | change]}})


@pytest.mark.parametrize("change", [{"data": {"source": "erp"}}, {"type": "unheard.of.v1"}, {"specversion": "0.3"}])
def test_an_event_that_is_not_described_is_noticed(change: dict[str, Any]) -> None:
    line = {
        "id": "PO-1/1",
        "kind": "order",
        "item": "A1",
        "warehouse": "MAIN",
        "version": 1,
        "quantity": 4,
        "expected_on": "2026-12-01",
    }
    data = {"source": "erp", "supply": [line]}
    event = Event("e1", SUPPLY_REPORTED, "erp", "supply/erp", "2026-11-21T08:00:00.000Z", "cd-1", data).document()

    check_event(event)
    with pytest.raises(UndescribedAnswerError):
        check_event(event | change)
