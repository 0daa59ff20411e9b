"""Two systems count one warehouse: the one that owns it heals, the other one is only compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.world import (
    CORRELATION,
    Context,
    World,
    configuration,
    counts_event,
    movement,
    movements_message,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def observed(world: World, tmp_path: Path) -> None:
    """The ERP counts the warehouse of the WMS too; of A1 there are five since 7 o'clock."""
    changes: dict[str, Any] = {
        "warehouses": {"MAIN": {"observers": ["erp"]}},
        "sources": {"erp": {"counts": True}},
        "reconciliation": {"settle_seconds": 0},
    }
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, **changes)))
    world.forget_warm_state()
    world.knows(("wms", "A1", "SKU-1"), ("erp", "E1", "SKU-1"))
    move(world, movement("m1", 5, sequence=1))


def move(world: World, *movements: dict[str, Any]) -> None:
    world.call("apply_movements", world.queue_event("movements", [movements_message(*movements)]))
    world.project()


def count(world: World, item: str, quantity: int, source: str = "erp", **fields: Any) -> None:
    event = counts_event({item: quantity}, 77, **fields)
    event["data"]["source"] = source
    assert world.call("apply_counts", world.queue_event("counts", [event])) == {"batchItemFailures": []}


def reconcile(world: World) -> dict[str, Any]:
    report = world.call("reconcile_stock", {"source": "erp", "correlation_id": CORRELATION}, Context())
    assert (report["compared"], report["healed"], world.take("movements")) == (0, 0, [])
    found: dict[str, Any] = report["observed"]
    return found


def test_observers_that_agree_are_left_alone(world: World) -> None:
    count(world, "E1", 5)
    before = world.dump()

    assert reconcile(world) == {"compared": 1, "settling": 0, "disagreements": []}
    assert world.dump() == before


def test_a_disagreement_is_told_with_both_sides_and_never_healed(world: World) -> None:
    count(world, "A1", 5, "wms")
    count(world, "E1", 7)

    first, second, third = (reconcile(world)["disagreements"] for _ in range(3))

    assert [[(d["observed"], d["balance"], d["owner_counted"], d["action"]) for d in r] for r in (first, second)] == [
        [(7, 5, 5, "seen")],
        [(7, 5, 5, "raised")],
    ]
    assert [d["action"] for d in third] == ["raised"]
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (group.kind, group.source, group.subject, group.open) == ("sources_disagree", "erp", "warehouse/MAIN", 1)
    assert occurrence.detail == (
        "SKU-1 in MAIN at 2026-11-21T07:30:00.000Z: erp says 7, the movements add up to 5, wms last counted 5; "
        "last movements: wms receipt 5 (m1)"
    )
    assert world.balance("SKU-1") == 5


def test_what_moved_after_the_count_is_not_held_against_it(world: World) -> None:
    count(world, "E1", 5)
    move(world, movement("m2", 2, type="pick", sequence=2, occurred_at="2026-11-21T07:45:00Z"))

    assert reconcile(world)["disagreements"] == []


def test_a_disagreement_that_goes_away_is_forgotten(world: World) -> None:
    count(world, "E1", 7)
    reconcile(world)
    move(world, movement("late", 2, sequence=2))

    assert reconcile(world)["disagreements"] == []
    assert world.row("inventory", "DRIFT#erp#MAIN", "SKU-1") is None
