"""Drafting, previewing and working off a replay run. Whoever dies on the way is followed by whoever resumes.

What is sent of a fact, and to whom, is asked of `prepare` twice: for the preview, and when it is sent. A fact of which
something else would be sent by then (it was corrected meanwhile, or the mapping changed) is passed over and says so.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from crossdock.exceptions.model import CLOSED, OPEN, REPLAYING, Occurrence, basis
from crossdock.exceptions.run_store import RunStore
from crossdock.exceptions.runs import (
    UNDONE,
    FactState,
    Options,
    Run,
    RunFact,
    RunState,
    Selection,
    marked,
    new_id,
)
from crossdock.exceptions.store import ExceptionsStore
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.errors import CrossdockError
from crossdock.platform.sequences import chunks

BATCH: Final = 10
"""Facts marked in one transaction and sent in one call."""
_READ_AT_ONCE: Final = 100
GONE: Final = "it is not on the list any more"
MOVED: Final = "somebody else replayed, corrected or closed it meanwhile"
CHANGED: Final = "what would be sent is not what was previewed; preview a new run"
TAKEN: Final = "another run took it over"


class UnsendableError(CrossdockError):
    """A fact cannot be sent again in the way that was asked for; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is sent of a fact: a message, without its mark, and the routes it goes to, each with its own form of it.

    The first one bears the mark; `verdict` is what can be said of it beforehand by itself, in a few words.
    """

    message: Mapping[str, Any]
    targets: Sequence[tuple[str, Mapping[str, Any]]]
    verdict: str = ""

    @property
    def basis(self) -> str:
        """A hash over all that is sent, and where to."""
        return basis({"targets": [[route, message] for route, message in self.targets]})


Prepare = Callable[[Occurrence, Options], Prepared]
"""Raises UnsendableError."""
Send = Callable[[Sequence[tuple[str, Mapping[str, Any]]]], None]
"""Puts messages on the queues of their routes, all of them or an error."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would become of a message: a verdict in a few words (empty: nobody can say), and by how much stock on hand
    would change, by item and warehouse.
    """

    verdict: str = ""
    change: Mapping[tuple[str, str], Any] = field(default_factory=dict)


Foresee = Callable[[Sequence[tuple[str, Mapping[str, Any]]]], Sequence[Outlook]]
"""An outlook for each message on its route, in their order."""
SENT: Final = "would be sent"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a preview found of one fact: what would be sent of it and become of it, or why nothing is sent."""

    fact: RunFact
    occurrence: Occurrence | None
    prepared: Prepared | None
    why: str
    change: Mapping[tuple[str, str], Any] = field(default_factory=dict)


