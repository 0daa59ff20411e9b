"""Stock counts are compared as of their position; what drifted is found in one run and healed in the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.system import movement, wms_code

if TYPE_CHECKING:
    from tests.support.system import System


def count(system: System, position: int, **quantities: int) -> None:
    """The warehouse's counts, as of its position; `REC_A=5` counts 5 of REC-A."""
    counts = [{"item": wms_code(s.replace("_", "-")), "quantity": q} for s, q in quantities.items()]
    data = {"warehouse": "MAIN", "position": position, "counted_at": "2026-11-20T22:00:00Z", "counts": counts}
    assert system.webhook("wms", "stock.counted", data).status_code == 202
    last = next(reversed(quantities)).replace("_", "-")

    def kept() -> Any:
        row = system.row("inventory", "CNT#wms#MAIN", f"{last}#{wms_code(last)}")
        return row and (row["q"], row["pos"]) == (quantities[last.replace("-", "_")], position)

    system.until("the counts are kept", kept)


def reconcile(system: System) -> dict[str, Any]:
    document: dict[str, Any] = system.crossdock("reconcile", "stock", "--source", "wms", "--json").document
    return document


def drifts(report: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = ("sku", "counted", "balance", "difference", "seen", "action")
    return [tuple(d[n] for n in names) for d in report["drifts"]]


def test_drift_is_found_healed_and_gone_and_movements_after_the_count_are_none(system: System) -> None:
    system.knows("REC-A", "REC-B", "REC-C")
    system.send(
        movement("rec-1", "REC-A", 100, sequence=9001),
        movement("rec-2", "REC-B", 50, sequence=9002),
        movement("rec-3", "REC-C", 20, sequence=9003),
        movement("rec-4", "REC-C", 5, "pick", sequence=9005),  # after the count: no drift
        movement("rec-5", "REC-A", 1, "pick", sequence=9006),
    )
    system.until("the channels are told", lambda: system.told("REC-A", 99, 97) and system.told("REC-C", 15, 13))
    count(system, 9004, REC_A=97, REC_B=54, REC_C=20)

    first = reconcile(system)
    second = reconcile(system)

    assert drifts(first) == [("REC-A", 97, 100, -3, 1, "seen"), ("REC-B", 54, 50, 4, 1, "seen")]
    assert (first["compared"], first["equal"], first["drifted"], first["healed"]) == (3, 1, 2, 0)
    assert drifts(second) == [("REC-A", 97, 100, -3, 2, "healed"), ("REC-B", 54, 50, 4, 2, "healed")]
    # Healed as of the count; what was picked after it stays picked.
    system.until("the channels are told", lambda: system.told("REC-A", 96, 94) and system.told("REC-B", 54, 52))
    assert system.journal("REC-A") == {"rec-1": 100, "rec-5": -1, "count:9004:REC-A:0": -3}
    assert system.on_hand("REC-C") == 15

    before = system.at_rest()
    third = reconcile(system)

    assert (third["compared"], third["equal"], third["drifted"], third["healed"]) == (3, 3, 0, 0)
    assert system.at_rest() == before


def test_a_source_that_counts_nothing_cannot_be_reconciled(system: System) -> None:
    before = system.at_rest()

    said = system.crossdock("reconcile", "stock", "--source", "erp")

    assert (said.code, said.out) == (1, "")
    assert "source: 'erp' reports no counts; those that do: wms" in said.err
    assert system.at_rest() == before
