"""Changing a hold that stands (longer, more, less, elsewhere), and cancelling one that was confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from crossdock.inventory.ending import Ender, staged, staged_of
from crossdock.inventory.hold_store import (
    HoldStore,
    line_rows,
    place_rows,
    refund,
    remark,
    remarked,
    returned,
    take,
    used_key,
)
from crossdock.inventory.holds import (
    HEADER,
    LIVE,
    Ended,
    Ending,
    Line,
    Offer,
    Place,
    Reservation,
    Shortage,
    State,
    could,
    markers,
    offer,
    summed,
)
from crossdock.inventory.markers import Marker
from crossdock.inventory.scattered import Scattered
from crossdock.platform.dynamo import Item
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Insert, Key, Update, When, Write
from crossdock.quantities import Quantity

MOST_PLACES = 49
_ROUNDS = 12


class Changer:
    """Changes holds without ever letting go of what they hold."""

    def __init__(self, store: HoldStore, ender: Ender, scattered: Scattered) -> None:
        self._store = store
        self._ender = ender
        self._scattered = scattered

    def extend(self, rid: str, expires: int) -> Ended:
        """Moves the end of a hold to another instant (seconds since 1970). An expired hold cannot be extended.

        The row first: a marker with the old instant is then known to be out of date. Raises StoreUnavailableError.
        """
        for _ in range(_ROUNDS):
            seen, ended = self._live(rid)
            if seen is None:
                return ended
            (done,) = self._store.write([self._store.row_change(seen, seen.state, exp=expires)])
            if done.done:
                extended = replace(seen, expires=expires, version=seen.version + 1)
                self._remark(extended)
                return Ended(Ending.DONE, extended)
        raise StoreUnavailableError(f"reservation {rid} kept changing while it was being extended")

    def _remark(self, row: Reservation) -> None:
        givers = self._store.givers(p.key for p in row.places)
        writes: list[Write] = []
        for place in row.places:
            marker = markers(givers.get(place.key, {})).get(row.id)
            if marker and marker.nonce == row.nonce and marker.expires != row.expires:
                writes.append(remark(place, marker, replace(marker, expires=row.expires), row.channel))
        self._store.write(writes)  # one that fails was changed by somebody who knows the row

    def change(self, rid: str, lines: tuple[Line, ...], places: Sequence[Place], version: int | None = None) -> Ended:
        """Lets a hold hold other places or quantities, in one transaction: all of the change, or none.

        `version` is that of the reservation that the change was made for: when it is another one by now, the answer is
        IN_PROGRESS, and the change is to be made anew.
        Units are never given up before the new ones are taken. What a shard of a hot item cannot add is taken at the
        header, where it is gathered from the other shards first. SHORT names what is missing. Raises ValueError for
        more than 49 places, before or after, or for a change that leaves nothing.
        """
        tried: set[str] = set()
        wanted = summed(places)
        if not wanted or any(p.quantity <= 0 for p in wanted):
            raise ValueError("places: a change leaves at least one unit somewhere; release the hold to give up all")
        for _ in range(_ROUNDS):
            seen, ended = self._live(rid)
            if seen is None:
                return ended
            if version not in {None, seen.version}:
                return Ended(Ending.IN_PROGRESS, seen)
            if len(wanted) + len(seen.places) > 2 * MOST_PLACES:
                raise ValueError(f"places: a hold of more than {MOST_PLACES} places cannot be changed")
            changed = self._try_change(seen, lines, wanted, tried)
            if changed:
                return changed
        raise StoreUnavailableError(f"reservation {rid} kept changing while it was being changed")

    def _try_change(
        self, seen: Reservation, lines: tuple[Line, ...], wanted: Sequence[Place], tried: set[str]
    ) -> Ended | None:
        keys = {p.key for p in (*seen.places, *wanted, *(replace(p, shard=HEADER) for p in wanted))}
        givers = self._store.givers(keys)
        held = {k: m for k, g in givers.items() if (m := markers(g).get(seen.id)) and m.nonce == seen.nonce}
        offers = {k: offer(g, seen.channel, self._store.now(), seen.id) for k, g in givers.items()}
        wanted = _spilled(wanted, offers, held)
        writes, places, lacking = _moves(seen, wanted, givers, held, self._store.now())
        if lacking:
            made = [self._make_room(seen, p, givers.get(p.key), tried) for p in lacking]
            if any(made):
                return None
            return Ended(Ending.SHORT, seen, tuple(self._shortage(seen, p, wanted, givers, held) for p in lacking))
        row = self._store.row_change(seen, State.HELD, lines=line_rows(lines), places=place_rows(places))
        outcomes = self._store.atomically([row, *writes])
        if not outcomes[0].done:
            for place in wanted:
                self._reclaim(place, givers.get(place.key), seen.id)
            return None
        after = replace(seen, state=State.HELD, lines=lines, places=tuple(places), version=seen.version + 1)
        return Ended(Ending.DONE, after)

    def _make_room(self, seen: Reservation, more: Place, giver: Item | None, tried: set[str]) -> bool:
        """Ends expired holds, each once, and gathers what lies in shards; whether to try again."""
        over = offer(giver, "", self._store.now(), seen.id).expired
        new = {rid: m for rid, m in over.items() if f"{more.key}{rid}" not in tried}
        if new:
            tried.update(f"{more.key}{rid}" for rid in new)
            self._ender.reclaim(more, new)
            return True
        return bool((giver or {}).get("hot")) and self._scattered.bring(seen, more, tried)

    def _shortage(
        self,
        seen: Reservation,
        more: Place,
        wanted: Sequence[Place],
        givers: Mapping[Key, Item],
        held: Mapping[Key, Marker],
    ) -> Shortage:
        """What the hold could have in all of the item there: what it holds, and what else there is."""
        there = [p for p in wanted if (p.sku, p.warehouse) == (more.sku, more.warehouse)]
        has = sum((min(m.quantity, p.quantity) for p in there if (m := held.get(p.key))), start=0)
        giver = givers.get(more.key)
        if (giver or {}).get("hot"):
            free = self._scattered.could(seen, more)
        else:
            free = could(more, offer(giver, seen.channel, self._store.now(), seen.id))
        return Shortage(more.sku, more.warehouse, sum((p.quantity for p in there), start=0), has + free)

    def _reclaim(self, place: Place, giver: Item | None, rid: str) -> None:
        over = offer(giver, "", self._store.now(), rid).expired
        if over:
            self._ender.reclaim(place, over)

    def _live(self, rid: str) -> tuple[Reservation | None, Ended]:
        """The reservation if it is a hold that stands, else what it is instead."""
        seen = self._store.read(rid)
        if seen is None:
            return None, Ended(Ending.UNKNOWN)
        if seen.state not in LIVE:
            return None, Ended(Ending.EXPIRED if seen.state is State.EXPIRED else Ending.OTHERWISE, seen)
        seen = self._ender.settle(seen) or seen
        if seen.state is State.OPEN:
            return None, Ended(Ending.IN_PROGRESS, seen)
        if seen.state not in LIVE:
            return None, Ended(Ending.OTHERWISE, seen)
        if seen.expired(self._store.now()):
            return None, Ended(Ending.EXPIRED, seen)
        return seen, Ended(Ending.DONE, seen)

    # -- cancelling --------------------------------------------------------------------------------------------

    def cancel(self, rid: str) -> Ended:
        """Gives up what a confirmed reservation still waits for; what has left stays gone.

        The row first; then each place in a transaction that closes the account of what movements consumed, so that
        a movement under way is either counted before or finds it closed. Repeating it does what was left undone.
        """
        for _ in range(_ROUNDS):
            seen = self._store.read(rid)
            if seen is None:
                return Ended(Ending.UNKNOWN)
            if seen.state in LIVE:
                return Ended(Ending.NOT_YET, seen)
            if seen.state not in {State.CONFIRMED, State.CANCELLED}:
                return Ended(Ending.OTHERWISE, seen)
            self._ender.follow(seen)
            if seen.state is State.CONFIRMED:
                change = self._store.row_change(seen, State.CANCELLED)
                (done,) = self._store.write([change])
                if not done.done:
                    continue
                seen = replace(seen, state=State.CANCELLED, version=seen.version + 1, changed_at=change.put["upd"])
            self._uncommit(seen)
            return Ended(Ending.DONE, seen)
        raise StoreUnavailableError(f"reservation {rid} kept changing while it was being cancelled")

    def _uncommit(self, row: Reservation) -> None:
        for sku, warehouse in dict.fromkeys((p.sku, p.warehouse) for p in row.places):
            places = [p for p in row.places if (p.sku, p.warehouse) == (sku, warehouse)]
            self._give_up(row, places)

    def _give_up(self, row: Reservation, places: Sequence[Place]) -> None:
        """The same for the places of one item in one warehouse."""
        sku, warehouse = places[0].sku, places[0].warehouse
        header = replace(places[0], shard=HEADER)
        for _ in range(_ROUNDS):
            account = self._store.used(row.id, [(sku, warehouse)]).get((sku, warehouse))
            if account and account.get("closed"):
                return
            close, used = _close(row.id, sku, warehouse, account)
            giver = self._store.givers([header.key]).get(header.key, {})
            if self._store.atomically([close, *_credit(row, places, used, giver)])[0].done:
                return
        raise StoreUnavailableError(f"reservation {row.id} kept changing while it was being cancelled")


def _close(rid: str, sku: str, warehouse: str, account: Item | None) -> tuple[Write, Quantity]:
    key = used_key(rid, sku, warehouse)
    if account is None:
        return Insert({"pk": key[0], "sk": key[1], "used": 0, "closed": 1}), 0
    return Update(key, put={"closed": 1}, when=(When("used", "=", account["used"]),)), account["used"]


def _credit(row: Reservation, places: Sequence[Place], used: Quantity, giver: Mapping[str, object]) -> list[Update]:
    """Commitments end on the header, wherever the units were taken: a shard's are drained into it.

    What came from the channel's own allocation pays off a lowering that is still staged first, as a release does.
    """
    left = sum(p.quantity for p in places) - used
    if not left:
        return []
    own = min(left, sum(p.own for p in places))
    add: dict[str, Quantity] = {"cm": -left, "av": left, "pl": left - own, "ver": 1}
    when: tuple[When, ...] = ()
    if own:
        moved, when = returned(row.channel, own, staged_of(giver, row.channel))
        add |= moved | {"pl": add["pl"] + own - moved[f"ac_{row.channel}"]}
    header = replace(places[0], shard=HEADER)
    return [Update(header.key, add, when=when)]


def _spilled(wanted: Sequence[Place], offers: Mapping[Key, Offer], held: Mapping[Key, Marker]) -> tuple[Place, ...]:
    """The places, where each shard adds no more than it has: the rest of it is asked of the header."""
    found: list[Place] = []
    for place in wanted:
        has = held[place.key].quantity if place.key in held else 0
        more = replace(place, quantity=place.quantity - has)
        if place.shard == HEADER or more.quantity <= 0 or not offers.get(place.key, Offer(0, 0, 0)).short(more):
            found.append(place)
            continue
        found += [replace(place, quantity=has)] if has else []
        found.append(replace(more, shard=HEADER, own=0))
    return summed(found)


def _moves(
    seen: Reservation,
    wanted: Sequence[Place],
    givers: dict[Key, Item],
    held: dict[Key, Marker],
    now: int,
) -> tuple[list[Update], list[Place], list[Place]]:
    """What has to be written to get from what is held to what is wanted, or which more of it is not there."""
    writes: list[Update] = []
    places: list[Place] = []
    lacking: list[Place] = []
    for place in wanted:
        old = held.get(place.key)
        found = offer(givers.get(place.key), seen.channel, now, seen.id)
        more = replace(place, quantity=place.quantity - (old.quantity if old else 0))
        if more.quantity > 0 and found.short(more):
            lacking.append(more)
            continue
        if old is None:
            placed = found.fit(place)
            writes.append(take(placed, seen.marker(placed), seen.channel))
        else:
            marker = remarked(old, place, seen.expires, found, seen.channel)
            placed = replace(place, own=marker.from_own, allocated=found.allocated)
            if marker != old:
                writes.append(remark(placed, old, marker, seen.channel))
        places.append(placed)
    kept = {p.key for p in wanted}
    for place in seen.places:
        old = held.get(place.key)
        if place.key not in kept and old:
            writes.append(refund(place, old, staged(givers[place.key], old)))
    return writes, places, lacking
