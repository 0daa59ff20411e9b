"""The rhythms of warehouses in the inventory table, one row each.

RHYTHM#warehouse / R      s first seen, t last seen (epoch seconds), d longest pause by day ("20778:54000 …"), n version

A warehouse is written once a minute at most by each process: 1 WCU and 1 round trip, whatever moves in it. The row
that was written last is remembered, so it is read only by a process that begins.
"""

from collections.abc import Iterable, Mapping

from crossdock.inventory.rhythm import Rhythm
from crossdock.platform import deadline
from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Item, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.logs import logger
from crossdock.platform.writes import Insert, Key, Update, When

_EVERY = 60
_ROUNDS = 3


class RhythmStore:
    """What is known of when each warehouse moves."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._rows: dict[str, Item | None] = {}
        self._noted: dict[str, int] = {}

    def rhythms(self, warehouses: Iterable[str]) -> dict[str, Rhythm]:
        """Of those in which anything ever moved; 1 RCU each, 100 to a round trip."""
        return {w: _rhythm(row) for w, row in self._read(warehouses).items() if row is not None}

    def moved(self, warehouses: Iterable[str]) -> None:
        """Notes that something moved in them now, of each once a minute at most.

        It never fails: the movements are in the journal, and one that comes a minute later is noted as well.
        """
        now = int(self._clock().timestamp())
        due = sorted({w for w in warehouses if now - self._noted.get(w, now - _EVERY) >= _EVERY})
        if not due:
            return
        self._noted |= dict.fromkeys(due, now)
        try:
            self._note(due, now)
        except (StoreUnavailableError, deadline.DeadlineExceeded) as exc:
            logger().warning("rhythm not noted", warehouses=due, why=str(exc))

    def _note(self, warehouses: Iterable[str], now: int) -> None:
        due = list(warehouses)
        self._rows |= self._read([w for w in due if w not in self._rows])
        for _ in range(_ROUNDS):
            # Another process may have noted it within this minute: then there is nothing to say.
            due = [w for w in due if (row := self._rows[w]) is None or now - row["t"] >= _EVERY]
            rows = {w: _row(w, self._rows[w], now) for w in due}
            outcomes = self._table.write([_replacing(self._rows[w], row) for w, row in rows.items()])
            for (warehouse, row), outcome in zip(rows.items(), outcomes, strict=True):
                self._rows[warehouse] = row if outcome.done else outcome.existing
            due = [w for w, outcome in zip(due, outcomes, strict=True) if not outcome.done]
            if not due:
                return

    def _read(self, warehouses: Iterable[str]) -> dict[str, Item | None]:
        wanted = list(warehouses)
        rows = self._table.get_many([_key(w) for w in wanted], consistent=True) if wanted else {}
        return {w: rows.get(_key(w)) for w in wanted}


def _key(warehouse: str) -> Key:
    return f"RHYTHM#{warehouse}", "R"


def _rhythm(row: Item) -> Rhythm:
    pauses = (text.split(":") for text in row["d"].split())
    return Rhythm(row["s"], row["t"], {int(day): int(pause) for day, pause in pauses})


def _row(warehouse: str, before: Item | None, now: int) -> Item:
    rhythm = Rhythm(now, now) if before is None else _rhythm(before).moved(now)
    pk, sk = _key(warehouse)
    return {
        "pk": pk,
        "sk": sk,
        "s": rhythm.since,
        "t": rhythm.last,
        "d": _text(rhythm.pauses),
        "n": 1 if before is None else before["n"] + 1,
    }


def _text(pauses: Mapping[int, int]) -> str:
    return " ".join(f"{day}:{pause}" for day, pause in sorted(pauses.items()))


def _replacing(before: Item | None, row: Item) -> Insert | Update:
    if before is None:
        return Insert(row)
    changed = {name: row[name] for name in ("t", "d", "n")}
    return Update((row["pk"], row["sk"]), put=changed, when=(When("n", "=", before["n"]),))
