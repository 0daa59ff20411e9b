"""Reservations: hold, confirm, release, expire, extend, change, cancel, consume. One door to all of it."""

import time
from collections.abc import Callable, Mapping, Sequence

from crossdock.inventory.balancing import Balancer
from crossdock.inventory.changing import Changer
from crossdock.inventory.consuming import Consumer
from crossdock.inventory.ending import Ender
from crossdock.inventory.grouping import Grouper
from crossdock.inventory.hold_store import HoldStore
from crossdock.inventory.holding import Again, Holder, new_nonce
from crossdock.inventory.holds import (
    Decision,
    Ended,
    Ending,
    HoldRequest,
    Line,
    Place,
    Reservation,
    State,
    offer,
)
from crossdock.inventory.hot_store import HotStock
from crossdock.inventory.markers import Marker
from crossdock.inventory.scattered import Scattered
from crossdock.platform.clock import Clock
from crossdock.platform.dynamo import Table
from crossdock.quantities import Quantity


class Reservations:
    """All that can be done with reservations, over the inventory table.

    Every method may be repeated after a crash or a StoreUnavailableError and then does what was left undone.
    """

    def __init__(
        self,
        table: Table,
        clock: Clock,
        nonce: Callable[[], str] = new_nonce,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hot = HotStock(table, clock, timer)
        self.store = HoldStore(table, clock, self.hot.see)
        self.ender = Ender(self.store)
        self.scattered = Scattered(self.store, self.ender, self.hot)
        self.holder = Holder(self.store, self.ender, self.scattered, nonce, timer)
        self._grouper = Grouper(self.store, self.holder, self.scattered, timer)
        self.balancer = Balancer(self.hot, clock, self.ender.reclaim)
        self._changer = Changer(self.store, self.ender, self.scattered)
        self._consumer = Consumer(self.store, self.ender)

    def create(self, request: HoldRequest, again: Again | None = None) -> Decision:
        """Holds all places of a request, or none; see `Holder.create`."""
        return self.holder.create(request, again)

    def create_many(self, requests: Sequence[HoldRequest]) -> list[Decision]:
        """Decides queued requests, those for the same units together; see `Grouper.create_many`."""
        return self._grouper.create_many(requests)

    def get(self, rid: str) -> Reservation | None:
        """The reservation as it is now; OPEN only while its first request is still under way."""
        seen = self.store.read(rid)
        return self.ender.settle(seen) if seen else None

    def seen(self, rid: str) -> Reservation | None:
        """The reservation's row as it stands, nothing decided: for whoever is about to end it. 1 read unit."""
        return self.store.read(rid)

    def confirm(self, rid: str) -> Ended:
        """HELD → CONFIRMED: the units wait for their goods to leave. EXPIRED when the time was over."""
        return self.ender.end(rid, State.CONFIRMED)

    def release(self, rid: str) -> Ended:
        """HELD → RELEASED: the units are free again."""
        return self.ender.end(rid, State.RELEASED)

    def expire(self, rid: str, *, abandoned: bool = False) -> Ended:
        """HELD → EXPIRED once its time is over; NOT_YET before. Clears other expired holds at its places as well.

        `abandoned` says that ABANDONED_AFTER_S have passed since the row was written, as the caller's queue measured
        it: then an OPEN row that nobody finished is refused.
        """
        ended = self.ender.end(rid, State.EXPIRED)
        seen = ended.reservation
        if ended.ending is Ending.IN_PROGRESS and abandoned and seen and self.ender.abandon(seen):
            ended = Ended(Ending.DONE, self.store.read(rid))
        for place in seen.places if seen else ():
            self.reclaim(place)
        return ended

    def extend(self, rid: str, expires: int) -> Ended:
        """Moves the end of a hold (seconds since 1970, UTC)."""
        return self._changer.extend(rid, expires)

    def change(self, rid: str, lines: tuple[Line, ...], places: Sequence[Place], version: int | None = None) -> Ended:
        """Other quantities or places for a hold, all of it or nothing; see `Changer.change`."""
        return self._changer.change(rid, lines, places, version)

    def cancel(self, rid: str) -> Ended:
        """CONFIRMED → CANCELLED: what has not left is free again."""
        return self._changer.cancel(rid)

    def make_room(self, sku: str, warehouse: str, quantity: Quantity) -> None:
        """Brings units into a header's pool that are free and not in it: for whoever allocates them."""
        self.scattered.make_room(sku, warehouse, quantity)

    def reclaim(self, place: Place) -> Mapping[str, Marker]:
        """Ends the holds of a header or shard whose time is over; gives back which markers were over."""
        found = self.store.givers([place.key]).get(place.key)
        over = offer(found, "", self.store.now()).expired
        if over:
            self.ender.reclaim(place, over)
        return over

    def consume(self, rid: str, sku: str, warehouse: str, movement: str, quantity: Quantity) -> Quantity:
        """How much of a reservation's commitment a movement uses up, decided once; see `Consumer.consume`."""
        return self._consumer.consume(rid, sku, warehouse, movement, quantity)
