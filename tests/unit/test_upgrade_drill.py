"""The next version of the upgrade drill fits this tree, and its event says the same as today's in both directions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.upgrade_drill.trees import next_tree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

ORDER = {"id": "PO/1", "kind": "order", "item": "a", "warehouse": "MAIN", "version": 1, "quantity": 5}
WORD = {"id": "PO/1", "kind": "confirmation", "item": "a", "warehouse": "MAIN", "version": 1, "partial": True}
OLD = {
    "source": "wms",
    "supply": [
        {**ORDER, "expected_on": "2026-12-01"},
        {**WORD, "parts": [{"quantity": 3, "expected_on": "2026-12-02"}]},
    ],
}
NEW = {
    "source": "wms",
    "said_by": "webhook",
    "supply": [{**ORDER, "due_on": "2026-12-01"}, {**WORD, "parts": [{"quantity": 3, "due_on": "2026-12-02"}]}],
}
PROGRAM = """
import json, sys
from crossdock.contracts.editions import newest, published
from crossdock.contracts.events import Event
from crossdock.contracts.supply import SupplyReported, SupplyReportedV2
old, new = json.load(sys.stdin)
SupplyReported.model_validate_json(json.dumps(old))
SupplyReportedV2.model_validate_json(json.dumps(new))
V = "inventory.supply.reported.v"
said = [published(Event("1", V + n, "wms", "s", "t", "c", data)) for n, data in (("1", old), ("2", new))]
print(json.dumps([newest(V + "1", old), *([[e.type[-1], e.data] for e in events] for events in said)]))
"""


def test_the_next_version_can_be_made_of_this_tree_and_publishes_both_forms(tmp_path: Path) -> None:
    tree = next_tree(tmp_path / "next")
    environment = {**os.environ, "PYTHONPATH": str(tree / "layers" / "crossdock" / "python")}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([OLD, NEW]),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    both = [["1", OLD], ["2", NEW]]
    assert json.loads(done.stdout) == [NEW, both, both]
