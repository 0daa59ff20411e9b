"""The schedules of hot items bite: each of these small changes makes one of them fail.

What holds in general have mutants of their own in test_hold_mutants.py; these are about shards.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory import balancing, ending, hold_store, hot_store, scattered
from crossdock.inventory.holds import Answer, HoldRequest, Line, Place, State, markers
from crossdock.inventory.hot import shard_of
from crossdock.inventory.hot_store import HotStock
from crossdock.inventory.scattered import Scattered
from tests.property.hold_schedules import Stage, header
from tests.property.hot_schedules import run_schedule
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossdock.inventory.ending import Ender
    from crossdock.inventory.holds import Reservation
    from crossdock.inventory.hot import Heat, Moves
    from crossdock.platform.writes import Update

    Mutation = Callable[[pytest.MonkeyPatch], None]

pytestmark = pytest.mark.property

TRIED = 1500


def moves_one_by_one(patch: pytest.MonkeyPatch) -> None:
    """Grants by one write after the other instead of in one transaction."""

    def move(self: HotStock, heat: Heat, moves: Moves) -> bool:
        return all(o.done for write in hot_store.transfer(heat, moves) for o in self._table.write([write]))

    patch.setattr(HotStock, "move", move)


def transfers_without(name: str) -> Mutation:
    """Moves units under fewer conditions."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        whole = hot_store.transfer

        def careless(heat: Heat, moves: Moves) -> list[Update]:
            return [replace(u, when=tuple(w for w in u.when if w.name != name)) for u in whole(heat, moves)]

        patch.setattr(hot_store, "transfer", careless)

    return mutate


def takes_what_a_shard_has_not(patch: pytest.MonkeyPatch) -> None:
    whole = hold_store.take

    def take(place: Place, *others: Any) -> Update:
        update = whole(place, *others)
        return replace(update, when=tuple(w for w in update.when if w.name != "av"))

    patch.setattr(scattered, "take", take)


def leaves_the_row_where_it_was(patch: pytest.MonkeyPatch) -> None:
    """Takes units elsewhere and says so to nobody."""

    def _try(self: Scattered, row: Reservation, target: Place) -> tuple[Reservation, bool]:
        (taken,) = self._store.write([hold_store.take(target, row.marker(target), row.channel)])
        return row, taken.done

    patch.setattr(Scattered, "_try", _try)


def takes_any_marker_for_its_own(patch: pytest.MonkeyPatch) -> None:
    """Takes the marker of another attempt for what it took itself: the nonce is not looked at."""

    def _has(_: Scattered, heat: Heat, row: Reservation) -> bool:
        return any(row.id in markers(item) for item in (heat.header, *(s.item for s in heat.shards)))

    patch.setattr(Scattered, "_has", _has)


def keeps_what_it_took_for_a_row_that_is_not_its_own(patch: pytest.MonkeyPatch) -> None:
    """Moves on although the sweeper refused the row meanwhile."""
    patch.setattr(
        scattered,
        "_moved",
        lambda _written, row, target: replace(row, places=(target,), version=row.version + 1),
    )


def gives_back_before_the_row_has_ended(patch: pytest.MonkeyPatch) -> None:
    def hasty(self: Ender, giver: Place, expired: Any) -> None:
        for marker in expired.values():
            self._write_back(marker.reservation, replace(giver, quantity=marker.quantity, own=marker.from_own), marker)

    patch.setattr(ending.Ender, "reclaim", hasty)


def makes_ordinary_what_has_shards(patch: pytest.MonkeyPatch) -> None:
    whole = balancing.cooled
    patch.setattr(balancing, "cooled", lambda heat: replace(whole(heat), when=tuple(w for w in whole(heat).when[:2])))
    patch.setattr(balancing.Balancer, "_finish", _at_once)


def _at_once(self: Any, entry: Any, found: Any) -> Any:
    heat = self._look(found.sku, found.warehouse)
    self._hot.remove_shards(found.sku, found.warehouse)
    self._hot.cool(entry, balancing.cooled(heat))
    return found


def makes_hot_without_the_list(patch: pytest.MonkeyPatch) -> None:
    """Heats a header whatever became of its entry: an item that nobody will ever level or make ordinary."""
    patch.setattr(HotStock, "heat", lambda self, _entry, heated: self._table.write([heated])[0].done)


