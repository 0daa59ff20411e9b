"""Hot items in the inventory table: which there are, how they stand, and moving units between header and shards.

HOT / sku#warehouse   one entry per item that is hot or asked to be: st wanted|hot|cooling, stamp, pin, calm, w   1 WCU

No header is hot without an entry, or nobody would level it. An entry carries the stamp of whoever decided last; a
header becomes hot, or ordinary, in one transaction with the entry that still carries the decider's stamp.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.inventory.holds import HEADER, Place
from crossdock.inventory.hot import (
    MOST_SHARDS,
    Heat,
    Moves,
    crowded,
    heat_of,
    removed,
    shard_keys,
    shard_of,
    transfer,
)
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Item, Outcome, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Delete, Insert, Key, Update, When, Write

REGISTER = "HOT"
KNOWN_FOR_S = 30
"""How long a process believes what it saw of an item. A wrong belief costs a write and a look, never a unit."""

_ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Registered:
    """An item that is hot, cools down, or was seen to need shards (`wanted`).

    `pinned`: an operator made it hot, and only an operator makes it ordinary again. `calm_runs` and `writes` are what
    the last run of the balancer found.
    """

    sku: str
    warehouse: str
    state: str
    stamp: str
    pinned: bool = False
    calm_runs: int = 0
    writes: int = 0


@dataclass(frozen=True, slots=True)
class _Known:
    """What a process saw of a header: its shards to go to, the channels with units of their own, and until when."""

    shards: int
    own: frozenset[str]
    until: float


class HotStock:
    """Reads and writes of hot items. `timer` gives seconds and never goes back."""

    def __init__(self, table: Table, clock: Clock, timer: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._clock = clock
        self._timer = timer
        self._known: dict[tuple[str, str], _Known] = {}
        self._suggested: set[tuple[str, str]] = set()

    # -- what a process knows ----------------------------------------------------------------------------------

    def see(self, givers: Iterable[Item]) -> None:
        """Takes note of headers that were read anyway: which are hot, and which carry more than they should."""
        for giver in givers:
            sku, warehouse = _place_of(giver)
            if "#" in sku:
                continue
            count = 0 if giver.get("cool") else int(giver.get("hot", 0))
            own = frozenset(name.removeprefix("ac_") for name in giver if name.startswith("ac_") and giver[name] > 0)
            self._known[sku, warehouse] = _Known(count, own, self._timer() + KNOWN_FOR_S)
            if not giver.get("hot") and crowded(giver) and (sku, warehouse) not in self._suggested:
                self._suggested.add((sku, warehouse))
                self._table.write([self._row(Registered(sku, warehouse, "wanted", new_stamp()))])

    def route(self, place: Place, rid: str, channel: str) -> Place:
        """Where a reservation tries first: its shard if the item is known to be hot, else where it was sent.

        A channel's own allocation and backorders are the header's.
        """
        known = self._known.get((place.sku, place.warehouse))
        if known is None or not known.shards or self._timer() > known.until or channel in known.own:
            return place
        if place.shard != HEADER or place.own or place.floor is not None:
            return place
        shard = shard_of(rid, known.shards)
        return Place(place.sku, place.warehouse, place.quantity, shard=shard, keep=place.keep)

    def unaware(self, place: Place) -> bool:
        """Whether this process would send a hold to the header only for want of knowing if the item is hot."""
        known = self._known.get((place.sku, place.warehouse))
        stale = known is None or self._timer() > known.until
        return stale and place.shard == HEADER and not place.own and place.floor is None

    # -- how an item stands ------------------------------------------------------------------------------------

    def look(self, sku: str, warehouse: str) -> Heat | None:
        """Header and shards as they are at one moment, or None when there is no header."""
        known = self._known.get((sku, warehouse))
        count = known.shards if known else 0
        header = (f"T#{sku}", f"A#{warehouse}")
        for _ in range(_ROUNDS):
            heat = heat_of(sku, warehouse, self._table.snapshot([header, *shard_keys(sku, warehouse, count)]))
            if heat is None:
                return None
            self.see([dict(heat.header)])
            if heat.count == count:
                return heat
            count = heat.count
        raise StoreUnavailableError(f"{sku} in {warehouse}: its shards kept changing")

    def move(self, heat: Heat, moves: Moves) -> bool:
        """Moves units between header and shards, all or nothing; whether it was done. Twice the write units."""
        writes = transfer(heat, moves)
        return bool(writes) and self._table.atomically(writes)[0].done

    def write(self, writes: list[Write]) -> list[Outcome]:
        """Carries writes out, each failing alone."""
        return self._table.write(writes)

    def remove_shards(self, sku: str, warehouse: str) -> None:
        """Removes every shard of an item that has nothing; also those that nobody speaks of. 64 reads, 0.5 RCU each."""
        self._table.write(removed(self._table.get_many(shard_keys(sku, warehouse, MOST_SHARDS)).values()))

    # -- which items -------------------------------------------------------------------------------------------

    def registered(self) -> list[Registered]:
        """The items that are hot or asked to be."""
        return [_registered(row) for row in self._table.query(REGISTER, consistent=True)]

    def decide(self, sku: str, warehouse: str, state: str, *, pinned: bool = False, writes: int = 0) -> Registered:
        """Writes an entry with a stamp of its own, whatever stood there."""
        entry = Registered(sku, warehouse, state, new_stamp(), pinned=pinned, writes=writes)
        self._table.put(self._row(entry).item)
        return entry

    def heat(self, entry: Registered, heated: Update) -> bool:
        """Makes a header hot if the entry still is this decision; whether it was done."""
        return self._table.atomically([heated, Update(_entry_key(entry), put={"st": "hot"}, when=_same(entry))])[0].done

    def cool(self, entry: Registered, cooled: Update | None = None) -> bool:
        """Makes a header ordinary and takes its entry off the list, if that still is this decision."""
        gone = Delete(_entry_key(entry), _same(entry))
        self._suggested.discard((entry.sku, entry.warehouse))
        if cooled is None:
            return self._table.write([gone])[0].done
        return self._table.atomically([cooled, gone])[0].done

    def note(self, entry: Registered, calm_runs: int, writes: int) -> None:
        """Keeps what a run found for the next one, if nobody has decided otherwise."""
        self._table.write([Update(_entry_key(entry), put={"calm": calm_runs, "w": writes}, when=_same(entry))])

    def _row(self, entry: Registered) -> Insert:
        return Insert(
            {
                "pk": REGISTER,
                "sk": _entry_key(entry)[1],
                "st": entry.state,
                "stamp": entry.stamp,
                "pin": int(entry.pinned),
                "calm": entry.calm_runs,
                "w": entry.writes,
                "at": to_text(self._clock()),
            }
        )


def _place_of(giver: Mapping[str, Any]) -> tuple[str, str]:
    return giver["pk"].removeprefix("T#"), giver["sk"].removeprefix("A#")


def new_stamp() -> str:
    """48 random bits, as 8 characters."""
    return secrets.token_urlsafe(6)


def _entry_key(entry: Registered) -> Key:
    return REGISTER, f"{entry.sku}#{entry.warehouse}"


def _same(entry: Registered) -> tuple[When, ...]:
    return (When("stamp", "=", entry.stamp),)


def _registered(row: Item) -> Registered:
    sku, _, warehouse = row["sk"].partition("#")
    return Registered(sku, warehouse, row["st"], row["stamp"], bool(row["pin"]), row["calm"], row["w"])
