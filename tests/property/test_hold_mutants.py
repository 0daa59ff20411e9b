"""The schedules of holds bite: each of these small changes to the protocol makes one of them fail.

A mutant replaces one step by what a hurried change could leave of it. It is tried on schedules until one shows it; if
none does, this test fails, and the schedules are worth less than they seem.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory import changing, ending, hold_store, holding
from crossdock.inventory.consuming import Consumer
from crossdock.inventory.ending import Ender
from crossdock.inventory.hold_store import HoldStore
from crossdock.inventory.holding import Holder
from crossdock.inventory.holds import Answer, Decision, State, markers
from tests.property import hold_schedules
from tests.property.hold_schedules import run_schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crossdock.inventory.holds import HoldRequest, Place, Reservation
    from crossdock.inventory.markers import Marker
    from crossdock.platform.dynamo import Item
    from crossdock.platform.writes import Key, Update

    Mutation = Callable[[pytest.MonkeyPatch], None]

pytestmark = pytest.mark.property

TRIED = 4000
SEEN_BY = (2477, 9080, 1002, 556, 26188)
"""Schedules that show the rarest of them; others may take their place when the schedules change."""


def without(name: str, modules: tuple[Any, ...], condition: Callable[[str], bool]) -> Mutation:
    """A write that forgets some of its conditions."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        whole = getattr(hold_store, name)

        def forgetful(*args: Any, **named: Any) -> Update:
            update = whole(*args, **named)
            return replace(update, when=tuple(w for w in update.when if not condition(w.name)))

        for module in (hold_store, *modules):
            patch.setattr(module, name, forgetful)

    return mutate


def row_without_compare_and_set(patch: pytest.MonkeyPatch) -> None:
    whole = HoldStore.row_change

    def blind(self: HoldStore, seen: Reservation, state: State, **changed: Any) -> Update:
        return replace(whole(self, seen, state, **changed), when=())

    patch.setattr(HoldStore, "row_change", blind)


def units_before_the_row(patch: pytest.MonkeyPatch) -> None:
    whole = Ender._turn

    def hurried(self: Ender, seen: Reservation, to: State, givers: Mapping[Key, Item]) -> Reservation | None:
        self.follow(replace(seen, state=to), givers)
        return whole(self, seen, to, givers)

    patch.setattr(Ender, "_turn", hurried)


def expired_markers_without_their_rows(patch: pytest.MonkeyPatch) -> None:
    def blunt(self: Ender, giver: Place, expired: Mapping[str, Marker]) -> None:
        for rid, marker in expired.items():
            self._write_back(rid, replace(giver, quantity=marker.quantity, own=marker.from_own), marker)

    patch.setattr(Ender, "reclaim", blunt)


def any_nonce_will_do(patch: pytest.MonkeyPatch) -> None:
    def stands(seen: Reservation, givers: Mapping[Key, Item]) -> bool:
        return seen.by_marker and seen.id in markers(givers.get(seen.places[0].key, {}))

    patch.setattr(ending, "_stands", stands)


def no_tombstone(patch: pytest.MonkeyPatch) -> None:
    def unburied(self: Ender, rid: str) -> None:
        self._store.read(rid)

    patch.setattr(Ender, "_bury", unburied)


def late_answers_are_given_anyway(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(holding, "ANSWER_WITHIN_S", 10**9)


def a_marker_is_an_answer(patch: pytest.MonkeyPatch) -> None:
    def settle(self: Ender, seen: Reservation) -> Reservation:
        stands = ending._stands(seen, self._store.givers(p.key for p in seen.places))
        return replace(seen, state=State.HELD) if stands else seen

    patch.setattr(Ender, "settle", settle)


def anyone_refuses(patch: pytest.MonkeyPatch) -> None:
    """Whoever finds OPEN without its marker refuses, instead of waiting for the row's writer."""
    whole = Holder._repeated

    def impatient(self: Holder, request: HoldRequest, existing: Mapping[str, Any] | None) -> Decision:
        decision = whole(self, request, existing)
        seen = self._store.read(request.id)
        if decision.answer is Answer.IN_PROGRESS and seen and self._ender.abandon(seen):
            return Decision(Answer.REFUSED, seen)
        return decision

    patch.setattr(Holder, "_repeated", impatient)


def lost_answers_are_failures(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(holding, "_is_ours", lambda written, _row: written.done)


def sweepers_that_do_not_wait(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(hold_schedules, "ABANDONED_AFTER_S", 0)


def accounts_that_stay_open(patch: pytest.MonkeyPatch) -> None:
    whole = Consumer._book
    patch.setattr(changing, "_close", _only_read)
    patch.setattr(Consumer, "_book", whole)


def _only_read(rid: str, sku: str, warehouse: str, account: Item | None) -> tuple[Any, Any]:
    key = hold_store.used_key(rid, sku, warehouse)
    if account is None:
        return hold_store.Insert({"pk": key[0], "sk": key[1], "used": 0, "closed": 1}), 0
    return hold_store.Update(key, put={"closed": 1}), 0


def stray_markers_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ending, "_follow", _whoever_it_is)


def _whoever_it_is(ended: Reservation, place: Place, giver: Item | None) -> Update | None:
    marker = markers(giver or {}).get(ended.id)
    if giver is None or marker is None:
        return None
    if ended.state in {State.CONFIRMED, State.CANCELLED}:
        return hold_store.commit(place, marker)
    return hold_store.refund(place, marker, ending.staged(giver, marker))


MUTANTS: list[tuple[str, Mutation]] = [
    ("takes what is not there", without("take", (holding, changing), lambda name: name == "av")),
    ("takes from the pool what belongs to channels", without("take", (holding, changing), lambda name: name == "pl")),
    ("overdraws an allocation", without("take", (holding, changing), lambda name: name.startswith("ac_"))),
    ("takes twice for one id", without("take", (holding, changing), lambda name: name.startswith("r_"))),
    ("gives back twice", without("refund", (holding, ending, changing), lambda name: name.startswith("r_"))),
    ("commits twice", without("commit", (ending,), lambda name: name.startswith("r_"))),
    ("ends a row that somebody else ended", row_without_compare_and_set),
    ("gives units back before the row has ended", units_before_the_row),
    ("gives expired units back without asking their row", expired_markers_without_their_rows),
    ("takes any marker for its own", any_nonce_will_do),
    ("lets a place follow a marker of another attempt", stray_markers_stay),
    ("buries no reservation that has a marker and no row", no_tombstone),
    ("answers late without winning the row", late_answers_are_given_anyway),
    ("takes a marker for the answer", a_marker_is_an_answer),
    ("refuses what somebody else is still deciding", anyone_refuses),
    ("takes a lost answer for a failure", lost_answers_are_failures),
    ("sweeps away what has only just begun", sweepers_that_do_not_wait),
    ("cancels without closing the account of what has left", accounts_that_stay_open),
]


@pytest.mark.parametrize("mutation", [m[1] for m in MUTANTS], ids=[m[0] for m in MUTANTS])
def test_a_mutant_is_seen(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    mutation(monkeypatch)
    for seed in (*SEEN_BY, *range(TRIED)):
        try:
            run_schedule(seed)
        except AssertionError:
            return
    pytest.fail(f"{TRIED} schedules did not show it")