def answers_by_a_row_that_is_refused(patch: pytest.MonkeyPatch) -> None:
    """Takes units for an OPEN row without asking whether it still is OPEN, and says HELD."""
    whole = hold_store.HoldStore.row_change

    def blind(self: Any, seen: Reservation, state: State, **changed: Any) -> Update:
        update = whole(self, seen, state, **changed)
        return replace(update, when=()) if set(changed) == {"places"} and state is State.OPEN else update

    patch.setattr(hold_store.HoldStore, "row_change", blind)


MUTANTS: list[tuple[str, Mutation]] = [
    ("moves units by one write after the other", moves_one_by_one),
    ("takes back more than a shard has", transfers_without("av")),
    ("grants more than the pool has", transfers_without("pl")),
    ("takes what a shard has not", takes_what_a_shard_has_not),
    ("takes units elsewhere and leaves the row where it was", leaves_the_row_where_it_was),
    ("takes any marker for its own", takes_any_marker_for_its_own),
    ("gives back before the row has ended", gives_back_before_the_row_has_ended),
    ("makes an item ordinary whose shards have units", makes_ordinary_what_has_shards),
    ("makes an item hot that is not on the list", makes_hot_without_the_list),
]


RARE: list[tuple[str, Mutation]] = [
    ("moves on with a row that is not its own", keeps_what_it_took_for_a_row_that_is_not_its_own),
    ("takes a row back that was refused", answers_by_a_row_that_is_refused),
]
"""Too rare for schedules at random: the sweeper has to come between two steps of a search."""


@pytest.mark.parametrize("mutation", [m[1] for m in RARE], ids=[m[0] for m in RARE])
def test_a_rare_mutant_is_seen(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    check_abandoned_while_searching()
    mutation(monkeypatch)
    with pytest.raises(AssertionError):
        check_abandoned_while_searching()


def check_abandoned_while_searching() -> None:
    """The sweeper refuses a row at any step of the search for its units: no answer is contradicted, nothing is lost."""
    for step in range(1, 30):
        steps, refused = 0, list[bool]()
        stage = Stage(Random(1), MemoryTable())  # noqa: S311 - a schedule, not a secret
        stage.table.rows["T#A", "A#MAIN"] = header("A", 40, 0)
        found = stage.reservations()
        found.balancer.promote("A", "MAIN", 4)
        found.create(request("x0", 8))
        stage.table.rows[Place("A", "MAIN", 1, shard=shard_of("x1", 4)).key]["av"] -= 8  # its own shard is short
        stage.table.rows[Place("A", "MAIN", 1, shard=shard_of("x1", 4)).key]["g"] -= 8
        stage.table.rows["T#A", "A#MAIN"]["sh"] -= 8
        stage.table.rows["T#A", "A#MAIN"]["oh"] -= 8

        def abandon(stage: Stage = stage, at: int = step, refused: list[bool] = refused) -> None:
            nonlocal steps
            steps += 1
            if steps == at:
                stage.table.boundary = lambda: None
                ended = stage.reservations().expire("x1", abandoned=True).reservation
                refused.append(ended is not None and ended.state is State.REFUSED)

        stage.table.boundary = abandon
        answer = found.create(request("x1", 7)).answer
        stage.table.boundary = lambda: None
        assert not (any(refused) and answer is Answer.HELD), f"step {step}: held after it was refused"
        row = next(r for r in stage.rows() if r.id == "x1")
        assert (answer is Answer.REFUSED) == (row.state is State.REFUSED), f"step {step}: {answer}, {row.state}"
        taken = sum(m.quantity for giver in stage.givers() for m in markers(giver).values())
        assert taken == 8 + (7 if answer is Answer.HELD else 0), f"step {step}: {answer}, {taken} taken"


def request(rid: str, quantity: int) -> HoldRequest:
    places, lines = (Place("A", "MAIN", quantity),), (Line("1", "A", "MAIN", quantity),)
    return HoldRequest(rid, "partner", "shop", "payload", int(NOW.timestamp()) + 900, lines, places, "cd-1")


@pytest.mark.parametrize("mutation", [m[1] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_mutant_is_seen(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation(monkeypatch)
    for seed in range(TRIED):
        try:
            run_schedule(seed)
        except AssertionError:
            return
    pytest.fail(f"{TRIED} schedules did not show it")
