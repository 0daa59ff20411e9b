"""A rule that people approve reaches the webshop with the right price, and a window opens on time by itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crossdock.pricing.cell_store import cell_key
from tests.support.system import erp_code

if TYPE_CHECKING:
    from tests.support.system import System


PATIENCE_S = 120.0


def window(rule: str, price: str) -> dict[str, Any]:
    return {
        "from": None,
        "to": None,
        "rules": [f"erp:{rule}@1"],
        "tiers": [{"min_quantity": 1, "unit_price": price}],
    }


def windows(system: System, sku: str) -> list[tuple[str | None, str | None, str]]:
    """(from, to, price) of what our own cell says of the list prices."""
    row = system.row("pricing", *cell_key("list", sku))
    found = json.loads(row["val"])["windows"] if row else []
    return [(w["from"], w["to"], w["tiers"][0]["unit_price"]) for w in found]


def price_now(system: System, sku: str) -> str | None:
    """What the webshop finds for one piece in what it was told, by its own clock."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    held = system.held("webshop", sku, "price") or []
    found = [w["tiers"][0]["unit_price"] for w in held if (w["from"] or "") <= now < (w["to"] or "~")]
    return found[0] if found else None


def approve(system: System, keys: dict[str, str], rule_id: str, value: str, valid_from: str) -> None:
    rule: dict[str, Any] = {
        "rule_id": rule_id,
        "version": 1,
        "item": erp_code("PUB-A"),
        "currency": "GBP",
        "valid_from": valid_from,
        "tiers": [{"min_quantity": 1, "value": value}],
    }
    assert system.post({"rules": [rule]}, "/v1/price-rules", x_api_key=keys["prices:write"]).status_code == 201
    body = {"approvals": [{"rule_id": rule_id, "version": 1}], "reference": "T-9"}
    assert system.post(body, "/v1/price-rules/approvals", x_api_key=keys["prices:approve"]).status_code == 200


def test_an_approved_price_is_told_and_a_window_opens_on_time_by_itself(system: System) -> None:
    system.knows("PUB-A")
    keys: dict[str, str] = {}
    for name, scope in {"pub-proposer": "prices:write", "pub-approver": "prices:approve"}.items():
        added = system.crossdock("partners", "add", name, "--scope", scope, "--source", "erp", "--json")
        keys[scope] = added.document["api_key"]

    approve(system, keys, "PUB-1", "3.20", "2026-01-01")

    told = [window("PUB-1", "3.20")]
    system.until("the webshop holds it", lambda: system.held("webshop", "PUB-A", "price") == told, PATIENCE_S)
    wanted = {"price_class": "list", "currency": "GBP", "unit": "EA", "windows": told}
    system.until("so it said", lambda: system.acknowledged("webshop", "PUB-A", "price") == wanted, PATIENCE_S)

    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=12)
    approve(system, keys, "PUB-2", "2.95", begins.strftime("%Y-%m-%dT%H:%M:%SZ"))
    system.until("our price is the next one", lambda: windows(system, "PUB-A") == [(None, None, "2.95")], PATIENCE_S)
    assert datetime.now(UTC) >= begins
    system.until("and the webshop's", lambda: price_now(system, "PUB-A") == "2.95", PATIENCE_S)
