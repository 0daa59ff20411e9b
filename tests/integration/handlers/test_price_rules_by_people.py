"""Price rules that people hand in: drafts, approvals by somebody else, and files a part at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.world import CORRELATION, NOW, Context, World, api_event, configuration, prices_event

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

SCOPES = "prices:write prices:approve"
AT = "2026-11-21T08:00:00.000000Z"


def rule(id_: str = "R1", version: int = 1, value: str = "2.55", /, **fields: Any) -> dict[str, Any]:
    said = {
        "rule_id": id_,
        "version": version,
        "item": "E1",
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "value": value}],
        "valid_from": "2026-01-01",
        **fields,
    }
    return {k: v for k, v in said.items() if v is not None}


@pytest.fixture
def desk(world: World) -> World:
    """A world in which the ERP's E1 and E2 are known items."""
    world.knows(("erp", "E1", "SKU-1"), ("erp", "E2", "SKU-2"))
    return world


def post(world: World, body: Any, route: str = "POST /v1/price-rules", **fields: Any) -> tuple[int, dict[str, Any]]:
    event = api_event(body, route=route, **{"sources": "erp", "scopes": SCOPES, "partner": "mara", **fields})
    answer = world.call("change_price_rules", event, Context())
    return answer["statusCode"], json.loads(answer["body"])


def look(world: World, route: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    return post(world, None, route, **fields)


def approve(world: World, *versions: tuple[str, int], **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"approvals": [{"rule_id": r, "version": v} for r, v in versions], "reference": "T-1"}
    return post(world, body, "POST /v1/price-rules/approvals", **{"partner": "noor", **fields})


def hand_in(world: World, action: str, /, *rules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    event = {"action": action, "source": "erp", "by": "mara", "correlation_id": CORRELATION, "rules": list(rules)}
    done = world.call("import_price_rules", {**event, **fields}, Context())
    assert isinstance(done, dict)
    return done


def outcomes(done: dict[str, Any]) -> list[str]:
    return [v["outcome"] for v in done["verdicts"]]


def in_force(world: World, sku: str = "SKU-1") -> list[str]:
    row = world.row("pricing", f"I#{sku}", "SHEET")
    return sorted(row.get("rules", {})) if row else []


def with_four_eyes(world: World, folder: Path) -> None:
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(folder, pricing={"four_eyes": True})))
    world.forget_warm_state()


# -- drafts and approvals --------------------------------------------------------------------------------------


def test_what_a_partner_proposes_is_a_draft_until_it_is_approved(desk: World) -> None:
    status, body = post(desk, {"rules": [rule()]})

    assert (status, body["rules"]) == (201, [{"rule_id": "R1", "version": 1, "outcome": "new", "status": "draft"}])
    assert in_force(desk) == []
    _, listed = look(desk, "GET /v1/price-rules", query={"status": "draft"})
    assert [(d["rule_id"], d["version"], d["by"]) for d in listed["drafts"]] == [("R1", 1, "mara")]

    status, body = approve(desk, ("R1", 1))

    assert status == 200
    (done,) = body["approved"]
    assert (done["status"], done["approved_by"], done["approved_at"], done["reference"], done["by"]) == (
        "approved",
        "noor",
        AT,
        "T-1",
        "mara",
    )
    assert in_force(desk) == ["erp:R1"]
    assert look(desk, "GET /v1/price-rules", query={"status": "draft"})[1]["drafts"] == []


def test_a_rule_shows_its_versions_with_who_and_when(desk: World) -> None:
    post(desk, {"rules": [rule(), rule("R1", 2, "2.60", valid_through="2026-12-31")]})
    approve(desk, ("R1", 1))

    status, body = look(desk, "GET /v1/price-rules/{rule_id}", path={"rule_id": "R1"})

    assert (status, body["source"], body["rule_id"]) == (200, "erp", "R1")
    assert [(v["version"], v["status"], v["counts_from"], v["by"], v["approved_by"]) for v in body["versions"]] == [
        (1, "approved", AT, "mara", "noor"),
        (2, "draft", None, "mara", None),
    ]
    assert body["versions"][1]["rule"]["valid_to"] == "2027-01-01T00:00:00.000000Z", "the last day is a day of the rule"
    assert body["versions"][1]["rule"]["scope"] == {"item": "SKU-1"}, "our item, not the code of the ERP"


def test_the_same_proposal_and_the_same_approval_may_come_twice(desk: World) -> None:
    post(desk, {"rules": [rule()]})
    once = desk.dump()

    assert post(desk, {"rules": [rule()]})[1]["rules"][0]["outcome"] == "waiting"
    assert desk.dump() == once

    approve(desk, ("R1", 1))
    once = desk.dump()
    status, body = approve(desk, ("R1", 1))

    assert (status, body["approved"][0]["approved_by"]) == (200, "noor")
    assert desk.dump() == once
    assert post(desk, {"rules": [rule()]})[1]["rules"][0]["outcome"] == "duplicate"


