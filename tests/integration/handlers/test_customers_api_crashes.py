"""Requests about customers that die before and after every outside call, and are sent again by their partner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.customers_api import ACME, patch, post
from tests.support.scenarios import Scenario, Stage, dies_everywhere

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

CONTACTS = {"77": {"name": "Ada Byron"}, "78": {"name": "Bob"}}
CHANGE = {
    "attributes": {"name": "Acme plc", "phone": None},
    "contacts": {"77": {"role": "buyer"}, "79": {"name": "Eve"}},
}


def stored(stage: Stage) -> Any:
    """All rows, but for the salts and what follows from them: they are chance."""
    found = stage.world.rows("identity")
    for row in found:
        row.pop("seal", None)
        for change in row["ch"].values() if row["pk"].startswith("H#") else ():
            del change["c"]
            change.pop("salt", None)
    occurrences = [(g.kind, g.subject, g.open) for g in stage.world.exceptions.groups()]
    return found, occurrences


def a_twin(stage: Stage) -> None:
    """Somebody who looks like the one that is reported."""
    assert post(stage.world, "1", who={"partner": "erp", "sources": "erp"}, **ACME)[0] == 201


def reported(stage: Stage) -> None:
    status, said, _ = post(stage.world, "001", key="k-1", **ACME, contacts=CONTACTS)
    assert (status in {200, 201}, said["state"]) == (True, "review")
    assert len(said["contacts"]) == len(CONTACTS)


def a_customer(stage: Stage) -> None:
    said = post(stage.world, "001", **ACME, contacts=CONTACTS)[1]
    stage.kept = said["id"], f'"{said["version"]}"'


def changed(stage: Stage) -> None:
    customer, tag = stage.kept
    status, said, _ = patch(stage.world, customer, tag, CHANGE)
    assert (status, said["attributes"]["name"]) == (200, "Acme plc")
    assert said["version"] == int(tag.strip('"')) + 1


SCENARIOS = [
    Scenario("a report that makes a customer who looks like another", 24, a_twin, reported, stored),
    Scenario("a change of attributes and contacts", 13, a_customer, changed, stored),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_a_request_that_dies_anywhere_and_comes_again_leaves_what_it_would_have(
    scenario: Scenario, engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_everywhere(scenario, engine, tmp_path, monkeypatch)
