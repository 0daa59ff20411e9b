"""The rules of stock and prices by worked examples; tests/property says what holds of all of them."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from crossdock.inventory.availability import ItemStock, WarehouseStock
from crossdock.inventory.balances import JournalRecord, deltas, padded
from crossdock.inventory.journal import JournalEntry, unique

pytestmark = pytest.mark.unit


# -- availability ----------------------------------------------------------------------------------------------


def at(warehouse: str, available: int) -> WarehouseStock:
    return WarehouseStock("S", warehouse, available + 6, 1, 2, 3, 0, available, 1, f"2026-01-0{len(warehouse)}", 0)


def test_one_warehouses_shortage_is_not_anothers() -> None:
    stock = ItemStock("S", (at("A", 4), at("BB", -9)))

    assert (stock.on_hand, stock.available, stock.as_of) == (4 + 6 - 9 + 6, 4, "2026-01-02")
    assert [w.available_from_parts for w in stock.warehouses] == [4, -9]


# -- balances --------------------------------------------------------------------------------------------------


def record(sequence: int, quantity: int = 1, position: int | None = None, sku: str = "S") -> JournalRecord:
    return JournalRecord(
        sku, "MAIN", quantity, position, padded(str(sequence)), f"2026-01-{sequence % 28 + 1:02}", f"cd-{sequence}"
    )


def test_records_of_a_balance_become_one_delta_in_stream_order() -> None:
    (a, b) = deltas([record(100, 5, 7), record(9, -2, 9), record(50, sku="T")])

    assert (a.quantity, a.first, a.last, a.position) == (3, padded("9"), padded("100"), 9)
    assert (a.as_of, a.correlation_ids) == ("2026-01-17", ["cd-9", "cd-100"])
    assert (b.sku, b.quantity, b.position) == ("T", 1, -1)


def test_a_counted_prefix_is_cut_off() -> None:
    (delta,) = deltas([record(n, n) for n in (8, 9, 10, 11)])

    rest = delta.after(padded("9"))
    assert rest is not None
    assert (rest.quantity, rest.first) == (21, padded("10"))
    assert delta.after(padded("7")) == delta
    assert delta.after(padded("11")) is None
    assert delta.after(padded("100")) is None


def test_a_record_that_stands_twice_in_a_batch_counts_once() -> None:
    (delta,) = deltas([record(1, 5), record(2, 3), record(1, 5)])

    assert delta.quantity == 8


def test_a_header_carries_eight_causes_and_each_once() -> None:
    (delta,) = deltas([record(n // 2 * 2) for n in range(40)])

    assert delta.correlation_ids == [f"cd-{n}" for n in range(0, 16, 2)]


# -- journal ---------------------------------------------------------------------------------------------------

ENTRY = JournalEntry("S", "MAIN", "wms", "m1", "receipt", 5, "2026-01-01T00:00:00.000Z", None, "cd-1")


@pytest.mark.parametrize(
    "change",
    [{"type": "return"}, {"quantity": 6}, {"occurred_at": "x"}, {"position": 0}, {"reference": "r"}, {"reason": "r"}],
)
def test_everything_the_source_said_is_in_the_content(change: dict[str, object]) -> None:
    assert replace(ENTRY, **change).content_hash != ENTRY.content_hash  # type: ignore[arg-type]


def test_what_we_added_is_not_and_fields_do_not_run_into_each_other() -> None:
    assert replace(ENTRY, correlation_id="cd-2").content_hash == ENTRY.content_hash
    assert replace(ENTRY, reference="a", reason="").content_hash != replace(ENTRY, reason="a").content_hash
    said = "receipt\x1f5\x1f2026-01-01T00:00:00.000Z\x1f\x1f\x1f"
    assert ENTRY.content_hash == hashlib.sha256(said.encode()).hexdigest()[:24]


def test_the_first_of_each_identity_stands() -> None:
    other = replace(ENTRY, warehouse="NORTH")

    assert list(unique([ENTRY, replace(ENTRY, quantity=9), other]).values()) == [ENTRY, other]
