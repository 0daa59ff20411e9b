"""Facts of every kind on their way in: units, lots, bins, statuses, transfers, clocks, sequences; what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crossdock.exceptions.correction import assignments_to_patch, corrected_message
from crossdock.inventory.sequence_store import SequenceStore
from crossdock.inventory.sequences import SequenceName
from crossdock.quantities import to_json
from tests.support import replays
from tests.support.reserving import act, body, header, line, post, stocked
from tests.support.world import (
    Context,
    World,
    configuration,
    later,
    movement,
    movements_message,
    references_event,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crossdock.exceptions.model import Group, Occurrence

pytestmark = pytest.mark.integration

PROFILE = {
    "version": 1,
    "unit": "m",
    "units": {"roll": 25, "cut": "1/4", "yard": "0.9144"},
    "places": 2,
    "lot_policy": "free",
    "lots": [],
    "substitutes": ["SKU-9"],
}
ORDINARY = {"pk", "sk", "q", "t", "at", "rec", "h", "cor"}


def apply(world: World, *movements: Any, **fields: Any) -> None:
    answer = world.call(
        "apply_movements", world.queue_event("movements", [movements_message(*movements, **fields)]), Context()
    )
    assert answer == {"batchItemFailures": []}


def declare(world: World, sku: str = "SKU-1", code: str = "A1", **profile: Any) -> None:
    """Declares an item with a profile, as the ERP does."""
    event = references_event({sku: [("wms", code)]})
    if profile:
        event["data"]["items"][0]["profile"] = {**PROFILE, **profile}
    answer = world.call("apply_references", world.queue_event("references", [event]), Context())
    assert answer == {"batchItemFailures": []}


def journal(world: World) -> list[dict[str, Any]]:
    return [row for row in world.rows("inventory") if row["pk"].startswith("M#")]


def beyond_ordinary(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"q": row["q"], **{name: value for name, value in row.items() if name not in ORDINARY}}


def only(world: World) -> tuple[Group, Occurrence]:
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    return group, occurrence


def mended(world: World, **assign: Any) -> None:
    """Corrects the one refused movement, replays it, and sees that it is applied and settled."""
    group, occurrence = only(world)
    if assign:
        patch = assignments_to_patch(occurrence, assign)
        assert world.exceptions.correct(occurrence, corrected_message(occurrence, patch), patch, "me", "test")
        _, occurrence = only(world)
    sent = replays.replay(world.table("exceptions"), world.clock, [occurrence])
    world.call("apply_movements", world.queue_event("movements", [message for _, message in sent]), Context())
    assert len(journal(world)) == 1
    found = world.exceptions.group(group.id)
    assert found is not None
    assert (found.open, found.replaying, found.settled) == (0, 0, 1)


# -- what each kind leaves in the journal ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"type": "receipt", "lot": "L 7", "bin": "A-01"}, {"q": 5, "lot": "L 7", "bin": "A-01"}),
        ({"type": "receipt", "status": "quality_hold"}, {"q": 5, "st": "quality_hold"}),
        ({"type": "receipt", "status": "available"}, {"q": 5}),
        ({"type": "putaway", "bin": "IN", "to_bin": "A-01"}, {"q": 0, "mag": 5, "bin": "IN", "to_bin": "A-01"}),
        ({"type": "pick"}, {"q": -5}),
        ({"type": "pack"}, {"q": 0, "mag": 5}),
        ({"type": "shipment"}, {"q": -5}),
        ({"type": "adjustment", "quantity": -3, "status": "damaged"}, {"q": -3, "st": "damaged"}),
        ({"type": "transfer_out", "to_warehouse": "NORTH"}, {"q": -5, "dest": "NORTH"}),
        ({"type": "transfer_out"}, {"q": -5}),
        ({"type": "transfer_in"}, {"q": 5}),
        ({"type": "return", "status": "damaged"}, {"q": 5, "st": "damaged"}),
        (
            {"type": "status_change", "from_status": "available", "to_status": "damaged", "lot": "L"},
            {"q": 0, "mag": 5, "to_st": "damaged", "lot": "L"},
        ),
        (
            {"type": "status_change", "from_status": "quality_hold", "to_status": "available"},
            {"q": 0, "mag": 5, "st": "quality_hold", "to_st": "available"},
        ),
    ],
)
def test_each_kind_of_movement_is_kept_with_what_it_says(
    two_warehouses: World, said: dict[str, Any], kept: dict[str, Any]
) -> None:
    two_warehouses.knows(("wms", "A1", "SKU-1"))

    apply(two_warehouses, movement("m1", **said) if "quantity" not in said else {**movement("m1"), **said})

    (row,) = journal(two_warehouses)
    assert beyond_ordinary(row) == kept
    assert two_warehouses.rows("exceptions") == []


@pytest.fixture
def two_warehouses(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """MAIN and NORTH of the wms; stock leaves NORTH with the shipment."""
    return configured(world, tmp_path, monkeypatch, warehouses={"NORTH": {"source": "wms", "leaves_with": "shipment"}})


def configured(world: World, folder: Path, patch: pytest.MonkeyPatch, **changes: Mapping[str, Any]) -> World:
    patch.setenv("CROSSDOCK_CONFIG", str(configuration(folder, **changes)))
    world.forget_warm_state()
    return world


@pytest.mark.parametrize(("type_", "kept"), [("pick", {"q": 0, "mag": 5}), ("shipment", {"q": -5})])
def test_where_stock_leaves_with_the_shipment_a_pick_lowers_nothing(
    two_warehouses: World, type_: str, kept: dict[str, Any]
) -> None:
    two_warehouses.knows(("wms", "A1", "SKU-1"))

    apply(two_warehouses, movement("m1", type=type_, warehouse="NORTH"))

    assert [beyond_ordinary(row) for row in journal(two_warehouses)] == [kept]


def test_a_change_of_what_stock_leaves_with_makes_no_contradiction_of_a_repetition(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, movement("m1", type="pick"))
    configured(world, tmp_path, monkeypatch, warehouses={"MAIN": {"source": "wms", "leaves_with": "shipment"}})

    apply(world, movement("m1", type="pick"))

    assert world.rows("exceptions") == []
    assert [row["q"] for row in journal(world)] == [-5]


@pytest.mark.parametrize(
    "change",
    [
        {"lot": "L2"},
        {"bin": "B2"},
        {"status": "damaged"},
        {"unit": "roll"},
        {"quantity": 6},
    ],
)
def test_the_same_id_with_anything_else_said_is_a_contradiction(world: World, change: dict[str, Any]) -> None:
    declare(world, version=1)
    first = movement("m1", unit="m", lot="L1", bin="B1")
    apply(world, first)
    before = journal(world)

    apply(world, {**first, **change})

    assert journal(world) == before
    assert only(world)[0].kind == "conflicting_duplicate"


# -- units -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "unit", "kept"),
    [
        (2, "roll", {"q": 50, "u": "roll", "uq": 2}),
        (2, "cut", {"q": "0.5", "u": "cut", "uq": 2}),
        (25, "yard", {"q": "22.86", "u": "yard", "uq": 25}),
        ("0.02", "roll", {"q": "0.5", "u": "roll", "uq": "0.02"}),
        (3, "m", {"q": 3, "u": "m", "uq": 3}),
        ("2.25", None, {"q": "2.25"}),
        ("2.00", None, {"q": 2}),
    ],
)
def test_units_become_base_units_exactly(world: World, quantity: Any, unit: str | None, kept: dict[str, Any]) -> None:
    declare(world, version=1)

    apply(world, movement("m1", quantity, **({"unit": unit} if unit else {})))

    (row,) = journal(world)
    found = beyond_ordinary(row)
    assert {n: v if isinstance(v, str) else to_json(v) for n, v in found.items()} == kept


@pytest.mark.parametrize(
    ("profile", "said", "kind", "subject", "correction"),
    [
        ({"version": 1}, {"unit": "case"}, "unknown_unit", "unit/SKU-1/case", {"unit": "roll"}),
        ({}, {"unit": "case"}, "unknown_unit", "unit/SKU-1/case", None),
        ({}, {"quantity": "2.5"}, "fraction_not_allowed", "item/SKU-1", {"quantity": 3}),
        ({"version": 1}, {"quantity": "2.125"}, "fraction_not_allowed", "item/SKU-1", {"quantity": "2.12"}),
        ({"version": 1}, {"quantity": 1, "unit": "yard"}, "fraction_not_allowed", "item/SKU-1", {"quantity": 25}),
        ({"version": 1}, {"quantity": 10**12, "unit": "roll"}, "quantity_overflow", "item/SKU-1", {"quantity": 4}),
        ({"version": 1, "lot_policy": "required"}, {}, "lot_missing", "item/SKU-1", {"lot": "any"}),
        ({"version": 1, "lot_policy": "declared", "lots": ["L1"]}, {}, "lot_missing", "item/SKU-1", {"lot": "L1"}),
        (
            {"version": 1, "lot_policy": "declared", "lots": ["L1"]},
            {"lot": "L2"},
            "unknown_lot",
            "lot/SKU-1/L2",
            {"lot": "L1"},
        ),
        ({}, {"type": "transfer_out", "to_warehouse": "MOON"}, "unknown_warehouse", "warehouse/MOON", None),
        ({}, {"type": "putaway"}, "invalid_movement", "field/to_bin", {"to_bin": "A-1"}),
        ({}, {"to_bin": "A-1"}, "invalid_movement", "field/to_bin", {"type": "putaway"}),
        ({}, {"quantity": "2.1234567"}, "invalid_movement", "field/quantity", {"quantity": 2}),
        ({}, {"reservation": "short"}, "invalid_movement", "field/reservation", None),
    ],
)
def test_what_does_not_fit_the_item_is_refused_and_can_be_corrected(
    world: World,
    profile: dict[str, Any],
    said: dict[str, Any],
    kind: str,
    subject: str,
    correction: dict[str, Any] | None,
) -> None:
    declare(world, **profile)

    apply(world, {**movement("m1"), **said})

    assert world.rows("inventory") == []
    group, occurrence = only(world)
    assert (group.kind, group.subject, group.open) == (kind, subject, 1)
    assert (occurrence.route, occurrence.pointer) == ("movements", "/movements/0")
    assert group.remedy
    if correction:
        mended(world, **correction)


def test_what_was_refused_for_want_of_a_unit_is_applied_once_the_unit_is_declared(world: World) -> None:
    declare(world, version=1)
    apply(world, movement("m1", 2, unit="case"))
    declare(world, version=2, units={"case": 12})

    mended(world)

    assert [row["q"] for row in journal(world)] == [24]


def test_the_rest_of_a_batch_is_applied_and_ordinary_items_cost_no_profile(world: World) -> None:
    declare(world, version=1)
    world.knows(("wms", "A2", "SKU-2"))

    apply(world, movement("m1", unit="case"), movement("m2", item="A2"), movement("m3", unit="roll"))

    assert [(r["sk"], r["q"]) for r in journal(world)] == [("wms#m3", 125), ("wms#m2", 5)]


# -- profiles --------------------------------------------------------------------------------------------------


def test_the_newest_profile_wins_and_a_contradiction_is_raised(world: World) -> None:
    declare(world, version=5)
    declare(world, version=4, places=0)
    declare(world, version=5)
    assert world.rows("exceptions") == []

    declare(world, version=5, places=6)

    row = world.row("identity", "ITEM#SKU-1", "PROFILE")
    assert row is not None
    assert (row["ver"], row["places"], row["units"]) == (5, 2, {"roll": "25", "cut": "1/4", "yard": "1143/1250"})
    group, occurrence = only(world)
    assert (group.kind, group.subject) == ("profile_conflict", "item/SKU-1")
    assert occurrence.message["data"]["items"][0]["profile"]["places"] == 6


def test_a_lot_policy_reaches_codes_declared_before_and_after_it(world: World) -> None:
    declare(world, code="A1")
    declare(world, code="A2", version=1, lot_policy="required")
    declare(world, code="A3")

    apply(world, *(movement(f"m{n}", item=f"A{n}") for n in (1, 2, 3)))

    assert journal(world) == []
    assert only_kind(world) == ("lot_missing", 3)
    declare(world, version=2)
    apply(world, *(movement(f"n{n}", item=f"A{n}") for n in (1, 2, 3)))
    assert len(journal(world)) == 3


def only_kind(world: World) -> tuple[str, int]:
    (group,) = world.exceptions.groups()
    return group.kind, group.open


# -- clocks ----------------------------------------------------------------------------------------------------


def test_a_clock_five_minutes_off_is_believed_and_a_second_more_is_not(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))

    apply(world, movement("m1", occurred_at="2026-11-21T08:05:00Z"), movement("m2", occurred_at="2026-11-21T08:05:01Z"))

    assert [(r["sk"], r["at"]) for r in journal(world)] == [("wms#m1", "2026-11-21T08:05:00.000Z")]
    group, _ = only(world)
    assert (group.kind, group.subject) == ("occurred_in_future", "clock/wms")


def test_a_movement_of_the_future_is_applied_when_its_time_has_come(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, movement("m1", occurred_at="2026-11-21T09:00:00Z"))
    assert world.rows("inventory") == []

    world.now = later(3600)

    mended(world)


def test_a_backdated_movement_is_kept_with_both_times(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))

    apply(world, movement("m1", occurred_at="2019-01-01T00:00:00Z"))

    assert [(r["at"], r["rec"]) for r in journal(world)] == [("2019-01-01T00:00:00.000Z", "2026-11-21T08:00:00.000Z")]


# -- holds -----------------------------------------------------------------------------------------------------


def test_a_movement_of_an_unknown_hold_is_applied_and_consumes_nothing(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))

    apply(world, movement("m1", type="pick", reservation="a" * 20))

    assert [beyond_ordinary(r) for r in journal(world)] == [{"q": -5, "res": "a" * 20}]
    assert world.rows("exceptions") == []


def test_what_leaves_for_a_confirmed_hold_uses_its_commitment_up_once(world: World) -> None:
    stocked(world, A1=10)
    _, document = post(world, body(line("1", quantity=3)))
    rid = document["id"]
    assert act(world, rid, "confirm")[0] == 200

    pick = movement("p1", 2, type="pick", reservation=rid)
    apply(world, pick)
    apply(world, pick)
    apply(world, movement("p2", 4, type="pick", reservation=rid))
    world.project()

    kept = {row["sk"]: row.get("cmq") for row in journal(world)}
    assert kept == {"wms#in-A1": None, "wms#p1": 2, "wms#p2": 1}
    assert header(world) == {"oh": 4, "av": 4, "rsv": 0, "cm": 0}
    assert world.rows("exceptions") == []


def test_a_report_that_lowers_nothing_uses_nothing_up(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(world, tmp_path, monkeypatch, warehouses={"MAIN": {"source": "wms", "leaves_with": "shipment"}})
    stocked(world, A1=10)
    rid = post(world, body(line("1", quantity=3)))[1]["id"]
    act(world, rid, "confirm")

    apply(world, movement("p1", 3, type="pick", reservation=rid))
    world.project()
    assert header(world) == {"oh": 10, "av": 7, "rsv": 0, "cm": 3}
    apply(world, movement("s1", 3, type="shipment", reservation=rid))
    world.project()

    assert header(world) == {"oh": 7, "av": 7, "rsv": 0, "cm": 0}


# -- sequences -------------------------------------------------------------------------------------------------


def numbered(*positions: int, stem: str = "m", **fields: Any) -> list[dict[str, Any]]:
    return [movement(f"{stem}{n}", sequence=n, **fields) for n in positions]


def arrived(world: World, key: str = "SEQ#wms#MAIN") -> str | None:
    row = world.row("inventory", key, "R")
    return None if row is None else str(row["r"])


def reconciled(world: World) -> None:
    world.call("reconcile_stock", {"source": "wms"}, Context())


def told(world: World) -> list[tuple[str, str, int, int]]:
    return sorted(
        (g.kind, g.subject, g.open, g.closed) for state in ("open", "closed") for g in world.exceptions.groups(state)
    )


def test_positions_are_kept_as_ranges_and_a_repetition_writes_nothing(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, *numbered(3, 1, 2, 7))
    row = world.row("inventory", "SEQ#wms#MAIN", "R")

    apply(world, *numbered(7, 1))
    apply(world, movement("none"))

    assert arrived(world) == "1-3 7@1795248000"
    assert world.row("inventory", "SEQ#wms#MAIN", "R") == row


def test_a_gap_is_told_when_it_is_old_once_and_closes_when_it_is_filled(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, *numbered(1, 2, 5))
    reconciled(world)
    assert told(world) == []

    world.now = later(900)
    reconciled(world)
    reconciled(world)
    assert told(world) == [("sequence_gap", "sequence/wms/MAIN", 1, 0)]
    group, occurrence = only(world)
    assert (occurrence.message["first"], occurrence.message["last"]) == (3, 4)
    assert occurrence.message["since"] == "2026-11-21T08:00:00.000Z"
    assert group.remedy.startswith("have wms send positions 3 to 4 again")

    apply(world, *numbered(3))
    reconciled(world)
    assert told(world) == [("sequence_gap", "sequence/wms/MAIN", 1, 1)]
    apply(world, *numbered(4))
    reconciled(world)
    assert told(world) == [("sequence_gap", "sequence/wms/MAIN", 0, 2)]


def test_a_gap_that_an_operator_closed_stays_closed(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, *numbered(1, 3))
    world.now = later(1000)
    reconciled(world)
    assert world.exceptions.close(only(world)[1], "me", "never existed")

    reconciled(world)

    assert told(world) == [("sequence_gap", "sequence/wms/MAIN", 0, 1)]


def test_a_refused_movement_is_not_missing_and_its_replay_is_no_new_beginning(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, *numbered(1), *numbered(2, item="NEW"), *numbered(3))
    world.now = later(1000)
    reconciled(world)
    assert [k[0] for k in told(world)] == ["unknown_item"]
    world.knows(("wms", "NEW", "SKU-1"))

    apply(world, *numbered(2, item="NEW"))

    assert arrived(world) == "1-3"
    assert [k[0] for k in told(world)] == ["unknown_item"]


def test_a_source_that_begins_anew_is_told_of_once_its_movements_are_applied_and_it_can_be_reset(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, *numbered(*range(1, 6)))
    apply(world, *numbered(1, 2, stem="again"))
    apply(world, *numbered(3, stem="again"))

    assert len(journal(world)) == 8
    assert told(world) == [("sequence_restarted", "sequence/wms/MAIN", 1, 0)]
    assert "restart-sequence wms --warehouse MAIN" in only(world)[0].remedy

    store = SequenceStore(world.table("inventory"), world.clock)
    assert store.restart(SequenceName("wms", "MAIN"))
    assert not store.restart(SequenceName("wms", "MOON"))
    # The function that applies still remembers the old row.
    apply(world, *numbered(4, 5, stem="again"))

    assert arrived(world) == "4-5"
    assert told(world) == [("sequence_restarted", "sequence/wms/MAIN", 1, 0)]


@pytest.mark.parametrize(
    ("scope", "rows"), [("source", ["SEQ#wms"]), ("warehouse", ["SEQ#wms#MAIN", "SEQ#wms#NORTH"]), ("none", [])]
)
def test_a_sequence_is_kept_as_the_source_numbers(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: str, rows: list[str]
) -> None:
    wms = {"connector": "generic_wms", "scheme": "standard-webhooks", "counts": True, "sequence": scope}
    north = {"MAIN": {"source": "wms"}, "NORTH": {"source": "wms"}}
    configured(world, tmp_path, monkeypatch, sources={"wms": wms}, warehouses=north)
    world.knows(("wms", "A1", "SKU-1"))

    apply(world, *numbered(1), *numbered(2, warehouse="NORTH"))

    assert [r["pk"] for r in world.rows("inventory") if r["pk"].startswith("SEQ#")] == rows
