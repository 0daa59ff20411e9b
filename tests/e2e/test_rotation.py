"""A source's signing secret is changed without a gap, and the old one ends when the operator says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crossdock_cli.secrets import signing_secrets
from tests.support.problems import problem
from tests.support.system import MOVED_AT, movement

if TYPE_CHECKING:
    from tests.support.system import System


def body(id_: str) -> bytes:
    data = {"movements": [movement(id_, "ROT-A", 1)]}
    return json.dumps({"type": "stock.moved", "timestamp": MOVED_AT, "data": data}).encode()


def test_during_a_rotation_both_secrets_hold_and_after_it_only_the_new_one(system: System) -> None:
    system.knows("ROT-A")
    [old] = signing_secrets(system.target.secret_document("sources", "wms"))
    assert system.deliver("wms", body("rot-1"), secret=old).status_code == 202

    rotated = system.crossdock("sources", "rotate", "wms", "--json").document
    new = rotated["signing_secret"]
    system.forget_secrets()

    def taken(id_: str, secret: str) -> bool:
        return system.deliver("wms", body(id_), secret=secret).status_code == 202

    assert (rotated["previous_kept"], new == old) == (True, False)
    system.until("the new secret holds", lambda: taken("rot-2", new))
    assert taken("rot-3", old)
    assert system.crossdock("sources", "rotate", "wms", "--drop-old", "--json").document == {
        "name": "wms",
        "dropped": 1,
    }
    system.until("the old secret is refused", lambda: not taken("rot-4", old))
    problem(system.deliver("wms", body("rot-5"), secret=old), 401, "signature-refused")
    assert taken("rot-6", new)
    rest = system.at_rest()
    journal = {r["sk"] for r in rest["inventory"] if r["pk"] == "M#ROT-A#MAIN"}
    assert journal - {"wms#rot-4"} == {"wms#rot-1", "wms#rot-2", "wms#rot-3", "wms#rot-6"}
