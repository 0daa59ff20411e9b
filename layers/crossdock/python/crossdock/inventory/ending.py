"""Ending a hold: confirmed, released or expired, exactly once (domain rule 6).

The row goes first, by compare-and-set, and decides; then each place follows, if its marker is there. A crash between
the two leaves a marker whose row has ended: whoever meets it next does what the row says. Giving units back *before*
the row has ended would let a late confirmation keep what somebody else was given.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from crossdock.inventory.hold_store import HoldStore, commit, place_rows, refund, remark
from crossdock.inventory.holds import LIVE, Ended, Ending, Place, Reservation, State, markers
from crossdock.inventory.markers import Marker
from crossdock.platform.dynamo import Item
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Key, Update
from crossdock.quantities import Quantity

_ROUNDS = 12
_COMMITTED = frozenset({State.CONFIRMED, State.CANCELLED})


class Ender:
    """Ends holds and clears up after them."""

    def __init__(self, store: HoldStore) -> None:
        self._store = store

    def end(self, rid: str, to: State) -> Ended:
        """Confirms, releases or expires a reservation; repeating it does what was left undone, and no more.

        Four round trips, 2 write units for one place. Raises StoreUnavailableError: it may be tried again.
        """
        for _ in range(_ROUNDS):
            seen = self._store.read(rid)
            if seen is None:
                return Ended(Ending.UNKNOWN)
            if seen.state not in LIVE:
                return self._over(seen, to)
            givers = self._store.givers(p.key for p in seen.places)
            if seen.state is State.OPEN and not _stands(seen, givers):
                return Ended(Ending.IN_PROGRESS, seen)
            expired = seen.expired(self._store.now())
            if to is State.EXPIRED and not expired:
                return Ended(Ending.NOT_YET, seen)
            ended = self._turn(seen, State.EXPIRED if expired else to, givers)
            if ended:
                return Ended(Ending.EXPIRED if expired and to is not State.EXPIRED else Ending.DONE, ended)
        raise StoreUnavailableError(f"reservation {rid} kept changing while it was being ended")

    def _over(self, seen: Reservation, to: State) -> Ended:
        self.follow(seen)
        if seen.state is to:
            return Ended(Ending.DONE, seen)
        return Ended(Ending.EXPIRED if seen.state is State.EXPIRED else Ending.OTHERWISE, seen)

    def _turn(self, seen: Reservation, to: State, givers: Mapping[Key, Item]) -> Reservation | None:
        """Ends the row and then its places; None when somebody else changed the row first."""
        # How much came from the channel's own allocation is known by the markers, which are about to go.
        places = tuple(_as_marked(seen, p, givers.get(p.key)) for p in seen.places)
        change = self._store.row_change(seen, to, places=place_rows(places))
        (done,) = self._store.write([change])
        if not done.done:
            return None
        ended = replace(seen, state=to, places=places, version=seen.version + 1, changed_at=change.put["upd"])
        self.follow(ended, givers)
        return ended

    def settle(self, seen: Reservation) -> Reservation | None:
        """What an OPEN reservation is: HELD from now on if its marker stands, else as it was found.

        That the marker is there is not enough to say so: a sweeper that looked before it came may be about to refuse
        the row. Whoever changes the row first is right.
        """
        if seen.state is not State.OPEN or not _stands(seen, self._store.givers(p.key for p in seen.places)):
            return seen
        (won,) = self._store.write([self._store.row_change(seen, State.HELD)])
        return replace(seen, state=State.HELD, version=seen.version + 1) if won.done else self._store.read(seen.id)

    def abandon(self, seen: Reservation) -> bool:
        """Refuses an OPEN reservation that nobody finished. Only for whoever knows that its writer is gone."""
        (done,) = self._store.write([self._store.row_change(seen, State.REFUSED)])
        if done.done:
            self.give_back(seen, seen.places)
        return done.done

    # -- places follow their row -------------------------------------------------------------------------------

    def follow(self, ended: Reservation, givers: Mapping[Key, Item] | None = None) -> None:
        """Lets every place that still carries the reservation's marker do what the row says."""
        if ended.state in LIVE:
            return
        found = givers if givers is not None else self._store.givers(p.key for p in ended.places)
        for _ in range(_ROUNDS):
            writes = [w for p in ended.places if (w := _follow(ended, p, found.get(p.key)))]
            if not writes:
                return
            outcomes = self._store.write(writes)
            again = [w.key for w, o in zip(writes, outcomes, strict=True) if not o.done]
            found = self._store.givers(again) if again else {}
        raise StoreUnavailableError(f"the places of reservation {ended.id} kept changing")

    def give_back(self, row: Reservation, places: Sequence[Place]) -> None:
        """Gives back what markers of this nonce hold at places of a row that never was held."""
        self.follow(replace(row, state=State.REFUSED, places=tuple(places)))

    # -- expired markers ---------------------------------------------------------------------------------------

    def reclaim(self, giver: Place, expired: Mapping[str, Marker]) -> None:
        """Ends the holds of a giver whose time is over, and lets their markers follow.

        A marker is judged by its row: one that was confirmed or extended meanwhile is brought up to date instead. A
        marker without a row gets a tombstone first, so that its writer, should it still live, cannot claim it.
        """
        rows = self._store.read_all(expired)
        for rid, marker in expired.items():
            row = rows.get(rid) or self._bury(rid)
            if row is not None:
                self._judge(giver, rid, marker, row)

    def _bury(self, rid: str) -> Reservation | None:
        (done,) = self._store.write([self._store.tombstone(rid)])
        return self._store.read(rid) if done.done or done.existing else None

    def _judge(self, giver: Place, rid: str, marker: Marker, row: Reservation) -> None:
        place = row.place_at(giver.key)
        if place is None or row.nonce != marker.nonce:
            stray = replace(giver, quantity=marker.quantity, own=marker.from_own)
            self._write_back(rid, stray, marker)
        elif row.state not in LIVE:
            self.follow(row)
        elif row.expired(self._store.now()):
            self.end(rid, State.EXPIRED)
        elif marker.expires != row.expires:
            self._store.write([remark(place, marker, replace(marker, expires=row.expires), row.channel)])

    def _write_back(self, rid: str, place: Place, marker: Marker) -> None:
        giver = self._store.givers([place.key]).get(place.key)
        if giver is not None and markers(giver).get(rid) == marker:
            self._store.write([refund(place, marker, staged(giver, marker))])


