"""What each function measures of a batch, to the value and the dimension; and what a look at everything costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crossdock.exchange.delivery import Dirty
from crossdock.exchange.park_store import ParkStore
from crossdock.exchange.pending import Pending, PendingStore
from crossdock.platform import allowances
from crossdock.platform.limits import Standing, Terms
from crossdock.platform.logs import logger
from tests.support import figures
from tests.support.metering import metered
from tests.support.world import (
    CORRELATION,
    NOW,
    Context,
    World,
    api_event,
    counts_event,
    later,
    moved,
    movement,
    movements_message,
    price,
    prices_event,
    references_event,
    webhook_event,
)

if TYPE_CHECKING:
    from datetime import datetime

pytestmark = pytest.mark.integration

LOOKS_A_MONTH = 30 * 24 * 60 // 5
MILLION_READS = 0.125  # USD for a million read units on demand, us-east-1 (tests/bench/prices.toml)


@pytest.fixture(autouse=True)
def known(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"), ("erp", "E1", "SKU-1"))


def sent(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The event, its messages put on their queue at an instant."""
    for record in event["Records"]:
        record["attributes"]["SentTimestamp"] = str(int(at.timestamp() * 1000))
    return event


# -- facts -----------------------------------------------------------------------------------------------------


def test_movements_are_counted_by_the_batch_with_the_lag_of_the_oldest(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    messages = [movements_message(movement("m1"), movement("m2", item="NEW")), movements_message(movement("m1"))]
    event = sent(world.queue_event("movements", messages), NOW)
    world.now = later(7)

    world.call("apply_movements", event, Context())

    domain = {"domain": "movements"}
    assert figures.measured(capsys) == [
        ("FactsApplied", 1, "Count", domain),
        ("FactsRefused", 1, "Count", domain),
        ("DuplicatesSuppressed", 1, "Count", domain),
        ("FactLag", [7_000], "Milliseconds", domain),
    ]


def test_prices_counts_and_references_are_counted_too(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    rules = prices_event(price("r1", 1), price("r2", 1, item="NEW"))
    world.call("apply_price_changes", world.queue_event("prices", [rules, rules]), Context())
    assert figures.measured(capsys) == [
        ("FactsApplied", 1, "Count", {"domain": "prices"}),
        ("FactsRefused", 2, "Count", {"domain": "prices"}),
        ("DuplicatesSuppressed", 1, "Count", {"domain": "prices"}),
    ]

    world.call("apply_counts", world.queue_event("counts", [counts_event({"A1": 5, "NEW": 1})]), Context())
    assert figures.measured(capsys) == [
        ("FactsApplied", 1, "Count", {"domain": "counts"}),
        ("FactsRefused", 1, "Count", {"domain": "counts"}),
    ]

    declared = references_event({"SKU-2": [("wms", "A2"), ("erp", "E2")]})
    world.call("apply_references", world.queue_event("references", [declared]), Context())
    assert figures.measured(capsys) == [("FactsApplied", 2, "Count", {"domain": "references"})]


# -- webhooks --------------------------------------------------------------------------------------------------


def test_a_webhook_is_measured_whether_it_is_taken_or_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    body = moved(movement("m1"))
    wms = {"source": "wms"}
    for event in (webhook_event(body), webhook_event(body)):
        world.call("receive_webhook", event, Context())
    assert figures.measured(capsys) == [
        ("WebhookAccepted", 1, "Count", wms),
        ("WebhookTime", 0, "Milliseconds", wms),
        ("WebhookAccepted", 1, "Count", wms),
        ("WebhookTime", 0, "Milliseconds", wms),
        ("DuplicatesSuppressed", 1, "Count", {"domain": "webhooks"}),
    ]

    forged = webhook_event(body, webhook_signature="v1,Zm9yZ2Vk")
    assert world.call("receive_webhook", forged, Context())["statusCode"] == 401
    assert figures.measured(capsys) == [("WebhookRefused", 1, "Count", wms), ("WebhookTime", 0, "Milliseconds", wms)]


def test_a_source_that_is_none_of_ours_makes_no_metric(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    event = webhook_event({"type": "movements", "movements": []}, source="guess-4711")

    assert world.call("receive_webhook", event, Context())["statusCode"] == 404

    assert figures.measured(capsys) == []


# -- oversold --------------------------------------------------------------------------------------------------


def _change(av: tuple[int, int], rsv: tuple[int, int], pk: str = "T#SKU-1") -> dict[str, Any]:
    keys = {"pk": {"S": pk}, "sk": {"S": "A#MAIN"}}
    images = [{**keys, "av": {"N": str(av[n])}, "rsv": {"N": str(rsv[n])}} for n in (0, 1)]
    return {
        "eventName": "MODIFY",
        "dynamodb": {"Keys": keys, "OldImage": images[0], "NewImage": images[1]},
    }


def test_an_oversell_rings_for_a_hold_on_header_or_shard_and_for_nothing_else(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    lost, allocated = _change((2, -2), (3, 3)), _change((-1, -1), (3, 3))
    world.call("announce_changes", {"Records": [lost, allocated]}, Context())
    assert figures.measured(capsys) == []

    records = [lost, _change((2, -1), (0, 3)), _change((1, -1), (0, 2), "T#SKU-1#S03")]
    world.call("announce_changes", {"Records": records}, Context())
    assert figures.measured(capsys) == [("Oversold", 2, "Count", {})]


def test_an_oversell_names_its_items_in_the_log(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []
    monkeypatch.setattr(logger(), "error", lambda message, **more: said.append((message, more)))
    world.call("announce_changes", {"Records": [_change((2, -2), (3, 3))]}, Context())
    assert said == []

    records = [_change((2, -1), (0, 3)), _change((1, -1), (0, 2), "T#SKU-2#S03"), _change((1, -1), (0, 2), "T#SKU-2")]
    world.call("announce_changes", {"Records": records}, Context())
    assert said == [("oversold", {"items": ["SKU-1", "SKU-2"]})]


# -- partners --------------------------------------------------------------------------------------------------


def test_a_partner_that_used_up_its_limit_is_counted_without_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Used:
        def take(self, partner: str, terms: Terms) -> Standing:
            return Standing(partner != "greedy", terms, remaining=0, full_after=1, retry_after=1)

    monkeypatch.setenv("LIMITS_TABLE", "limits")
    monkeypatch.setattr(allowances, "_limiter", lambda _: Used())
    for partner in ("acme", "greedy"):
        event = api_event(partner=partner)
        event["requestContext"]["authorizer"] |= {"rate": "5", "burst": "10"}
        allowances.spend(event)

    assert figures.measured(capsys) == [("PartnersLimited", 1, "Count", {})]


# -- the look at everything ------------------------------------------------------------------------------------


def look(world: World, capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], Any]:
    """What `measure_business` measures, by figure and value of its dimension."""
    capsys.readouterr()
    world.call("measure_business", {"correlation_id": CORRELATION}, Context())
    return {(name, next(iter(said.values()), "")): value for name, value, _, said in figures.measured(capsys)}


def test_a_quiet_stage_says_0_of_everything_there_is(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    before = world.dump()

    found = look(world, capsys)

    classes = ("transient", "permanent", "poison", "destination_down", "deadline_missed")
    assert found == {
        **{("ChannelBehind", channel): 0 for channel in ("webshop", "marketplace", "crm", "erp")},
        **{(name, one): 0 for name in ("ExceptionsOpen", "ExceptionsOldest") for one in classes},
        ("ExceptionsOverdue", ""): 0,
        ("MoneyHeldUp", "GBP"): 0,
    }
    assert world.dump() == before


def test_what_stands_still_is_measured_and_what_is_over_ends(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    moves = [movement("m1"), *(movement(f"n{n}", item="NEW") for n in range(3))]
    world.call("apply_movements", world.queue_event("movements", [movements_message(*moves)]), Context())
    parks = ParkStore(world.table("exchange"), world.clock)
    parks.park("webshop", "availability", [Dirty("SKU-1", ()), Dirty("SKU-2", ())], "")
    PendingStore(world.table("exchange")).note([Pending("marketplace", "list", "2026-11-21T08:01:00.000000Z", ("K",))])
    world.now = later(5 * 3_600)

    found = look(world, capsys)

    assert found["StockQuiet", "MAIN"] == 5 * 3_600
    assert (found["ChannelBehind", "webshop"], found["ChannelBehind", "erp"]) == (5 * 3_600, 0)
    assert (found["ExceptionsOpen", "permanent"], found["ExceptionsOldest", "permanent"]) == (1, 5 * 3_600)
    assert found["ExceptionsOverdue", ""] == 1
    assert ("TimeToResolve", "") not in found

    (group,) = world.exceptions.groups()
    world.exceptions.close_all(list(world.exceptions.occurrences(group.id)), "ann", "not ours")
    parks.taken(parks.page("webshop", "availability", 10))
    world.now = later(6 * 3_600)
    found = look(world, capsys)
    assert (found["ExceptionsOpen", "permanent"], found["ExceptionsOldest", "permanent"]) == (0, 0)
    assert (found["ExceptionsOverdue", ""], found["ChannelBehind", "webshop"]) == (0, 0)
    assert found["TimeToResolve", ""] == 5 * 3_600

    world.now = later(31 * 3_600)
    assert ("TimeToResolve", "") not in look(world, capsys), "that was more than a day ago"


def test_an_exception_that_comes_back_is_as_old_as_its_return(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(number: int) -> None:
        message = movements_message(movement(f"n{number}", item="NEW"))
        world.call("apply_movements", world.queue_event("movements", [message]), Context())

    refuse(1)
    (group,) = world.exceptions.groups()
    world.exceptions.close_all(list(world.exceptions.occurrences(group.id)), "ann", "not ours")
    world.now = later(100_000)
    refuse(2)
    world.now = later(100_060)

    assert look(world, capsys)["ExceptionsOldest", "permanent"] == 60


def test_a_look_costs_a_few_cents_a_month(world: World) -> None:
    """Per look: 1 read unit a warehouse that ever moved, half a unit a channel and kind and class, and the list."""
    world.call("apply_movements", world.queue_event("movements", [movements_message(movement("m1"))]), Context())

    with metered() as empty:
        world.call("measure_business", {}, Context())
    messages = [movements_message(*(movement(f"n{n}", item=f"NEW-{n}") for n in range(200)))]
    world.call("apply_movements", world.queue_event("movements", messages), Context())
    with metered() as full:
        world.call("measure_business", {}, Context())

    assert set(empty.calls) == {"BatchGetItem", "Query"}
    # A read unit for the warehouse, half a unit for each of nine queries; then 200 groups of some 430 bytes.
    assert (empty.rcu, full.rcu) == (5.5, 16.0)
    assert [round(one.rcu * LOOKS_A_MONTH * MILLION_READS / 1e6, 4) for one in (empty, full)] == [0.0059, 0.0173]