def test_a_rule_may_be_in_force_at_once_where_its_sender_may_approve(desk: World) -> None:
    status, body = post(desk, {"rules": [rule(status="approved")]})

    assert (status, body["rules"][0]["status"]) == (201, "approved")
    assert in_force(desk) == ["erp:R1"]
    kept = look(desk, "GET /v1/price-rules/{rule_id}", path={"rule_id": "R1"})[1]["versions"][0]
    assert kept["rule"]["approval"] == {"by": "mara", "at": AT}


def test_four_eyes_are_four(desk: World, tmp_path: Path) -> None:
    with_four_eyes(desk, tmp_path)
    post(desk, {"rules": [rule()]})
    before = desk.dump()

    status, body = post(desk, {"rules": [rule("R2", status="approved")]})
    assert (status, body["errors"][0]["field"]) == (403, "rules[0].status")
    status, body = approve(desk, ("R1", 1), partner="mara")
    assert (status, body["errors"][0]["field"], body["errors"][0]["remedy"]) == (
        409,
        "approvals[0]",
        "let somebody else approve it: four eyes are asked for",
    )
    assert "refused" in hand_in(desk, "keep", rule("R2"))
    assert desk.dump() == before

    assert approve(desk, ("R1", 1))[0] == 200
    assert outcomes(hand_in(desk, "keep", rule("R2", status="draft"))) == ["new"]


# -- refused requests store nothing ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"rules": []}, 422, "rules"),
        ({}, 422, "rules"),
        ({"rules": [rule(value="x")]}, 422, "rules[0].value"),
        ({"rules": [rule(version="1")]}, 422, "rules[0].version"),
        ({"rules": [rule(currency=None)]}, 422, "rules[0].currency"),
        ({"rules": [rule(tiers=[])]}, 422, "rules[0].tiers"),
        ({"rules": [rule(valid_from="2026-13-01")]}, 422, "rules[0].valid_from"),
        ({"rules": [rule(valid_to="2026-01-01")]}, 422, "rules[0].valid_to"),
        ({"rules": [rule(), rule(value="3")]}, 422, "rules[1].value"),
        ({"rules": [rule(), rule()]}, 422, "rules"),
        ({"rules": [rule(recorded_at="2026-01-01T00:00:00Z")]}, 422, "rules"),
        ({"rules": [rule(approval={"by": "me", "at": "2026-01-01T00:00:00Z"})]}, 422, "rules"),
        ({"rules": [rule(item="E9")]}, 422, "rules[0].item"),
        ({"rules": [rule(), rule("R2", item="E9")]}, 422, "rules[1].item"),
        ({"rules": [rule()], "source": "wms"}, 403, "source"),
        ({"rules": [rule(layer="segment_item")]}, 422, "rules[0].layer"),
        ({"rules": [rule(f"R{n}") for n in range(501)]}, 422, "rules"),
        ({"rules": [rule()], "dry": True}, 422, "dry"),
        (b"{", 400, "body"),
    ],
)
def test_a_proposal_that_is_refused_names_the_field_and_stores_nothing(
    desk: World, body: Any, status: int, field: str
) -> None:
    before = desk.dump()

    found, document = post(desk, body)

    assert (found, document["errors"][0]["field"]) == (status, field)
    assert document["errors"][0]["remedy"]
    assert desk.dump() == before


def test_a_contradiction_refuses_the_whole_proposal(desk: World) -> None:
    post(desk, {"rules": [rule()]})
    approve(desk, ("R1", 1))
    before = desk.dump()

    status, body = post(desk, {"rules": [rule("R3"), rule("R1", 1, "9.99"), rule("R1", 2, item="E2")]})

    assert status == 409
    assert [e["field"] for e in body["errors"]] == ["rules[1].version", "rules[2].rule_id"]
    assert body["errors"][0]["remedy"] == "send it as a new version, above 1"
    assert body["detail"].endswith("Nothing was stored.")
    assert desk.dump() == before


@pytest.mark.parametrize(
    ("scopes", "route", "body"),
    [
        ("prices:read", "POST /v1/price-rules", {"rules": [rule()]}),
        ("prices:write", "POST /v1/price-rules", {"rules": [rule(status="approved")]}),
        ("prices:write", "POST /v1/price-rules/approvals", {"approvals": [{"rule_id": "R1", "version": 1}]}),
        ("prices:read", "GET /v1/price-rules", None),
        ("prices:read", "GET /v1/price-rules/{rule_id}", None),
    ],
)
def test_each_right_is_asked_for(desk: World, scopes: str, route: str, body: Any) -> None:
    before = desk.dump()

    status, document = post(desk, body, route, scopes=scopes)

    assert (status, document["errors"][0]["field"]) == (403, "X-Api-Key")
    assert desk.dump() == before


def test_what_is_not_kept_cannot_be_approved_and_nothing_else_is_then(desk: World) -> None:
    post(desk, {"rules": [rule()]})
    before = desk.dump()

    status, body = approve(desk, ("R1", 1), ("R1", 2), ("R9", 1))

    assert (status, [e["field"] for e in body["errors"]]) == (409, ["approvals[1]", "approvals[2]"])
    assert desk.dump() == before


