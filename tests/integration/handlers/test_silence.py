"""A warehouse in which nothing moves although it usually would: told once, its source reconciled, closed by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory.reconciliation import StockReconciler
from tests.support.crashes import Killed, reaper
from tests.support.world import (
    CORRELATION,
    Context,
    World,
    configuration,
    counts_event,
    later,
    movement,
    movements_message,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

HOUR = 3_600
WEEK = 7 * 24 * HOUR


@pytest.fixture(autouse=True)
def known(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))


def apply(world: World, *movements: dict[str, Any], **fields: Any) -> None:
    event = world.queue_event("movements", [movements_message(*movements, **fields)])
    assert world.call("apply_movements", event, Context()) == {"batchItemFailures": []}


def row(world: World) -> dict[str, Any] | None:
    return world.row("inventory", "RHYTHM#MAIN", "R")


def moving(world: World) -> None:
    """A week in which something moved every six hours."""
    for n in range(29):
        world.now = later(n * 6 * HOUR)
        apply(world, movement(f"m{n}"))


def check(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.call(
        "reconcile_stock", {"check": "silence", "correlation_id": CORRELATION}, Context()
    )
    return found


def told(world: World) -> list[tuple[str, str, int, int]]:
    return [
        (g.kind, g.subject, g.open, g.closed) for state in ("open", "closed") for g in world.exceptions.groups(state)
    ]


def test_a_warehouse_is_noted_once_a_minute_whatever_moves(world: World) -> None:
    apply(world, movement("m1"), movement("m2"))
    first = row(world)
    world.now = later(59)
    with reaper() as found:
        apply(world, movement("m3"))
    assert found.calls == ["dynamodb.BatchExecuteStatement"], "the journal, and nothing beside it"
    assert row(world) == first == {"pk": "RHYTHM#MAIN", "sk": "R", "s": 1795248000, "t": 1795248000, "d": "", "n": 1}

    world.now = later(60)
    with reaper() as found:
        apply(world, movement("m4"))

    assert found.calls == ["dynamodb.BatchExecuteStatement"] * 2, "the row is remembered and not read"
    assert row(world) == {
        "pk": "RHYTHM#MAIN",
        "sk": "R",
        "s": 1795248000,
        "t": 1795248060,
        "d": "20778:60",
        "n": 2,
    }


def test_another_process_that_noted_this_minute_is_believed(world: World) -> None:
    apply(world, movement("m1"))
    theirs = {"pk": "RHYTHM#MAIN", "sk": "R", "s": 1795248000, "t": 1795248055, "d": "20778:55", "n": 2}
    world.table("inventory").put(theirs)
    world.now = later(60)

    apply(world, movement("m2"))
    assert row(world) == theirs

    world.now = later(130)
    apply(world, movement("m3"))
    assert row(world) == {**theirs, "t": 1795248130, "d": "20778:75", "n": 3}


def test_what_is_refused_repeated_replayed_or_our_own_says_nothing_about_the_source(world: World) -> None:
    apply(world, movement("m1"))
    first = row(world)
    world.now = later(HOUR)

    apply(world, movement("m1"), movement("m2", item="NEW"))
    apply(world, movement("m3"), replay={"exception": "e", "occurrence": "o", "run": "r"})
    ours = {"type": "adjustment", "occurred_at": "2026-11-21T08:00:00Z"}
    apply(world, movement("m4", item="SKU-1", **ours), source="crossdock")

    assert [r["sk"] for r in world.rows("inventory") if r["pk"].startswith("M#")] == [
        "crossdock#m4",
        "wms#m1",
        "wms#m3",
    ]
    assert row(world) == first


def test_a_silence_is_told_once_reconciles_its_source_and_closes_when_something_moves(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    moving(world)
    world.project()
    event = world.queue_event("counts", [counts_event({"A1": 100})])
    assert world.call("apply_counts", event) == {"batchItemFailures": []}

    world.now = later(WEEK + 9 * HOUR)
    assert check(world) | {"correlation_id": ""} == {
        "correlation_id": "",
        "judged": ["MAIN"],
        "silent": [],
        "told": [],
        "closed": 0,
        "checked": [],
        "unchecked": [],
    }
    assert told(world) == []
    world.now = later(WEEK + 9 * HOUR + 1)
    capsys.readouterr()
    found = check(world)

    assert (found["silent"], found["told"], found["checked"]) == (["MAIN"], ["MAIN"], ["wms"])
    assert [r["pk"] for r in world.rows("inventory") if r["pk"].startswith("DRIFT#")] == ["DRIFT#wms#MAIN"]
    assert told(world) == [("silent_warehouse", "warehouse/MAIN", 1, 0)]
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert occurrence.message == {
        "kind": "silent_warehouse",
        "source": "wms",
        "warehouse": "MAIN",
        "last_movement_at": "2026-11-28T08:00:00.000Z",
        "usual_gap_seconds": 6 * HOUR,
        "silent_after_seconds": 9 * HOUR,
    }
    assert metrics(capsys) == [("MAIN", 1)]

    again = check(world)
    assert (again["silent"], again["told"], again["checked"]) == (["MAIN"], [], [])

    apply(world, movement("late"))
    capsys.readouterr()
    assert (check(world)["closed"], told(world)) == (1, [("silent_warehouse", "warehouse/MAIN", 0, 1)])
    assert metrics(capsys) == [("MAIN", 0)]


def metrics(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, int]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"WarehouseSilent"' in line]
    for line in lines:
        assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage", "warehouse"]]
    return [(line["warehouse"], line["WarehouseSilent"]) for line in lines]


def test_a_silence_that_an_operator_closed_stays_closed(world: World) -> None:
    moving(world)
    world.now = later(WEEK + 10 * HOUR)
    check(world)
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert world.exceptions.close(occurrence, "me", "stock-taking")

    assert check(world)["told"] == []
    assert told(world) == [("silent_warehouse", "warehouse/MAIN", 0, 1)]


def test_nothing_is_told_before_a_week_unless_it_is_configured(world: World, tmp_path: Path) -> None:
    apply(world, movement("m1"))
    world.now = later(901)
    assert (check(world)["judged"], told(world)) == ([], [])

    silent = {"MAIN": {"silent_after_seconds": 900}}
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, warehouses=silent)))
    world.forget_warm_state()

    assert check(world)["told"] == ["MAIN"]
    (group,) = world.exceptions.groups()
    assert group.detail == (
        "wms: no movement of MAIN was applied since 2026-11-21T08:00:00.000Z; it may pause for 0 h 15 min"
    )


def test_a_reconciliation_that_fails_keeps_no_silence_from_being_told(world: World) -> None:
    moving(world)
    world.now = later(WEEK + 10 * HOUR)

    def fails(*_: Any) -> None:
        raise ValueError("broken")

    world.patch.setattr(StockReconciler, "run", fails)

    with pytest.raises(RuntimeError, match="not reconciled, although silent: wms"):
        check(world)

    assert told(world) == [("silent_warehouse", "warehouse/MAIN", 1, 0)]


def test_another_check_is_refused_with_the_remedy(world: World) -> None:
    with pytest.raises(ValueError, match="check: 'noise' is not known; write silence"):
        world.call("reconcile_stock", {"check": "noise"}, Context())


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_mark_that_a_death_lost_is_made_up_by_the_next_movement(world: World, moment: Any) -> None:
    with reaper() as found:
        apply(world, movement("m0"))
    assert len(found.calls) == 4
    for n, at in enumerate(range(1, 5)):
        world.forget_warm_state()
        world.now = later(1_000 * n + 100)
        with reaper(at, moment), pytest.raises(Killed):
            apply(world, movement(f"x{n}"))
        world.forget_warm_state()
        apply(world, movement(f"x{n}"))
        world.now = later(1_000 * n + 160)
        apply(world, movement(f"y{n}"))
        found_row = row(world)
        assert found_row is not None
        assert found_row["t"] == 1795248000 + 1_000 * n + 160


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_check_that_dies_anywhere_tells_once_and_has_compared_before(world: World, moment: Any) -> None:
    """Whoever died before it had told compares again; whoever told has compared."""
    moving(world)
    world.now = later(WEEK + 10 * HOUR)
    world.forget_warm_state()
    with reaper() as found:
        check(world)
    calls = len(found.calls)
    assert calls > 5
    for at in range(1, calls + 1):
        for item in world.rows("exceptions"):
            world.table("exceptions").delete((item["pk"], item["sk"]))
        world.forget_warm_state()
        with reaper(at, moment) as died, pytest.raises(Killed):
            check(world)
        dead = [(k, o, c) for k, _, o, c in told(world)]
        again = check(world)
        assert again["checked"] == ([] if dead else ["wms"]), died.calls
        assert told(world) == [("silent_warehouse", "warehouse/MAIN", 1, 0)]
