"""A changed rule, item or customer becomes cells, those that moved are told, and nothing else is computed or told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.flows import price_publication
from crossdock.pricing.publishing import Published, Publisher
from crossdock.pricing.sensitivity import from_mask
from tests.support.publishing import Prices, rule
from tests.support.world import CORRELATION, World, later

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

NOW = "2026-11-21T08:00:00.000000Z"


@pytest.fixture
def prices(world: World, tmp_path: Path) -> Prices:
    return Prices(world, tmp_path)


def test_a_rule_becomes_a_cell_of_each_class_and_the_webshop_holds_them(world: World, prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"))

    prices.flow()

    cell = prices.cell("SKU-1")
    assert cell is not None
    assert cell.document == {
        "currency": "GBP",
        "unit": "EA",
        "windows": [
            {
                "from": None,
                "to": None,
                "rules": ["erp:r1@1"],
                "tiers": [{"min_quantity": 1, "unit_price": "2.55"}],
            }
        ],
    }
    assert (cell.count, cell.since, cell.correlation_ids, cell.next_edge) == (1, NOW, (CORRELATION,), None)
    assert {key: version for (_, key), (version, _) in prices.endpoint.held.items()} == {
        "SKU-1": 1,
        "SKU-1@acme": 1,
        "SKU-1@gold": 1,
    }
    assert prices.endpoint.held["price", "SKU-1@gold"][1] == {**cell.document, "price_class": "gold"}
    shadows = {r["sk"].partition("#")[2]: r for r in world.rows("exchange") if r["pk"].startswith("SH#")}
    assert {key: (r["ver"], r["ack"]) for key, r in shadows.items()} == {
        "SKU-1": (1, 1),
        "SKU-1@acme": (1, 1),
        "SKU-1@gold": (1, 1),
    }
    assert [r for r in world.rows("exchange") if r["pk"].startswith("PEND#")] == []


def test_only_the_class_that_a_rule_is_about_is_computed(prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"))
    prices.flow()
    prices.endpoint.posts.clear()

    prices.rules(rule(2, 1, "2.20", scope={"segment": "gold"}))
    asked = prices.spread(prices.records())

    assert [(m["kind"], m["price_class"], m["skus"], from_mask(m["layers"])) for m in asked] == [
        ("cells", "gold", ["SKU-1"], frozenset({"segment_item"}))
    ]
    prices.publish(*asked)
    prices.deliver(*prices.announce(prices.records()))
    assert [(i["sku"], i["price_class"]) for i in prices.endpoint.items] == [("SKU-1", "gold")]
    assert prices.held("SKU-1@gold") == [(None, None, "2.20")]
    assert prices.held("SKU-1") == [(None, None, "2.55")]


def test_a_cell_with_a_more_specific_price_is_left_alone(world: World, prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"), rule(2, 1, "2.20", scope={"segment": "gold"}))
    prices.flow()
    done: list[Published] = []
    publish = Publisher.publish
    world.patch.setattr(Publisher, "publish", lambda *args: done.append(publish(*args)) or done[-1])

    prices.rules(rule(1, 2, "3.00"))
    prices.flow()

    assert sorted((len(d.computed), len(d.pruned), len(d.changed)) for d in done) == [(0, 1, 0), (1, 0, 1), (1, 0, 1)]
    assert (prices.held("SKU-1"), prices.held("SKU-1@gold")) == ([(None, None, "3.00")], [(None, None, "2.20")])
    assert prices.endpoint.held["price", "SKU-1@gold"][0] == 1


def test_a_price_that_comes_out_the_same_is_told_to_nobody(world: World, prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"))
    prices.flow()
    before, posts = world.dump()["exchange"], len(prices.endpoint.posts)

    prices.rules(rule(2, 1, "9.99"))
    prices.flow()

    assert len(prices.endpoint.posts) == posts
    assert world.dump()["exchange"] == before


def test_a_price_that_stays_may_come_to_hang_on_other_layers(prices: Prices) -> None:
    """The price of gold is first its own and then the list's, both 3.00: what may move it has changed all the same."""
    prices.rules(rule(1, 1, "3.00"), rule(2, 1, "3.00", scope={"segment": "gold"}))
    prices.flow()
    prices.rules(rule(2, 2, "3.00", scope={"segment": "gold"}, withdrawn=True))
    prices.flow()
    assert prices.endpoint.held["price", "SKU-1@gold"][0] == 1, "the same price is no news"

    prices.rules(rule(1, 2, "4.00"))
    prices.flow()

    assert prices.held("SKU-1@gold") == [(None, None, "4.00")]


