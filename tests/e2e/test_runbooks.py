"""Each runbook is followed: its fault is made, its commands are typed in their order, and then the trouble is over."""

from __future__ import annotations

import json
import secrets as random
import time
from typing import TYPE_CHECKING, Any, Final

import pytest

from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock_cli.demo.erp import TOKEN, ErpServer
from tests.support.operators import channel_state, count, dead, open_groups, replaying
from tests.support.runbooks import Follower, runbook, slugs
from tests.support.system import erp_code, movement, wms_code
from tests.support.throttling import throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.support.system import System

FOLLOWED: Final = {
    "channel-down",
    "drift-storm",
    "erp-down",
    "exceptions",
    "failover",
    "hot-item",
    "late-prices",
    "oversold",
    "replay",
    "stuck-source",
    "throttling",
}
# Their own tests follow these.
ELSEWHERE: Final = {"key-rotation", "restore", "rollback"}


@pytest.fixture(autouse=True)
def well_again(system: System) -> Iterator[None]:
    yield
    for channel in system.channels.values():
        channel.recover()
    for name in system.channels:
        if channel_state(system, name)["state"] in {"paused", "open"}:
            system.crossdock("channels", "resume", name)


def follow(
    system: System,
    slug: str,
    values: Mapping[str, str | Callable[[], str]],
    before: Mapping[str, Callable[[], object]] | None = None,
) -> list[tuple[str, Any]]:
    return Follower(runbook(slug), system.crossdock, values, before or {}).follow()


def units(system: System, sku: str) -> tuple[int, int, int]:
    """On hand, available and reserved."""
    row = system.row("inventory", f"T#{sku}", "A#MAIN")
    assert row is not None
    return row["oh"], row["av"], row["rsv"]


def test_every_page_is_followed_here_or_by_a_test_of_its_own() -> None:
    assert set(slugs()) <= FOLLOWED | ELSEWHERE
    assert set(slugs()) >= FOLLOWED


# -- what comes in ---------------------------------------------------------------------------------------------


def test_replay_lets_a_dead_letter_through(system: System) -> None:
    system.knows("RB-REPLAY")
    group = dead(system, "rb-replay", "RB-REPLAY")

    follow(system, "replay", {"GROUP": group})

    system.until("it is applied", lambda: system.journal("RB-REPLAY") == {"rb-replay": 3})
    system.until("it is settled", lambda: group not in [g["id"] for g in open_groups(system)])


def test_exceptions_are_assigned_mended_and_replayed(system: System) -> None:
    system.knows("RB-EXC")
    code = wms_code("RB-EXC-NEW")
    system.send(*(movement(f"rb-exc-{n}", "RB-EXC-NEW", 2) for n in range(5)))
    group = system.exception("unknown_item", f"item/{code}")
    system.until("all are listed", lambda: system.shown(group)["open"] == 5)

    follow(system, "exceptions", {"GROUP": group["id"], "SYSTEM": "wms", "CODE": code, "ITEM": "RB-EXC"})

    system.until("all are applied", lambda: system.on_hand("RB-EXC") == 10)
    assert system.exception("unknown_item", f"item/{code}", "closed")["settled"] == 5


def test_a_source_that_was_stuck_is_heard_again_and_what_it_never_sent_is_healed(system: System) -> None:
    system.knows("RB-SRC")
    system.send(movement("rb-src-1", "RB-SRC", 10, sequence=90_001))
    system.until("it is applied", lambda: system.on_hand("RB-SRC") == 10)
    # Three units left while it was cut off, and it never says so: it counts.
    count(system, 90_002, "RB-SRC", 7)

    said = follow(system, "stuck-source", {"SOURCE": "wms", "ITEM": "RB-SRC"})

    assert "rb-src-1" in said[2][1].out
    system.until("the count is believed", lambda: system.told("RB-SRC", 7, 5))


# -- what goes out ---------------------------------------------------------------------------------------------


def test_a_channel_that_is_down_is_paused_resumed_and_told_everything_once(system: System) -> None:
    marketplace = system.channels["marketplace"]
    system.knows("RB-CHN")
    system.send(movement("rb-chn-0", "RB-CHN", 10))
    system.until("both are told", lambda: system.told("RB-CHN", 10, 8))
    marketplace.fail_for(3600)
    system.send(movement("rb-chn-1", "RB-CHN", 5))
    system.until("the webshop is told", lambda: system.held("webshop", "RB-CHN") == 15)

    def change_while_paused() -> None:
        system.send(movement("rb-chn-2", "RB-CHN", 5))
        system.until("it is parked", lambda: channel_state(system, "marketplace")["parked"] >= 1)
        marketplace.recover()

    follow(system, "channel-down", {"CHANNEL": "marketplace"}, {"channels resume": change_while_paused})

    system.until("it is told", lambda: system.told("RB-CHN", 20, 18))
    system.until("it is trusted", lambda: channel_state(system, "marketplace")["state"] == "closed")
    assert channel_state(system, "marketplace")["parked"] == 0


