"""Whoever mints, imports, ends or merges dies before and after each of its calls, and is sent again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.xrefs import CrossReference
from crossdock.identity.xref_bulk import Import
from crossdock.identity.xref_judging import Wanted
from crossdock.identity.xref_writes import XrefError, minted_id
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform import clients
from crossdock.platform.clock import from_text
from crossdock.platform.dynamo import Table
from tests.support.scenarios import Scenario, Stage, dies_everywhere
from tests.support.tables import table_name
from tests.support.world import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

A, B = (minted_id("customer", ("crm", n)) for n in "ab")


def table() -> Table:
    return Table(clients.dynamodb(), table_name("identity"))


def xrefs() -> CrossReferences:
    return CrossReferences(table(), lambda: NOW)


def nothing(_: Stage) -> None:
    """An empty table."""


def two(_: Stage) -> None:
    for n in "ab":
        xrefs().mint("customer", [("crm", n), ("erp", n), ("shop", n)])


def merged(stage: Stage) -> None:
    two(stage)
    xrefs().merge("customer", B, A, by="mara", why="alike")


def mint(_: Stage) -> None:
    xrefs().mint("customer", [("crm", "a"), ("erp", "a")], roles={("erp", "a"): "sold_to"})


def import_many(_: Stage) -> None:
    lines = [Wanted(n, CrossReference("customer", "crm", f"{n}", "")) for n in range(40)]
    lines += [Wanted(n, CrossReference("item", "wms", f"{n}", f"SKU-{n}")) for n in range(40, 60)]
    assert {j.verdict for j in Import(table()).take(lines)} <= {"new", "unchanged"}


def end(_: Stage) -> None:
    xrefs().end("customer", ("erp", "a"), from_text("2026-11-21T00:00:00Z"))


def merge(_: Stage) -> None:
    with suppress(XrefError):  # it was done, and whoever asked did not hear of it
        xrefs().merge("customer", B, A, by="mara", why="alike")


def unmerge(_: Stage) -> None:
    with suppress(XrefError):
        xrefs().unmerge("customer", B, A)


def stored(stage: Stage) -> Any:
    return stage.world.rows("identity")


SCENARIOS = [
    Scenario("mint", 3, nothing, mint, stored),
    Scenario("import", 8, nothing, import_many, stored),
    Scenario("end", 2, two, end, stored),
    Scenario("merge", 3, two, merge, stored),
    Scenario("unmerge", 3, merged, unmerge, stored),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_it_dies_anywhere_and_ends_as_if_undisturbed(
    scenario: Scenario, engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_everywhere(scenario, engine, tmp_path, monkeypatch)
