"""What an operator sees of an item: its stock, the movements behind it, and that they add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.system import movement

if TYPE_CHECKING:
    from tests.support.system import System


def test_an_items_movements_add_up_to_its_balance(system: System) -> None:
    system.knows("INV-1")
    system.send(movement("inv-1", "INV-1", 10), movement("inv-2", "INV-1", 4, "pick"))
    system.until("it is told", lambda: system.told("INV-1", 6, 4))

    (main,) = system.crossdock("inventory", "show", "INV-1", "--json").document

    assert (main["warehouse"], main["on_hand"], main["available"]) == ("MAIN", 6, 6)
    assert (main["movements"], main["folded"], main["agrees"]) == (2, 6, True)
    assert [(e["id"], e["quantity"]) for e in main["last"]] == [("inv-1", 10), ("inv-2", -4)]


def test_only_as_many_movements_are_shown_as_were_asked_for(system: System) -> None:
    system.knows("INV-2")
    system.send(*(movement(f"inv2-{n}", "INV-2", 1) for n in range(3)))
    system.until("it is told", lambda: system.told("INV-2", 3, 1))

    (main,) = system.crossdock("inventory", "show", "INV-2", "--last", "1", "--json").document

    assert (main["movements"], [e["id"] for e in main["last"]]) == (3, ["inv2-2"])


def test_an_item_that_never_moved_is_one_line_and_a_remedy(system: System) -> None:
    answer = system.crossdock("inventory", "show", "INV-NEVER")

    assert answer.code == 1
    assert "nothing was ever recorded of an item 'INV-NEVER'" in answer.err
