"""What is remembered of lists of accounts, and of what they showed.

    LIST#system / RUN#listing       a list that is under way: parts seen and expected, pages, what was counted
                / LAST              the last whole list, and what came of it
    LIST#system#listing / page#part the accounts that a part named, 8 bytes each; gone after a week by themselves
    AGREE#system / customer         what the last lists showed to differ, by attribute
                 / REF#account      an account of ours that a whole list did not name

Only what differs is remembered beyond its list: a catalogue that agrees leaves nothing behind.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Item, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Insert, Key, Update

COUNTED: Final = ("listed", "equal", "taken", "new", "overtaken", "differing", "urgent", "refused")
REFERENCE: Final = "REF#"
_KEPT: Final = timedelta(days=7)
_ROUNDS: Final = 6
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a page of a list."""

    system: str
    listing: str
    at: str
    page: int
    part: int
    parts: int
    last: bool

    @property
    def key(self) -> Key:
        return f"LIST#{self.system}#{self.listing}", f"{self.page:06d}#{self.part:04d}"


@dataclass(frozen=True, slots=True)
class Run:
    """A list under way. `at` is when its first part that came was made."""

    system: str
    listing: str
    at: str
    parts: int
    expected: int
    pages: int
    last: int | None
    counts: Mapping[str, int]

    @property
    def complete(self) -> bool:
        """Whether every part of every page was seen."""
        return self.last is not None and self.pages == self.last and self.parts == self.expected


def account_hash(account: str) -> str:
    """64 bits of an account's id: two of a million are alike once in 37 million lists."""
    return hashlib.sha256(account.encode()).hexdigest()[:_DIGITS]


class ListingStore:
    """Lists under way, the last ones, and what they showed."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    # -- lists -----------------------------------------------------------------------------------------------------

    def note(self, part: Part, accounts: Iterable[str], counts: Mapping[str, int]) -> Run | None:
        """Notes a part as compared, once however often it comes; the list as it is now, None when that is over.

        4 WCU. Raises StoreUnavailableError when other parts keep standing in the way.
        """
        ttl = int((self._clock() + _KEPT).timestamp())
        row = {"pk": part.key[0], "sk": part.key[1], "h": "".join(map(account_hash, accounts)), "ttl": ttl}
        add = {**{name: counts.get(name, 0) for name in COUNTED}, "parts": 1}
        if part.part == 1:
            add |= {"pages": 1, "expected": part.parts}
        update = Update(
            _run(part.system, part.listing), add=add, put={"last": part.page} if part.last and part.part == 1 else {}
        )
        for _ in range(_ROUNDS):
            noted, begun = self._table.atomically([Insert(row), update])
            if noted.done or noted.failed:  # failed: it was noted before
                return self.run(part.system, part.listing)
            if begun.failed:
                self._begin(part, ttl)
        raise StoreUnavailableError(f"the list {part.listing} of {part.system} kept being changed by others")

    def _begin(self, part: Part, ttl: int) -> None:
        pk, sk = _run(part.system, part.listing)
        zeros = dict.fromkeys((*COUNTED, "parts", "pages", "expected"), 0)
        self._table.put_new({"pk": pk, "sk": sk, "at": part.at, "ttl": ttl, **zeros})

    def run(self, system: str, listing: str) -> Run | None:
        """A list that is under way."""
        row = self._table.get(_run(system, listing), consistent=True)
        return _to_run(system, row) if row else None

    def runs(self, system: str) -> list[Run]:
        """All that are under way."""
        return [_to_run(system, row) for row in self._table.query(f"LIST#{system}", prefix="RUN#", consistent=True)]

    def named(self, system: str, listing: str) -> set[str]:
        """The hashes of all accounts that a list named: 0.25 RCU for 100 of them."""
        found: set[str] = set()
        for row in self._table.query(f"LIST#{system}#{listing}"):
            found.update(row["h"][n : n + _DIGITS] for n in range(0, len(row["h"]), _DIGITS))
        return found

    def last(self, system: str) -> Item | None:
        """The last whole list: listing, at, finished, and what came of it."""
        return self._table.get((f"LIST#{system}", "LAST"), consistent=True)

    def conclude(self, run: Run, came: Mapping[str, Any]) -> None:
        """Keeps what came of a list, which is the last one from now on."""
        now = to_text(self._clock())
        row = {"pk": f"LIST#{run.system}", "sk": "LAST", "listing": run.listing, "at": run.at, "finished": now}
        self._table.put({**row, "came": {**run.counts, **came}})

    def end(self, run: Run) -> None:
        """Ends a list: nothing of it is under way any more."""
        self._table.delete(_run(run.system, run.listing))

    # -- what differs ----------------------------------------------------------------------------------------------

    def seen(self, system: str, thing: str) -> dict[str, list[Any]]:
        """What was seen of a customer, by attribute, or of a reference (`REF#account`)."""
        row = self._table.get((f"AGREE#{system}", thing), consistent=True)
        return dict(row["seen"]) if row else {}

    def all_seen(self, system: str) -> dict[str, dict[str, list[Any]]]:
        """Everything of a system: 0.5 RCU for some 20 customers that differ."""
        return {row["sk"]: dict(row["seen"]) for row in self._table.query(f"AGREE#{system}", consistent=True)}

    def remember(self, system: str, thing: str, seen: Mapping[str, Sequence[Any]]) -> None:
        """Keeps it, or forgets it when there is nothing left. 1 WCU."""
        key = (f"AGREE#{system}", thing)
        if seen:
            self._table.put({"pk": key[0], "sk": key[1], "seen": {name: list(found) for name, found in seen.items()}})
        else:
            self._table.delete(key)


def _run(system: str, listing: str) -> Key:
    return f"LIST#{system}", f"RUN#{listing}"


def _to_run(system: str, row: Item) -> Run:
    counts = {name: row[name] for name in COUNTED}
    listing = row["sk"].removeprefix("RUN#")
    return Run(system, listing, row["at"], row["parts"], row["expected"], row["pages"], row.get("last"), counts)
