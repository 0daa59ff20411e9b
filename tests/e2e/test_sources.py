"""Sources as operators see them: tried out at their own address, and a delivery too large for a row."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.system import MOVED_AT, movement

if TYPE_CHECKING:
    from tests.support.system import System

REASON = "x" * 100


def test_a_source_is_tried_out_at_its_own_address_and_nothing_is_kept(system: System) -> None:
    before = system.at_rest()

    found = system.crossdock("sources", "test", "wms", "--json").document

    assert (found["name"], found["good"]) == ("wms", True)
    assert {t["what"]: t["status"] for t in found["trials"]} == {
        "by the newest secret": 200,
        "without a proof": 401,
        "changed after it was signed": 401,
    }
    assert system.at_rest() == before
    listed = {s["name"]: s for s in system.crossdock("sources", "list", "--json").document}
    assert (listed["wms"]["scheme"], listed["wms"]["connector"]) == ("standard-webhooks", "generic_wms")


def test_a_delivery_that_is_too_large_for_a_row_is_applied_as_any_other(system: System) -> None:
    system.knows("LARGE-A")
    facts = [movement(f"large-{n}", "LARGE-A", 1, reason=REASON) for n in range(1000)]
    body = json.dumps({"type": "stock.moved", "timestamp": MOVED_AT, "data": {"movements": facts}}).encode()
    assert len(body) > 200_000

    answer = system.deliver("wms", body)

    assert answer.status_code == 202, answer.text
    system.until("all of it is on hand", lambda: system.on_hand("LARGE-A") == 1000)
    row = system.row("exchange", f"IN#wms#{answer.json()['delivery_id']}", "IN")
    assert row is not None
    assert row["obj"].startswith("wms/")
    again = system.deliver("wms", body)
    assert (again.status_code, system.at_rest() is not None, system.on_hand("LARGE-A")) == (202, True, 1000)