def test_an_erp_that_was_down_is_told_of_customers_made_meanwhile_once(system: System) -> None:
    with ErpServer() as server:
        said = system.crossdock("channels", "set", "erp", "--url", server.url, "--token", TOKEN)
        assert said.code == 0, said.err
        customer: list[str] = []

        def made_meanwhile() -> None:
            customer.append(new_customer(system))
            system.until("it is parked", lambda: channel_state(system, "erp")["parked"] >= 1)
            assert server.erp.of(customer[0]) == []

        values = {"CHANNEL": "erp", "SOURCE": "erp"}
        follow(system, "erp-down", values, {"channels resume": made_meanwhile})

        system.until("the ERP has it", lambda: len(server.erp.of(customer[0])) == 1)
        system.at_rest()
        assert len(server.erp.of(customer[0])) == 1
        assert channel_state(system, "erp")["parked"] == 0


def new_customer(system: System) -> str:
    """A customer that the CRM made; its id here."""
    account = f"001{random.token_hex(6)}"
    attributes = {"name": f"Runbook Rags {account[-6:]}", "billing_city": "Hull", "billing_country": "GB"}
    report = {"account": account, "version": 1, "changed_at": to_text(system_clock()), "attributes": attributes}
    assert system.webhook("crm", "customers.reported", {"accounts": [report]}).status_code == 202
    xrefs = CrossReferences(Table(system.target.dynamodb, system.target.name("identity")))
    (found,) = system.until("it is known", lambda: xrefs.canonicals("customer", [("crm", account)])).values()
    return str(found)


def test_late_prices_reach_the_channel(system: System) -> None:
    system.knows("RB-PRICE")
    system.crossdock("channels", "pause", "webshop", "--why", "their release")
    rule = {
        "rule_id": "RB-R1",
        "version": 1,
        "item": erp_code("RB-PRICE"),
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "unit_price": "4.20"}],
        "valid_from": "2026-01-01T00:00:00Z",
    }
    assert system.webhook("erp", "prices.changed", {"prices": [rule]}).status_code == 202
    system.until("it is parked", lambda: channel_state(system, "webshop")["parked"] >= 1)
    assert system.held("webshop", "RB-PRICE", "price") is None

    follow(system, "late-prices", {"CHANNEL": "webshop"})

    def shown() -> Any:
        held = system.held("webshop", "RB-PRICE", "price")
        return held and held[0]["tiers"][0]["unit_price"]

    system.until("the webshop has the price", lambda: shown() == "4.20")


def test_a_channel_that_drifted_is_told_again_and_stock_is_as_counted(system: System) -> None:
    skus = [f"RB-DRIFT-{n}" for n in range(3)]
    system.knows(*skus)
    system.send(*(movement(f"rb-drift-{n}", sku, 10, sequence=90_010 + n) for n, sku in enumerate(skus)))
    system.until("all are told", lambda: all(system.told(sku, 10, 8) for sku in skus))
    webshop = system.channels["webshop"]
    for sku in skus[1:]:
        webshop.spoil("availability", sku, 99)
    count(system, 90_020, skus[0], 6)

    values = {"SOURCE": "wms", "CHANNEL": "webshop", "ITEM": skus[0], "WAREHOUSE": "MAIN"}
    follow(system, "drift-storm", values)

    system.until("all hold what is true", lambda: system.told(skus[0], 6, 4) and system.told(skus[1], 10, 8))
    assert system.held("webshop", skus[2]) == 10


# -- our own ---------------------------------------------------------------------------------------------------


def test_a_hot_item_is_split_levelled_and_brought_together_and_no_unit_is_lost(system: System) -> None:
    system.knows("RB-HOT")
    system.send(movement("rb-hot", "RB-HOT", 64))
    system.until("it is there", lambda: system.on_hand("RB-HOT") == 64)
    taken: list[str] = []

    def sell() -> None:
        for n in range(4):
            body = {"channel": "webshop", "lines": [{"line": "1", "sku": "RB-HOT", "quantity": 2}]}
            answer = system.post(body, "/v1/reservations", idempotency_key=f"rb-hot-{n}")
            assert answer.status_code == 201, answer.text
            taken.append(answer.json()["id"])
        assert system.availability("RB-HOT")["available"] == 56

    def over() -> None:
        for one in taken:
            assert system.crossdock("reservations", "release", one).code == 0

    before = {"inventory hot rebalance": sell, "inventory hot demote": over}
    follow(system, "hot-item", {"ITEM": "RB-HOT", "WAREHOUSE": "MAIN"}, before)

    listed = system.crossdock("inventory", "hot", "list", "--json").document
    assert [one for one in listed if one["sku"] == "RB-HOT"] == []
    assert units(system, "RB-HOT") == (64, 64, 0)