def test_a_partner_sees_the_drafts_of_its_own_sources_only(desk: World) -> None:
    post(desk, {"rules": [rule()]})

    assert look(desk, "GET /v1/price-rules", query={"status": "draft"}, sources="wms")[1]["drafts"] == []
    assert look(desk, "GET /v1/price-rules/{rule_id}", path={"rule_id": "R1"}, sources="wms")[0] == 404
    status, body = look(desk, "GET /v1/price-rules")
    assert (status, body["errors"][0]["field"]) == (400, "status")


# -- files, a part at a time -----------------------------------------------------------------------------------


def test_a_preview_says_what_would_become_of_each_rule_and_changes_nothing(desk: World) -> None:
    desk.call(
        "apply_price_changes", desk.queue_event("prices", [prices_event(rule("R1", 2), rule("R2", 5))]), Context()
    )
    before = desk.dump()

    done = hand_in(
        desk,
        "preview",
        rule("R0"),
        rule("R1", 3, "2.60"),
        rule("R1", 1),
        rule("R1", 2),
        rule("R1", 2, "9.99"),
        rule("R2", 6, item="E2"),
        rule("R4", item="E9"),
        rule("R5", item=None, scope={"family": "drills"}),
    )

    assert outcomes(done) == [
        "new",
        "newer",
        "superseded",
        "duplicate",
        "conflict",
        "other_target",
        "unknown_item",
        "new",
    ]
    assert [v.get("newest") for v in done["verdicts"]] == [None, 2, 2, 2, 2, None, None, None]
    assert [bool(v.get("remedy")) for v in done["verdicts"]] == [False] * 4 + [True] * 3 + [False]
    assert desk.dump() == before


def test_what_can_be_kept_is_kept_and_the_rest_is_named(desk: World) -> None:
    done = hand_in(desk, "keep", rule(), rule("R2", item="E9"), rule("R3", item="E2", status="draft"))

    assert outcomes(done) == ["new", "unknown_item", "new"]
    assert (in_force(desk), in_force(desk, "SKU-2")) == (["erp:R1"], [])
    assert outcomes(hand_in(desk, "keep", rule(), rule("R3", item="E2", status="draft"))) == ["duplicate", "waiting"]


def test_drafts_of_a_file_are_approved_and_rejected_by_name(desk: World) -> None:
    hand_in(desk, "keep", rule(status="draft"), rule("R2", status="draft"))

    wanted = {"approvals": [{"rule_id": "R1", "version": 1}], "by": "noor", "reference": "T-7", "rules": None}
    event = {"action": "approve", "source": "erp", **{k: v for k, v in wanted.items() if v is not None}}
    done = desk.call("import_price_rules", event, Context())
    assert [(v["status"], v["approved_by"], v["reference"]) for v in done["versions"]] == [("approved", "noor", "T-7")]

    event = {**event, "action": "reject", "approvals": [{"rule_id": "R2", "version": 1}]}
    assert [v["status"] for v in desk.call("import_price_rules", event, Context())["versions"]] == ["rejected"]
    assert in_force(desk) == ["erp:R1"]
    assert look(desk, "GET /v1/price-rules", query={"status": "draft"})[1]["drafts"] == []
    again = desk.call("import_price_rules", {**event, "action": "approve"}, Context())
    assert again["refused"]["errors"][0]["remedy"] == "send it again as a new version"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"source": "pos"}, "source"),
        ({"source": None}, "source"),
        ({"action": "guess"}, "action"),
        ({"by": ""}, "by"),
        ({"rules": [rule(version=0)]}, "version"),
    ],
)
def test_an_operators_mistake_is_answered_and_nothing_is_stored(
    desk: World, fields: dict[str, Any], field: str
) -> None:
    before = desk.dump()

    done = hand_in(desk, "keep", rule(), **fields)

    assert any(field in e["field"] for e in done["refused"]["errors"])
    assert desk.dump() == before


def test_a_cost_that_changes_is_a_rule_of_its_item_like_any_other(desk: World) -> None:
    cost = rule("COST-E1", 1, "4.00", layer="cost", contract="PO-1")
    later = rule("COST-E1", 2, "4.40", layer="cost", valid_from="2026-12-01")

    assert outcomes(hand_in(desk, "keep", cost, rule("CP-1", 1, "25", operation="cost_plus", currency=None))) == [
        "new",
        "new",
    ]
    assert outcomes(hand_in(desk, "preview", later)) == ["newer"]
    assert in_force(desk) == ["erp:COST-E1", "erp:CP-1"]


def test_time_stands_in_what_is_kept(desk: World) -> None:
    assert NOW.isoformat().startswith("2026-11-21T08:00:00")
    hand_in(desk, "keep", rule())
    (row,) = [r for r in desk.rows("pricing") if r["pk"] == "R#erp:R1" and r["sk"].startswith("V#")]
    assert (row["rec"], row["by"], row["cor"], row["st"]) == (AT, "mara", CORRELATION, "approved")
