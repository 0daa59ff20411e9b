"""Reservations as values: what is asked for, where it is taken, and what a reservation's row says.

A hold stands in two places: as a row of its own, which says what was promised to whom, and as a marker on the header
(or shard) that gave the units. A hold of one place is real if and only if the marker there carries the row's nonce:

    row  RSV#id / R     OPEN  n7 ───────────────┐
    header              av −3, rsv +3, r_id = "3|1795250000|n7"

Both are written in one round trip and neither waits for the other, so either may be missing for a moment, or for ever
if the writer dies. The nonce tells whose marker it is; everything else follows from that.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from crossdock.inventory.markers import PREFIX, Marker, parse
from crossdock.quantities import Quantity

HEADER = -1
"""The shard number of a place that is the header itself."""


class State(Enum):
    """Where a reservation stands. OPEN: being decided, or held by its marker. The last four are for ever."""

    OPEN = "OPEN"
    HELD = "HELD"
    CONFIRMED = "CONFIRMED"
    REFUSED = "REFUSED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


LIVE = frozenset({State.OPEN, State.HELD})


def reservation_id(partner: str, key: str) -> str:
    """The id that a partner's Idempotency-Key always leads to: 100 bits, in 20 small letters and digits."""
    digest = hashlib.sha256(f"{partner}\0{key}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:20]


@dataclass(frozen=True, slots=True)
class Place:
    """Units of an item that are taken in one warehouse, from its header or one of its shards (base units).

    `own` of them come from the channel's own allocation, the rest from the shared pool. Conditions of the taking, not
    of the hold: `keep` units must remain (a channel's buffer); `floor` is how far below 0 a backorder may bring what
    is available, None for a hold of what is there; `allocated` says whether the header keeps an allocation of the
    channel, as far as is known.
    """

    sku: str
    warehouse: str
    quantity: Quantity
    own: Quantity = 0
    shard: int = HEADER
    keep: Quantity = 0
    floor: Quantity | None = None
    allocated: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The table key of the item that gives the units."""
        shard = "" if self.shard == HEADER else f"#S{self.shard:02d}"
        return f"T#{self.sku}{shard}", f"A#{self.warehouse}"

    @property
    def pooled(self) -> Quantity:
        """The part that comes from the shared pool."""
        return self.quantity - self.own

    @property
    def needed(self) -> Quantity:
        """What must be available for the taking."""
        return self.quantity + self.keep if self.floor is None else self.floor + self.quantity


def summed(places: Iterable[Place]) -> tuple[Place, ...]:
    """One place per table key, its demand summed: 5 + 5 of 5 is judged as 10 (domain rule 5)."""
    found: dict[tuple[str, str], Place] = {}
    for place in places:
        seen = found.get(place.key)
        if seen:
            place = replace(  # noqa: PLW2901 - the sum takes the place's place
                place,
                quantity=seen.quantity + place.quantity,
                own=seen.own + place.own,
                keep=max(seen.keep, place.keep),
                floor=_deeper(seen.floor, place.floor),
            )
        found[place.key] = place
    return tuple(found[key] for key in sorted(found))


def _deeper(one: Quantity | None, other: Quantity | None) -> Quantity | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was promised: where it comes from, and how much of it waits for supply until `promised`."""

    line: str
    sku: str
    warehouse: str
    quantity: Quantity
    backordered: Quantity = 0
    promised: str | None = None


def markers(item: Mapping[str, object]) -> dict[str, Marker]:
    """The markers of a header or shard, by reservation id."""
    return {
        name.removeprefix(PREFIX): parse(name, value)
        for name, value in item.items()
        if name.startswith(PREFIX) and isinstance(value, str)
    }


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What somebody wants held; `places` are summed before they are judged.

    `payload` is a hash of the request as its sender wrote it, so that the same id with other content is noticed.
    """

    id: str
    partner: str
    channel: str
    payload: str
    expires: int
    lines: tuple[Line, ...]
    places: tuple[Place, ...]
    correlation_id: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation's row. `short` says of a refused one what was missing."""

    id: str
    state: State
    nonce: str
    partner: str
    channel: str
    payload: str
    expires: int
    lines: tuple[Line, ...]
    places: tuple[Place, ...]
    version: int
    created_at: str
    changed_at: str
    correlation_id: str
    reference: str | None = None
    short: tuple["Shortage", ...] = ()

    @property
    def by_marker(self) -> bool:
        """Whether its marker alone decides if it is held: one place, written in one round trip."""
        return self.state is State.OPEN and len(self.places) == 1

    def expired(self, now: int) -> bool:
        """A hold that has not ended in time counts as free (domain rule 6)."""
        return self.state in LIVE and self.expires <= now

    def marker(self, place: Place) -> Marker:
        """The marker that the place should carry."""
        channel = self.channel if place.own else ""
        return Marker(self.id, place.quantity, self.expires, self.nonce, place.own, channel)

    def place_at(self, key: tuple[str, str]) -> Place | None:
        """The place of this table key, if the reservation has one."""
        return next((p for p in self.places if p.key == key), None)


class Answer(Enum):
    """What came of a request to hold."""

    HELD = "held"
    REFUSED = "refused"
    IN_PROGRESS = "in_progress"
    OTHER_PAYLOAD = "other_payload"


@dataclass(frozen=True, slots=True)
class Shortage:
    """What one place could not give."""

    sku: str
    warehouse: str
    asked: Quantity
    available: Quantity


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a request, and the reservation it is about (None while the first request is still under way)."""

    answer: Answer
    reservation: Reservation | None = None
    short: tuple[Shortage, ...] = ()
    repeated: bool = False


class Ending(Enum):
    """What came of ending or changing a reservation: DONE also when it had ended so before.

    EXPIRED: its time was over. OTHERWISE: it had ended in another way. IN_PROGRESS: it is not decided yet. NOT_YET: its
    time is not over. SHORT: a change asked for more than there is; nothing was changed.
    """

    DONE = "done"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    OTHERWISE = "otherwise"
    IN_PROGRESS = "in_progress"
    NOT_YET = "not_yet"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Ended:
    """The outcome of an end or a change, and the reservation as it is now."""

    ending: Ending
    reservation: Reservation | None = None
    short: tuple[Shortage, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a header or shard can give at a moment: available in all, in the shared pool, and of a channel's own.

    `allocated` says whether it keeps an allocation of the channel at all, be it used up.
    """

    available: Quantity
    pool: Quantity
    own: Quantity
    allocated: bool = False
    expired: Mapping[str, Marker] = field(default_factory=dict)

    def short(self, place: Place) -> bool:
        """Whether the place cannot give what is asked, as its own share and the pool stand."""
        if self.available < place.needed:
            return True
        return place.floor is None and self.fit(place).pooled > max(0, self.pool)

    def fit(self, place: Place) -> Place:
        """The place, to be taken as own share and pool stand: own first (domain rule 4)."""
        own = min(place.quantity, max(0, self.own)) if place.shard == HEADER else 0
        return replace(place, own=own, allocated=self.allocated)


def offer(item: Mapping[str, object] | None, channel: str, now: int, but: str = "") -> Offer:
    """Reads an offer from a header or shard; `expired` are the holds whose time is over, but for the one named.

    A shard has no pool and no allocations of its own: all it has came from the pool.
    """
    if item is None:
        return Offer(0, 0, 0)
    over = {rid: m for rid, m in markers(item).items() if m.expires <= now and rid != but}
    available = _number(item, "av")
    own = f"ac_{channel}"
    return Offer(available, _number(item, "pl", available), _number(item, own), own in item, over)


def _number(item: Mapping[str, object], name: str, otherwise: Quantity = 0) -> Quantity:
    value = item.get(name, otherwise)
    return value if isinstance(value, Quantity) else 0


def shortages(places: Sequence[Place], offers: Mapping[tuple[str, str], Offer]) -> tuple[Shortage, ...]:
    """The places that cannot give what is asked, with what they could."""
    return tuple(
        Shortage(p.sku, p.warehouse, p.quantity, could(p, offers[p.key])) for p in places if offers[p.key].short(p)
    )


def could(place: Place, found: Offer) -> Quantity:
    """What an offer can give a place: never less than nothing."""
    if place.floor is not None:
        return max(0, found.available - place.floor)
    return max(0, min(found.available - place.keep, max(0, found.own) + max(0, found.pool)))