def test_a_withdrawn_rule_leaves_no_price_which_is_not_zero(prices: Prices) -> None:
    prices.rules(rule(1, 1, "0"))
    prices.flow()
    assert prices.held("SKU-1") == [(None, None, "0.00")]

    prices.rules(rule(1, 2, "0", withdrawn=True))
    prices.flow()

    version, fields = prices.endpoint.held["price", "SKU-1"]
    assert (version, fields) == (2, {"currency": "GBP", "unit": None, "windows": [], "price_class": "list"})


def test_a_rule_that_leaves_a_channel_changes_the_price_there(prices: Prices) -> None:
    """The old scope counts as well as the new one."""
    prices.classes("list", "shop")
    prices.rules(rule(1, 1, "2.55"), rule(2, 1, "2.00", scope={"channels": ["webshop"]}))
    prices.flow()
    assert prices.held("SKU-1@shop") == [(None, None, "2.00")]

    prices.rules(rule(2, 2, "2.00", scope={"channels": ["marketplace"]}))
    prices.flow()

    assert prices.held("SKU-1@shop") == [(None, None, "2.55")]
    assert prices.endpoint.held["price", "SKU-1"][0] == 1, "nobody else was told"


def test_a_family_is_spread_over_its_items_a_page_at_a_time(world: World, prices: Prices) -> None:
    world.patch.setattr(price_publication, "PAGE", 1)
    for n in (1, 2, 3):
        prices.families(f"SKU-{n}", 1, *(("tools",) if n < 3 else ("paint",)))
    prices.flow()
    prices.rules(rule(1, 1, "4.00", item=None, scope={"family": "tools", "segment": "gold"}))

    asked = prices.spread(prices.records())

    assert [(m["kind"], m["family"], list(m["classes"])) for m in asked] == [("spread", "tools", ["gold"])]
    prices.publish(*asked)
    prices.deliver(*prices.announce(prices.records()))
    assert sorted(key for _, key in prices.endpoint.held) == ["SKU-1@gold", "SKU-2@gold"]


def test_an_item_that_joins_a_family_has_its_price(prices: Prices) -> None:
    prices.families("SKU-1", 1)
    prices.rules(rule(1, 1, "4.00", item=None, scope={"family": "tools"}))
    prices.flow()
    assert prices.held("SKU-1") is None

    prices.families("SKU-1", 2, "tools")
    prices.flow()

    assert prices.held("SKU-1") == [(None, None, "4.00")]
    prices.families("SKU-1", 3, "paint")
    prices.flow()
    assert prices.held("SKU-1") == []


def test_a_customer_that_joins_a_segment_has_its_prices(prices: Prices) -> None:
    prices.customer(1)
    prices.rules(rule(1, 1, "2.55"), rule(2, 1, "2.20", scope={"segment": "gold"}))
    prices.flow()
    assert prices.held("SKU-1@acme") == [(None, None, "2.55")]

    prices.customer(2, segments=("gold",))
    prices.flow()

    assert prices.held("SKU-1@acme") == [(None, None, "2.20")]
    assert prices.endpoint.held["price", "SKU-1"][0] == 1, "nobody else was told"


