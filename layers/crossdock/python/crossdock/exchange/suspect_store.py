"""What is held against items that are parked (`suspects.py`): a row for each that was in a delivery which failed.

SUSPECT#channel#kind / #key     as a Suspicion; beside the row in `park_store.py`, and gone with it
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Final

from crossdock.exchange.suspects import Suspicion
from crossdock.platform.dynamo import Item, Table
from crossdock.platform.writes import Delete, Insert, Key, Update, Write

_NAMES: Final = ("level", "own", "seen", "tried", "until")


class SuspectStore:
    """Reads, notes and forgets."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of(self, channel: str, kind: str) -> dict[str, Suspicion]:
        """What is held against any item of a kind, read consistently; mostly there is nothing."""
        rows = self._table.query(_partition(channel, kind), consistent=True)
        return {row["sk"][1:]: _suspicion(row) for row in rows}

    def find(self, channel: str, kind: str, keys: Iterable[str]) -> dict[str, Suspicion]:
        """What is held against some items; 0.5 read units each."""
        rows = self._table.get_many([_key(channel, kind, k) for k in keys])
        return {row["sk"][1:]: _suspicion(row) for row in rows.values()}

    def note(self, channel: str, kind: str, suspicions: Mapping[str, Suspicion]) -> None:
        """Writes over what was held against these items. Two that note the same failure write the same."""
        rows = [(_key(channel, kind, key), asdict(s)) for key, s in suspicions.items()]
        updates: list[Write] = [Update(key, put=values) for key, values in rows]
        outcomes = self._table.write(updates) if updates else []
        new: list[Write] = [
            Insert({"pk": key[0], "sk": key[1], **values})
            for (key, values), outcome in zip(rows, outcomes, strict=True)
            if not outcome.done
        ]
        if new:
            self._table.write(new)

    def forget(self, channel: str, kind: str, keys: Iterable[str]) -> None:
        """Nothing is held against these items any more."""
        writes: list[Write] = [Delete(_key(channel, kind, key)) for key in keys]
        if writes:
            self._table.write(writes)


def _partition(channel: str, kind: str) -> str:
    return f"SUSPECT#{channel}#{kind}"


def _key(channel: str, kind: str, key: str) -> Key:
    return _partition(channel, kind), f"#{key}"


def _suspicion(row: Item) -> Suspicion:
    return Suspicion(**{name: row[name] for name in _NAMES})
