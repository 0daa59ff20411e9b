"""Many equal failures: one group, corrected once, replayed in one run; a second run is not swallowed.

Five thousand of them: tests/integration/handlers/test_exceptions_command.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.system import movement, wms_code

if TYPE_CHECKING:
    from tests.support.system import System

FACTS: Final = 300
_PATIENCE_S: Final = 120


def test_equal_failures_are_one_group_corrected_once_and_replayed_twice(system: System) -> None:
    system.knows("MANY")
    system.send(*(movement(f"many-{n}", "MANY-TYPO", 1) for n in range(FACTS)))

    def group() -> dict[str, int]:
        return system.exception("unknown_item", f"item/{wms_code('MANY-TYPO')}")

    system.until("all are in one group", lambda: group()["open"] == FACTS, _PATIENCE_S)
    id_ = str(group()["id"])
    corrected = system.crossdock(
        "exceptions", "correct", id_, "--set", f"item={wms_code('MANY')}", "--why", "typo", "--json"
    )
    assert len(corrected.document["corrected"]) == FACTS

    first = system.crossdock("exceptions", "replay", id_, "--json").document
    assert (first["facts"], first["sent"], first["passed_over"], first["state"]) == (FACTS, FACTS, 0, "done")
    assert first["verdicts"] == {"would be applied": FACTS}
    subject = f"item/{wms_code('MANY-TYPO')}"
    system.until(
        "all are settled", lambda: system.exception("unknown_item", subject, "closed")["settled"] == FACTS, _PATIENCE_S
    )
    assert system.on_hand("MANY") == FACTS

    second = system.crossdock("exceptions", "replay", id_, "--again", "--json").document
    assert (second["sent"], second["passed_over"]) == (FACTS, 0)
    assert second["verdicts"] == {"is stored already: changes nothing": FACTS}
    system.until(
        "all are settled again",
        lambda: system.exception("unknown_item", subject, "closed")["settled"] == FACTS,
        _PATIENCE_S,
    )
    assert system.on_hand("MANY") == FACTS