def test_doubled_and_reordered_messages_come_to_the_same(world: World, prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"))
    first = prices.spread(prices.records())
    prices.rules(rule(1, 2, "3.10"), rule(2, 1, "2.20", scope={"segment": "gold"}))
    second = prices.spread(prices.records())

    prices.publish(*reversed(first + second))
    told = prices.announce(prices.records())
    prices.deliver(*reversed(told))
    held, rows = dict(prices.endpoint.held), world.rows("pricing")
    prices.publish(*first, *second)
    prices.deliver(*told, *told)
    world.call("announce_changes", {"Records": world.stream("pricing")[:-1]})
    prices.deliver(*world.take("channel-webshop"))

    assert (prices.endpoint.held, world.rows("pricing")) == (held, rows)
    assert (prices.held("SKU-1"), prices.held("SKU-1@gold")) == ([(None, None, "3.10")], [(None, None, "2.20")])


def test_what_is_told_together_is_of_one_class_and_one_date(prices: Prices) -> None:
    then = "2026-12-01T00:00:00Z"
    prices.rules(
        rule(1, 1, "1.00"),
        rule(2, 1, "2.00", item="E2"),
        rule(3, 1, "3.00", item="E3", valid_from=then),
        rule(4, 1, "0.50", item="E4", scope={"segment": "gold"}),
    )

    told = prices.compute()

    assert sorted((m["segment"], [k["key"] for k in m["keys"]]) for m in told) == [
        ("acme/", ["SKU-1@acme", "SKU-2@acme"]),
        ("acme/2026-12-01T00:00:00.000000Z", ["SKU-3@acme"]),
        ("gold/", ["SKU-1@gold", "SKU-2@gold", "SKU-4@gold"]),
        ("gold/2026-12-01T00:00:00.000000Z", ["SKU-3@gold"]),
        ("list/", ["SKU-1", "SKU-2"]),
        ("list/2026-12-01T00:00:00.000000Z", ["SKU-3"]),
    ]
    assert prices.deliver(*told) == []
    assert len(prices.endpoint.posts) == 6


def test_a_refused_class_is_an_exception_and_holds_up_no_other(world: World, prices: Prices) -> None:
    refusal = {"rejected": [{"sku": "SKU-1", "price_class": "gold", "reason": "no such price list"}]}
    prices.endpoint.answer = HttpAnswer(200, json.dumps(refusal).encode())
    prices.rules(rule(1, 1, "2.55"))

    prices.flow()

    (group,) = world.exceptions.groups()
    assert (group.subject, group.detail) == (
        "price/SKU-1@gold",
        "webshop does not take the price of SKU-1@gold: no such price list",
    )
    acked = {r["sk"].partition("#")[2]: r["ack"] for r in world.rows("exchange") if r["pk"].startswith("SH#")}
    assert acked == {"SKU-1": 1, "SKU-1@acme": 1, "SKU-1@gold": 0}


@pytest.mark.parametrize(
    "message",
    [
        "no json",
        {},
        {"v": 2, "kind": "open"},
        {"v": 1, "kind": "weather"},
        {"v": 1, "kind": "cells", "price_class": "list"},
        {"v": 1, "kind": "spread", "family": "x", "groups": 5, "after": None},
        {"v": 1, "kind": "window", "groups": ["00"]},
    ],
)
def test_a_message_that_is_none_is_an_exception_and_the_next_is_computed(
    world: World, prices: Prices, message: Any
) -> None:
    prices.rules(rule(1, 1, "2.55"))

    prices.publish(message, *prices.spread(prices.records()))

    assert [(g.kind, g.subject) for g in world.exceptions.groups()] == [("unreadable_message", "queue/price-cells")]
    assert prices.cell("SKU-1") is not None


def test_a_class_that_is_no_more_is_left_alone(prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"))
    asked = prices.spread(prices.records())
    prices.classes("list")

    prices.publish(*asked)

    assert prices.cell("SKU-1") is not None
    assert prices.cell("SKU-1", "gold") is None


def test_a_new_class_is_computed_when_it_is_asked_for(world: World, prices: Prices) -> None:
    prices.classes("list")
    prices.rules(rule(1, 1, "2.55"), rule(2, 1, "2.20", scope={"segment": "gold"}))
    prices.flow()
    prices.classes("list", "gold")

    asked = world.call("watch_prices", {"publish": ["gold"], "correlation_id": CORRELATION})
    prices.publish(*world.take("price-cells"))
    prices.deliver(*prices.announce(prices.records()))

    assert asked == {"correlation_id": CORRELATION, "messages": 16}
    assert prices.held("SKU-1@gold") == [(None, None, "2.20")]


def test_within_sixteen_hours_every_cell_is_computed_whatever_was_lost(world: World, prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"), rule(2, 1, "1.10", item="E2"))
    prices.spread(prices.records())  # and lost

    for hour in range(16):
        world.now = later(3600 * hour)
        world.call("watch_prices", {"check": "cells"})
        prices.publish(*world.take("price-cells"))

    prices.deliver(*prices.announce(prices.records()))
    assert (prices.held("SKU-1"), prices.held("SKU-2@gold")) == ([(None, None, "2.55")], [(None, None, "1.10")])


@pytest.mark.parametrize("event", [{}, {"check": "weather"}, {"publish": []}, {"publish": ["silver"]}])
def test_what_is_asked_and_is_nothing_is_said_and_asks_for_nothing(
    world: World, prices: Prices, event: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"publish|check"):
        world.call("watch_prices", event)

    assert world.take("price-cells") == []
