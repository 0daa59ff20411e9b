"""Cross-references: whatever is minted, attached, ended, merged and taken back, and in whatever order."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crossdock.contracts.xrefs import ROLES, CrossReference
from crossdock.identity import xref_writes
from crossdock.identity.xref_writes import XrefError, minted_id
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import to_text
from tests.property import xref_schedules
from tests.property.xref_model import Model
from tests.property.xref_schedules import IDS, KIND, NOW
from tests.support.examples import examples
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossdock.contracts.xrefs import ExternalId

pytestmark = pytest.mark.property

SCHEDULES = 1500
SOME_IDS = st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True)
DAYS = st.integers(-3, 3)


class Machine(RuleBasedStateMachine):
    """The real store beside the plain model: after each step every row is what the model derives."""

    @initialize()
    def begin(self) -> None:
        self.table, self.model, self.now = MemoryTable(), Model(), NOW
        self.xrefs = CrossReferences(self.table, lambda: self.now)

    @invariant()
    def every_row_is_as_the_model_says(self) -> None:
        if hasattr(self, "model"):
            assert self.table.rows == self.model.rows(KIND)

    @rule(ids=SOME_IDS, role=st.sampled_from([None, *ROLES]))
    def mint(self, ids: list[ExternalId], role: str | None) -> None:
        meanings = self.model.meanings(ids)
        if len(meanings) > 1:
            error = self.refused("two_meanings", lambda: self.xrefs.mint(KIND, ids))
            assert set(error.canonicals) == meanings
            return
        found = self.xrefs.mint(KIND, ids, roles={i: role for i in ids if role})
        expected = meanings.pop() if meanings else self.model.root(minted_id(KIND, ids[0]))
        assert found.canonical == expected
        for external in ids:
            if external not in self.model.given:
                self.model.give(CrossReference(KIND, *external, expected, role))

    @precondition(lambda self: self.model.things)
    @rule(data=st.data(), ids=SOME_IDS, role=st.sampled_from([None, "buyer", "payer"]), start=DAYS, length=DAYS)
    def attach(self, data: Any, ids: list[ExternalId], role: str | None, start: int, length: int) -> None:
        thing = data.draw(st.sampled_from(self.model.things))
        start_at = NOW + timedelta(days=start)
        end = start_at + timedelta(days=length) if length > 0 else None
        wanted = [CrossReference(KIND, *i, thing, role, start_at, end) for i in ids]
        fresh = [i for i in ids if i not in self.model.given]
        if self.model.meanings(ids) - {thing}:
            self.refused("another_meaning", lambda: self.xrefs.attach(wanted))
        elif fresh and thing in self.model.merged:
            self.refused("merged", lambda: self.xrefs.attach(wanted))
        else:
            done = self.xrefs.attach(wanted)
            assert {r.id for r in done.new} == set(fresh)
            for reference in wanted:
                self.model.give(reference)

    @rule(external=st.sampled_from(IDS), day=DAYS)
    def end(self, external: ExternalId, day: int) -> None:
        at = NOW + timedelta(days=day)
        given = self.model.given.get(external)
        if given is None:
            self.refused("unknown", lambda: self.xrefs.end(KIND, external, at))
        elif given.valid_to is not None and given.valid_to <= at:
            assert self.xrefs.end(KIND, external, at)[1] is False
        elif given.valid_from is not None and at <= given.valid_from:
            self.refused("invalid", lambda: self.xrefs.end(KIND, external, at))
        else:
            assert self.xrefs.end(KIND, external, at)[1] is True
            self.model.end(external, at)

    @precondition(lambda self: len(self.model.things) > 1)
    @rule(data=st.data())
    def merge(self, data: Any) -> None:
        loser, winner = (data.draw(st.sampled_from(self.model.things)) for _ in range(2))
        self.now += timedelta(seconds=1)

        def merging() -> None:
            self.xrefs.merge(KIND, loser, winner, by="an operator", why="one address")

        if loser == winner:
            self.refused("itself", merging)
        elif loser in self.model.merged or winner in self.model.merged:
            self.refused("merged", merging)
        else:
            before = deepcopy(self.table.rows)
            merging()
            after = deepcopy(self.table.rows)
            self.xrefs.unmerge(KIND, loser, winner)
            assert self.table.rows == before, "taken back at once, nothing is left of a merge"
            merging()
            assert self.table.rows == after
            said = {"at": to_text(self.now), "by": "an operator", "why": "one address"}
            self.model.merge(loser, winner, said)

    @precondition(lambda self: self.model.merged)
    @rule(data=st.data(), wrong=st.booleans())
    def unmerge(self, data: Any, wrong: bool) -> None:  # noqa: FBT001 - drawn
        loser = data.draw(st.sampled_from(sorted(self.model.merged)))
        winner = self.model.merged[loser][0]
        if wrong:
            other = data.draw(st.sampled_from([t for t in self.model.things if t != winner]))
            self.refused("not_merged", lambda: self.xrefs.unmerge(KIND, loser, other))
        elif winner in self.model.merged:
            error = self.refused("merged", lambda: self.xrefs.unmerge(KIND, loser, winner))
            assert error.canonicals == (winner, self.model.merged[winner][0])
        else:
            self.xrefs.unmerge(KIND, loser, winner)
            del self.model.merged[loser]

    @rule(day=DAYS)
    def look_up(self, day: int) -> None:
        at = NOW + timedelta(days=day)
        expected = self.model.in_force(at)
        assert self.xrefs.canonicals(KIND, IDS, at=at) == expected
        things = self.model.things
        found = self.xrefs.externals_of(KIND, things, at=at)
        assert {r.id: thing for thing, references in found.items() for r in references} == expected
        assert {t: self.xrefs.current(KIND, t) for t in things} == {t: self.model.root(t) for t in things}

    def refused(self, why: str, work: Callable[[], object]) -> XrefError:
        before = deepcopy(self.table.rows)
        with pytest.raises(XrefError) as error:
            work()
        assert (error.value.why, self.table.rows) == (why, before)
        assert error.value.remedy
        return error.value


def test_any_sequence_of_changes_leaves_what_a_plain_model_says() -> None:
    run_state_machine_as_test(Machine, settings=settings(examples(150), stateful_step_count=30))  # type: ignore[no-untyped-call,unused-ignore]


def test_many_at_once_never_leave_an_id_with_two_meanings_or_with_something_merged() -> None:
    seeds = Random(20261121)  # noqa: S311 - a schedule, not a secret
    for _ in range(SCHEDULES):
        seed = seeds.randrange(2**32)
        try:
            xref_schedules.run_schedule(seed)
        except AssertionError as error:
            raise AssertionError(f"schedule {seed}: {error}") from error


def _uncounted(patch: pytest.MonkeyPatch) -> None:
    def recount(thing: Any, guard: Any, more: int, put: Any, when: Any) -> xref_writes.Update:
        return xref_writes.Update(
            xref_writes.guard_key(thing.kind, thing.canonical), add={"n": more}, put=put, when=when
        )

    patch.setattr(xref_writes, "_recount", recount)


def _unguarded(patch: pytest.MonkeyPatch) -> None:
    def more(kind: Any, canonical: str, guard: Any, count: int, *, create: bool) -> Any:
        key = xref_writes.guard_key(kind, canonical)
        if guard is None:
            return xref_writes.Insert({"pk": key[0], "sk": key[1], "n": count})
        return xref_writes.Update(key, add={"n": count})

    patch.setattr(xref_writes, "_more", more)


def _unread(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(xref_writes, "_as_read", lambda _: ())


@pytest.mark.parametrize("mutant", [_uncounted, _unguarded, _unread])
def test_each_condition_is_needed(
    mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    seeds = Random(1)  # noqa: S311 - a schedule, not a secret

    def tried() -> None:
        for _ in range(4 * SCHEDULES):
            xref_schedules.run_schedule(seeds.randrange(2**32))

    with pytest.raises(AssertionError):
        tried()
