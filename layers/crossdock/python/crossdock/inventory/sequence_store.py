"""Sequences in the inventory table: which positions of each have arrived.

SEQ#source[#warehouse] / R      r arrived, x set aside (as `gaps.to_text`), ep epoch, n version, by the last writer

One compare-and-set per sequence and batch: 1 WCU (more for a sequence with hundreds of gaps), 1 round trip. The row
that was written last is remembered, so it need not be read first.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping

from crossdock.inventory.gaps import from_text, to_text
from crossdock.inventory.sequences import Batch, SequenceName, State, Step, advanced
from crossdock.platform import deadline
from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Item, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Insert, Key, Update, When

_ROUNDS = 12

Report = Callable[[Mapping[SequenceName, Step]], None]
"""Tells what is notable in some steps, before they are kept: told twice is better than never."""


class SequenceStore:
    """The sequences of one distributor's sources."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._rows: dict[SequenceName, Item | None] = {}

    def states(self, names: Iterable[SequenceName]) -> dict[SequenceName, State]:
        """What has arrived of each sequence that anything has arrived of; 1 RCU each, 100 to a round trip."""
        return {name: _state(row) for name, row in self._read(names).items() if row is not None}

    def record(self, batches: Mapping[SequenceName, Batch], report: Report) -> None:
        """Keeps what has arrived. A batch that is recorded again changes nothing.

        Raises StoreUnavailableError when others kept writing; then the same may be recorded again.
        """
        now = int(self._clock().timestamp())
        waiting = dict(batches)
        fresh: set[SequenceName] = set()
        for attempt in range(_ROUNDS):
            if attempt > 1:
                deadline.pause(min(attempt, 3))
            if unknown := waiting.keys() - self._rows.keys():
                self._rows |= self._read(unknown)
                fresh |= unknown
            rows = {name: self._rows[name] for name in waiting}
            steps = {name: advanced(_state(rows[name]), batch, now) for name, batch in waiting.items()}
            # What is remembered may have been reset by an operator: before anything is said, it is read.
            if stale := {name for name, step in steps.items() if step.notable} - fresh:
                rows |= self._read(stale)
                fresh |= stale
                steps |= {name: advanced(_state(rows[name]), waiting[name], now) for name in stale}
            if notable := {name: step for name, step in steps.items() if step.notable}:
                report(notable)
            waiting = {name: waiting[name] for name in self._write(rows, steps, fresh)}
            if not waiting:
                return
        raise StoreUnavailableError(f"{len(waiting)} sequences kept changing while they were written")

    def restart(self, name: SequenceName) -> bool:
        """Forgets what has arrived: the source counts from the beginning again. False when nothing was kept of it."""
        row = self._read([name])[name]
        while row is not None:
            empty = Update(
                _key(name), add={"n": 1, "ep": 1}, put={"r": "", "x": "", "by": ""}, when=(When("n", "=", row["n"]),)
            )
            (outcome,) = self._table.write([empty])
            if outcome.done:
                return True
            row = outcome.existing
        return False

    def _read(self, names: Iterable[SequenceName]) -> dict[SequenceName, Item | None]:
        wanted = list(names)
        rows = self._table.get_many([_key(n) for n in wanted], consistent=True)
        return {name: rows.get(_key(name)) for name in wanted}

    def _write(
        self, rows: Mapping[SequenceName, Item | None], steps: Mapping[SequenceName, Step], fresh: set[SequenceName]
    ) -> list[SequenceName]:
        """Writes what has changed; gives back the sequences that somebody else wrote meanwhile."""
        changed = {name: _row(name, rows[name], s.state) for name, s in steps.items() if s.state != _state(rows[name])}
        writes = [_replacing(rows[name], row) for name, row in changed.items()]
        again = []
        for (name, row), outcome in zip(changed.items(), self._table.write(writes), strict=True):
            existing = outcome.existing
            # A write whose answer was lost is repeated by the SDK, and finds itself.
            done = outcome.done or (existing is not None and (existing["n"], existing["by"]) == (row["n"], row["by"]))
            self._rows[name] = row if done else existing
            if not done:
                fresh.add(name)
                again.append(name)
        return again


def _key(name: SequenceName) -> Key:
    return f"SEQ#{name.source}" + (f"#{name.warehouse}" if name.warehouse else ""), "R"


def _state(row: Item | None) -> State:
    return State() if row is None else State(from_text(row["r"]), from_text(row["x"]), row["ep"])


def _row(name: SequenceName, before: Item | None, state: State) -> Item:
    pk, sk = _key(name)
    kept = {"r": to_text(state.covered), "x": to_text(state.aside)}
    number = 1 if before is None else before["n"] + 1
    mark = hashlib.sha256(f"{number} {kept['r']} {kept['x']}".encode()).hexdigest()[:12]
    return {"pk": pk, "sk": sk, **kept, "ep": state.epoch, "n": number, "by": mark}


def _replacing(before: Item | None, row: Item) -> Insert | Update:
    if before is None:
        return Insert(row)
    changed = {name: value for name, value in row.items() if name not in {"pk", "sk", "ep"}}
    return Update((row["pk"], row["sk"]), put=changed, when=(When("n", "=", before["n"]),))
