"""With IAM enforced, each kind of fact goes its whole way by what the functions' roles allow, and not a call more.

The tests run in their order: the last but one reads every function's log for refusals that were survived, the last one
takes a grant away to see that there are any.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.problems import problem
from tests.support.system import MOVED_AT, erp_code, movement

if TYPE_CHECKING:
    from tests.support.system import System

pytestmark = pytest.mark.e2e

SKU = "ROLE-A"
_DENIED = re.compile(r"not authorized to perform: \S+|AccessDenied[^\"]{0,300}")


def _rule(**fields: Any) -> dict[str, Any]:
    tiers = [{"min_quantity": "1", "value": "2.55"}]
    return {"rule_id": "ROLE-LIST", "version": 1, "item": erp_code(SKU), "currency": "GBP", "tiers": tiers, **fields}


def test_a_movement_by_api_and_one_by_webhook_are_applied_and_told_to_channels(system: System) -> None:
    system.knows(SKU)
    system.send(movement("role-1", SKU, 10))
    moved = {"movements": [movement("role-2", SKU, 2, "pick")]}
    assert system.webhook("wms", "stock.moved", moved).status_code == 202
    system.until("both channels are told", lambda: system.told(SKU, 8, 6))
    assert system.journal(SKU) == {"role-1": 10, "role-2": -2}


def test_a_hold_is_made_confirmed_and_cancelled(system: System) -> None:
    lines = [{"line": "1", "sku": SKU, "quantity": 3}]
    made = system.post({"channel": "webshop", "lines": lines}, "/v1/reservations", idempotency_key="role-hold")
    assert made.status_code == 201, made.text
    place = f"/v1/reservations/{made.json()['id']}"
    assert system.post({}, f"{place}/confirm").json()["status"] == "confirmed"
    assert system.post({}, f"{place}/cancel").json()["status"] == "cancelled"
    system.until("all are free again", lambda: system.told(SKU, 8, 6))


def test_a_price_is_published_quoted_and_proven(system: System) -> None:
    prices = {"prices": [_rule(valid_from="2026-01-01T00:00:00Z")]}
    assert system.webhook("erp", "prices.changed", prices).status_code == 202
    system.until("the webshop has the price", lambda: system.held("webshop", SKU, "price"))
    asked = {"lines": [{"line": "1", "item": SKU, "quantity": 6}]}
    quoted = system.post(asked, "/v1/quotes", idempotency_key="role-quote")
    assert (quoted.status_code, quoted.json()["lines"][0]["unit_price"]) == (201, "2.55"), quoted.text
    found = quoted.json()
    names = ("line", "item", "quantity", "unit", "unit_price", "extended_price")
    ordered = {"token": found["token"], "lines": [{n: found["lines"][0][n] for n in names}]}
    proven = system.post(ordered, "/v1/quotes/verify")
    assert (proven.status_code, proven.json()["valid"]) == (200, True), proven.text


def test_a_customer_is_taken_in_found_and_checked(system: System) -> None:
    report = {
        "account": "ROLE-C1",
        "version": 1,
        "changed_at": MOVED_AT,
        "attributes": {"name": "Role Ltd", "billing_country": "United Kingdom"},
    }
    assert system.webhook("erp", "customers.reported", {"accounts": [report]}).status_code == 202
    headers = {"x-api-key": system.key}

    def found() -> Any:
        answer = system.http.get("/v1/customers", params={"system": "erp", "external": "ROLE-C1"}, headers=headers)
        return answer.status_code == 200 and answer.json()["customers"]

    (customer,) = system.until("the customer is known", found)
    assert "Role Ltd" in json.dumps(customer)


def test_what_cannot_be_applied_is_an_exception_that_is_corrected_and_replayed(system: System) -> None:
    unknown = {**movement("role-3", SKU, 1), "item": "nobody knows"}
    assert system.post({"movements": [unknown]}).status_code == 202
    group = system.exception("unknown_item", "item/nobody knows")
    system.knows("ROLE-B")
    given = system.crossdock(
        "exceptions", "correct", group["id"], "--set", "item=wms ROLE-B", "--why", "typo", "--json"
    )
    assert given.code == 0, given.err
    assert system.crossdock("exceptions", "replay", group["id"], "--json").code == 0
    system.until("it is applied after all", lambda: system.journal("ROLE-B") == {"role-3": 1})


def test_counts_are_compared_and_channels_reconciled(system: System) -> None:
    counts = [{"item": f"wms {SKU}", "quantity": 8}]
    data = {"warehouse": "MAIN", "position": 1, "counted_at": MOVED_AT, "counts": counts}
    assert system.webhook("wms", "stock.counted", data).status_code == 202
    system.until("the count is kept", lambda: system.row("inventory", "CNT#wms#MAIN", f"{SKU}#wms {SKU}"))
    assert system.crossdock("reconcile", "stock", "--source", "wms", "--json").code == 0
    assert system.crossdock("reconcile", "channel", "webshop", "--json").code == 0


def test_no_function_was_refused_anything_on_the_way(system: System) -> None:
    refused = {}
    for group in system.target.logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]:
        name = group["logGroupName"]
        for event in system.target.logs.filter_log_events(logGroupName=name)["events"]:
            if "AccessDenied" in event["message"] or "not authorized to perform" in event["message"]:
                refused.setdefault(name, _DENIED.findall(event["message"]))
    assert refused == {}


def test_a_function_whose_grant_is_taken_away_is_refused_and_nothing_is_stored(system: System) -> None:
    iam = system.target.session.client("iam", **system.target.options)
    before = system.journal(SKU)
    role = _role(system, "receive-movements")
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    whole = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    fewer = {**whole, "Statement": [s for s in whole["Statement"] if "sqs:SendMessage" not in s["Action"]]}
    assert len(fewer["Statement"]) == len(whole["Statement"]) - 1
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(fewer))

    refused = system.post({"movements": [movement("role-9", SKU, 1)]})

    problem(refused, 503, "temporarily-unavailable")
    assert (system.journal(SKU), system.depths()["movements"], system.depths()["movements-dlq"]) == (before, 0, 0)
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(whole))
    system.send(movement("role-9", SKU, 1))
    system.until("it is applied", lambda: "role-9" in system.journal(SKU))


def _role(system: System, function: str) -> str:
    found = system.target.functions.get_function_configuration(FunctionName=system.target.name(function))
    return found["Role"].rsplit("/", 1)[-1]
