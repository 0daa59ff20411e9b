"""Gaps in the sources' sequences, on the exceptions list for as long as they are there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crossdock.config import BusinessConfig
from crossdock.contracts.refusals import Refusal
from crossdock.exceptions.model import OPEN, fingerprint, occurrence_id
from crossdock.exceptions.store import ExceptionsStore
from crossdock.inventory.gaps import Gap
from crossdock.inventory.sequence_store import SequenceStore
from crossdock.inventory.sequences import SOURCE, WAREHOUSE, SequenceName, State, gap_notice
from crossdock.platform.clock import Clock

_BY = "crossdock"
_CORRELATION = "cd-sequence-watch"
_ANY = Gap(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Watched:
    """What a look at all sequences found: gaps old enough to tell of, those told of now, those closed again."""

    gaps: int
    reported: int
    closed: int


def sequences_of(business: BusinessConfig) -> list[SequenceName]:
    """Every sequence there may be, by the configuration."""
    found: list[SequenceName] = []
    for source in business.sources.values():
        if source.sequence == SOURCE:
            found.append(SequenceName(source.name))
        elif source.sequence == WAREHOUSE:
            found += [SequenceName(source.name, w) for w in sorted(business.warehouses_of(source.name))]
    return found


@dataclass(frozen=True, slots=True)
class SequenceWatch:
    """Tells of gaps that are `gap_seconds` old, and closes what it told of when they are filled."""

    sequences: SequenceStore
    exceptions: ExceptionsStore
    clock: Clock
    gap_seconds: int

    def report(self, names: Iterable[SequenceName]) -> Watched:
        """Looks at these sequences; each costs 1 RCU and a query. What is told already is not told again."""
        states = self.sequences.states(names)
        latest = self.clock().timestamp() - self.gap_seconds
        gaps = reported = closed = 0
        for name, state in states.items():
            missing = {occurrence_id(n): n for n in _notices(name, state, latest)}
            told, ended = self._look(name, missing)
            gaps, reported, closed = gaps + len(missing), reported + told, closed + ended
        return Watched(gaps, reported, closed)

    def _look(self, name: SequenceName, missing: Mapping[str, Refusal]) -> tuple[int, int]:
        """Tells of what is new, closes what is gone; what was given up on is for an operator to close."""
        group = fingerprint(gap_notice(name, 0, _ANY, _CORRELATION))
        told = {o.id: o for o in self.exceptions.occurrences(group)}
        new = [notice for id_, notice in missing.items() if id_ not in told]
        if new:
            self.exceptions.refuse(new)
        gone = [o for id_, o in told.items() if id_ not in missing and o.state == OPEN and not o.message["given_up"]]
        closed = sum(
            self.exceptions.close(o, _BY, "filled in whole or in part, given up on, or begun anew") for o in gone
        )
        return len(new), closed


def _notices(name: SequenceName, state: State, latest: float) -> list[Refusal]:
    return [gap_notice(name, state.epoch, gap, _CORRELATION) for gap in state.missing if gap.since <= latest]
