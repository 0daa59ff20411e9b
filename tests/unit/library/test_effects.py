"""What one movement does to a balance, by worked examples; tests/property holds all of them together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crossdock.inventory.availability import ItemStock, WarehouseStock, in_transit
from crossdock.inventory.balances import CORRELATIONS_KEPT
from crossdock.inventory.effects import Detail, beyond_on_hand, details, total
from crossdock.inventory.header_rows import new_header, stock_of
from crossdock.inventory.header_store import changed_header
from crossdock.inventory.journal import JournalEntry
from crossdock.inventory.markers import Marker, parse
from crossdock.platform.dynamo import to_item
from tests.bench.sizes import item_size
from tests.support.world import NOW, later

pytestmark = pytest.mark.unit


def entry(type_: str, quantity: Any = 5, /, **fields: Any) -> JournalEntry:
    return JournalEntry("S", "MAIN", "wms", "m1", type_, quantity, "2026-01-01T00:00:00.000Z", None, "cd-1", **fields)


@pytest.mark.parametrize(
    ("movement", "others", "promised"),
    [
        (entry("receipt"), {}, 5),
        (entry("receipt", status="available"), {}, 5),
        (entry("receipt", status="quality_hold"), {"qc": 5}, 0),
        (entry("adjustment", -2, status="damaged"), {"dmg": -2}, 0),
        (entry("status_change", 0, magnitude=3, to_status="damaged"), {"dmg": 3}, -3),
        (entry("status_change", 0, magnitude=3, status="quality_hold", to_status="available"), {"qc": -3}, 3),
        (entry("status_change", 0, magnitude=3, status="quality_hold", to_status="damaged"), {"qc": -3, "dmg": 3}, 0),
        (entry("status_change", 0, magnitude=3, status="damaged", to_status="damaged"), {}, 0),
        (entry("putaway", 0, magnitude=3, to_bin="B1", status="damaged"), {}, 0),
        (entry("transfer_out", -4, destination="NORTH"), {"ox_NORTH": 4}, -4),
        (entry("transfer_out", -4), {"ox_": 4}, -4),
        (entry("transfer_in", 4), {"ix": 4}, 4),
        (entry("pick", -4, consumed=3), {"cm": -3, "cu": 3}, -1),
        (entry("pick", 0, magnitude=4, consumed=3), {"cm": -3, "cu": 3}, 3),
        (entry("receipt", Decimal("2.5"), status="damaged"), {"dmg": Decimal("2.5")}, 0),
    ],
)
def test_what_a_movement_changes_besides_the_stock_on_hand(
    movement: JournalEntry, others: dict[str, Any], promised: Any
) -> None:
    assert beyond_on_hand(movement) == others
    added = total(movement.quantity, [others])
    assert (added["oh"], added["av"], added["pl"]) == (movement.quantity, promised, promised)


def test_fractions_that_add_up_to_whole_units_are_whole() -> None:
    added = total(Decimal("2.0"), [{"qc": Decimal("0.5")}, {"qc": Decimal("0.5")}])

    assert {name: (type(amount), amount) for name, amount in added.items()} == {
        "oh": (int, 2),
        "qc": (int, 1),
        "av": (int, 1),
        "pl": (int, 1),
    }


@pytest.mark.parametrize(
    ("movement", "expected"),
    [
        (entry("receipt"), {}),
        (entry("receipt", status="available"), {}),
        (entry("receipt", bin="B1"), {("", "B1", "available"): 5}),
        (entry("receipt", to_bin="B1"), {("", "B1", "available"): 5}),
        (entry("adjustment", -5, bin="B1", to_bin="B2"), {("", "B1", "available"): -5}),
        (entry("receipt", lot="L1", status="damaged"), {("L1", "", "damaged"): 5}),
        (entry("putaway", 0, magnitude=2, to_bin="B1"), {("", "B1", "available"): 2}),
        (
            entry("putaway", 0, magnitude=2, bin="B1", to_bin="B2", lot="L1"),
            {("L1", "B1", "available"): -2, ("L1", "B2", "available"): 2},
        ),
        (entry("putaway", 0, magnitude=2, bin="B1", to_bin="B1"), {}),
        (entry("status_change", 0, magnitude=2, to_status="damaged"), {("", "", "damaged"): 2}),
        (
            entry("status_change", 0, magnitude=2, bin="B1", to_status="damaged", to_bin="B2"),
            {("", "B1", "available"): -2, ("", "B2", "damaged"): 2},
        ),
        (entry("pick", -2, bin="B1"), {("", "B1", "available"): -2}),
        (entry("pick", 0, magnitude=2, bin="B1"), {("", "B1", "available"): -2}),
        (
            entry("pick", 0, magnitude=2, bin="B1", lot="L1"),
            {("L1", "B1", "available"): -2, ("L1", "", "available"): 2},
        ),
        (entry("pack", 0, magnitude=2, bin="B1"), {}),
        (entry("shipment", 0, magnitude=2, lot="L1"), {}),
    ],
)
def test_what_a_movement_changes_by_lot_bin_and_status(
    movement: JournalEntry, expected: dict[tuple[str, str, str], int]
) -> None:
    assert details(movement) == {Detail(*place): quantity for place, quantity in expected.items()}


# -- what a header tells -----------------------------------------------------------------------------------------------

NOW_S = int(NOW.timestamp())


def header(warehouse: str = "MAIN", **values: Any) -> WarehouseStock:
    said = {"seq": "0" * 40, "ver": 1, "pos": -1, "at": "2026-01-01T00:00:00.000Z", "lag": 0, "cors": []}
    return stock_of(new_header(("T#S", f"A#{warehouse}"), {**said, **values}))


def test_a_header_tells_all_that_stands_in_it_and_passes_over_what_it_does_not_know() -> None:
    stock = header(
        oh=20, ss=1, qc=2, dmg=3, rsv=4, cm=1, sh=2, av=7, pl=2, n=9, lag=1500, hot=16, ix=6,
        ac_shop=5, al_shop=6, as_shop=1, ox_NORTH=4, r_abc=f"3|{NOW_S}|n1", r_b=f"1|{NOW_S + 1}|n2|1|shop", new="x",
    )  # fmt: skip

    assert stock.available_from_parts == stock.available == 7
    assert stock.pool_from_parts == stock.pool == 2
    assert (stock.committed, stock.shard_grants, stock.counted, stock.lag_ms, stock.hot) == (1, 2, 9, 1500, 16)
    assert (stock.own, stock.allocated, stock.staged) == ({"shop": 5}, {"shop": 6}, {"shop": 1})
    assert (stock.sent_off, stock.received_in_transfer) == ({"NORTH": 4}, 6)
    assert stock.holds == (Marker("abc", 3, NOW_S, "n1"), Marker("b", 1, NOW_S + 1, "n2", 1, "shop"))


@pytest.mark.parametrize(
    ("seconds", "available", "pool", "own", "reserved"),
    [(-1, 7, 2, 5, 4), (0, 10, 5, 5, 1), (0.9, 10, 5, 5, 1), (1, 11, 5, 6, 0), (10**6, 11, 5, 6, 0)],
)
def test_a_hold_is_free_from_the_instant_of_its_expiry(
    seconds: float, available: int, pool: int, own: int, reserved: int
) -> None:
    stock = header(oh=11, rsv=4, av=7, pl=2, ac_shop=5, r_a=f"3|{NOW_S}|n", r_b=f"1|{NOW_S + 1}|n|1|shop")
    now = later(seconds)

    assert (stock.available_at(now), stock.pool_at(now), stock.reserved_at(now)) == (available, pool, reserved)
    assert (stock.own_at("shop", now), stock.own_at("other", now)) == (own, 0)
    assert len(stock.expired(now + timedelta(days=1))) == 2


@pytest.mark.parametrize("text", ["2.5|7|n", "2|7|n|1|shop", "0.5|7|n|0.25|shop"])
def test_a_marker_reads_as_it_is_written(text: str) -> None:
    assert parse("r_x", text).text == text
    assert parse("r_x", text).attribute == "r_x"


def test_a_text_that_is_no_marker_is_not_taken_for_one() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        parse("r_x", "2|7")


def test_what_is_under_way_is_what_was_sent_less_what_came() -> None:
    main = header(ox_NORTH=5, ox_=2)
    north = replace(header("NORTH", ix=3), sent_off={"MAIN": 4})
    stock = ItemStock("S", (replace(main, received_in_transfer=6), north))

    assert in_transit(stock) == {"": 2, "MAIN": -2, "NORTH": 2}
    assert in_transit(ItemStock("S", (header(),))) == {}


# -- what the stream tells ---------------------------------------------------------------------------------------------


def change(pk: str, sk: str, **values: Any) -> dict[str, Any]:
    return {"dynamodb": {"NewImage": {"pk": {"S": pk}, "sk": {"S": sk}, **values}}}


@pytest.mark.parametrize(
    ("pk", "sk", "expected"),
    [
        ("T#SKU-1", "A#MAIN", ("SKU-1", "MAIN", [])),
        ("T#SKU-1#S07", "A#MAIN", ("SKU-1", "MAIN", [])),
        ("T#SKU #S1 S", "A#s.3", ("SKU ", "s.3", [])),
        ("T#SKU-1", "D#MAIN#L1#B1#damaged", None),
        ("T#SKU-1", "P#MAIN#po-1", None),
    ],
)
def test_headers_and_shards_tell_of_an_item_and_details_and_supply_do_not(
    pk: str, sk: str, expected: tuple[str, str, list[str]] | None
) -> None:
    assert changed_header(change(pk, sk)) == expected


def test_a_changed_header_names_its_causes() -> None:
    image = change("T#S", "A#MAIN", cors={"L": [{"S": "cd-1"}]})

    assert changed_header(image) == ("S", "MAIN", ["cd-1"])


# -- what a header costs -----------------------------------------------------------------------------------------------


def test_a_header_with_eight_causes_and_some_holds_is_one_write_unit() -> None:
    """An ordinary name, quantities in millions, a transfer and an own allocation; the rest of the KB is for holds."""
    causes = [f"cd-{n:032x}" for n in range(CORRELATIONS_KEPT)]
    said = {"seq": "9" * 40, "ver": 10**6, "pos": 10**9, "at": "2026-01-01T00:00:00.000Z", "lag": 10**4, "cors": causes}
    quantities = dict.fromkeys(("oh", "ss", "qc", "dmg", "rsv", "cm", "sh", "av", "pl", "n"), 10**6 - 1)
    more = {"ix": 10**5 - 1, "cu": 10**5 - 1, "ox_NORTH": 10**5 - 1, "ac_webshop": 9999, "al_webshop": 9999}
    row = new_header(("T#" + "S" * 20, "A#MAIN"), {**said, **quantities, **more})
    holds = {f"r_{n:020}": f"12|{NOW_S}|{n:08}" for n in range(6)}

    assert item_size(to_item(row)) <= 600
    assert item_size(to_item({**row, **holds})) <= 1024
