"""Keeping hot items in balance: promotion, levelling, demotion; safe at any moment while the item is being sold.

    promotion   the header speaks of shards, then they are written without stock, then units are granted
    levelling   one transaction of the header and the shards that are off
    demotion    the header says that it cools: nothing is granted any more, everything flows back run by run; when
                nothing is granted, each shard is removed if it has nothing, and then the header speaks of none

A reservation that does not know yet tries a shard that is not there or has nothing, looks, and goes where units are.

An item becomes hot when an operator says so, or when its header was seen with more than 16 live holds: then it has
outgrown the kilobyte of a write unit, and each hold and each end costs two. It gets 16 shards, doubled (to 64) while
holds are more than 16 for each. It becomes ordinary again after 15 runs with at most 8 live holds and 60 writes each,
unless an operator made it hot. Runs are a minute apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crossdock.inventory.holds import Place
from crossdock.inventory.hot import (
    CALM_RUNS,
    DEFAULT_SHARDS,
    FEWEST_SHARDS,
    MOST_SHARDS,
    Heat,
    calm,
    cooled,
    cooling,
    crowded,
    empty_shards,
    expired_at,
    heated,
    levelling,
    wanted_shards,
)
from crossdock.inventory.hot_store import HotStock, Registered
from crossdock.inventory.markers import Marker
from crossdock.platform.clock import Clock
from crossdock.platform.errors import CrossdockError, StoreUnavailableError
from crossdock.quantities import Quantity, to_json

_ROUNDS = 12


class NotHotError(CrossdockError):
    """The item has no header in the warehouse, or is ordinary where a hot one is asked for."""


@dataclass(frozen=True, slots=True)
class Balanced:
    """A hot item after a run."""

    sku: str
    warehouse: str
    state: str
    pinned: bool = False
    shards: int = 0
    pool: Quantity = 0
    free_in_shards: Quantity = 0
    holds: int = 0

    def document(self) -> dict[str, Any]:
        """The public form."""
        return {
            "sku": self.sku,
            "warehouse": self.warehouse,
            "state": self.state,
            "pinned": self.pinned,
            "shards": self.shards,
            "pool": to_json(self.pool),
            "free_in_shards": to_json(self.free_in_shards),
            "holds": self.holds,
        }


class Balancer:
    """Promotes, levels and demotes. `reclaim` ends the expired holds of a giver, given their markers."""

    def __init__(
        self, hot: HotStock, clock: Clock, reclaim: Callable[[Place, Mapping[str, Marker]], object] | None = None
    ) -> None:
        self._hot = hot
        self._clock = clock
        self._reclaim = reclaim

    # -- what an operator asks ---------------------------------------------------------------------------------

    def promote(self, sku: str, warehouse: str, shards: int = DEFAULT_SHARDS, *, pinned: bool = True) -> Balanced:
        """Makes an item hot with at least so many shards, and levels it. Repeating it is harmless.

        Raises NotHotError when nothing was ever recorded of the item, ValueError for a number of shards that cannot be.
        """
        if not FEWEST_SHARDS <= shards <= MOST_SHARDS:
            raise ValueError(f"shards: {shards} is not between {FEWEST_SHARDS} and {MOST_SHARDS}")
        self._look(sku, warehouse)
        self._heat(self._hot.decide(sku, warehouse, "hot", pinned=pinned), shards)
        return self._level(sku, warehouse, "hot", pinned=pinned)

    def demote(self, sku: str, warehouse: str) -> Balanced:
        """Lets everything flow back. What is held on shards stays there until it ends, and later runs finish."""
        self._look(sku, warehouse)
        entry = self._hot.decide(sku, warehouse, "cooling")
        for _ in range(_ROUNDS):
            heat = self._look(sku, warehouse)
            if not heat.count:
                self._hot.remove_shards(sku, warehouse)
                self._hot.cool(entry)
                return _balanced(heat, "ordinary")
            if heat.cooling or self._hot.write([cooling(heat)])[0].done:
                return self._finish(entry, self._level(sku, warehouse, "cooling"))
        raise StoreUnavailableError(f"{sku} in {warehouse}: it kept changing while it was being made ordinary")

    def rebalance(self, sku: str, warehouse: str) -> Balanced:
        """Levels an item now. Raises NotHotError when it is not hot."""
        heat = self._look(sku, warehouse)
        if not heat.count:
            raise NotHotError(f"the item {sku!r} is not hot in the warehouse {warehouse!r}")
        return self._level(sku, warehouse, "cooling" if heat.cooling else "hot")

    def listing(self) -> list[Balanced]:
        """Every item on the list as it stands."""
        found = []
        for entry in self._hot.registered():
            heat = self._hot.look(entry.sku, entry.warehouse)
            if heat:
                found.append(_balanced(heat, entry.state, pinned=entry.pinned))
        return found

    # -- what a schedule asks ----------------------------------------------------------------------------------

    def run(self) -> list[Balanced]:
        """One run over every item on the list."""
        return [b for entry in self._hot.registered() if (b := self._run(entry))]

    def _run(self, entry: Registered) -> Balanced | None:
        heat = self._hot.look(entry.sku, entry.warehouse)
        if heat is None or (entry.state == "wanted" and not heat.count and not crowded(heat.header)):
            self._hot.cool(entry)
            return None
        if entry.state == "wanted" and not heat.count:
            return self.promote(entry.sku, entry.warehouse, wanted_shards(heat), pinned=False)
        if entry.state == "cooling" or heat.cooling:
            return self.demote(entry.sku, entry.warehouse)
        return self._run_hot(entry, heat)

    def _run_hot(self, entry: Registered, heat: Heat) -> Balanced:
        calm_runs = entry.calm_runs + 1 if calm(heat, entry.writes) and not entry.pinned else 0
        if calm_runs >= CALM_RUNS:
            return self.demote(entry.sku, entry.warehouse)
        self._heat(entry, wanted_shards(heat))
        done = self._level(entry.sku, entry.warehouse, "hot", pinned=entry.pinned)
        self._hot.note(entry, calm_runs, self._look(entry.sku, entry.warehouse).writes)
        return done

    # -- steps -------------------------------------------------------------------------------------------------

    def _look(self, sku: str, warehouse: str) -> Heat:
        heat = self._hot.look(sku, warehouse)
        if heat is None:
            raise NotHotError(f"nothing was ever recorded of the item {sku!r} in the warehouse {warehouse!r}")
        return heat

    def _heat(self, entry: Registered, count: int) -> None:
        """The header speaks of at least so many shards, and they are there; nothing when somebody decided otherwise."""
        for _ in range(_ROUNDS):
            heat = self._look(entry.sku, entry.warehouse)
            count = max(count, heat.count)
            if heat.count < count or heat.cooling:
                if self._hot.heat(entry, heated(heat, count)):
                    continue
                if entry.stamp not in {e.stamp for e in self._hot.registered()}:
                    return
                continue
            there = {s.number for s in heat.shards}
            if missing := [n for n in range(count) if n not in there]:
                self._hot.write([*empty_shards(heat.sku, heat.warehouse, missing)])
            return
        raise StoreUnavailableError(f"{entry.sku} in {entry.warehouse}: it kept changing while it was being made hot")

    def _level(self, sku: str, warehouse: str, state: str, *, pinned: bool = False) -> Balanced:
        """Ends expired holds and moves units until nothing is off, or somebody is always faster."""
        heat = self._look(sku, warehouse)
        if self._free_expired(heat):
            heat = self._look(sku, warehouse)
        for _ in range(_ROUNDS):
            moves = levelling(heat)
            if not moves:
                break
            self._hot.move(heat, moves)
            heat = self._look(sku, warehouse)
        return _balanced(heat, state, pinned=pinned)

    def _free_expired(self, heat: Heat) -> bool:
        over = expired_at(heat, "", int(self._clock().timestamp()))
        if self._reclaim is None:
            return False
        for shard, expired in over.items():
            self._reclaim(Place(heat.sku, heat.warehouse, 0, shard=shard), expired)
        return bool(over)

    def _finish(self, entry: Registered, found: Balanced) -> Balanced:
        """Makes an item ordinary whose shards have nothing left. A later decision is left to stand."""
        heat = self._look(found.sku, found.warehouse)
        if heat.header["sh"] != 0 or not heat.cooling:
            return found
        self._hot.remove_shards(found.sku, found.warehouse)
        done = self._hot.cool(entry, cooled(heat))
        return replace(found, state="ordinary", shards=0) if done else found


def _balanced(heat: Heat, state: str, *, pinned: bool = False) -> Balanced:
    pool: Quantity = heat.header["pl"]
    return Balanced(heat.sku, heat.warehouse, state, pinned, heat.count, pool, heat.in_shards, heat.holds)
