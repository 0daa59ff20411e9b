"""What a source's positions tell: that something is missing, or that the source counts from the beginning again.

A position whose movement was refused, or was in the journal already, has arrived too, and is kept `aside`: it is not
missing, and a new movement that comes for it (mended and replayed, or journaled by another worker at the same time) is
no sign of a new beginning.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeGuard

from crossdock.contracts.refusals import Refusal
from crossdock.inventory.gaps import MAX_SPANS, Gap, Span, Spans, bounded, holding, joined, repeated, runs, without
from crossdock.inventory.gaps import gaps as gaps_between
from crossdock.platform.clock import to_text

WAREHOUSE, SOURCE, NONE = "warehouse", "source", "none"
"""What a source numbers without gaps: the movements of each warehouse, all it sends, or nothing."""

_LAST_POSITION = 10**18


@dataclass(frozen=True, slots=True)
class SequenceName:
    """One sequence: a source's own, or its sequence in one warehouse."""

    source: str
    warehouse: str | None = None

    @property
    def subject(self) -> str:
        return f"sequence/{self.source}" + (f"/{self.warehouse}" if self.warehouse else "")


@dataclass(frozen=True, slots=True)
class State:
    """What has arrived; `epoch` counts how often an operator said that the source began anew."""

    covered: Spans = ()
    aside: Spans = ()
    epoch: int = 0

    @property
    def missing(self) -> tuple[Gap, ...]:
        return without(gaps_between(self.covered), self.aside)


@dataclass(slots=True)
class Batch:
    """Positions of one sequence in a batch of movements: of those journaled for the first time, and of all."""

    new: set[int] = field(default_factory=set)
    all: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Step:
    """A state after a batch; the new positions that had arrived before; the gaps that are not watched any longer."""

    state: State
    again: tuple[int, ...] = ()
    given_up: tuple[Gap, ...] = ()

    @property
    def notable(self) -> bool:
        return bool(self.again or self.given_up)


def advanced(state: State, batch: Batch, now: int) -> Step:
    """The state after a batch that arrived at `now` (seconds since 1970).

    The batch delivered again, when all of it is in the journal, changes nothing.
    """
    covered, again = repeated(state.covered, sorted(batch.new))
    covered, given_up = bounded(joined(covered, runs(batch.new), now))
    # Bounding closes gaps, and with them what had been set aside in one: not missing, so told apart first.
    arrived = joined(state.aside, runs(batch.all - batch.new), 0)
    given_up = without(given_up, arrived)
    others = (p for p in batch.all - batch.new if holding(covered, p) is None)
    aside = joined(state.aside, runs(others), 0)
    aside = tuple(replace(s, since=0) for s in aside if not _inside(covered, s))
    if surplus := aside[: max(0, len(aside) - MAX_SPANS)]:
        covered, more = bounded(joined(covered, surplus, now))
        given_up, aside = given_up + more, aside[len(surplus) :]
    return Step(State(covered, aside, state.epoch), tuple(again), without(given_up, aside))


def _inside(spans: Spans, part: Span) -> bool:
    found = holding(spans, part.first)
    return found is not None and part.last <= found.last


def arrivals(
    movements: Iterable[tuple[str, Any]],
    new: Iterable[tuple[str, str, int | None]],
    owners: Mapping[str, str],
    scopes: Mapping[str, str],
) -> dict[SequenceName, Batch]:
    """The positions of a batch by their sequences.

    `movements` are (source, movement as it came): also one that was refused has arrived, if it says where it belongs.
    `new` are (source, warehouse, position) of those that were journaled for the first time.
    """
    found: dict[SequenceName, Batch] = {}
    for source, raw in movements:
        warehouse, position = (raw.get("warehouse"), raw.get("sequence")) if isinstance(raw, dict) else (None, None)
        if isinstance(warehouse, str) and owners.get(warehouse) == source and _is_position(position):
            name = name_of(source, warehouse, scopes)
            if name is not None:
                found.setdefault(name, Batch()).all.add(position)
    for source, warehouse, position in new:
        name = name_of(source, warehouse, scopes)
        if name is not None and position is not None:
            found.setdefault(name, Batch()).new.add(position)
    return found


def _is_position(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LAST_POSITION


def name_of(source: str, warehouse: str, scopes: Mapping[str, str]) -> SequenceName | None:
    """The sequence that a movement's position is one of; None for a source that numbers nothing."""
    match scopes.get(source, NONE):
        case "warehouse":
            return SequenceName(source, warehouse)
        case "source":
            return SequenceName(source)
        case _:
            return None


def gap_notice(name: SequenceName, epoch: int, gap: Gap, correlation_id: str, *, given_up: bool = False) -> Refusal:
    """A gap for the exceptions list. It holds no fact to replay: what is missing has to be sent."""
    count = gap.last - gap.first + 1
    since = to_text(datetime.fromtimestamp(gap.since, UTC))
    watched = "it is not watched any longer" if given_up else "it closes by itself when they arrive"
    return _notice(
        name,
        "sequence_gap",
        f"gap/{epoch}/{gap.first}-{gap.last}" + ("/given-up" if given_up else ""),
        f"{count:,} positions, {gap.first} to {gap.last}, are missing since {since}; {watched}",
        f"have {name.source} send positions {gap.first} to {gap.last} again; close this when it has nothing there",
        {"first": gap.first, "last": gap.last, "since": since, "given_up": given_up},
        correlation_id,
    )


def restart_notice(name: SequenceName, epoch: int, positions: Iterable[int], correlation_id: str) -> Refusal:
    """A source that seems to count from the beginning again, once until an operator has said that it does."""
    first = min(positions)
    option = f" --warehouse {name.warehouse}" if name.warehouse else ""
    return _notice(
        name,
        "sequence_restarted",
        f"restart/{epoch}",
        f"a new movement came at position {first}, which another movement had before; it was applied",
        f"crossdock sources restart-sequence {name.source}{option}, if it began anew; then close this. A source that "
        f'numbers something else than movements: [sources.{name.source}] sequence = "none"',
        {"first": first},
        correlation_id,
    )


def _notice(
    name: SequenceName, kind: str, fact: str, detail: str, remedy: str, more: Mapping[str, Any], correlation_id: str
) -> Refusal:
    return Refusal(
        kind=kind,
        source=name.source,
        subject=name.subject,
        fact=f"{name.subject}/{fact}",
        detail=f"{name.source}{f' in {name.warehouse}' if name.warehouse else ''}: {detail}",
        remedy=remedy,
        route="",
        message={"kind": kind, "source": name.source, "warehouse": name.warehouse, **more},
        pointer="",
        correlation_id=correlation_id,
    )
