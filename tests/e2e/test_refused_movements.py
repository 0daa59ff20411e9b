"""A movement that cannot be applied: the rest goes on, and an operator corrects and replays it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.system import movement, wms_code

if TYPE_CHECKING:
    from tests.support.system import System


def states(system: System, group: dict[str, Any]) -> list[str]:
    return [fact["state"] for fact in system.shown(group)["occurrences"]]


def test_an_unknown_item_amid_a_batch_becomes_an_exception_and_the_rest_is_applied(system: System) -> None:
    system.knows("REF-A")

    correlation_id = system.send(
        movement("ref-1", "REF-A", 5), movement("ref-2", "REF-TYPO", 7), movement("ref-3", "REF-A", 2)
    )

    system.until("the rest is told", lambda: system.told("REF-A", 7, 5))
    group = system.exception("unknown_item", f"item/{wms_code('REF-TYPO')}")
    assert (group["source"], group["open"], group["state"]) == ("wms", 1, "open")
    assert group["remedy"].startswith("crossdock xref add wms 'wms REF-TYPO' <SKU>")
    [fact] = system.shown(group)["occurrences"]
    assert (fact["correlation_id"], fact["route"], fact["pointer"]) == (correlation_id, "movements", "/movements/0")
    assert fact["message"]["movements"] == [movement("ref-2", "REF-TYPO", 7)]


def test_a_corrected_movement_is_replayed_once_and_its_group_closed(system: System) -> None:
    system.knows("REF-B")
    system.send(movement("ref-b1", "REF-WRONG", 7))
    group = system.exception("unknown_item", f"item/{wms_code('REF-WRONG')}")

    corrected = system.crossdock(
        "exceptions", "correct", group["id"], "--set", f"item={wms_code('REF-B')}", "--why", "typo", "--json"
    )
    replayed = system.crossdock("exceptions", "replay", group["id"], "--json")

    [fact] = system.shown(group)["occurrences"]
    assert corrected.document == {"corrected": [fact["id"]]}
    assert (replayed.document["sent"], replayed.document["passed_over"]) == (1, 0)
    system.until("the channels are told", lambda: system.told("REF-B", 7, 5))
    closed = system.exception("unknown_item", f"item/{wms_code('REF-WRONG')}", "closed")
    assert (closed["open"], closed["replaying"], closed["settled"], closed["closed"]) == (0, 0, 1, 0)
    assert system.journal("REF-B") == {"ref-b1": 7}
    steps = [(line.get("from"), line.get("to"), line.get("why")) for line in system.shown(group)["history"]]
    assert steps == [(None, None, "typo"), ("open", "replaying", None), ("replaying", "settled", None)]


def test_a_declared_item_makes_its_refused_movements_go_through_unchanged(system: System) -> None:
    code = wms_code("REF-NEW")
    system.send(*(movement(f"ref-n{n}", "REF-NEW", 10) for n in range(3)))
    group = system.exception("unknown_item", f"item/{code}")
    system.until("all three are listed", lambda: states(system, group) == ["open"] * 3)

    added = system.crossdock("xref", "add", "wms", code, "REF-NEW", "--json")
    system.crossdock("exceptions", "replay", group["id"])

    assert added.document == {"system": "wms", "code": code, "sku": "REF-NEW", "new": True}
    system.until("the channels are told", lambda: system.told("REF-NEW", 30, 28))
    assert states(system, group) == ["settled"] * 3
    assert system.crossdock("xref", "find", "wms", code, "--json").document["sku"] == "REF-NEW"


def test_a_replay_that_fails_opens_the_fact_again_and_a_second_one_is_not_swallowed(system: System) -> None:
    system.knows("REF-C")
    system.send(movement("ref-c1", "REF-LOST", 9))
    group = system.exception("unknown_item", f"item/{wms_code('REF-LOST')}")

    first = system.crossdock("exceptions", "replay", group["id"], "--json").document
    system.until("it is refused again", lambda: states(system, group) == ["open"])
    system.crossdock("exceptions", "correct", group["id"], "--set", f"item={wms_code('REF-C')}", "--why", "typo")
    second = system.crossdock("exceptions", "replay", group["id"], "--json").document

    assert first["run"] != second["run"]
    system.until("the channels are told", lambda: system.told("REF-C", 9, 7))
    [fact] = system.shown(group)["occurrences"]
    assert (fact["state"], fact["tries"]) == ("settled", 2)
    assert system.journal("REF-C") == {"ref-c1": 9}


def test_the_same_id_with_another_quantity_is_an_exception_and_no_overwrite(system: System) -> None:
    system.knows("REF-D")
    system.send(movement("ref-d1", "REF-D", 10))
    system.until("the first is told", lambda: system.told("REF-D", 10, 8))

    system.send(movement("ref-d1", "REF-D", 99))

    group = system.exception("conflicting_duplicate", "movement/ref-d1")
    system.at_rest()
    assert system.journal("REF-D") == {"ref-d1": 10}
    assert system.on_hand("REF-D") == 10
    closed = system.crossdock("exceptions", "close", group["id"], "--why", "the first one is true", "--json")
    assert closed.document == {"closed": 1}
    assert system.exception("conflicting_duplicate", "movement/ref-d1", "closed")["closed"] == 1
