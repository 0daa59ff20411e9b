"""A movement's way: accepted, journalled once, counted into the balance, told to both channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.system import movement

if TYPE_CHECKING:
    from tests.support.system import System


def test_a_batch_reaches_journal_balance_and_both_channels(system: System) -> None:
    system.knows("MOV-A", "MOV-B")

    correlation_id = system.send(
        movement("mov-1", "MOV-A", 30, sequence=1, reference="PO 7"),
        movement("mov-2", "MOV-A", 4, "pick", sequence=2),
        movement("mov-3", "MOV-A", -1, "adjustment", sequence=3, reason="broken"),
        movement("mov-4", "MOV-B", 1, "return", sequence=4),
        x_correlation_id="mov-corr-1",
    )

    system.until("both channels know", lambda: system.told("MOV-A", 25, 23) and system.told("MOV-B", 1, 0))
    assert correlation_id == "mov-corr-1"
    assert system.journal("MOV-A") == {"mov-1": 30, "mov-2": -4, "mov-3": -1}
    assert system.journal("MOV-B") == {"mov-4": 1}
    row = system.row("inventory", "M#MOV-A#MAIN", "wms#mov-1")
    assert row is not None
    assert {k: row[k] for k in ("q", "t", "at", "pos", "cor", "ref")} == {
        "q": 30,
        "t": "receipt",
        "at": "2026-11-21T08:00:00.000Z",
        "pos": 1,
        "cor": "mov-corr-1",
        "ref": "PO 7",
    }


def test_balance_and_availability_are_told_apart(system: System) -> None:
    system.knows("MOV-C")
    system.send(movement("mov-c1", "MOV-C", 3), movement("mov-c2", "MOV-C", 10, "shipment"))
    system.until("both channels know", lambda: system.told("MOV-C", 0, 0))

    found = system.availability("MOV-C")

    [warehouse] = found["warehouses"]
    # Seven units below zero were shipped: a fact about the stock, and nothing that anybody may be promised.
    assert (found["sku"], found["on_hand"], found["available"]) == ("MOV-C", -7, 0)
    assert {k: v for k, v in warehouse.items() if k not in {"version", "as_of", "lag_ms"}} == {
        "warehouse": "MAIN",
        "on_hand": -7,
        "safety_stock": 0,
        "quality_hold": 0,
        "damaged": 0,
        "reserved": 0,
        "committed": 0,
        "available": -7,
        "in_transit": 0,
    }


def test_the_same_movements_again_reordered_and_split_change_no_row(system: System) -> None:
    system.knows("MOV-D", "MOV-E")
    batch = [movement(f"mov-d{n}", ("MOV-D", "MOV-E")[n % 2], n + 1, sequence=n) for n in range(12)]
    system.send(*batch)
    system.until("both channels know", lambda: system.told("MOV-D", 36, 34) and system.told("MOV-E", 42, 40))
    before = system.at_rest()

    system.send(*reversed(batch))
    for start in range(0, 12, 5):
        system.send(*batch[start : start + 5])
    answer = system.webhook("wms", "stock.moved", {"movements": batch[3:9]})

    assert answer.status_code == 202
    after = system.at_rest()
    inbox = [r for r in after["exchange"] if r not in before["exchange"]]
    assert [r["pk"] for r in inbox] == [f"IN#wms#{answer.json()['delivery_id']}"]
    assert {**after, "exchange": [r for r in after["exchange"] if r not in inbox]} == before


def test_a_thousand_movements_in_one_request_are_all_counted_once(system: System) -> None:
    skus = [f"MOV-K{n}" for n in range(40)]
    system.knows(*skus)
    batch = [movement(f"mov-k{n}", skus[n % 40], n % 7 + 1, sequence=1000 + n, reference="R" * 60) for n in range(1000)]
    expected = {sku: sum(m["quantity"] for m in batch[n::40]) for n, sku in enumerate(skus)}

    system.send(*batch)

    system.until("both channels know", lambda: all(system.told(s, q, q - 2) for s, q in expected.items()))
    journal = [r["sk"] for r in system.rows("inventory") if r["pk"].startswith("M#MOV-K")]
    assert sorted(journal) == sorted(f"wms#mov-k{n}" for n in range(1000))
    assert {sku: system.on_hand(sku) for sku in skus} == expected
