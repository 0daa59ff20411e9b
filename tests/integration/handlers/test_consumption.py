"""What a movement uses up of a confirmed hold it uses up once, and only if it is the movement that was journaled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory.holds import reservation_id
from tests.support.reserving import act, body, header, line, post, stocked
from tests.support.world import Context, World, movement, movements_message

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration


@pytest.fixture
def pick(world: World) -> Callable[..., None]:
    """Ten units of A1 in MAIN, and what reports that units of them were picked."""
    stocked(world, A1=10)

    def report(quantity: int, reservation: str | None, id_: str = "pick-1") -> None:
        named: dict[str, Any] = {} if reservation is None else {"reservation": reservation}
        moved = movement(id_, quantity, type="pick", **named)
        answer = world.call("apply_movements", world.queue_event("movements", [movements_message(moved)]), Context())
        assert answer == {"batchItemFailures": []}
        world.project()

    return report


def test_a_pick_that_contradicts_one_we_have_leaves_the_commitment_to_the_pick_that_comes(
    world: World, pick: Callable[..., None]
) -> None:
    _, held = post(world, body(line(quantity=5)))
    act(world, held["id"], "confirm")
    pick(1, None)

    pick(5, held["id"])  # the same id with other content: refused

    assert header(world) == {"oh": 9, "av": 4, "rsv": 0, "cm": 5}
    pick(5, held["id"], "pick-2")
    assert header(world) == {"oh": 4, "av": 4, "rsv": 0, "cm": 0}


def test_a_refused_pick_does_not_confirm_the_hold_that_it_names(world: World, pick: Callable[..., None]) -> None:
    _, held = post(world, body(line(quantity=5)))
    pick(1, None)

    pick(5, held["id"])

    assert act(world, held["id"], "read")[1]["status"] == "held"


def test_a_pick_that_came_before_its_hold_and_comes_again_uses_nothing_up(
    world: World, pick: Callable[..., None]
) -> None:
    rid = reservation_id("acme", "key-1")
    pick(2, rid)
    _, held = post(world, body(line(quantity=5)))
    assert held["id"] == rid
    act(world, rid, "confirm")

    pick(2, rid)  # delivered again: it is in the journal, and used nothing up

    pick(5, rid, "pick-2")
    assert header(world) == {"oh": 3, "av": 3, "rsv": 0, "cm": 0}


def test_one_pick_twice_in_a_batch_uses_up_what_the_first_says(world: World, pick: Callable[..., None]) -> None:
    _, held = post(world, body(line(quantity=5)))
    act(world, held["id"], "confirm")
    one, other = (movement("pick-1", q, type="pick", reservation=held["id"]) for q in (2, 3))
    _, second = post(world, body(line(quantity=3)), key="key-2")
    act(world, second["id"], "confirm")
    other["reservation"] = second["id"]

    world.call("apply_movements", world.queue_event("movements", [movements_message(one, other)]), Context())
    world.project()

    assert header(world) == {"oh": 8, "av": 2, "rsv": 0, "cm": 6}
    assert act(world, second["id"], "cancel")[0] == 200
    assert header(world) == {"oh": 8, "av": 5, "rsv": 0, "cm": 3}
