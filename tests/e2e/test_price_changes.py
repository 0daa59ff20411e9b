"""Prices changed by a webhook, a file and a partner's request, on the deployed app: what is kept, told and shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.system import erp_code

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.system import System

HEAD = "rule_id,version,item,currency,min_quantity,value,valid_from"


@pytest.fixture(scope="module")
def desk(system: System) -> dict[str, str]:
    """Keys of two partners who may speak for the ERP: one proposes, the other one approves."""
    made = {}
    for name, scope in {"proposer": "prices:write", "approver": "prices:approve"}.items():
        added = system.crossdock("partners", "add", name, "--scope", scope, "--source", "erp", "--json")
        made[name] = added.document["api_key"]
    return made


def file(folder: Path, *rows: str) -> str:
    path = folder / "changes.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    return str(path)


def row(rule: str, version: int, sku: str, price: str) -> str:
    return f"{rule},{version},{erp_code(sku)},GBP,1,{price},2026-01-01"


def prices(system: System, sku: str) -> list[str]:
    """The rules whose prices the item's sheet holds."""
    sheet = system.row("pricing", f"I#{sku}", "SHEET")
    return sorted(sheet.get("rules", {})) if sheet else []


def test_customers_and_families_arrive_by_webhook(system: System) -> None:
    profile = {"version": 1, "unit": "EA", "units": {"CS": 12}, "families": ["chg-drills"]}
    item = {"sku": "CHG-W", "codes": [{"system": "erp", "code": erp_code("CHG-W")}], "profile": profile}
    customer = {"customer": "CHG-C1", "version": 1, "segments": ["retail"], "parents": ["CHG-C0"], "strategic": True}

    assert system.webhook("erp", "items.declared", {"items": [item]}).status_code == 202
    assert system.webhook("erp", "customers.priced", {"customers": [customer]}).status_code == 202

    sheet = system.until("prices know the item", lambda: system.row("pricing", "I#CHG-W", "SHEET"))
    assert sheet["fam"] == ["chg-drills"]
    system.until("prices know the customer", lambda: system.row("pricing", "C#CHG-C1", "PROFILE"))
    shown = system.crossdock("price", "customers", "show", "CHG-C1", "--json").document
    assert (shown["segments"], shown["parents"], shown["strategic"], shown["source"]) == (
        ["retail"],
        ["CHG-C0"],
        True,
        "erp",
    )


def test_a_file_is_judged_then_taken_and_the_webshop_is_told(system: System, tmp_path: Path) -> None:
    system.knows("CHG-A", "CHG-B")
    path = file(tmp_path, row("CHG-1", 1, "CHG-A", "4.50"), row("CHG-2", 1, "CHG-B", "7.00"))

    judged = system.crossdock("price", "import", path, "--source", "erp", "--dry-run", "--json").document
    assert (judged["outcomes"], judged["stored"]) == ({"new": 2}, False)
    assert (prices(system, "CHG-A"), prices(system, "CHG-B")) == ([], [])

    done = system.crossdock("price", "import", path, "--source", "erp", "--by", "mara", "--json").document
    assert (done["outcomes"], done["stored"]) == ({"new": 2}, True)
    assert (prices(system, "CHG-A"), prices(system, "CHG-B")) == (["erp:CHG-1"], ["erp:CHG-2"])
    system.until("the webshop knows", lambda: "4.5" in json.dumps(system.held("webshop", "CHG-A", "price")))


def test_the_good_lines_go_in_without_the_bad(system: System, tmp_path: Path) -> None:
    system.knows("CHG-D")
    path = file(tmp_path, row("CHG-3", 1, "CHG-D", "1.00"), row("CHG-4", 1, "CHG-NOBODY", "1.00"), "CHG-5,x,,,,,")

    refused = system.crossdock("price", "import", path, "--source", "erp")
    assert refused.code == 1
    assert "line 4, column version: 'x' is no whole number" in refused.err
    assert prices(system, "CHG-D") == []

    partly = system.crossdock("price", "import", path, "--source", "erp", "--accept-good")
    assert partly.code == 3
    assert prices(system, "CHG-D") == ["erp:CHG-3"]
    kept = (tmp_path / "changes.rejects.csv").read_text(encoding="utf-8")
    assert kept.count("\n") == 3
    assert "CHG-NOBODY" in kept


def test_what_a_partner_proposes_another_one_approves(system: System, desk: dict[str, str]) -> None:
    system.knows("CHG-E")
    rule: dict[str, Any] = {
        "rule_id": "CHG-6",
        "version": 1,
        "item": erp_code("CHG-E"),
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "value": "3.20"}],
        "valid_from": "2026-01-01",
    }

    proposed = system.post({"rules": [rule]}, "/v1/price-rules", x_api_key=desk["proposer"])
    assert (proposed.status_code, proposed.json()["rules"][0]["status"]) == (201, "draft")
    drafts = system.crossdock("price", "drafts", "--source", "erp", "--json").document
    assert [(d["rule_id"], d["by"]) for d in drafts] == [("CHG-6", "proposer")]
    assert prices(system, "CHG-E") == []

    body = {"approvals": [{"rule_id": "CHG-6", "version": 1}], "reference": "T-1"}
    assert system.post(body, "/v1/price-rules/approvals", x_api_key=desk["proposer"]).status_code == 403
    approved = system.post(body, "/v1/price-rules/approvals", x_api_key=desk["approver"])
    assert (approved.status_code, approved.json()["approved"][0]["approved_by"]) == (200, "approver")
    assert prices(system, "CHG-E") == ["erp:CHG-6"]
    seen = system.http.get("/v1/price-rules/CHG-6", headers={"x-api-key": desk["approver"]})
    assert [(v["version"], v["reference"]) for v in seen.json()["versions"]] == [(1, "T-1")]
    assert "approved, counts" in system.crossdock("price", "show", "erp:CHG-6").out


def test_a_draft_of_a_file_is_approved_by_name(system: System, tmp_path: Path) -> None:
    system.knows("CHG-F")
    path = file(tmp_path, row("CHG-7", 1, "CHG-F", "2.00"))
    assert system.crossdock("price", "import", path, "--source", "erp", "--draft", "--by", "mara").code == 0
    assert prices(system, "CHG-F") == []

    done = system.crossdock("price", "approve", "erp:CHG-7", "1", "--by", "noor", "--reference", "T-2")

    assert done.code == 0, done.err
    assert prices(system, "CHG-F") == ["erp:CHG-7"]
    assert system.crossdock("price", "approve", "erp:CHG-7", "9", "--by", "noor").code == 1
