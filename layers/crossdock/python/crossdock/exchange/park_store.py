"""What a channel is to be told when it can be told again: one row for each item, however often it changed meanwhile.

PARK#channel#kind / #key   the item's causes, since when, how often it was marked; 1 write unit a mark, 1 read unit
NOTED#channel / pk|sk      a note of prices that are not acknowledged (`pending.py`), whose keys are all parked

The row says that the item is to be told, not what: that is read when it is. `rev` grows with every mark, and only the
row that was read may be taken away: an item that was marked once more while it was being told stays.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from crossdock.exchange.delivery import Dirty
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Item, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Delete, Insert, Key, Update, When, Write

MOST_LOOKED_AT: Final = 20_000
_ROUNDS: Final = 8
_CAUSES: Final = 8
# So many small rows cost no more to read than one.
_AT_LEAST: Final = 10


@dataclass(frozen=True, slots=True)
class Parked:
    """One item that waits; `segment` as in the message that marked it last (`dirty.py`)."""

    channel: str
    kind: str
    mark: Dirty
    segment: str
    since: str
    times: int
    rev: int

    @property
    def row(self) -> Key:
        """Where it is kept."""
        return _key(self.channel, self.kind, self.mark.key)


class ParkStore:
    """Parks, hands out and takes away."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def park(self, channel: str, kind: str, marks: Iterable[Dirty], segment: str) -> int:
        """Parks each item once; gives back how many items there were. Raises StoreUnavailableError.

        To be done again after a death: a row that is there already only grows.
        """
        merged: dict[str, Dirty] = {}
        for mark in marks:
            merged[mark.key] = _together(merged[mark.key], mark) if mark.key in merged else mark
        waiting = list(merged)
        for _ in range(_ROUNDS):
            if not waiting:
                return len(merged)
            found = self._table.get_many([_key(channel, kind, k) for k in waiting], consistent=True)
            writes = [self._write(_key(channel, kind, k), merged[k], segment, found) for k in waiting]
            outcomes = self._table.write(writes)
            waiting = [k for k, outcome in zip(waiting, outcomes, strict=True) if not outcome.done]
        raise StoreUnavailableError(f"{self._table.name}: {len(waiting)} items of {channel} were not parked")

    def _write(self, key: Key, mark: Dirty, segment: str, found: dict[Key, Item]) -> Write:
        row = found.get(key)
        if row is None:
            item = {**_values(mark, segment), "pk": key[0], "sk": key[1], "since": mark.since or to_text(self._clock())}
            return Insert({**item, "n": 1, "rev": 1})
        both = _together(_mark(row), mark)
        put = {**_values(both, segment), "n": row["n"] + 1, "rev": row["rev"] + 1}
        return Update(key, put={n: v for n, v in put.items() if v is not None}, when=(When("rev", "=", row["rev"]),))

    def page(self, channel: str, kind: str, most: int, skip: Container[str] = ()) -> list[Parked]:
        """The first so many items of a kind but those to `skip`, read consistently."""
        found: list[Parked] = []
        for row in self._table.query(_partition(channel, kind), consistent=True, page=max(most, _AT_LEAST)):
            if row["sk"][1:] in skip:
                continue
            found.append(_parked(channel, kind, row))
            if len(found) == most:
                break
        return found

    def find(self, channel: str, kind: str, keys: Sequence[str]) -> list[Parked]:
        """Those of these items that are parked, read consistently."""
        rows = self._table.get_many([_key(channel, kind, k) for k in keys], consistent=True)
        return [_parked(channel, kind, rows[key]) for key in (_key(channel, kind, k) for k in keys) if key in rows]

    def everything(self, channel: str, kind: str) -> Iterable[Parked]:
        """All of them."""
        return (_parked(channel, kind, row) for row in self._table.query(_partition(channel, kind)))

    def oldest(self, channel: str, kind: str) -> str | None:
        """Since when the oldest has been waiting; None when nothing is. Half a read unit for some twenty items.

        Rows lie by key, so all have to be looked at, MOST_LOOKED_AT at most: of more, the oldest of these is told.
        """
        rows = self._table.query(_partition(channel, kind))
        return min((str(row["since"]) for row in islice(rows, MOST_LOOKED_AT)), default=None)

    def taken(self, told: Sequence[Parked]) -> int:
        """Takes away what was told, unless it was marked again since it was read; gives back how many went."""
        writes = [Delete(p.row, when=(When("rev", "=", p.rev),)) for p in told]
        return sum(outcome.done for outcome in self._table.write(writes)) if writes else 0

    def note(self, channel: str, pending: Iterable[Key]) -> None:
        """Keeps which notes of prices are to be settled when nothing is parked any more."""
        writes = [
            Insert({"pk": f"NOTED#{channel}", "sk": f"{pk}|{sk}", "row": [pk, sk]}) for pk, sk in dict.fromkeys(pending)
        ]
        if writes:
            self._table.write(writes)

    def noted(self, channel: str) -> list[Key]:
        """The notes that were kept, read consistently."""
        rows = self._table.query(f"NOTED#{channel}", consistent=True)
        return [(row["row"][0], row["row"][1]) for row in rows]

    def forget(self, channel: str, pending: Iterable[Key]) -> None:
        """They are settled."""
        writes: list[Write] = [Delete((f"NOTED#{channel}", f"{pk}|{sk}")) for pk, sk in pending]
        if writes:
            self._table.write(writes)


def _partition(channel: str, kind: str) -> str:
    return f"PARK#{channel}#{kind}"


def _key(channel: str, kind: str, key: str) -> Key:
    return _partition(channel, kind), f"#{key}"  # no sort key may be empty, and who marks items may name one ""


def _values(mark: Dirty, segment: str) -> dict[str, object]:
    return {"c": list(mark.correlation_ids), "urgent": mark.urgent, "above": mark.above, "seg": segment}


def _mark(row: Item) -> Dirty:
    return Dirty(row["sk"][1:], tuple(row["c"]), row["urgent"], row.get("above"), row["since"])


def _together(first: Dirty, then: Dirty) -> Dirty:
    """Two marks of an item as one, with the newest of their causes, since the older of them."""
    causes = tuple(dict.fromkeys((*first.correlation_ids, *then.correlation_ids)))[-_CAUSES:]
    versions = [v for v in (first.above, then.above) if v is not None]
    since = min(filter(None, (first.since, then.since)), default="")
    return Dirty(first.key, causes, first.urgent or then.urgent, max(versions, default=None), since)


def _parked(channel: str, kind: str, row: Item) -> Parked:
    return Parked(channel, kind, _mark(row), row["seg"], row["since"], row["n"], row["rev"])
