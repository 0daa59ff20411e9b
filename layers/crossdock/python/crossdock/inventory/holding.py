"""Taking a hold: one round trip for one place, all or nothing for many, and never twice for one id.

One place. The row (OPEN, nonce n) and the header's change (marker n) go in one batch, and each may fail alone:

    row written, header changed      held
    row written, header short        whoever wrote the row, and nobody else, refuses it: OPEN → REFUSED
    a row was there already          it decides; what we took is given back IF the marker still is ours

So the row's writer alone may refuse while it lives, and everybody else who finds OPEN without its marker must wait.
When the writer has died, the sweeper refuses for it: not before ABANDONED_AFTER_S, as measured by the queue that wakes
it. A writer that needed longer than ANSWER_WITHIN_S, and anybody else who finds OPEN with its marker, has to win the
row (OPEN → HELD) before saying that it is held. So no answer is taken back, and no clock is compared with another one.

Many places. Up to 99 go in one transaction with the row. More are taken one by one under an OPEN row, which becomes
HELD when all are taken; until then none of them is a hold, and if one is short all are given back.

A call whose answer was lost is repeated by the SDK, and then our own row and our own marker stand in our way: the nonce
tells that they are ours. Where the row was there before, and its hold may have been decided since, `take_once` takes.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from crossdock.inventory.ending import Ender, staged
from crossdock.inventory.hold_store import (
    HoldStore,
    empty_header,
    line_rows,
    place_rows,
    refund,
    reservation_of,
    row_insert,
    short_rows,
    take,
)
from crossdock.inventory.holds import (
    HEADER,
    Answer,
    Decision,
    HoldRequest,
    Offer,
    Place,
    Reservation,
    Shortage,
    State,
    markers,
    offer,
    shortages,
    summed,
)
from crossdock.inventory.markers import BACKORDER
from crossdock.inventory.scattered import Found, Scattered
from crossdock.platform.dynamo import Item, Outcome
from crossdock.platform.errors import StoreUnavailableError

if TYPE_CHECKING:
    from crossdock.quantities import Quantity

ANSWER_WITHIN_S = 20
ABANDONED_AFTER_S = 60
TRANSACTION_PLACES = 99
MOST_REMEMBERED = 10_000
_ROUNDS = 12


Again: TypeAlias = Callable[[Sequence[Shortage]], HoldRequest | None]
"""Asked with what was short for another plan; None says that there is none."""


def new_nonce() -> str:
    """48 random bits, as 8 characters."""
    return secrets.token_urlsafe(6)


class Holder:
    """Decides requests to hold."""

    def __init__(
        self,
        store: HoldStore,
        ender: Ender,
        scattered: Scattered,
        nonce: Callable[[], str] = new_nonce,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._ender = ender
        self._scattered = scattered
        self._nonce = nonce
        self._timer = timer
        self._allocated: dict[tuple[str, str, str], Quantity] = {}

    def create(self, request: HoldRequest, again: Again | None = None) -> Decision:
        """Holds all places of a request, or none.

        `again` is asked for another plan before the request is refused for good: of the same id, or None.
        The same id gives the same answer for ever; with another payload it is OTHER_PAYLOAD. One place: 2 write units,
        1 round trip; n places: 2(n + 1) write units, 1 round trip. Raises StoreUnavailableError: the same request may
        then be made again. Raises ValueError for a request that asks for nothing.
        """
        places = self.planned(request)
        if not places or any(p.quantity <= 0 for p in places):
            raise ValueError("places: a hold asks for at least one unit somewhere")
        if len(places) == 1:
            return self._one(request, places[0], again)
        if len(places) <= TRANSACTION_PLACES:
            return self._together(request, places, again)
        return self._one_by_one(request, places, again)

    def planned(self, request: HoldRequest) -> list[Place]:
        """The places of a request, summed, as the channel's allocations are guessed to be."""
        return [self._guessed(p, request.channel) for p in summed(request.places)]

    def _guessed(self, place: Place, channel: str) -> Place:
        """The place as the channel's allocation was when it was last met here: a guess saves a round trip, no more."""
        own = self._allocated.get((*place.key, channel))
        return place if own is None else Offer(0, 0, own, allocated=True).fit(place)

    def _known(self, found: Offer, place: Place, channel: str) -> Place:
        """The place as an offer lets it be taken; what will be left of the channel's allocation is the next guess."""
        fitting = found.fit(place)
        if found.allocated and len(self._allocated) < MOST_REMEMBERED:
            self._allocated[*place.key, channel] = found.own - fitting.own
        elif not found.allocated:
            self._allocated.pop((*place.key, channel), None)
        return fitting

    # -- one place ---------------------------------------------------------------------------------------------

    def _one(self, request: HoldRequest, place: Place, again: Again | None) -> Decision:
        began = self._timer()
        row = self.open(request, self._scattered.route(place, request.id, request.channel))
        place = row.places[0]
        taking = take(place, row.marker(place), request.channel, unless_hot=self._scattered.unaware(place))
        written, taken = self._store.write([row_insert(row), taking])
        return self.settle(request, row, written, taken, began, again)

    def open(self, request: HoldRequest, place: Place) -> Reservation:
        """The row of a request of one place, not written yet."""
        return self._store.new(request, self._nonce_for([place]), State.OPEN, [place])

    def _nonce_for(self, places: Iterable[Place]) -> str:
        """A new nonce; it shows that one of the places may wait for supply (`markers.py`)."""
        return self._nonce() + (BACKORDER if any(p.floor is not None for p in places) else "")

    def settle(
        self,
        request: HoldRequest,
        row: Reservation,
        written: Outcome,
        taken: Outcome,
        began: float,
        again: Again | None = None,
    ) -> Decision:
        """The decision of a request of one place once row and place were tried; both may have been refused."""
        place = row.places[0]
        if not _is_ours(written, row) or _decided(written):
            # Our call was repeated, and what it held the first time has been decided since: what it took again is not.
            if taken.done:
                self._ender.give_back(row, [place])
            return self._repeated(request, written.existing)
        if taken.done:
            return self._held(request, row, began)
        if place.shard == HEADER and not (taken.existing or {}).get("hot"):
            found = Found(row, self._take_anyhow(row, place, taken.existing))
        else:
            found = self._scattered.take(row, place)
        if found.row is None:
            return self._repeated(request, None)
        if found.short is None:
            return self._held(request, found.row, began)
        other = again([found.short]) if again else None
        return self._anew(other, found.row, again) if other else self._refuse(request, found.row, [found.short])

    def _take_anyhow(self, row: Reservation, place: Place, giver: Item | None) -> Shortage | None:
        """Takes a place that could not be had at the first try; gives back what is short if it cannot be had at all."""
        tried: set[str] = set()
        for _ in range(_ROUNDS):
            if _marked(giver, row.id) == row.nonce:
                return None
            if not self._clear(row, place, giver, tried):
                found = offer(giver, row.channel, self._store.now(), row.id)
                if found.short(place):
                    return self._told(row, place, giver, shortages([place], {place.key: found})[0])
                place = self._known(found, place, row.channel)
            taken = self._store.take_once(row, place)
            if taken.done:
                return None
            giver = taken.existing
        raise StoreUnavailableError(f"{place.sku} in {place.warehouse} kept changing while it was being reserved")

    def _clear(self, row: Reservation, place: Place, giver: Item | None, tried: set[str]) -> bool:
        """Removes what needlessly stands in the way of taking a place, each thing once; whether anything did."""
        if giver is None:
            if place.floor is not None:
                self._store.write([empty_header(place)])
            return place.floor is not None
        stray = markers(giver).get(row.id)
        if stray and stray.nonce != row.nonce:
            # The row is ours, so no other marker of this id can be a hold: a repetition left it, or died over it.
            self._store.write([refund(place, stray, staged(giver, stray))])
            return True
        found = offer(giver, row.channel, self._store.now(), row.id)
        if not found.short(place):
            return False
        over = {rid: m for rid, m in found.expired.items() if rid not in tried}
        if not over:
            return bool(giver.get("hot")) and self._scattered.bring(row, place, tried)
        tried.update(over)
        self._ender.reclaim(place, over)
        return True

    def _told(self, row: Reservation, place: Place, giver: Item | None, short: Shortage) -> Shortage:
        """The shortage as it is to be told: a hot item has what its shards have as well."""
        hot = (giver or {}).get("hot")
        return replace(short, available=self._scattered.could(row, place)) if hot else short

    def _held(self, request: HoldRequest, row: Reservation, began: float) -> Decision:
        """The hold stands; an answer that took long must be won from the sweeper first."""
        if self._timer() - began <= ANSWER_WITHIN_S:
            return Decision(Answer.HELD, row)
        return self._win(request, row)

    def _win(self, request: HoldRequest, row: Reservation) -> Decision:
        """OPEN → HELD; when the sweeper refused the row before, all is given back."""
        (won,) = self._store.write([self._store.row_change(row, State.HELD)])
        held = replace(row, state=State.HELD, version=row.version + 1)
        if won.done or (_is_ours(won, row) and won.existing and won.existing["st"] != State.REFUSED.value):
            return Decision(Answer.HELD, held)
        self._ender.give_back(row, row.places)
        return self._repeated(request, won.existing)

    def _refuse(self, request: HoldRequest, row: Reservation, short: Sequence[Shortage]) -> Decision:
        (done,) = self._store.write([self._store.row_change(row, State.REFUSED, short=short_rows(short))])
        if done.done:
            refused = replace(row, state=State.REFUSED, short=tuple(short), version=row.version + 1)
            return Decision(Answer.REFUSED, refused, tuple(short))
        return self._repeated(request, done.existing)

    # -- a row that was there already --------------------------------------------------------------------------

    def _repeated(self, request: HoldRequest, existing: Mapping[str, Any] | None) -> Decision:
        """The answer of the row that the first request of this id wrote."""
        found = reservation_of(existing) if existing else self._store.read(request.id)
        if found is None:
            return Decision(Answer.IN_PROGRESS)
        if found.payload not in {"", request.payload}:
            return Decision(Answer.OTHER_PAYLOAD, found)
        if found.state is State.REFUSED:
            return Decision(Answer.REFUSED, found, found.short, repeated=True)
        if found.state is not State.OPEN:
            return Decision(Answer.HELD, found, repeated=True)
        settled = self._ender.settle(found)
        if settled is None or settled.state is State.OPEN:
            return Decision(Answer.IN_PROGRESS)
        refused = settled.state is State.REFUSED
        return Decision(Answer.REFUSED if refused else Answer.HELD, settled, settled.short, repeated=True)

    # -- many places -------------------------------------------------------------------------------------------

    def _together(self, request: HoldRequest, places: Sequence[Place], again: Again | None) -> Decision:
        row = self._store.new(request, self._nonce_for(places), State.HELD, places)
        tried: set[str] = set()
        for _ in range(_ROUNDS):
            takes = [take(p, row.marker(p), row.channel) for p in row.places]
            written, *taken = self._store.atomically([row_insert(row), *takes])
            if written.done:
                return Decision(Answer.HELD, row)
            if written.failed:
                return self._repeated(request, written.existing)
            # Only of the places that would not give anything is it known what they have.
            missed = {p.key: (p, o.existing) for p, o in zip(row.places, taken, strict=True) if o.failed}
            if any(_marked(giver, row.id) for _, giver in missed.values()):
                # Another request of this id is under way, or died and left a marker without a row.
                self._bury(row.id, missed.values())
                return self._repeated(request, None)
            cleared = [self._clear(row, p, giver, tried) for p, giver in missed.values()]
            if any(cleared):
                continue
            offers = {key: offer(giver, row.channel, self._store.now()) for key, (_, giver) in missed.items()}
            short = shortages([p for p, _ in missed.values()], offers)
            if short:
                short = tuple(self._told(row, *missed[f"T#{s.sku}", f"A#{s.warehouse}"], s) for s in short)
                other = again(short) if again else None
                return self.create(other, again) if other else self._refuse_at_once(request, row, short)
            places = [self._known(offers[p.key], p, row.channel) if p.key in offers else p for p in row.places]
            row = replace(row, places=tuple(places))
        raise StoreUnavailableError(f"{len(places)} places kept changing while they were being reserved")

    def _bury(self, rid: str, missed: Iterable[tuple[Place, Item | None]]) -> None:
        """Gives back the markers of an id whose time is over, with a tombstone first if nobody has a row of it."""
        for place, giver in missed:
            marker = markers(giver or {}).get(rid)
            if marker and marker.expires <= self._store.now():
                self._ender.reclaim(place, {rid: marker})

    def _refuse_at_once(self, request: HoldRequest, row: Reservation, short: Sequence[Shortage]) -> Decision:
        refused = replace(row, state=State.REFUSED, short=tuple(short))
        (done,) = self._store.write([row_insert(refused)])
        if done.done:
            return Decision(Answer.REFUSED, refused, tuple(short))
        return self._repeated(request, done.existing)

    def _one_by_one(self, request: HoldRequest, places: Sequence[Place], again: Again | None) -> Decision:
        row = self._store.new(request, self._nonce_for(places), State.OPEN, places)
        (written,) = self._store.write([row_insert(row)])
        if not _is_ours(written, row):
            return self._repeated(request, written.existing)
        return self._take_each(request, row, again)

    def _take_each(self, request: HoldRequest, row: Reservation, again: Again | None) -> Decision:
        if row.by_marker:
            outcomes = [self._store.take_once(row, row.places[0])]
        else:
            outcomes = self._store.write([take(p, row.marker(p), row.channel) for p in row.places])
        missed = [(p, o.existing) for p, o in zip(row.places, outcomes, strict=True) if not o.done]
        short = [s for p, giver in missed if (s := self._take_anyhow(row, p, giver))]
        if not short:
            return self._win(request, row)
        other = again(short) if again else None
        if other:
            self._ender.give_back(row, row.places)
            return self._anew(other, row, again)
        answer = self._refuse(request, row, short)
        self._ender.give_back(row, row.places)
        return answer

    def _anew(self, request: HoldRequest, row: Reservation, again: Again | None) -> Decision:
        """Another plan for a row of ours that is still OPEN and holds nothing; under a new nonce, and won at the end.

        Nobody can take it for held meanwhile: no giver carries a marker of the new nonce before we write it.
        """
        places = summed(request.places)
        nonce = self._nonce_for(places)
        planned = replace(row, nonce=nonce, lines=request.lines, places=places, version=row.version + 1)
        put = {"n": planned.nonce, "lines": line_rows(planned.lines), "places": place_rows(places)}
        (done,) = self._store.write([self._store.row_change(row, State.OPEN, **put)])
        if not _is_ours(done, planned):
            return self._repeated(request, done.existing)
        return self._take_each(request, planned, again)


def _is_ours(written: Outcome, row: Reservation) -> bool:
    """Whether the row that stands is the one we wrote, also when the answer to that was lost."""
    return written.done or (written.existing or {}).get("n") == row.nonce


def _decided(written: Outcome) -> bool:
    """Whether the row stood there already, and is not OPEN any more."""
    return not written.done and (written.existing or {}).get("st", State.OPEN.value) != State.OPEN.value


def _marked(giver: Item | None, rid: str) -> str | None:
    """The nonce of the marker that a giver carries of a reservation."""
    marker = markers(giver or {}).get(rid)
    return marker.nonce if marker else None
