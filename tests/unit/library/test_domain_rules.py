"""The rules of stock and prices by worked examples; tests/property says what holds of all of them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal

import pytest

from crossdock.inventory.availability import ItemStock, WarehouseStock
from crossdock.inventory.balances import JournalRecord, deltas, padded
from crossdock.inventory.journal import JournalEntry, unique
from crossdock.pricing.base_rules import Rule, Tier
from crossdock.pricing.resolution import to_value, windows, winner

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


# -- prices ----------------------------------------------------------------------------------------------------


def rule(rule_id: str, price: str, begins: int = 1, ends: int | None = None, **fields: object) -> Rule:
    values = {
        "rule_id": rule_id,
        "version": 1,
        "sku": "S",
        "currency": "GBP",
        "unit": "EA",
        "tiers": (Tier(1, Decimal(price)), Tier(10, Decimal("0.01"))),
        "valid_from": day(begins),
        "valid_to": None if ends is None else day(ends),
        "withdrawn": False,
        **fields,
    }
    return Rule(**values)  # type: ignore[arg-type]


def day(number: int) -> str:
    return f"2026-01-{number:02}T00:00:00.000Z"


@pytest.mark.parametrize(
    ("rules", "instant", "wins"),
    [
        ([], 5, None),
        ([rule("a", "2", 6)], 5, None),
        ([rule("a", "2", 1, 5)], 5, None),
        ([rule("a", "2", 5, 6)], 5, "a"),
        ([rule("a", "2"), rule("b", "1")], 5, "b"),
        ([rule("a", "2"), rule("b", "1", withdrawn=True)], 5, "a"),
        ([rule("a", "0"), rule("b", "1")], 5, "a"),
        ([rule("a", "2", 1), rule("b", "2.00", 3)], 5, "b"),
        ([rule("b", "2", 3), rule("a", "2", 3)], 5, "a"),
    ],
)
def test_the_lowest_price_that_holds_wins_then_the_newest_then_the_first(
    rules: list[Rule], instant: int, wins: str | None
) -> None:
    found = winner(rules, day(instant))

    assert (found and found.rule_id) == wins


def spans(rules: list[Rule], since: int = 1) -> list[tuple[str, str | None, str]]:
    return [(w.start[8:10], w.end and w.end[8:10], w.rule.rule_id) for w in windows(rules, "GBP", day(since))]


@pytest.mark.parametrize(
    ("rules", "since", "expected"),
    [
        ([rule("a", "2")], 1, [("01", None, "a")]),
        ([rule("a", "2"), rule("p", "1", 5, 8)], 1, [("01", "05", "a"), ("05", "08", "p"), ("08", None, "a")]),
        ([rule("a", "2"), rule("p", "1", 5, 8)], 6, [("05", "08", "p"), ("08", None, "a")]),
        ([rule("a", "2"), rule("p", "1", 5, 8)], 8, [("08", None, "a")]),
        ([rule("a", "2", 1, 3), rule("b", "2", 5, 7)], 1, [("01", "03", "a"), ("05", "07", "b")]),
        ([rule("a", "2"), rule("p", "3", 5, 8)], 1, [("01", None, "a")]),
        ([rule("a", "2", currency="EUR")], 1, []),
        ([rule("a", "2", 1, 3)], 3, []),
    ],
)
def test_windows_follow_each_other_and_what_is_past_is_left_out(
    rules: list[Rule], since: int, expected: list[tuple[str, str | None, str]]
) -> None:
    assert spans(rules, since) == expected


def test_a_channel_is_told_prices_to_the_last_digit() -> None:
    value = to_value(windows([rule("a", "2.50")], "GBP", day(1)), "GBP")

    assert value == {
        "currency": "GBP",
        "unit": "EA",
        "windows": [
            {
                "from": day(1),
                "to": None,
                "rule": "a@1",
                "tiers": [
                    {"min_quantity": 1, "unit_price": "2.50"},
                    {"min_quantity": 10, "unit_price": "0.01"},
                ],
            }
        ],
    }


def test_no_window_is_no_price_and_never_nothing() -> None:
    assert to_value([], "GBP") == {"currency": "GBP", "unit": None, "windows": []}


def test_every_digit_of_a_price_is_content() -> None:
    assert rule("a", "2.5").content_hash != rule("a", "2.50").content_hash
    assert rule("a", "2.50").content_hash == rule("a", "2.50").content_hash
