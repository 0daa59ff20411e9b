"""How an operator reads an item's movements."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from crossdock.inventory.journal import JournalEntry
from crossdock_cli.inventory import counted, moved
from crossdock_cli.output import table

pytestmark = pytest.mark.unit

PICK = JournalEntry("A1", "MAIN", "wms", "m1", "pick", -4, "2026-11-21T08:00:00.000Z", None, "cd-1")


def test_a_movement_that_leaves_the_stock_on_hand_as_it_is_shows_what_it_moved() -> None:
    assert moved(PICK) == "-4"
    assert moved(replace(PICK, type="receipt", quantity=4)) == "+4"
    assert moved(replace(PICK, type="status_change", quantity=0, magnitude=4)) == "(4)"


def test_one_movement_adds_and_several_add() -> None:
    assert [counted(n) for n in (0, 1, 2)] == ["0 movements add", "1 movement adds", "2 movements add"]


def test_a_number_stands_on_one_line_however_narrow_the_screen_is() -> None:
    drawn = StringIO()

    Console(file=drawn, width=24).print(table(("warehouse", ">on hand"), [("MAIN of the north coast", 12000000012)]))

    assert "12000000012" in drawn.getvalue()
