"""`crossdock price explain webshop:SKU-1`: from the rules to what the webshop acknowledged, at each stop on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock_cli.errors import CliError
from tests.support.explaining import connected, explained, run, usage
from tests.support.publishing import Prices, rule
from tests.support.world import CORRELATION, World, dirty_message, later

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

NOW = "2026-11-21T08:00:00.000Z"
SHOP, GOLD = "webshop:SKU-1", "webshop:SKU-1@gold"


@pytest.fixture
def prices(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prices:
    """SKU-1 at 2.55, for gold customers 2.20 by contract K-7."""
    connected(world, monkeypatch)
    prices = Prices(world, tmp_path)
    prices.rules(rule(1, 1, "2.55"), rule(2, 1, "2.20", scope={"segment": "gold"}, contract="K-7"))
    return prices


def test_what_the_webshop_holds_is_followed_from_the_rules_to_its_acknowledgement(prices: Prices) -> None:
    prices.flow()

    found = explained(GOLD)

    assert (found["channel"], found["key"], found["item"], found["price_class"]) == (
        "webshop",
        "SKU-1@gold",
        "SKU-1",
        "gold",
    )
    price = found["price"]
    assert (price["status"], price["unit_price"], price["currency"]) == ("PRICED", "2.20", "GBP")
    assert [(c["rule"], c["contract"]) for c in price["components"]] == [("erp:r2@1", "K-7")]
    assert [(r["rule"], r["reason"]) for r in price["rejected"]] == [("erp:r1@1", "weaker_level")]
    assert [w["rules"] for w in found["published"]["windows"]] == [["erp:r2@1"]]
    assert found["published"]["correlation_ids"] == [CORRELATION]
    assert found["recomputed"] == {"equal": True}
    delivery = found["delivery"]
    assert delivery["holds"]["windows"] == found["published"]["windows"]
    assert {n: v for n, v in delivery.items() if n != "holds"} == {
        "state": "acknowledged",
        "version": 1,
        "claimed_at": NOW,
        "acknowledged_version": 1,
        "acknowledged_at": NOW,
    }
    assert list(found["rules"]) == ["erp:r2@1"]
    assert (found["rules"]["erp:r2@1"]["counts"], found["rules"]["erp:r2@1"]["newest"]) == (True, None)


def test_people_read_it_in_plain_words(prices: Prices) -> None:
    prices.flow()

    said = run(GOLD).stdout

    for sentence in (
        "webshop holds SKU-1@gold: class gold",
        "1 EA of SKU-1 at 2026-11-21T08:00:00.000000Z: PRICED",
        "1. Segment's price of the item erp:r2 version 1, contract K-7: 2.2 GBP per EA",
        "not erp:r1 version 1: a more specific level has a price",
        "published: in GBP per EA, changed 2026-11-21T08:00:00.000000Z",
        "recomputed from the rules as they are: equal",
        "delivery: the channel acknowledged what is published",
        f"told version 1, {NOW}",
        f"acknowledged version 1, {NOW}: now from 1: 2.20",
        f"crossdock trace {CORRELATION}",
    ):
        assert sentence in said, sentence


def test_each_stop_of_a_change_on_its_way_is_told_apart(prices: Prices) -> None:
    prices.flow()
    prices.rules(rule(1, 2, "2.75"))

    found = explained(SHOP, code=1)
    assert (found["price"]["unit_price"], found["published"]["windows"][0]["tiers"][0]["unit_price"]) == (
        "2.75",
        "2.55",
    )
    assert found["recomputed"]["equal"] is False
    assert found["rules"]["erp:r1@1"]["newest"]["version"] == 2
    assert "NOT EQUAL: the rules make another price, which is about to be published" in run(SHOP, code=1).stdout

    told = prices.compute()
    found = explained(SHOP, code=1)
    assert (found["recomputed"]["equal"], found["delivery"]["state"]) == (True, "outdated")
    assert found["delivery"]["waiting_since"] == "2026-11-21T08:00:00.000000Z"

    prices.endpoint.answer = HttpAnswer(503)
    assert prices.deliver(*told) != []
    found = explained(SHOP, code=1)
    assert (found["delivery"]["state"], found["delivery"]["version"]) == ("not acknowledged", 2)
    assert found["delivery"]["acknowledged_version"] == 1
    assert "has not acknowledged what it was told" in run(SHOP, code=1).stdout

    prices.endpoint.answer = HttpAnswer(404)
    assert prices.deliver(*told) == []
    refused = explained(SHOP, code=1)["delivery"]["refused"]
    assert "does not take the price of SKU-1" in refused["detail"]
    assert f"crossdock exceptions show {refused['exception']}" in run(SHOP, code=1).stdout

    prices.endpoint.answer = HttpAnswer(200)
    prices.deliver(dirty_message("webshop", ("price", "SKU-1")))
    assert explained(SHOP)["delivery"]["acknowledged_version"] == 2


def test_a_price_of_tomorrow_is_shown_with_its_window(world: World, prices: Prices) -> None:
    tomorrow = "2026-11-22T00:00:00.000000Z"
    prices.rules(rule(3, 1, "2.00", valid_from="2026-11-22"))
    prices.flow()

    found = explained(SHOP)
    assert [(w["from"], w["to"]) for w in found["published"]["windows"]] == [(None, tomorrow), (tomorrow, None)]
    assert (found["price"]["unit_price"], found["published"]["next_change_at"]) == ("2.55", tomorrow)
    assert set(found["rules"]) == {"erp:r1@1", "erp:r3@1"}

    world.now = later(24 * 3600)
    found = explained(SHOP)
    assert (found["price"]["unit_price"], found["recomputed"], found["delivery"]["state"]) == (
        "2.00",
        {"equal": True},
        "acknowledged",
    )


def test_a_price_from_a_quantity_on_is_explained_at_that_quantity(prices: Prices) -> None:
    prices.rules(rule(1, 2, "", tiers=[{"min_quantity": 12, "value": "2.10"}]))
    prices.flow()

    found = explained(SHOP)

    assert (found["price"]["quantity"], found["price"]["unit_price"]) == (12, "2.10")


def test_without_a_price_the_channel_holds_none_and_the_command_says_so(prices: Prices) -> None:
    prices.flow()
    prices.rules(rule(1, 2, "2.55", withdrawn=True))
    prices.flow()

    found = explained(SHOP, code=1)

    assert (found["price"]["status"], found["published"]["windows"]) == ("NO_PRICE", [])
    assert (found["recomputed"]["equal"], found["delivery"]["state"]) == (True, "acknowledged")
    assert found["price"]["rejected"][0] == {
        "rule": "erp:r1@2",
        "reason": "withdrawn",
        "why": "it is withdrawn",
    }


def test_what_there_is_not_is_said_with_what_to_look_for(world: World, prices: Prices) -> None:
    prices.flow()
    before = world.dump()

    for what, problem, remedy in (
        ("shop:SKU-1", "the channel 'shop' is not there", "these hold prices: webshop"),
        ("marketplace:SKU-1", "the channel 'marketplace' holds no prices", "these hold prices: webshop"),
        ("webshop:SKU-1@silver", "no prices of the class 'silver'", "it holds: SKU-1, SKU-1@gold, SKU-1@acme"),
        ("webshop:E1", "nothing is known of the item 'E1'", "crossdock xref find"),
    ):
        with pytest.raises(CliError, match=problem) as refused:
            run(what)
        assert remedy in refused.value.remedy
    assert "neither lines nor a yesterday" in usage(SHOP, "--today")
    assert world.dump() == before
