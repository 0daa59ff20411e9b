"""A price change's way: rule ledger, item sheet, published cell, and the windows that the webshop holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.system import MOVED_AT, erp_code

if TYPE_CHECKING:
    from tests.support.system import System

PAST, FUTURE = "2026-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000000Z"


def rule(id_: str, version: int, sku: str, price: str, **more: Any) -> dict[str, Any]:
    """A rule version as the ERP sends it."""
    return {
        "rule_id": id_,
        "version": version,
        "item": erp_code(sku),
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "unit_price": price}],
        "valid_from": PAST,
        **more,
    }


def window(rule_version: str, price: str, since: str | None = None, until: str | None = None) -> dict[str, Any]:
    """A window as the webshop holds it; one that holds already has no beginning."""
    tiers = [{"min_quantity": 1, "unit_price": price}]
    return {"from": since, "to": until, "rules": [f"erp:{rule_version}"], "tiers": tiers}


def send(system: System, *rules: dict[str, Any]) -> None:
    assert system.webhook("erp", "prices.changed", {"prices": list(rules)}).status_code == 202


def ledger(system: System, id_: str) -> list[str]:
    return [r["sk"] for r in system.rows("pricing") if r["pk"] == f"R#erp:{id_}" and r["sk"] != "SLOT"]


def windows(system: System, sku: str) -> Any:
    return system.held("webshop", sku, "price")


def test_an_event_on_the_bus_reaches_ledger_sheet_and_webshop(system: System) -> None:
    system.knows("PRC-A")
    tiers = [{"min_quantity": 1, "unit_price": "2.55"}, {"min_quantity": 24, "unit_price": "2.10"}]
    event = {
        "specversion": "1.0",
        "id": "prc-event-1",
        "source": "somebody/else",
        "type": "pricing.rules.changed.v1",
        "subject": "prices/erp",
        "time": MOVED_AT,
        "correlationid": "prc-corr-1",
        "sourcesystem": "erp",
        "data": {"source": "erp", "prices": [rule("PRC-A", 1, "PRC-A", "", tiers=tiers)]},
    }
    entry: Any = {
        "EventBusName": system.target.event_bus,
        "Source": "somebody.else",
        "DetailType": event["type"],
        "Detail": json.dumps(event),
    }

    assert system.target.events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    told = [{"from": None, "to": None, "rules": ["erp:PRC-A@1"], "tiers": tiers}]
    system.until("the webshop knows", lambda: windows(system, "PRC-A") == told)
    assert ledger(system, "PRC-A") == ["V#0000000001"]
    sheet = system.row("pricing", "I#PRC-A", "SHEET")
    assert sheet is not None
    assert (sheet["ver"], sheet["cors"]) == (1, ["prc-corr-1"])
    assert system.channels["webshop"].arrivals("prc-corr-1") != []
    assert system.held("marketplace", "PRC-A", "price") is None, "it publishes no prices"
    system.until(
        "it is acknowledged",
        lambda: (
            system.acknowledged("webshop", "PRC-A", "price")
            == {"price_class": "list", "currency": "GBP", "unit": "EA", "windows": told}
        ),
    )


def test_a_webhook_of_the_erp_reaches_the_webshop(system: System) -> None:
    system.knows("PRC-B")

    send(system, rule("PRC-B", 1, "PRC-B", "7.25"))

    system.until("the webshop knows", lambda: windows(system, "PRC-B") == [window("PRC-B@1", "7.25")])


def test_an_older_version_that_comes_later_is_kept_and_changes_no_price(system: System) -> None:
    system.knows("PRC-C")
    send(system, rule("PRC-C", 2, "PRC-C", "9.00"))
    system.until("the webshop knows", lambda: windows(system, "PRC-C") == [window("PRC-C@2", "9.00")])
    before = system.at_rest()

    send(system, rule("PRC-C", 1, "PRC-C", "8.00"))

    system.until("the older one is kept", lambda: ledger(system, "PRC-C") == ["V#0000000001", "V#0000000002"])
    after = system.at_rest()
    assert [r for r in after["pricing"] if r["pk"].startswith("I#")] == [
        r for r in before["pricing"] if r["pk"].startswith("I#")
    ]
    assert after["exceptions"] == before["exceptions"]
    assert windows(system, "PRC-C") == [window("PRC-C@2", "9.00")]


def test_a_version_with_other_content_is_an_exception_and_changes_nothing(system: System) -> None:
    system.knows("PRC-D")
    send(system, rule("PRC-D", 1, "PRC-D", "4.00"))
    system.until("the webshop knows", lambda: windows(system, "PRC-D") == [window("PRC-D@1", "4.00")])

    send(system, rule("PRC-D", 1, "PRC-D", "40.00"))

    group = system.exception("conflicting_price", "rule/PRC-D")
    system.at_rest()
    assert windows(system, "PRC-D") == [window("PRC-D@1", "4.00")]
    system.crossdock("exceptions", "correct", group["id"], "--set", "version=2", "--why", "it was a new price")
    system.crossdock("exceptions", "replay", group["id"])
    system.until("the webshop knows", lambda: windows(system, "PRC-D") == [window("PRC-D@2", "40.00")])
    system.exception("conflicting_price", "rule/PRC-D", "closed")


def test_a_price_that_begins_later_is_published_with_its_date(system: System) -> None:
    system.knows("PRC-E")

    send(
        system,
        rule("PRC-E-NOW", 1, "PRC-E", "5.00", valid_to=FUTURE),
        rule("PRC-E-THEN", 1, "PRC-E", "6.00", valid_from=FUTURE),
    )

    wanted = [window("PRC-E-NOW@1", "5.00", until=FUTURE), window("PRC-E-THEN@1", "6.00", since=FUTURE)]
    system.until("the webshop knows", lambda: windows(system, "PRC-E") == wanted)


def test_a_withdrawn_rule_leaves_no_price_which_is_not_zero(system: System) -> None:
    system.knows("PRC-F")
    send(system, rule("PRC-F", 1, "PRC-F", "0"))
    system.until("the webshop knows", lambda: windows(system, "PRC-F") == [window("PRC-F@1", "0.00")])

    send(system, rule("PRC-F", 2, "PRC-F", "0", withdrawn=True))

    system.until("the webshop knows", lambda: windows(system, "PRC-F") == [])


def test_a_price_of_an_unknown_item_becomes_an_exception_and_the_others_are_told(system: System) -> None:
    system.knows("PRC-G")

    send(system, rule("PRC-X", 1, "PRC-UNKNOWN", "1.00"), rule("PRC-G", 1, "PRC-G", "3.00"))

    system.until("the webshop knows", lambda: windows(system, "PRC-G") == [window("PRC-G@1", "3.00")])
    group = system.exception("unknown_item", f"item/{erp_code('PRC-UNKNOWN')}")
    system.crossdock("xref", "add", "erp", erp_code("PRC-UNKNOWN"), "PRC-UNKNOWN")
    system.crossdock("exceptions", "replay", group["id"])
    system.until("the webshop knows", lambda: windows(system, "PRC-UNKNOWN") == [window("PRC-X@1", "1.00")])