def test_an_item_that_was_promised_twice_is_promised_no_more_and_held_no_more_than_it_has(system: System) -> None:
    system.knows("RB-OVER")
    system.send(movement("rb-over-1", "RB-OVER", 5))
    system.until("it is there", lambda: system.on_hand("RB-OVER") == 5)
    holds = []
    for n, quantity in enumerate((2, 3)):
        body = {"channel": "webshop", "lines": [{"line": "1", "sku": "RB-OVER", "quantity": quantity}]}
        answer = system.post(body, "/v1/reservations", idempotency_key=f"rb-over-{n}")
        assert answer.status_code == 201, answer.text
        holds.append(answer.json()["id"])
    system.send(movement("rb-over-2", "RB-OVER", 3, "pick"))
    system.until("too much is promised", lambda: units(system, "RB-OVER") == (2, -3, 5))

    values = {"ITEM": "RB-OVER", "WAREHOUSE": "MAIN", "RESERVATION": holds[1]}
    follow(system, "oversold", values)

    assert units(system, "RB-OVER") == (2, 0, 2)
    system.until("nobody sells it", lambda: system.told("RB-OVER", 0, 0))
    system.crossdock("reservations", "release", holds[0])


def test_while_our_store_throttles_our_own_replay_waits_and_then_everything_goes_through(system: System) -> None:
    system.knows("RB-THR", "RB-SLOW")
    system.send(*(movement(f"rb-slow-{n}", "RB-SLOW-NEW", 1) for n in range(30)))
    slow = system.exception("unknown_item", f"item/{wms_code('RB-SLOW-NEW')}")
    system.until("all are listed", lambda: system.shown(slow)["open"] == 30)
    system.crossdock("xref", "add", "wms", wms_code("RB-SLOW-NEW"), "RB-SLOW")
    run = system.crossdock("exceptions", "replay", slow["id"], "--dry-run", "--json").document["run"]
    dead(system, "rb-thr-dead", "RB-THR")
    moved = {"movements": [movement("rb-thr", "RB-THR", 4)]}

    with replaying(system, run):
        with throttled(system.target, "receive_webhook", "exchange") as proxy:
            answer = system.webhook("wms", "stock.moved", moved, delivery="rb-thr")
            assert answer.status_code == 503
            assert proxy.refused > 0
            assert system.row("exchange", "IN#wms#rb-thr", "IN") is None
        follow(system, "throttling", {"SOURCE": "wms", "RUN": run})
    assert system.webhook("wms", "stock.moved", moved, delivery="rb-thr").status_code == 202

    system.until("what was given up went through", lambda: system.journal("RB-THR") == {"rb-thr-dead": 3, "rb-thr": 4})
    system.until("the replay went on", lambda: system.on_hand("RB-SLOW") == 30)
    assert len(system.journal("RB-SLOW")) == 30


def test_a_region_is_filled_again_from_what_others_know(system: System, tmp_path: Path) -> None:
    system.knows("RB-REG")
    system.send(movement("rb-reg", "RB-REG", 9, sequence=90_030))
    system.until("both are told", lambda: system.told("RB-REG", 9, 7))
    prices = tmp_path / "prices.jsonl"
    rule = {
        "rule_id": f"RB-REG-{int(time.time())}",
        "version": 1,
        "item": erp_code("RB-REG"),
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "unit_price": "3.30"}],
        "valid_from": "2026-01-01T00:00:00Z",
    }
    prices.write_text(json.dumps(rule) + "\n")
    code = ("X#item#wms#" + wms_code("RB-REG"), "ID")

    def lost() -> None:
        """The new region knows nothing of the item, and the warehouse has counted it meanwhile."""
        ways_back = [(r["pk"], r["sk"]) for r in system.rows("identity") if r["pk"] == "C#item#RB-REG"]
        assert len(ways_back) == 2
        for pk, sk in (code, ("X#item#erp#" + erp_code("RB-REG"), "ID"), *ways_back):
            system.target.dynamodb.delete_item(
                TableName=system.target.name("identity"), Key={"pk": {"S": pk}, "sk": {"S": sk}}
            )
        assert system.row("identity", *code) is None

    values = {"XREFS": str(tmp_path / "xrefs.jsonl"), "PRICES": str(prices), "ERP": "erp", "SOURCE": "wms"}
    counting = {"sources list": lambda: count(system, 90_031, "RB-REG", 8), "xref import": lost}
    follow(system, "failover", {**values, "CHANNEL": "webshop"}, counting)

    assert system.row("identity", *code) is not None
    system.until("the channels hold what was counted", lambda: system.told("RB-REG", 8, 6))

    def price() -> Any:
        held = system.held("webshop", "RB-REG", "price")
        return held and held[0]["tiers"][0]["unit_price"]

    system.until("at the ERP's price", lambda: price() == "3.30")
