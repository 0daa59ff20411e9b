"""A source's sequence over the real store: late, twice, refused or half done, only what is missing is told.

Workers get batches, journal them, and record later and in any order, each with its own memory of the row; some die in
between, and their batch comes again. Nothing of that is a gap or a source that began anew.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crossdock.inventory import sequence_store
from crossdock.inventory.gaps import joined, runs
from crossdock.inventory.sequence_store import SequenceStore
from crossdock.inventory.sequences import Batch, SequenceName
from tests.property.properties import chopped
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    import pytest

    from crossdock.inventory.sequences import State, Step

NAME = SequenceName("wms", "MAIN")


class _Sender:
    """The source, the journal and the exceptions list, as far as a sequence sees them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.sent = list(range(random.randint(3, 40)))
        self.lost = {n for n in self.sent if random.random() < 0.1}
        self.journaled: set[int] = set()
        self.refused: set[int] = set()
        self.batches = self._batches()

    def _batches(self) -> list[list[int]]:
        arriving = [n for n in self.sent if n not in self.lost]
        arriving += [n for n in arriving if self.random.random() < 0.2]
        self.random.shuffle(arriving)
        return chopped(arriving, [self.random.randint(1, 6) for _ in range(20)])

    def journal(self, batch: list[int]) -> Batch:
        """What an invocation has to record: some are refused the first time and mended later."""
        done = Batch(all=set(batch))
        for position in batch:
            if position in self.journaled:
                continue
            if position not in self.refused and self.random.random() < 0.1:
                self.refused.add(position)
                continue
            mended = position in self.refused and self.random.random() < 0.5
            self.journaled.add(position)
            if not mended:  # replayed: known to be none of those that begin anew
                done.new.add(position)
        return done


def check_sequences(random: Random) -> None:
    """All that arrived is covered or set aside, what lies between is missing, and nobody began anew."""
    table = MemoryTable()
    workers = [SequenceStore(table, lambda: NOW) for _ in range(3)]
    sender = _Sender(random)
    alarms: list[Mapping[SequenceName, Step]] = []
    waiting: list[Batch] = []
    coming = list(sender.batches)
    while coming or waiting:
        if coming and (not waiting or random.random() < 0.6):
            batch = coming.pop(0)
            journaled = sender.journal(batch)
            if random.random() < 0.15:
                coming.insert(random.randint(0, len(coming)), batch)  # died before it recorded, and comes again
            else:
                waiting.append(journaled)
                if random.random() < 0.2:
                    coming.insert(0, batch)  # another worker has the same message at the same time
        else:
            random.choice(workers).record({NAME: waiting.pop(random.randrange(len(waiting)))}, alarms.append)
    _judge(workers[0], {n for batch in sender.batches for n in batch})
    assert not alarms


def _judge(store: SequenceStore, arrived: set[int]) -> None:
    state = store.states([NAME]).get(NAME)
    if state is None:
        assert not arrived
        return
    covered = {n for s in state.covered for n in range(s.first, s.last + 1)}
    aside = {n for s in state.aside for n in range(s.first, s.last + 1)}
    assert covered | aside == arrived
    between = set(range(min(covered), max(covered))) - arrived if covered else set()
    assert [(g.first, g.last) for g in state.missing] == [(s.first, s.last) for s in runs(between)]


# -- what a hurried change could leave of it --------------------------------------------------------------------


def forgets_what_is_not_new(patch: pytest.MonkeyPatch) -> None:
    """Keeps only what was journaled for the first time."""
    advanced = sequence_store.advanced
    patch.setattr(
        sequence_store, "advanced", lambda state, batch, now: advanced(state, Batch(batch.new, batch.new), now)
    )


def covers_what_is_not_new(patch: pytest.MonkeyPatch) -> None:
    """Makes no difference between what was journaled now and what is known or refused."""
    advanced = sequence_store.advanced

    def covering(state: State, batch: Batch, now: int) -> Step:
        step = advanced(state, batch, now)
        return replace(step, state=replace(step.state, covered=joined(step.state.covered, runs(batch.all), now)))

    patch.setattr(sequence_store, "advanced", covering)
