"""Taking units of a hot item: at the reservation's own shard, else where they are, else gathered from everywhere.

The first try is the ordinary one (row and shard in one batch) at the shard that the id leads to; a process that knows
nothing of the item tries the header, which refuses if it is hot. When that fails, one consistent look at header and
shards decides what is next:

    a shard has enough         row → that shard (if the row still is as we wrote it) and the shard, in one batch
    the pool has enough        the same with the header
    all together have enough   units are gathered into the header in one transaction; then look again
    all together are short     expired holds are ended, and if there are none, the reservation is refused

The row names one place at a time, before or with the marker there, and only its writer moves it on; a hold is real if
the place that the row names has the row's nonce. So a writer that dies between two places leaves an OPEN row without a
marker, which the sweeper refuses, or a marker that no row names, which is given back when its time is over.
"""

from dataclasses import dataclass, replace
from typing import Any

from crossdock.inventory.ending import Ender, staged
from crossdock.inventory.hold_store import HoldStore, place_rows, refund, reservation_of, take
from crossdock.inventory.holds import HEADER, Place, Reservation, Shortage, State, markers, offer
from crossdock.inventory.hot import Heat, choose, expired_at, gathering, in_all, shortfall
from crossdock.inventory.hot_store import HotStock
from crossdock.platform.dynamo import Outcome
from crossdock.platform.errors import StoreUnavailableError
from crossdock.quantities import Quantity

_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it: the row as it is now, or None when it is somebody else's; `short` when there is too little."""

    row: Reservation | None
    short: Shortage | None = None


class Scattered:
    """Finds units of hot items for reservations."""

    def __init__(self, store: HoldStore, ender: Ender, hot: HotStock) -> None:
        self._store = store
        self._ender = ender
        self._hot = hot

    def route(self, place: Place, rid: str, channel: str) -> Place:
        """Where a reservation tries first."""
        return self._hot.route(place, rid, channel)

    def unaware(self, place: Place) -> bool:
        """Whether the header is tried only because nothing is known of the item: it must refuse if it is hot."""
        return self._hot.unaware(place)

    def find_out(self, place: Place) -> None:
        """Looks whether an item is hot, if that is not known: for many holds at once, which must not all fail first."""
        if self._hot.unaware(place):
            self._store.givers([place.key])

    def take(self, row: Reservation, place: Place) -> Found:
        """Takes a place's units wherever they are, for an OPEN row of one place that we wrote ourselves."""
        tried: set[str] = set()
        for _ in range(_ROUNDS):
            heat = self._hot.look(place.sku, place.warehouse)
            if heat is None:
                return Found(row, Shortage(place.sku, place.warehouse, place.quantity, 0))
            if self._has(heat, row):
                return Found(row)
            choice = choose(heat, place, row.id, row.channel, self._store.now())
            if choice.gather:
                self._hot.move(heat, choice.gather)
            elif choice.place:
                ours, taken = self._try(row, choice.place)
                if ours is None or taken:
                    return Found(ours)
                row = ours
            elif not self._reclaim(heat, row.id, tried):
                return Found(row, Shortage(place.sku, place.warehouse, place.quantity, choice.available))
        raise StoreUnavailableError(f"{place.sku} in {place.warehouse} kept changing while it was being reserved")

    def bring(self, row: Reservation, place: Place, tried: set[str]) -> bool:
        """Brings units of shards into the header for a place that is short there; whether it is worth another try."""
        heat = self._hot.look(place.sku, place.warehouse)
        if heat is None or not heat.count or place.shard != HEADER or place.floor is not None:
            return False
        missing = shortfall(offer(heat.header, row.channel, self._store.now(), row.id), place)
        if missing > heat.in_shards:
            return self._reclaim(heat, row.id, tried)
        if missing > 0:
            self._hot.move(heat, gathering(heat, missing))
        return True

    def could(self, row: Reservation, place: Place) -> Quantity:
        """What a hot item can give a place, its shards included; for whoever is told of a shortage."""
        heat = self._hot.look(place.sku, place.warehouse)
        if heat is None:
            return 0
        return max(0, in_all(heat, offer(heat.header, row.channel, self._store.now(), row.id), place))

    def make_room(self, sku: str, warehouse: str, quantity: Quantity) -> None:
        """Brings so many more units into the header's pool, as far as expired holds and shards can give them."""
        heat = self._hot.look(sku, warehouse)
        if heat and self._reclaim(heat, "", set()):
            heat = self._hot.look(sku, warehouse)
        if heat and heat.in_shards:
            self._hot.move(heat, gathering(heat, min(quantity, heat.in_shards)))

    # -- steps -------------------------------------------------------------------------------------------------

    def _has(self, heat: Heat, row: Reservation) -> bool:
        """Whether the row's place has our marker: a call that seemed to fail was carried out."""
        items = {HEADER: heat.header, **{s.number: s.item for s in heat.shards}}
        marker = markers(items.get(row.places[0].shard, {})).get(row.id)
        return marker is not None and marker.nonce == row.nonce

    def _try(self, row: Reservation, target: Place) -> tuple[Reservation | None, bool]:
        """One batch: the row to the target, if it is not there, and the target's units; the row, and if they are ours.

        The row is None when it is not ours any more.
        """
        ours: Reservation | None = row
        if row.places[0].key == target.key:
            taken = self._store.take_once(row, target)
        else:
            change = self._store.row_change(row, State.OPEN, places=place_rows([target]))
            written, taken = self._store.write([change, take(target, row.marker(target), row.channel)])
            ours = _moved(written, row, target)
        if ours is None:
            # The sweeper refused the row meanwhile. What we took, or take by a lost answer, is not ours.
            self._ender.give_back(row, [target])
            return None, False
        if ours.state is not State.OPEN:
            # The call was repeated, and what it held the first time has been decided since: what it took again is not.
            if taken.done:
                self._ender.give_back(row, [target])
            return None, False
        stray = None if taken.done else markers(taken.existing or {}).get(row.id)
        if stray and stray.nonce != row.nonce:
            # The row is ours, so no other marker of this id can be a hold: a repetition left it, or died over it.
            self._store.write([refund(target, stray, staged(taken.existing or {}, stray))])
            return ours, False
        return ours, taken.done or stray is not None

    def _reclaim(self, heat: Heat, rid: str, tried: set[str]) -> bool:
        """Ends expired holds of the header and the shards, each once; whether there were any."""
        found = False
        for shard, over in expired_at(heat, rid, self._store.now()).items():
            new: dict[str, Any] = {name: marker for name, marker in over.items() if f"{shard}#{name}" not in tried}
            if new:
                tried.update(f"{shard}#{name}" for name in new)
                self._ender.reclaim(Place(heat.sku, heat.warehouse, 0, shard=shard), new)
                found = True
        return found


def _moved(written: Outcome, row: Reservation, target: Place) -> Reservation | None:
    """The row as it names its new place by our doing, also when the answer to that was lost; None if it does not."""
    if written.done:
        return replace(row, places=(target,), version=row.version + 1)
    there = reservation_of(written.existing) if written.existing else None
    if there is None or there.nonce != row.nonce or there.state is State.REFUSED:
        return None
    return there if there.place_at(target.key) else None
