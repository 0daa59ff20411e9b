"""Rows and messages of a newer version are read by this one: it takes what it knows, leaves the rest, and says no to
what it cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.reserving import act, body, header, line, post, stocked
from tests.support.world import Context, World, bus_event, movement, movements_message

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.integration

LINE = {"id": "PO-1/10", "kind": "order", "item": "A1", "warehouse": "MAIN", "expected_on": "2026-11-25"}
NEWER = "written_by_a_newer_version"


def supply(world: World, type_: str, version: int, quantity: int) -> None:
    data = {"source": "wms", "supply": [{**LINE, "version": version, "quantity": quantity}]}
    event = bus_event(type_, data, "wms")
    assert world.call("apply_supply", world.queue_event("supply", [event]), Context()) == {"batchItemFailures": []}


def moved(world: World, id_: str, quantity: int, **fields: Any) -> None:
    message = {**movements_message(movement(id_, quantity, **fields)), NEWER: {"a": 1}}
    assert world.call("apply_movements", world.queue_event("movements", [message])) == {"batchItemFailures": []}
    world.project()


def as_a_newer_version_writes(world: World, table: str) -> set[tuple[str, str]]:
    """Gives every row of a table an attribute that this version knows nothing of."""
    rows = world.rows(table)
    for row in rows:
        world.table(table).put({**row, NEWER: {"more": ["than", "we", "know"]}})
    return {(row["pk"], row["sk"]) for row in rows}


def kept(rows: list[Mapping[str, Any]], before: set[tuple[str, str]]) -> set[str]:
    """The first parts of the keys of those rows from before that have lost what was not ours."""
    return {row["pk"].split("#")[0] for row in rows if (row["pk"], row["sk"]) in before and NEWER not in row}


def test_stock_goes_on_over_rows_and_messages_that_know_more_than_we_do(world: World) -> None:
    stocked(world, A1=10)
    _, held = post(world, body(line(quantity=4)))
    supply(world, "inventory.supply.reported.v1", 1, 50)
    before = as_a_newer_version_writes(world, "inventory")

    moved(world, "newer-1", 5)
    assert act(world, held["id"], "confirm")[1]["status"] == "confirmed"
    moved(world, "newer-2", 4, type="pick", reservation=held["id"])
    supply(world, "inventory.supply.reported.v1", 2, 30)
    _, more = post(world, body(line(quantity=11)), "key-2")

    assert more["status"] == "held"
    assert header(world) == {"oh": 11, "av": 0, "rsv": 11, "cm": 0}
    (row,) = [r for r in world.rows("inventory") if r["sk"] == "P#MAIN#PO-1/10"]
    assert (row["ov"], row["oq"]) == (2, 30)
    assert kept(world.rows("inventory"), before) == set(), "what we do not know is left alone, also where we write"
    assert world.rows("exceptions") == []


def test_an_event_of_a_version_that_we_do_not_know_waits_on_the_list_and_is_not_guessed_at(world: World) -> None:
    stocked(world, A1=10)
    before = world.rows("inventory")

    supply(world, "inventory.supply.reported.v2", 1, 50)

    assert world.rows("inventory") == before
    said = str(world.rows("exceptions"))
    assert "unreadable_message" in said
    assert "inventory.supply.reported.v2 is newer than what this release reads (up to v1)" in said
