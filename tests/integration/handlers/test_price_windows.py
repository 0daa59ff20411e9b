"""Price windows open and close on time, and prices that a channel does not acknowledge in time are told of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.exchange.pending import PendingStore
from crossdock.flows import price_publication
from tests.support import figures
from tests.support.publishing import OPEN, Prices, rule
from tests.support.world import CORRELATION, NOW, World

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

pytestmark = pytest.mark.integration

# Far ahead, so that no schedule fires while the tests run.
BEGINS, ENDS = "2098-12-01T00:00:00.000000Z", "2099-12-24T00:00:00.000001Z"
PROMOTION = {"valid_from": BEGINS, "valid_to": "2099-12-24T00:00:00.000001Z"}


@pytest.fixture
def prices(world: World, tmp_path: Path) -> Prices:
    found = Prices(world, tmp_path)
    found.classes("list")
    return found


@pytest.fixture
def schedules(world: World) -> Any:
    return world.target.session.client("scheduler", **world.target.options)


def at(text: str) -> datetime:
    return NOW.fromisoformat(text)


def instants(world: World) -> list[str]:
    return [r["sk"] for r in world.rows("pricing") if r["pk"] == "W#OPEN"]


# -- windows ---------------------------------------------------------------------------------------------------


def test_windows_are_told_ahead_with_their_dates_in_the_class_currency(prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"), rule(2, 1, "9.00", currency="EUR"), rule(3, 1, "2.00", **PROMOTION))

    prices.flow()

    assert prices.held("SKU-1") == [(None, BEGINS, "2.55"), (BEGINS, ENDS, "2.00"), (ENDS, None, "2.55")]


def test_a_window_has_a_schedule_in_the_second_after_it_and_a_row_that_finds_it(
    world: World, prices: Prices, schedules: Any
) -> None:
    soon = "2026-12-01T00:00:00.000001Z"
    world.now = at("2026-11-21T08:00:00+00:00")
    prices.rules(rule(1, 1, "2.55", valid_to=soon), rule(2, 1, "1.00", item="E2", valid_to=soon))

    prices.flow()

    assert instants(world) == [soon]
    noted = [r for r in world.rows("pricing") if r["pk"].startswith(f"W#{soon}#")]
    assert sorted(r["sk"] for r in noted) == ["list#SKU-1", "list#SKU-2"]
    assert {r["ttl"] for r in noted} == {int(at(soon).timestamp()) + 7 * 86_400}
    (summary,) = schedules.list_schedules(GroupName="crossdock-local-price-windows")["Schedules"]
    made = schedules.get_schedule(GroupName="crossdock-local-price-windows", Name=summary["Name"])
    assert (made["Name"], made["ScheduleExpression"]) == ("at-20261201T000001", "at(2026-12-01T00:00:01)")
    assert (made["ScheduleExpressionTimezone"], made["ActionAfterCompletion"]) == ("UTC", "DELETE")
    assert json.loads(made["Target"]["Input"]) == OPEN


def test_a_window_further_ahead_than_a_year_has_its_row_and_no_schedule(
    world: World, prices: Prices, schedules: Any
) -> None:
    prices.rules(rule(1, 1, "2.55", valid_to=BEGINS))

    prices.flow()

    assert instants(world) == [BEGINS]
    assert schedules.list_schedules(GroupName="crossdock-local-price-windows")["Schedules"] == []


def test_a_channel_without_dates_hears_of_a_window_when_it_begins_to_the_microsecond(
    world: World, prices: Prices
) -> None:
    prices.classes("list", dated=False)
    prices.rules(rule(1, 1, "2.55"), rule(3, 1, "2.00", **PROMOTION))
    prices.flow()
    assert prices.held("SKU-1") == [(None, None, "2.55")]

    world.now = at("2098-11-30T23:59:59.999999+00:00")
    prices.publish(OPEN)
    assert prices.announce(prices.records()) == []
    world.now = at("2098-12-01T00:00:00+00:00")
    prices.publish(OPEN)
    prices.deliver(*prices.announce(prices.records()))
    assert prices.held("SKU-1") == [(None, None, "2.00")]
    world.now = at("2099-12-24T00:00:00.000001+00:00")
    prices.publish(OPEN, OPEN)
    prices.deliver(*prices.announce(prices.records()))

    assert prices.held("SKU-1") == [(None, None, "2.55")]
    assert instants(world) == []
    cell = prices.cell("SKU-1")
    assert cell is not None
    assert (cell.next_edge, len(cell.document["windows"])) == (None, 1)


def test_a_channel_with_dates_is_not_told_again_when_a_window_begins(world: World, prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"), rule(3, 1, "2.00", **PROMOTION))
    prices.flow()
    before = len(prices.endpoint.posts)

    world.now = at("2098-12-01T00:00:00+00:00")
    prices.publish(OPEN)
    told = prices.announce(prices.records())

    assert (told, len(prices.endpoint.posts)) == ([], before)
    cell = prices.cell("SKU-1")
    assert cell is not None
    assert [w["from"] for w in cell.document["windows"]] == [None, ENDS]


def test_a_lost_schedule_is_made_up_for_within_five_minutes(world: World, prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55", valid_to=BEGINS))
    prices.flow()
    world.now = at("2098-12-01T00:04:00+00:00")

    looked = world.call("watch_prices", {"check": "late"})
    prices.publish(*world.take("price-cells"))

    assert looked["opened"] == 1
    assert instants(world) == []
    cell = prices.cell("SKU-1")
    assert cell is not None
    assert cell.document == {"currency": "GBP", "unit": None, "windows": []}


def test_an_instant_of_many_cells_is_opened_a_page_at_a_time(world: World, prices: Prices) -> None:
    world.patch.setattr(price_publication, "PAGE", 1)
    prices.rules(*(rule(n, 1, "2.55", item=f"E{n}", valid_to=BEGINS) for n in (1, 2, 3)))
    prices.flow()
    world.now = at("2098-12-01T00:00:00+00:00")

    prices.publish(OPEN)

    cells = [prices.cell(f"SKU-{n}") for n in (1, 2, 3)]
    assert [c.document["windows"] for c in cells if c] == [[], [], []]
    assert instants(world) == []


# -- late ------------------------------------------------------------------------------------------------------


def late(world: World, minutes: int, **told: Any) -> dict[str, Any]:
    world.now = NOW.fromtimestamp(NOW.timestamp() + 60 * minutes, NOW.tzinfo)
    found: dict[str, Any] = world.call("watch_prices", {"check": "late", "correlation_id": CORRELATION, **told})
    return found


def measures(capsys: Any) -> list[tuple[str, int]]:
    lags = [(said["price_class"], value) for name, value, _, said in figures.measured(capsys) if name == "PriceLag"]
    return [(name, lag) for name, value in lags for lag in (value if isinstance(value, list) else [value])]


def test_prices_that_a_strategic_class_waits_for_ring_once_and_are_closed_when_acknowledged(
    world: World, prices: Prices, capsys: Any
) -> None:
    prices.endpoint.answer = HttpAnswer(503)
    prices.rules(rule(1, 1, "2.55"))
    told = prices.compute()
    assert prices.deliver(*told) == ["message-0"]

    early, first, second = late(world, 4), late(world, 5), late(world, 6)

    assert [e["told"] for e in (early, first, second)] == [[], ["webshop/list"], []]
    assert measures(capsys) == [("list", 240), ("list", 300), ("list", 360)]
    (group,) = world.exceptions.groups()
    assert (group.kind, group.source, group.subject, group.open) == (
        "prices_published_late",
        "webshop",
        "price_class/list",
        1,
    )
    assert group.detail == (
        "webshop has not acknowledged 1 prices of the strategic class list that changed 300 s ago (late after 300 s)"
    )
    prices.endpoint.answer = HttpAnswer(200)
    assert prices.deliver(*told) == []
    assert measures(capsys) == [("list", 360)]
    after = late(world, 10)
    assert (after["closed"], after["lags"][0]["seconds"], after["lags"][0]["late"]) == (1, 0, False)
    assert list(world.exceptions.groups()) == []
    assert measures(capsys) == [("list", 0)]


def test_an_ordinary_class_is_measured_and_rings_nobody(world: World, prices: Prices, capsys: Any) -> None:
    prices.classes("gold")
    prices.endpoint.answer = HttpAnswer(503)
    prices.rules(rule(1, 1, "2.55"))
    prices.deliver(*prices.compute())

    looked = late(world, 10)

    assert (looked["told"], looked["lags"][0]["late"]) == ([], True)
    assert measures(capsys) == [("list", 0), ("gold", 600)]
    assert list(world.exceptions.groups()) == []


def test_the_watermark_says_until_when_everything_is_acknowledged(world: World, prices: Prices) -> None:
    pending = PendingStore(world.table("exchange"))
    prices.rules(rule(1, 1, "2.55"))
    prices.flow()
    late(world, 2)
    assert pending.watermark("webshop", "list") == "2026-11-21T08:01:00.000000Z"  # a minute may be under way

    prices.endpoint.answer = HttpAnswer(503)
    prices.rules(rule(1, 2, "3.00"))
    told = prices.compute()
    prices.deliver(*told)
    late(world, 9)
    assert pending.watermark("webshop", "list") == "2026-11-21T08:02:00.000000Z", "when the change was seen"

    prices.endpoint.answer = HttpAnswer(200)
    prices.deliver(*told)
    late(world, 10)
    assert pending.watermark("webshop", "list") == "2026-11-21T08:09:00.000000Z"


def test_while_cells_wait_to_be_computed_the_watermark_stands(world: World, prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"))
    prices.flow()
    late(world, 2)
    body = json.dumps({"v": 1, "kind": "cells"})
    world.target.sqs.send_message(QueueUrl=world.urls["price-cells"], MessageBody=body)

    looked = late(world, 10)

    assert looked["waiting"] == 1
    assert PendingStore(world.table("exchange")).watermark("webshop", "list") == "2026-11-21T08:01:00.000000Z"


def test_a_note_whose_message_was_never_sent_is_forgotten(world: World, prices: Prices) -> None:
    prices.rules(rule(1, 1, "2.55"))
    told = prices.compute()
    prices.deliver({**told[0], "pending": ["PEND#webshop#list", "another"]})
    assert [r["pk"] for r in world.rows("exchange") if r["pk"].startswith("PEND#")] == ["PEND#webshop#list"]

    looked = late(world, 10)

    assert (looked["forgotten"], looked["told"]) == (1, [])
    assert [r for r in world.rows("exchange") if r["pk"].startswith("PEND#")] == []