class Pace:
    """So many facts a second, and not all of a second's at its beginning."""

    def __init__(
        self, rate: int, now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """`rate` 0 is as fast as it goes."""
        self._rate = rate
        self._now = now
        self._sleep = sleep
        self._due = now()

    @property
    def batch(self) -> int:
        """How many facts go at once: a pause is heeded between two batches, so within a second."""
        return min(BATCH, self._rate) if self._rate else BATCH

    def wait(self, facts: int) -> None:
        """Returns when so many more may be sent."""
        if not self._rate:
            return
        now = self._now()
        if self._due > now:
            self._sleep(self._due - now)
        self._due = max(self._due, now) + facts / self._rate


@dataclass(frozen=True, slots=True)
class Replayer:
    """Takes a run from its draft to its end."""

    exceptions: ExceptionsStore
    runs: RunStore
    prepare: Prepare
    send: Send
    clock: Clock
    foresee: Foresee = lambda messages: [Outlook()] * len(messages)
    pace: Callable[[int], Pace] = Pace

    def draft(self, selection: Selection, options: Options, by: str, why: str | None = None) -> Run:
        """Chooses the facts, once: those refused later are not in the run."""
        now = to_text(self.clock())
        run = Run(new_id(), RunState.DRAFT, selection, options, by, why, now, facts=0)
        return self.runs.draft(run, [RunFact(o.group, o.id) for o in self._selected(selection)])

    def _selected(self, selection: Selection) -> Iterator[Occurrence]:
        groups = selection.groups
        if not groups:
            states = (OPEN,) if selection.states == UNDONE else (OPEN, CLOSED)
            groups = tuple(
                g.id
                for state in states
                for g in self.exceptions.groups(state)
                if selection.source in {None, g.source} and selection.kind in {None, g.kind}
            )
        for group in groups:
            yield from (o for o in self.exceptions.occurrences(group) if selection.takes(o))

    def preview(self, run: Run) -> Iterator[Foreseen]:
        """What would be sent of each fact; nothing is. It is kept when all of it was gone through."""
        found: list[RunFact] = []
        verdicts: Counter[str] = Counter()
        for part in chunks(list(self.runs.facts(run.id)), _READ_AT_ONCE):
            for foreseen in self._foresee([self._prepared(fact, o, run) for fact, o in self._read(part)]):
                verdicts[foreseen.why] += 1
                found.append(foreseen.fact)
                yield foreseen
        self.runs.previewed(run, found, dict(verdicts))

    def _prepared(self, fact: RunFact, occurrence: Occurrence | None, run: Run) -> Foreseen:
        if occurrence is None:
            return Foreseen(replace(fact, basis=None, why=GONE), None, None, GONE)
        try:
            prepared = self.prepare(occurrence, run.options)
        except UnsendableError as exc:
            return Foreseen(replace(fact, basis=None, why=str(exc)), occurrence, None, str(exc))
        return Foreseen(replace(fact, basis=prepared.basis), occurrence, prepared, prepared.verdict)

    def _foresee(self, part: Sequence[Foreseen]) -> list[Foreseen]:
        """The same with what would become of those of which nothing is known by themselves."""
        open_ones = [f for f in part if f.prepared is not None and not f.why]
        asked = [(f.prepared.targets[0][0], f.prepared.message) for f in open_ones if f.prepared is not None]
        outlooks = dict(zip([f.fact.key for f in open_ones], self.foresee(asked), strict=True))
        return [_with(f, outlooks.get(f.fact.key)) for f in part]

    # -- working -----------------------------------------------------------------------------------------------

    def work(self, run: Run, worker: str, by: str, done: Callable[[int], None] = lambda _: None) -> Run:
        """Sends what is left of a run that this worker has begun; `done` hears how many facts each step dealt with.

        Raises RunStoppedError when it was paused or taken over: what was marked by then has been sent and counted.
        """
        for part in chunks(list(self.runs.facts(run.id, FactState.SENDING)), BATCH):
            done(self._recover(run, part))
        pace = self.pace(run.options.rate)
        for part in chunks(list(self.runs.facts(run.id, FactState.PLANNED)), pace.batch):
            pace.wait(len(part))
            self._send_part(run, worker, by, part)
            done(len(part))
        self.runs.finish(run.id, worker)
        return self.runs.run(run.id) or run

    def _send_part(self, run: Run, worker: str, by: str, part: Sequence[RunFact]) -> None:
        ready: list[tuple[RunFact, Occurrence]] = []
        messages: dict[tuple[str, str], list[tuple[str, Mapping[str, Any]]]] = {}
        over: dict[str, list[RunFact]] = {}
        for fact, occurrence in self._read(part):
            try:
                messages[fact.key] = self._messages(fact, occurrence, run)
            except UnsendableError as exc:
                over.setdefault(str(exc), []).append(fact)
            else:
                ready.append((fact, occurrence))  # type: ignore[arg-type]  # one that is gone is unsendable
        sure = self.runs.mark(run, worker, by, ready)
        self.send([message for fact, _ in sure for message in messages[fact.key]])
        self.runs.sent(run.id, [fact for fact, _ in sure])
        over.setdefault(MOVED, []).extend(fact for fact, _ in ready if fact not in [f for f, _ in sure])
        for why, facts in over.items():
            self.runs.pass_over(run.id, facts, why)

    def _messages(self, fact: RunFact, occurrence: Occurrence | None, run: Run) -> list[tuple[str, Mapping[str, Any]]]:
        """What is sent of a fact, marked. Raises UnsendableError when that is not what was previewed."""
        if occurrence is None:
            raise UnsendableError(GONE)
        if occurrence.state not in run.selection.states and occurrence.run != run.id:
            raise UnsendableError(MOVED)
        prepared = self.prepare(occurrence, run.options)
        if prepared.basis != fact.basis:
            raise UnsendableError(CHANGED)
        (route, first), *others = prepared.targets
        return [(route, marked(first, fact, run.id)), *others]

    def _recover(self, run: Run, part: Sequence[RunFact]) -> int:
        """Facts that were marked when their worker died: sent again, unless something shows that they had been."""
        answered: list[RunFact] = []
        for fact, occurrence in self._read(part):
            if occurrence is None or occurrence.run != run.id:
                self.runs.lost(run.id, [fact], TAKEN)
            elif occurrence.state != REPLAYING:  # only what was sent has an outcome in this run
                answered.append(fact)
            else:
                try:
                    self.send(self._messages(fact, occurrence, run))
                except UnsendableError as exc:
                    self.runs.give_back(run, fact, occurrence, str(exc))
                else:
                    answered.append(fact)
        self.runs.sent(run.id, answered)
        return len(part)

    def _read(self, part: Sequence[RunFact]) -> list[tuple[RunFact, Occurrence | None]]:
        found = self.exceptions.occurrences_of([fact.key for fact in part])
        return [(fact, found.get(fact.key)) for fact in part]


def _with(foreseen: Foreseen, outlook: Outlook | None) -> Foreseen:
    why = (outlook.verdict or SENT) if outlook else foreseen.why
    fact = replace(foreseen.fact, why=why)
    return replace(foreseen, fact=fact, why=why, change=outlook.change if outlook else {})
