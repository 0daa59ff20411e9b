"""Drift: compared as of a position, seen twice, healed on the normal path, and never by more than the cap."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from crossdock.contracts.items import ItemProfile
from crossdock.identity.items import Items
from crossdock.inventory.journal import JournalEntry
from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import system_clock
from tests.support.world import (
    CORRELATION,
    NOW_TEXT,
    Context,
    World,
    configuration,
    counts_event,
    movement,
    movements_message,
)

pytestmark = pytest.mark.integration


def settings(world: World, tmp_path: Any, **changes: int) -> None:
    values = {"settle_seconds": 0, "sightings": 2, "heal_cap": 200, **changes}
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, reconciliation=values)))
    world.forget_warm_state()


def move(world: World, *movements: dict[str, Any]) -> None:
    answer = world.call("apply_movements", world.queue_event("movements", [movements_message(*movements)]))
    assert answer == {"batchItemFailures": []}
    world.project()


def count(world: World, counts: dict[str, int] | dict[str, str], position: int = 10, **fields: Any) -> None:
    answer = world.call("apply_counts", world.queue_event("counts", [counts_event(counts, position, **fields)]))
    assert answer == {"batchItemFailures": []}


def reconcile(world: World) -> dict[str, Any]:
    report: dict[str, Any] = world.call("reconcile_stock", {"source": "wms", "correlation_id": CORRELATION}, Context())
    return report


def heal(world: World) -> list[dict[str, Any]]:
    """Lets what reconciliation sent go its way; gives back the adjustments."""
    messages = world.take("movements")
    assert world.call("apply_movements", world.queue_event("movements", messages)) == {"batchItemFailures": []}
    world.project()
    return [m for message in messages for m in message["movements"]]


@pytest.fixture(autouse=True)
def known(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"), ("wms", "A1-OLD", "SKU-1"), ("wms", "A2", "SKU-2"), ("wms", "A3", "SKU-3"))


# -- keeping counts --------------------------------------------------------------------------------------------


def kept(world: World) -> dict[str, tuple[int, int]]:
    """What is kept of each item, by sku: (quantity, position)."""
    store = InventoryStore(world.table("inventory"), system_clock)
    return {c.sku: (c.quantity, c.position) for c in store.counts("wms", "MAIN")}


def test_a_count_is_kept_as_of_its_position(world: World) -> None:
    count(world, {"A1": 5})

    assert world.rows("inventory") == [
        {
            "pk": "CNT#wms#MAIN",
            "sk": "SKU-1#A1",
            "q": 5,
            "pos": 10,
            "ord": "0000000000000000010@2026-11-21T07:30:00.000Z",
            "at": "2026-11-21T07:30:00.000Z",
            "cor": CORRELATION,
        }
    ]


def test_the_newest_position_stands_in_whatever_order_counts_arrive(world: World) -> None:
    for position in (10, 30, 20, 30):
        count(world, {"A1": position, "A2": 1}, position)

    assert kept(world) == {"SKU-1": (30, 30), "SKU-2": (1, 30)}


def test_a_recount_at_the_same_position_stands_in_place_of_the_first(world: World) -> None:
    count(world, {"A1": 5}, counted_at="2026-11-21T07:30:00Z")
    count(world, {"A1": 6}, counted_at="2026-11-21T08:30:00Z")
    count(world, {"A1": 7}, counted_at="2026-11-21T08:00:00Z")

    assert kept(world) == {"SKU-1": (6, 10)}


def test_two_codes_of_one_item_are_counted_together(world: World) -> None:
    count(world, {"A1": 5, "A1-OLD": 2})

    assert kept(world) == {"SKU-1": (7, 10)}


def test_the_codes_of_an_item_may_come_in_several_reports(world: World) -> None:
    count(world, {"A1": 5})
    count(world, {"A1-OLD": 2})
    count(world, {"A1": 5})  # delivered twice

    assert kept(world) == {"SKU-1": (7, 10)}


def test_a_code_that_is_counted_no_more_is_out_of_the_count(world: World) -> None:
    count(world, {"A1": 5, "A1-OLD": 2})
    count(world, {"A1": 6}, 20)

    assert kept(world) == {"SKU-1": (6, 20)}


def test_an_unknown_item_in_a_count_holds_up_no_other(world: World) -> None:
    count(world, {"NEW": 1, "A1": 5})

    assert kept(world) == {"SKU-1": (5, 10)}
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (group.kind, group.subject) == ("unknown_item", "item/NEW")
    assert occurrence.message["data"]["report"]["counts"] == [{"item": "NEW", "quantity": 1}]


@pytest.mark.parametrize(
    ("source", "warehouse", "kind"),
    [("erp", "MAIN", "not_the_owner"), ("wms", "MOON", "unknown_warehouse")],
)
def test_counts_of_stock_that_is_not_the_sources_are_not_kept(
    world: World, source: str, warehouse: str, kind: str
) -> None:
    event = counts_event({"A1": 5}, warehouse=warehouse)
    event["data"]["source"] = source

    world.call("apply_counts", world.queue_event("counts", [event, event]))

    assert world.rows("inventory") == []
    assert [(g.kind, g.open) for g in world.exceptions.groups()] == [(kind, 1)]


# -- finding and healing ---------------------------------------------------------------------------------------


def test_what_agrees_is_left_alone_to_the_last_byte(world: World) -> None:
    move(world, movement("m1", 5, sequence=1), movement("m2", 3, item="A2"))
    count(world, {"A1": 5, "A2": 3, "A3": 0})
    before = world.dump()

    for _ in range(2):
        report = reconcile(world)

        assert {k: report[k] for k in ("compared", "equal", "settling", "drifted", "healed", "drifts")} == {
            "compared": 3,
            "equal": 3,
            "settling": 0,
            "drifted": 0,
            "healed": 0,
            "drifts": [],
        }
        assert world.dump() == before
        assert world.take("movements") == []


def test_a_count_is_compared_with_the_balance_at_its_position(world: World) -> None:
    move(world, movement("m1", 5, sequence=9), movement("m2", 2, sequence=10))
    move(world, movement("m3", 4, sequence=11), movement("m4", 1, type="pick", sequence=12))
    count(world, {"A1": 7}, 10)
    before = world.dump()

    assert reconcile(world)["drifted"] == 0

    assert world.balance("SKU-1") == 10
    assert world.dump() == before


def test_drift_is_seen_first_and_healed_the_second_time_at_the_counts_position(world: World) -> None:
    move(world, movement("m1", 5, sequence=9), movement("m2", 4, sequence=11))
    count(world, {"A1": 3}, 10)

    first = reconcile(world)
    assert world.take("movements") == []
    assert world.row("inventory", "DRIFT#wms#MAIN", "SKU-1") == {
        "pk": "DRIFT#wms#MAIN",
        "sk": "SKU-1",
        "diff": -2,
        "pos": 10,
        "n": 1,
        "at": NOW_TEXT,
    }
    second = reconcile(world)
    (adjustment,) = heal(world)

    assert [(d["action"], d["seen"], d["difference"]) for r in (first, second) for d in r["drifts"]] == [
        ("seen", 1, -2),
        ("healed", 2, -2),
    ]
    assert first["drifts"][0]["evidence"] == (
        {"source": "wms", "id": "m1", "type": "receipt", "quantity": 5, "position": 9},
        {"source": "wms", "id": "m2", "type": "receipt", "quantity": 4, "position": 11},
    )
    assert adjustment == {
        "id": "count:10:SKU-1:0",
        "item": "SKU-1",
        "warehouse": "MAIN",
        "type": "adjustment",
        "quantity": -2,
        "occurred_at": "2026-11-21T07:30:00.000Z",
        "sequence": 10,
        "reference": "wms",
        "reason": "counted 3 by wms",
    }
    assert world.balance("SKU-1") == 7  # three counted, and four that came after
    assert world.row("inventory", "DRIFT#wms#MAIN", "SKU-1") is None
    before = world.dump()
    assert reconcile(world)["drifted"] == 0
    assert world.dump() == before
    assert world.rows("exceptions") == []


def test_a_difference_that_changes_between_runs_is_not_healed_yet(world: World) -> None:
    move(world, movement("m1", 5, sequence=1))
    count(world, {"A1": 3})
    reconcile(world)
    move(world, movement("late", 1, sequence=2))

    assert [(d["action"], d["seen"], d["difference"]) for d in reconcile(world)["drifts"]] == [("seen", 1, -3)]
    assert world.take("movements") == []


def test_a_difference_that_goes_away_by_itself_is_forgotten(world: World) -> None:
    move(world, movement("m1", 5, sequence=1))
    count(world, {"A1": 6})
    reconcile(world)
    move(world, movement("late", 1, sequence=2))

    assert reconcile(world)["drifted"] == 0
    assert world.row("inventory", "DRIFT#wms#MAIN", "SKU-1") is None


def test_a_movement_that_comes_after_its_count_was_healed_is_healed_back(world: World) -> None:
    move(world, movement("m1", 5, sequence=1))
    count(world, {"A1": 6})
    reconcile(world)
    reconcile(world)
    heal(world)
    move(world, movement("late", 1, sequence=2))
    reconcile(world)
    reconcile(world)

    assert [(m["id"], m["quantity"]) for m in heal(world)] == [("count:10:SKU-1:1", -1)]
    assert world.balance("SKU-1") == 6


def test_counts_of_a_warehouses_new_system_know_all_that_the_old_one_reported(world: World) -> None:
    old = [
        JournalEntry("SKU-1", "MAIN", "oldwms", "m1", "receipt", 5, NOW_TEXT, 5_000_000, CORRELATION),
        JournalEntry("SKU-1", "MAIN", "crossdock", "c1", "adjustment", 1, NOW_TEXT, 4_000_000, CORRELATION, "oldwms"),
    ]
    world.inventory.journal(old)
    move(world, movement("n1", 2, sequence=1), movement("n2", 7, sequence=3))
    count(world, {"A1": 8}, 2)

    assert (world.balance("SKU-1"), reconcile(world)["drifts"]) == (15, [])


def test_a_lagging_balance_is_not_taken_for_drift(world: World) -> None:
    move(world, movement("m1", 5, sequence=1))
    world.call("apply_movements", world.queue_event("movements", [movements_message(movement("m2", 1, sequence=2))]))
    count(world, {"A1": 6})

    assert (world.balance("SKU-1"), reconcile(world)["drifted"]) == (5, 0)


def test_a_count_younger_than_the_settle_window_is_not_judged(world: World, tmp_path: Any) -> None:
    settings(world, tmp_path, settle_seconds=1801)
    count(world, {"A1": 6})
    before = world.dump()

    report = reconcile(world)

    assert (report["compared"], report["settling"], report["drifted"]) == (0, 1, 0)
    assert world.dump() == before


def test_above_the_cap_drift_is_raised_and_its_replay_heals(world: World, tmp_path: Any) -> None:
    settings(world, tmp_path, sightings=1, heal_cap=1)
    count(world, {"A1": 1, "A2": 2, "A3": 3})

    report = reconcile(world)
    before = world.dump()["exceptions"]
    assert sorted(d["action"] for d in report["drifts"]) == ["healed", "raised", "raised"]
    (adjustment,) = heal(world)
    assert (adjustment["item"], adjustment["quantity"]) == ("SKU-1", 1)
    (group,) = world.exceptions.groups()
    assert (group.kind, group.subject, group.open) == ("drift_above_cap", "warehouse/MAIN", 2)

    for occurrence in list(world.exceptions.occurrences(group.id)):
        assert world.exceptions.begin_replay(occurrence, "run-1", "ann")
        mark = {"exception": group.id, "occurrence": occurrence.id, "run": "run-1"}
        world.call("apply_movements", world.queue_event("movements", [{**occurrence.message, "replay": mark}]))
    world.project()

    assert [world.balance(f"SKU-{n}") for n in (1, 2, 3)] == [1, 2, 3]
    assert [g.settled for g in world.exceptions.groups("closed")] == [2]
    assert reconcile(world)["drifted"] == 0
    assert len(before) == 3


def test_drift_above_the_cap_that_is_found_again_is_the_same_exception(world: World, tmp_path: Any) -> None:
    settings(world, tmp_path, sightings=1, heal_cap=0)
    count(world, {"A1": 1})
    reconcile(world)
    before = world.dump()

    reconcile(world)

    assert world.dump() == before


@pytest.mark.parametrize("source", ["erp", "nobody", "", None])
def test_a_source_that_reports_no_counts_is_named_with_those_that_do(world: World, source: Any) -> None:
    with pytest.raises(ValueError, match="those that do: wms"):
        world.call("reconcile_stock", {"source": source}, Context())


# -- our own balance against our own journal ---------------------------------------------------------------------------


def test_a_balance_that_lost_a_batch_is_mended_when_its_journal_is_folded(world: World) -> None:
    """m2 was recorded and its stream batch lost; a movement well after it shows that it will never be counted."""
    move(world, movement("m1", 5, sequence=1))
    lost = [movements_message(movement("m2", 2, sequence=2))]
    assert world.call("apply_movements", world.queue_event("movements", lost)) == {"batchItemFailures": []}
    gone = world.stream("inventory")
    age(world, "wms#m1", "2026-11-21T06:00:00.000Z")
    age(world, "wms#m2", "2026-11-21T06:30:00.000Z")
    assert world.call("apply_movements", world.queue_event("movements", [movements_message(movement("m3", 4))])) == {
        "batchItemFailures": []
    }
    records = [r for r in world.stream("inventory") if r not in gone and r["eventName"] == "INSERT"]
    world.call("project_balances", {"Records": records})
    assert world.balance("SKU-1") == 9
    count(world, {"A1": 11}, 20)

    report = reconcile(world)

    assert (report["drifted"], report["equal"], report["balances_mended"]) == (0, 1, 1)
    (mended,) = report["mended"]
    assert (mended["sku"], mended["lost"], mended["differences"]) == ("SKU-1", 1, {"av": 2, "n": 1, "oh": 2, "pl": 2})
    assert world.balance("SKU-1") == 11
    before = world.dump()
    assert reconcile(world)["balances_mended"] == 0
    assert world.dump() == before


def age(world: World, sort_key: str, recorded_at: str) -> None:
    """Lets a journal row be recorded earlier than it was."""
    row = world.row("inventory", "M#SKU-1#MAIN", sort_key)
    assert row is not None
    world.table("inventory").put({**row, "rec": recorded_at})


def test_movements_that_are_still_being_counted_are_no_reason_to_mend(world: World) -> None:
    move(world, movement("m1", 5, sequence=1))
    late = [movements_message(movement("m2", 2, sequence=2))]
    world.call("apply_movements", world.queue_event("movements", late))
    count(world, {"A1": 7}, 10)
    before = world.dump()

    report = reconcile(world)

    assert (report["drifted"], report["balances_mended"], world.dump() == before) == (0, 0, True)


# -- counts in fractions ---------------------------------------------------------------------------------------


def measured(world: World, places: int = 2) -> None:
    """SKU-1 is counted in metres, with two places."""
    profile = ItemProfile("SKU-1", version=1, unit="m", places=places)
    assert Items(world.table("identity")).declare([profile]) == (1, [])


def test_fractions_are_compared_and_healed_exactly(world: World, tmp_path: Any) -> None:
    settings(world, tmp_path)
    measured(world)
    move(world, movement("m1", "2.55", sequence=1))
    count(world, {"A1": "2.3", "A1-OLD": "0.05"})
    assert kept(world) == {"SKU-1": (Decimal("2.35"), 10)}

    reconcile(world)
    report = reconcile(world)

    (drift,) = report["drifts"]
    told = {name: drift[name] for name in ("counted", "balance", "difference", "action")}
    assert told == {"counted": "2.35", "balance": "2.55", "difference": "-0.2", "action": "healed"}
    (adjustment,) = heal(world)
    assert (adjustment["quantity"], adjustment["reason"]) == ("-0.2", "counted 2.35 by wms")
    assert world.row("inventory", "T#SKU-1", "A#MAIN")["oh"] == Decimal("2.35")  # type: ignore[index]
    assert reconcile(world)["drifts"] == []


def test_fractions_that_add_up_to_a_whole_agree_with_it(world: World, tmp_path: Any) -> None:
    settings(world, tmp_path)
    measured(world)
    move(world, movement("m1", 3, sequence=1))
    count(world, {"A1": "2.5", "A1-OLD": "0.50"})

    assert kept(world) == {"SKU-1": (3, 10)}
    assert reconcile(world)["drifts"] == []


@pytest.mark.parametrize("declared", [None, 1])
def test_a_count_finer_than_its_item_is_refused_and_the_others_are_kept(world: World, declared: int | None) -> None:
    if declared is not None:
        measured(world, declared)

    count(world, {"A1": "2.55", "A2": 3})

    assert kept(world) == {"SKU-2": (3, 10)}
    (refused,) = [e for e in world.rows("exceptions") if e.get("kind") == "fraction_not_allowed"]
    assert refused["subject"] == "item/SKU-1"