def _stands(seen: Reservation, givers: Mapping[Key, Item]) -> bool:
    if not seen.by_marker:
        return False
    place = seen.places[0]
    marker = markers(givers.get(place.key, {})).get(seen.id)
    return marker is not None and marker.nonce == seen.nonce


def _as_marked(seen: Reservation, place: Place, giver: Item | None) -> Place:
    marker = markers(giver or {}).get(seen.id)
    return replace(place, own=marker.from_own) if marker and marker.nonce == seen.nonce else place


def _follow(ended: Reservation, place: Place, giver: Item | None) -> Update | None:
    """What the marker at a place has to do now that its row has ended; None when it has done it."""
    marker = markers(giver or {}).get(ended.id)
    if giver is None or marker is None or marker.nonce != ended.nonce:
        return None
    if ended.state in _COMMITTED:
        return commit(place, marker)
    return refund(place, marker, staged(giver, marker))


def staged(giver: Mapping[str, object], marker: Marker) -> Quantity | None:
    """What a lowered allocation of the marker's channel still has to take back, None when the giver has none such."""
    return staged_of(giver, marker.channel) if marker.from_own else None


def staged_of(giver: Mapping[str, object], channel: str) -> Quantity | None:
    """What a lowered allocation of a channel still has to take back, None when the giver has none such."""
    value = giver.get(f"as_{channel}")
    return value if isinstance(value, Quantity) else None
