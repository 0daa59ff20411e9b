"""What the demo sends: stock that suffices, numbers in order, prices by version, and the fold that judges it all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.movements import Movement
from crossdock.contracts.prices import PriceRule
from crossdock.platform.queues import dumps
from crossdock_cli.demo.ledger import SAMPLE, read_days
from crossdock_cli.demo.plan import Plan, fold, make_plan

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(read_days(SAMPLE, None))


def test_every_movement_and_price_fits_the_public_contracts(plan: Plan) -> None:
    for movement in plan.all_movements():
        Movement.model_validate_json(dumps(movement))
    for day in plan.days:
        for rule in day.prices:
            PriceRule.model_validate_json(dumps(rule))


def test_ids_are_unique_and_positions_rise_without_a_gap(plan: Plan) -> None:
    movements = list(plan.all_movements())

    assert len({m["id"] for m in movements}) == len(movements)
    assert [m["sequence"] for m in movements] == list(range(1, len(movements) + 1))
    assert plan.last_position == len(movements)


def test_no_item_ever_runs_out(plan: Plan) -> None:
    level = dict.fromkeys(plan.items, 0)
    lowest = dict.fromkeys(plan.items, 10**9)
    for movement in plan.all_movements():
        item = movement["item"]
        if item in level:
            level[item] += fold([movement], {})[item]
            lowest[item] = min(lowest[item], level[item])

    # Twenty units are left at the deepest point of each item; one whose stock only grew begins with them.
    assert set(lowest.values()) == {20}


def test_the_same_ledger_makes_the_same_plan(plan: Plan) -> None:
    assert make_plan(read_days(SAMPLE, None)) == plan


def test_a_rule_gets_a_new_version_only_on_the_day_its_tiers_change(tmp_path: Path) -> None:
    file = tmp_path / "ledger.csv"
    file.write_text(
        "1,7,d,6,2026-03-02 08:00:00,2.50,17,UK\n"
        "2,7,d,6,2026-03-03 08:00:00,2.50,17,UK\n"
        "3,7,d,6,2026-03-04 08:00:00,2.40,17,UK\n"
    )

    days = make_plan(read_days(file, None)).days

    said = [[(r["rule_id"], r["version"], r["valid_from"], r["tiers"]) for r in day.prices] for day in days]
    assert said == [
        [("BASE-7", 1, "2026-03-02T00:00:00Z", [{"min_quantity": 1, "unit_price": "2.50"}])],
        [],
        [("BASE-7", 2, "2026-03-04T00:00:00Z", [{"min_quantity": 1, "unit_price": "2.40"}])],
    ]


def test_services_are_sent_and_are_no_items(tmp_path: Path) -> None:
    file = tmp_path / "ledger.csv"
    file.write_text("1,7,d,6,2026-03-02 08:00:00,2.50,17,UK\n1,POST,d,1,2026-03-02 08:00:00,18.00,17,UK\n")

    found = make_plan(read_days(file, None))

    assert found.items == ["7"]
    assert [m["item"] for m in found.opening] == ["7"]
    assert [m["item"] for m in found.days[0].movements] == ["7", "POST"]


def test_the_fold_counts_each_id_once_and_adds_the_corrections() -> None:
    movements: list[dict[str, Any]] = [
        {"id": "1", "item": "a", "type": "receipt", "quantity": 10},
        {"id": "2", "item": "a", "type": "pick", "quantity": 4},
        {"id": "2", "item": "a", "type": "pick", "quantity": 4},
        {"id": "3", "item": "b", "type": "return", "quantity": 1},
        {"id": "4", "item": "b", "type": "adjustment", "quantity": -3},
    ]

    assert fold(movements, {"a": 2}) == {"a": 8, "b": -2}
