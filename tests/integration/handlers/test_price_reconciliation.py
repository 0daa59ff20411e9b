"""A channel's prices beside ours: found by hashes, said in money, seen twice, told again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.publishing import Prices, rule
from tests.support.world import CORRELATION, Context, World, later

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def prices(world: World, tmp_path: Path) -> Prices:
    """The webshop holds three items' prices of two classes, and says so."""
    found = Prices(world, tmp_path)
    found.classes("list", "gold", digest=True)
    found.rules(
        rule(1, 1, "2.55"),
        rule(2, 1, "10.00", item="E2"),
        rule(3, 1, "7.00", item="E3", valid_from="2026-12-01T00:00:00Z"),
        rule(4, 1, "2.20", scope={"segment": "gold"}),
    )
    found.flow()
    digest(world)
    found.endpoint.posts.clear()
    return found


def digest(world: World) -> None:
    world.call("digest_shadows", {"Records": world.stream("exchange")}, Context())


def reconcile(world: World, **event: Any) -> dict[str, Any]:
    asked = {"channel": "webshop", "correlation_id": CORRELATION, **event}
    (kind,) = world.call("reconcile_channel", asked, Context())["kinds"]
    found: dict[str, Any] = kind
    return found


def spoil(prices: Prices, key: str, price: str) -> None:
    version, fields = prices.endpoint.held["price", key]
    changed = json.loads(json.dumps(fields))
    changed["windows"][0]["tiers"][0]["unit_price"] = price
    prices.endpoint.held["price", key] = (version, changed)


def actions(report: dict[str, Any]) -> dict[str, str]:
    return {d["key"]: f"{d['why']} {d['action']}" for d in report["drifts"]}


def test_prices_that_agree_are_left_alone_and_cost_one_question(world: World, prices: Prices) -> None:
    reconcile(world, full=True)
    before = world.dump()

    report = reconcile(world, full=True)

    assert (report["kind"], report["looked_at"], report["drifted"], report["money"]) == ("price", 8, 0, []), (
        "four items, two classes"
    )
    assert (report["leaves_differing"], len(prices.endpoint.gets)) == (0, 2)
    assert world.dump() == before


def test_what_the_channel_changed_is_said_in_money_and_told_again_the_second_time(world: World, prices: Prices) -> None:
    spoil(prices, "SKU-1", "2.05")
    spoil(prices, "SKU-2", "10.75")
    spoil(prices, "SKU-1@gold", "0.20")
    spoil(prices, "SKU-3", "1.00")  # a window that has not begun: a price of tomorrow, no money today
    del prices.endpoint.held["price", "SKU-2@gold"]

    first, second = reconcile(world), reconcile(world)
    for message in world.take("channel-webshop"):
        assert prices.deliver(message) == []

    drifted = {"SKU-1", "SKU-2", "SKU-3", "SKU-1@gold", "SKU-2@gold"}
    assert actions(first) == dict.fromkeys(drifted, "held seen")
    assert actions(second) == dict.fromkeys(drifted, "held healed")
    assert (
        first["money"]
        == second["money"]
        == [
            {"price_class": "gold", "currency": "GBP", "cells": 2, "amount": "2.00", "unpriced": 1},
            {"price_class": "list", "currency": "GBP", "cells": 3, "amount": "1.25", "unpriced": 0},
        ]
    )
    assert (prices.held("SKU-1"), prices.held("SKU-1@gold")) == ([(None, None, "2.55")], [(None, None, "2.20")])
    assert prices.held("SKU-2@gold") == [(None, None, "10.00")]
    assert {(i["sku"], i["price_class"]) for i in prices.endpoint.items} == {
        ("SKU-1", "gold"),
        ("SKU-1", "list"),
        ("SKU-2", "gold"),
        ("SKU-2", "list"),
        ("SKU-3", "list"),
    }, "exactly those"
    digest(world)
    assert reconcile(world)["drifted"] == 0
    assert world.rows("exceptions") == []


def test_a_price_that_was_never_told_is_found_by_looking(world: World, prices: Prices) -> None:
    prices.rules(rule(1, 2, "3.00"))
    prices.compute()  # and its messages are lost

    first, second = reconcile(world, full=True), reconcile(world, full=True)
    for message in world.take("channel-webshop"):
        prices.deliver(message)

    assert actions(first) == {"SKU-1": "told seen"}
    assert actions(second) == {"SKU-1": "told healed"}
    assert first["money"] == [{"price_class": "list", "currency": "GBP", "cells": 1, "amount": "0.45", "unpriced": 0}]
    assert prices.held("SKU-1") == [(None, None, "3.00")]


def test_a_class_that_the_channel_holds_and_has_lost_is_raised(world: World, prices: Prices) -> None:
    prices.endpoint.held["price", "SKU-1@silver"] = (
        3,
        {**prices.endpoint.held["price", "SKU-1"][1]} | {"price_class": "silver"},
    )

    reports = [reconcile(world), reconcile(world)]

    assert [actions(r) for r in reports] == [{"SKU-1@silver": "unknown seen"}, {"SKU-1@silver": "unknown raised"}]
    assert world.take("channel-webshop") == []


def test_a_report_says_until_when_each_class_is_acknowledged(world: World, prices: Prices) -> None:
    assert reconcile(world)["acknowledged_until"] == {"list": None, "gold": None}
    world.now = later(120)
    world.call("watch_prices", {"check": "late"})

    report = reconcile(world, kind="price")

    assert report["acknowledged_until"] == dict.fromkeys(("list", "gold"), "2026-11-21T08:01:00.000000Z")


def test_a_kind_that_the_channel_does_not_publish_is_refused(world: World, prices: Prices) -> None:
    with pytest.raises(ValueError, match="kind: webshop does not publish 'availability'; it does: price"):
        world.call("reconcile_channel", {"channel": "webshop", "kind": "availability"}, Context())
