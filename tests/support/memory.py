"""A table in memory for thousands of schedules: the statements our stores build, carried out one batch at a time.

It understands exactly what `Table.insert` and `Table.update` write and fails on anything else; a test on the emulator
holds it against the real thing, statement by statement. Every insert of a journal row is put on a stream, as the
table's stream would show it.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

from crossdock.platform.dynamo import Item, Outcome, Statement, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import AtomicWrite, Check, Key, Replace, Update, partiql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_INSERT: Final = re.compile(r'INSERT INTO "[^"]+" VALUE \{(.+)\}')
_UPDATE: Final = re.compile(r'UPDATE "[^"]+" (.+) WHERE pk = \? AND sk = \?(.*)')
_DELETE: Final = re.compile(r'DELETE FROM "[^"]+" WHERE pk = \? AND sk = \?(.*)')
_ADDED: Final = re.compile(r'("?)([\w.-]+)\1 = \1\2\1 \+ \?')
_GIVEN: Final = re.compile(r'"?([\w.-]+)"? = \?')
_CONDITION: Final = re.compile(r'"?([\w.-]+)"? (<|=|>=) \?')
_MISSING: Final = re.compile(r'"([\w.-]+)" IS MISSING')
_CLAUSE: Final = re.compile(r"SET |(?=REMOVE )")
FIRST_SEQUENCE: Final = 95  # so that a schedule crosses from two digits to three


class MemoryTable(Table):
    """`boundary` is called before and after each operation: the place to crash, or to let somebody else go on."""

    def __init__(self, boundary: Callable[[], None] = lambda: None) -> None:
        super().__init__(None, "memory")  # type: ignore[arg-type]  # nothing here calls a client
        self.rows: dict[Key, Item] = {}
        self.records: list[dict[str, Any]] = []
        self.boundary = boundary
        self.again: Callable[[], bool] = lambda: False  # whether the SDK repeats this call: its answer was lost
        # The order in which the statements of a call are carried out, when they are not all at once.
        self.scattered: Callable[[int], Sequence[int] | None] = lambda _: None
        # How many of a call's statements are carried out before it is given up for being throttled; None: it is not.
        self.throttled: Callable[[int], int | None] = lambda _: None

    def run(self, statements: Sequence[Statement]) -> list[Outcome]:
        self.boundary()
        keys = [s.key for s in statements]
        assert len(set(keys)) == len(keys), "each key may stand in one statement only"
        carried_out = self.throttled(len(statements))
        if carried_out is not None:
            for statement in statements[:carried_out]:
                self._run(statement)
            self.boundary()
            raise StoreUnavailableError("throttled")
        outcomes = self._run_all(statements)
        if self.again():
            self.boundary()
            outcomes = self._run_all(statements)
        self.boundary()
        return outcomes

    def _run_all(self, statements: Sequence[Statement]) -> list[Outcome]:
        """The statements of one call fail alone, and nothing says that they are carried out together or in order."""
        order = self.scattered(len(statements))
        if order is None:
            return [self._run(s) for s in statements]
        outcomes: dict[int, Outcome] = {}
        for n in order:
            outcomes[n] = self._run(statements[n])
            self.boundary()
        return [outcomes[n] for n in range(len(statements))]

    def _run(self, statement: Statement) -> Outcome:
        existing = self.rows.get(statement.key)
        if match := _INSERT.fullmatch(statement.text):
            if existing is not None:
                return Outcome(done=False, existing=deepcopy(existing))
            names = [field.split("'")[1] for field in match[1].split(", ")]
            self.rows[statement.key] = dict(zip(names, deepcopy(statement.parameters), strict=True))
            self._put_on_stream(statement.key)
            return Outcome(done=True)
        if match := _DELETE.fullmatch(statement.text):
            conditions = [c for c in match[1].split(" AND ") if c]
            if existing is None or not _all_hold(existing, conditions, list(statement.parameters[2:])):
                return Outcome(done=False, existing=deepcopy(existing))
            del self.rows[statement.key]
            return Outcome(done=True)
        match = _UPDATE.fullmatch(statement.text)
        assert match, statement.text
        changes = [c.strip() for c in _CLAUSE.split(match[1]) if c.strip()]
        conditions = [c for c in match[2].split(" AND ") if c]
        given = list(statement.parameters[: match[1].count("?")])
        wanted = list(statement.parameters[len(given) + 2 :])
        assert statement.parameters[len(given) : len(given) + 2] == statement.key
        if existing is None or not _all_hold(existing, conditions, wanted):
            return Outcome(done=False, existing=deepcopy(existing))
        for change in changes:
            _change(existing, change, given)
        assert not given, statement.text
        return Outcome(done=True)

    def atomically(self, writes: Sequence[AtomicWrite]) -> list[Outcome]:
        self.boundary()
        if self.throttled(0) is not None:
            raise StoreUnavailableError("throttled")
        outcomes = self._all_or_none(writes)
        if self.again():
            self.boundary()
            # What was carried out is known again by its token; what was refused is looked at anew.
            outcomes = outcomes if outcomes[0].done else self._all_or_none(writes)
        self.boundary()
        return outcomes

    def _all_or_none(self, writes: Sequence[AtomicWrite]) -> list[Outcome]:
        before, noted = deepcopy(self.rows), len(self.records)
        outcomes = [
            self._whole(w) if isinstance(w, Replace | Check) else self._run(Statement(*partiql(self.name, w), w.key))
            for w in writes
        ]
        if not all(o.done for o in outcomes):
            self.rows = before
            del self.records[noted:]
            outcomes = [
                Outcome(done=False, existing=None if o.done else deepcopy(before.get(w.key)), failed=not o.done)
                for o, w in zip(outcomes, writes, strict=True)
            ]
        return outcomes

    def _whole(self, write: Replace | Check) -> Outcome:
        existing = self.rows.get(write.key)
        wanted = Update(write.key, when=write.when)
        conditions, parameters = partiql(self.name, wanted)
        clauses = [c for c in conditions.partition(" WHERE pk = ? AND sk = ?")[2].split(" AND ") if c]
        if isinstance(write, Check) and existing is None:
            return Outcome(done=False)
        if not _all_hold(existing or {}, clauses, list(parameters[2:])):
            return Outcome(done=False, existing=deepcopy(existing))
        if isinstance(write, Check):
            return Outcome(done=True)
        self.rows[write.key] = {k: deepcopy(v) for k, v in write.item.items() if v is not None}
        return Outcome(done=True)

    def _put_on_stream(self, key: Key) -> None:
        if key[0].startswith("M#"):
            sequence = str(FIRST_SEQUENCE + len(self.records))
            self.records.append({"row": dict(self.rows[key]), "sequence": sequence})

    def get_many(
        self, keys: Iterable[Key], *, consistent: bool = False, attributes: Sequence[str] = ()
    ) -> dict[Key, Item]:
        self.boundary()
        found = {k: deepcopy(self.rows[k]) for k in dict.fromkeys(keys) if k in self.rows}
        self.boundary()
        return found

    def snapshot(self, keys: Sequence[Key]) -> list[Item]:
        self.boundary()
        found = [deepcopy(self.rows[k]) for k in keys if k in self.rows]
        self.boundary()
        return found

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        return deepcopy(self.rows.get(key))

    def query(
        self,
        pk: str,
        *,
        prefix: str = "",
        consistent: bool = False,
        after: str | None = None,
        page: int | None = None,
    ) -> Iterator[Item]:
        keys = sorted(k for k in self.rows if k[0] == pk and k[1].startswith(prefix) and k[1] > (after or ""))
        yield from (deepcopy(self.rows[k]) for k in keys)

    def put(self, item: Mapping[str, Any]) -> None:
        self.rows[item["pk"], item["sk"]] = {k: deepcopy(v) for k, v in item.items() if v is not None}

    def delete(self, key: Key) -> None:
        self.rows.pop(key, None)


def _all_hold(row: Item, conditions: Sequence[str], wanted: list[Any]) -> bool:
    judged = [_holds(row, c.strip(), wanted) for c in conditions]
    assert not wanted, conditions
    return all(judged)


def _holds(row: Item, condition: str, wanted: list[Any]) -> bool:
    if missing := _MISSING.fullmatch(condition):
        return missing[1] not in row
    match = _CONDITION.fullmatch(condition)
    assert match, condition
    value = wanted.pop(0)
    if match[1] not in row:
        return False
    stands = row[match[1]]
    # Objects and lists have no order, and are compared for equality only.
    return bool(stands == value if match[2] == "=" else stands < value if match[2] == "<" else stands >= value)


def _change(row: Item, change: str, given: list[Any]) -> None:
    if change.startswith("REMOVE "):
        row.pop(change.removeprefix("REMOVE ").strip('"'), None)
    elif match := _ADDED.fullmatch(change):
        row[match[2]] += given.pop(0)
    else:
        match = _GIVEN.fullmatch(change)
        assert match, change
        row[match[1]] = deepcopy(given.pop(0))
