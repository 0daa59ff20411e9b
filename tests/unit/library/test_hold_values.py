"""Holds as values: other lines and places after a change, when a hold is looked at, what is shown of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.inventory.changed_lines import Change, changed, unknown_lines
from crossdock.inventory.expiring import Look, first_look, next_look, overdue, read_look, read_overdue, seconds_until
from crossdock.inventory.hold_documents import missing, status, to_document
from crossdock.inventory.hold_stream import messages
from crossdock.inventory.holds import Ended, Ending, Line, Place, Reservation, State
from crossdock.inventory.sourcing import Demand
from crossdock.platform.dynamo import to_item
from tests.support.examples import examples

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
EPOCH = int(NOW.timestamp())


def hold(*lines: Line, places: tuple[Place, ...] = (), **fields: Any) -> Reservation:
    held = places or tuple(Place(x.sku, x.warehouse, x.quantity) for x in lines)
    found = Reservation("a" * 20, State.HELD, "n", "acme", "shop", "h", EPOCH + 60, lines, held, 1, "at", "upd", "c")
    return replace(found, **fields)


# -- changes ---------------------------------------------------------------------------------------------------


def test_more_of_a_line_comes_from_its_first_warehouse_and_less_leaves_its_last() -> None:
    split = hold(Line("1", "A", "N", 3), Line("1", "A", "S", 4), Line("2", "B", "N", 1))

    more, more_places = changed(split, [Change("1", 10)], keep=2)
    assert more == (Line("1", "A", "N", 6), Line("1", "A", "S", 4), Line("2", "B", "N", 1))
    assert more_places == (Place("A", "N", 6, keep=2), Place("A", "S", 4, keep=2), Place("B", "N", 1, keep=2))

    less, _ = changed(split, [Change("1", 5)], keep=0)
    assert less == (Line("1", "A", "N", 3), Line("1", "A", "S", 2), Line("2", "B", "N", 1))


def test_a_moved_line_is_whole_again() -> None:
    lines, places = changed(hold(Line("1", "A", "N", 3), Line("1", "A", "S", 4)), [Change("1", 6, "W")], keep=0)

    assert lines == (Line("1", "A", "W", 6),)
    assert places == (Place("A", "W", 6),)


def test_what_waits_for_supply_is_given_up_first() -> None:
    waiting = hold(Line("1", "A", "N", 10, backordered=6, promised="2026-12-01"))

    assert changed(waiting, [Change("1", 7)], 0)[0] == (Line("1", "A", "N", 7, 3, "2026-12-01"),)
    assert changed(waiting, [Change("1", 4)], 0)[0] == (Line("1", "A", "N", 4),)


def test_units_stay_in_the_shards_that_gave_them() -> None:
    shards = (Place("A", "N", 3, shard=1), Place("A", "N", 4, own=2, shard=2))
    found = hold(Line("1", "A", "N", 7), Line("2", "B", "N", 1), places=(*shards, Place("B", "N", 1)))

    _, untouched = changed(found, [Change("2", 2)], 0)
    assert untouched == (*shards, Place("B", "N", 2))
    _, less = changed(found, [Change("1", 4)], 0)
    assert less == (Place("A", "N", 1, own=1, shard=2), Place("A", "N", 3, shard=1), Place("B", "N", 1))


def test_a_line_that_is_gone_may_be_taken_out_again() -> None:
    found = hold(Line("1", "A", "N", 7))

    assert unknown_lines(found, [Change("2", 0), Change("3", 1), Change("4", None, "N")]) == ["3", "4"]
    assert changed(found, [Change("2", 0)], 0) == (found.lines, found.places)


@given(
    st.lists(st.tuples(st.sampled_from("12"), st.sampled_from("NS"), st.integers(1, 9)), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from("12"), st.integers(0, 20) | st.none(), st.sampled_from("NSW")), max_size=2),
)
@examples(300)
def test_lines_and_places_agree_after_every_change(parts: list[Any], wishes: list[Any]) -> None:
    lines = {(x, w): Line(x, "A", w, q) for x, w, q in parts}
    changes = [Change(x, q, w if q is None else None) for x, q, w in wishes if x in {k[0] for k in lines}]
    found = hold(*lines.values())

    after, places = changed(found, changes, 0)

    for warehouse in "NSW":
        assert sum(x.quantity for x in after if x.warehouse == warehouse) == sum(
            p.quantity for p in places if p.warehouse == warehouse
        )
    last = {c.line: c.quantity for c in changes if c.quantity is not None}
    for name, quantity in last.items():
        assert sum(x.quantity for x in after if x.line == name) in {quantity, 0}
    assert all(x.quantity > 0 for x in after)


# -- when to look ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "left", "expected"),
    [
        ("OPEN", 900, (True, 60)),
        ("OPEN", 60, (False, 60)),
        ("OPEN", 30, (False, 30)),
        ("HELD", 30, (False, 30)),
        ("HELD", 86_400, (False, 900)),
        ("HELD", -5, (False, 0)),
        ("REFUSED", 900, None),
    ],
)
def test_the_first_look(state: str, left: int, expected: tuple[bool, int] | None) -> None:
    found = first_look({"pk": "RSV#r1", "sk": "R", "st": state, "exp": EPOCH + left, "cor": "c"}, NOW)

    assert found == (None if expected is None else (Look("r1", "c", abandoned=expected[0]), expected[1]))


def test_the_next_look_is_at_the_end_or_in_a_minute_or_never() -> None:
    look, found = Look("r1", "c"), hold(expires=EPOCH + 40)

    assert next_look(look, Ended(Ending.NOT_YET, found), NOW) == (look, 40)
    assert next_look(look, Ended(Ending.NOT_YET, replace(found, expires=EPOCH)), NOW) == (look, 1)
    assert next_look(look, Ended(Ending.IN_PROGRESS, found), NOW) == (Look("r1", "c", abandoned=True), 60)
    for ending in (Ending.DONE, Ending.UNKNOWN, Ending.OTHERWISE, Ending.EXPIRED):
        assert next_look(look, Ended(ending, found), NOW) is None
    assert seconds_until(EPOCH + 10**6, NOW) == 900


def test_a_look_reads_as_it_was_written() -> None:
    for look in (Look("r1", "c"), Look("r1", "c", abandoned=True)):
        assert read_look(look.message()) == look
    with pytest.raises(ValueError, match="reservation"):
        read_look({"kind": "expire"})
    with pytest.raises(ValueError, match="sku"):
        read_overdue({"kind": "reclaim", "sku": "A"})


def test_only_what_is_long_over_is_overdue() -> None:
    assert overdue("T#A", "A#N", {"r_x": f"5|{EPOCH - 119}|n"}, NOW) is None
    late = overdue("T#A#S07", "A#N", {"r_x": f"5|{EPOCH - 120}|n", "r_y": f"5|{EPOCH}|n"}, NOW)
    assert late is not None
    assert read_overdue(late.message()) == Place("A", "N", 0, shard=7)


def test_the_stream_asks_for_looks_at_new_rows_and_at_headers_with_old_markers_once_each() -> None:
    row = {"pk": "RSV#r1", "sk": "R", "st": "HELD", "exp": EPOCH + 60, "cor": "c"}
    header = {"pk": "T#A", "sk": "A#N", "av": 5, "r_x": f"5|{EPOCH - 500}|n"}

    def record(event: str, item: dict[str, Any]) -> dict[str, Any]:
        image = to_item(item)
        return {"eventName": event, "dynamodb": {"Keys": {"pk": image["pk"]}, "NewImage": image}}

    records = [
        record("INSERT", row),
        record("MODIFY", row),
        record("INSERT", {"pk": "RSV#r1", "sk": "U#A#N", "used": 0}),
        record("MODIFY", header),
        record("MODIFY", header),
        record("MODIFY", {"pk": "T#B", "sk": "A#N", "av": 5}),
        {"eventName": "REMOVE", "dynamodb": {"Keys": {"pk": {"S": "T#B"}}}},
        record("INSERT", {"pk": "I#A", "sk": "SHEET"}),
    ]

    found = messages(records, NOW)

    assert [(m["kind"], seconds) for m, seconds in found] == [("expire", 60), ("reclaim", 0)]


# -- what is shown ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "held", "left", "expected"),
    [
        (State.OPEN, True, 1, "held"),
        (State.OPEN, False, 1, "deciding"),
        (State.OPEN, True, 0, "expired"),
        (State.HELD, True, 1, "held"),
        (State.HELD, True, 0, "expired"),
        (State.CONFIRMED, True, -99, "confirmed"),
        (State.REFUSED, True, -99, "refused"),
    ],
)
def test_a_status_is_what_counts_now(state: State, *, held: bool, left: int, expected: str) -> None:
    assert status(hold(state=state, expires=EPOCH + left), held=held, now=EPOCH) == expected


def test_places_are_shown_without_their_shards_and_only_while_they_hold_something() -> None:
    places = (Place("A", "N", Decimal("1.5"), shard=1), Place("A", "N", 2, shard=2))
    found = hold(Line("1", "A", "N", Decimal("3.5")), places=places)

    assert to_document(found, held=True, now=EPOCH)["places"] == [{"sku": "A", "warehouse": "N", "quantity": "3.5"}]
    released = to_document(replace(found, state=State.RELEASED), held=True, now=EPOCH)
    assert (released["places"], released["ended_at"]) == ([], "upd")


def test_what_is_missing_is_said_by_line() -> None:
    found = hold(Line("1", "A", "N", 2), Line("1", "A", "S", 1))

    assert missing([Demand("1", "A", 5), Demand("2", "B", 1)], found) == [
        {"line": "1", "sku": "A", "missing": 2},
        {"line": "2", "sku": "B", "missing": 1},
    ]
