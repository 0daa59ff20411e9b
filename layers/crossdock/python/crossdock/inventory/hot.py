"""Hot items: stock that so many reserve at once that one table item would not bear it.

A partition takes 1,000 writes a second. So the pool of a hot item is split over shards, which are partitions of their
own, and each reservation is sent to one of them by its id:

    header  T#sku     / A#warehouse   hot = n · av, pl: what is in no shard · sh = Σ granted
    shard   T#sku#S00 / A#warehouse   granted = av (free) + rsv (held) + cm (confirmed)
    …       T#sku#S15

    shards + pool + holds = stock:  oh − ss − qc − dmg = av + rsv + cm + sh,  sh = Σ granted

What moves units between the two, each time in one transaction of header and shards:

    grant m to a shard      header av −m, pl −m, sh +m           shard av +m, granted +m
    take m back             header av +m, pl +m, sh −m           shard av −m, granted −m    if av ≥ m
    drain c confirmed       header cm +c, sh −c                  shard cm −c, granted −c    if cm ≥ c

Wherever units are at a moment, they are counted once, so that promotion, levelling and demotion may happen while the
item is being sold.

What a hold gives back goes to the shard that gave it, in the write that removes its marker. A return pool would take a
second write for each end and would need markers of its own to be credited once (3 writes for a hold's life instead of
2), and all ends of the item would meet on it.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from crossdock.inventory.holds import HEADER, Offer, Place, markers, offer
from crossdock.platform.writes import Delete, Insert, Key, Update, When
from crossdock.quantities import Quantity, whole

DEFAULT_SHARDS = 16
FEWEST_SHARDS = 2
MOST_SHARDS = 64
"""Header and shards are read and changed together, and a transaction takes 100 items."""

CROWDED = 16
"""Live holds at which a header or shard outgrows the kilobyte that one write unit pays for."""

CALM_RUNS = 15
"""An item that was calm in so many runs of the balancer one after the other is made ordinary again."""

CALM_WRITES = 60
"""Writes between two runs up to which an item is calm: one a second, which any header bears."""

_POOL_PART = 8
_LEVEL_PART = 2


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard as it stands, in base units."""

    number: int
    item: Mapping[str, Any]

    @property
    def free(self) -> Quantity:
        free: Quantity = self.item["av"]
        return free

    @property
    def committed(self) -> Quantity:
        committed: Quantity = self.item["cm"]
        return committed


@dataclass(frozen=True, slots=True)
class Heat:
    """A hot item's header and shards, as they were at one moment."""

    sku: str
    warehouse: str
    header: Mapping[str, Any]
    shards: tuple[Shard, ...]

    @property
    def count(self) -> int:
        """How many shards the header speaks of; some may not be there yet. 0: not hot."""
        return int(self.header.get("hot", 0))

    @property
    def cooling(self) -> bool:
        """Whether the item is on its way back to being ordinary: nothing is granted any more."""
        return bool(self.header.get("cool", 0))

    @property
    def free(self) -> Quantity:
        """What the pool and all shards could promise."""
        return whole(self.header["pl"] + self.in_shards)

    @property
    def in_shards(self) -> Quantity:
        """What the shards could promise."""
        return whole(sum(s.free for s in self.shards))

    @property
    def holds(self) -> int:
        """Live holds at the header and all shards."""
        return sum(len(markers(item)) for item in (self.header, *(s.item for s in self.shards)))

    @property
    def writes(self) -> int:
        """How often the header and the shards were ever written."""
        return sum(int(item["ver"]) for item in (self.header, *(s.item for s in self.shards)))


@dataclass(frozen=True, slots=True)
class Moves:
    """What goes from the header to each shard (less than 0: back), and what is drained of its commitments."""

    granted: Mapping[int, Quantity]
    drained: Mapping[int, Quantity]

    def __bool__(self) -> bool:
        return any(self.granted.values()) or any(self.drained.values())


def shard_of(rid: str, count: int) -> int:
    """The shard that a reservation goes to first."""
    return zlib.crc32(rid.encode()) % count


def shard_keys(sku: str, warehouse: str, count: int) -> list[Key]:
    """Where the shards lie."""
    return [Place(sku, warehouse, 0, shard=n).key for n in range(count)]


def empty_shards(sku: str, warehouse: str, numbers: Iterable[int]) -> list[Insert]:
    """Shards without stock, each written unless it is there."""
    nothing = dict.fromkeys(("g", "av", "rsv", "cm"), 0)
    keys = [Place(sku, warehouse, 0, shard=n).key for n in numbers]
    return [Insert({"pk": pk, "sk": sk, **nothing, "ver": 1}) for pk, sk in keys]


# -- where a reservation takes its units -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reserver does next: take at a place; or gather units into the header first, or give up (place is None).

    `available` is what there is in all, for whoever is refused.
    """

    place: Place | None
    gather: Moves | None
    available: Quantity


def choose(heat: Heat, place: Place, rid: str, channel: str, now: int) -> Choice:
    """Where a reservation that asks for `place.quantity` finds it, by one consistent look at header and shards.

    A channel's own allocation and backorders are the header's. Else the reservation's own shard, the next ones, the
    pool; and when only all of them together have enough, the pool after units were gathered into it. A channel's
    buffer stays at the place it takes from, so it stays in the whole.
    """
    header = offer(heat.header, channel, now, rid)
    at_header = header.fit(replace(place, shard=HEADER))
    if place.floor is None and header.own <= 0:
        for shard in _ring(heat, rid):
            there = Place(place.sku, place.warehouse, place.quantity, shard=shard.number, keep=place.keep)
            if shard.free >= there.needed:
                return Choice(there, None, shard.free)
    if not header.short(at_header):
        return Choice(at_header, None, header.available)
    missing = shortfall(header, at_header)
    available = in_all(heat, header, place)
    if place.floor is not None or missing > heat.in_shards:
        return Choice(None, None, available)
    return Choice(None, gathering(heat, missing), available)


def _ring(heat: Heat, rid: str) -> list[Shard]:
    """The shards in the order in which a reservation tries them."""
    count = max(1, heat.count)
    first = shard_of(rid, count)
    return sorted(heat.shards, key=lambda s: (s.number - first) % count)


def shortfall(header: Offer, place: Place) -> Quantity:
    """What the header lacks to give a place, of what is available or of the pool."""
    pooled = place.quantity - min(place.quantity, max(0, header.own))
    return max(0, place.needed - header.available, pooled - header.pool if pooled else 0)


def in_all(heat: Heat, header: Offer, place: Place) -> Quantity:
    """What header and shards together can give a place."""
    shards = heat.in_shards
    if place.floor is not None:
        return header.available - place.floor
    return max(0, min(header.available + shards - place.keep, max(0, header.own) + max(0, header.pool + shards)))


def expired_at(heat: Heat, rid: str, now: int) -> dict[int, dict[str, Any]]:
    """The markers whose time is over, by shard (HEADER: the header's own), but for those of one reservation."""
    items = {HEADER: heat.header, **{s.number: s.item for s in heat.shards}}
    found = {n: dict(offer(item, "", now, rid).expired) for n, item in items.items()}
    return {n: over for n, over in found.items() if over}


# -- how units move ---------------------------------------------------------------------------------------------


def gathering(heat: Heat, quantity: Quantity) -> Moves:
    """Takes so many units back into the header, from the fullest shards first. They must have them."""
    left = quantity
    granted: dict[int, Quantity] = {}
    for shard in sorted(heat.shards, key=lambda s: (-s.free, s.number)):
        taken = min(left, shard.free)
        if taken > 0:
            granted[shard.number] = -taken
            left -= taken
    return Moves(granted, {})


def levelling(heat: Heat) -> Moves:
    """What brings a hot item into balance, or nothing when it is near enough.

    An eighth of what is free stays in the pool, for own allocations, buffers and movements; the rest is the shards' in
    equal parts. When less than two units for each shard are left, all of it goes to the pool, where nobody has to
    look for it. Commitments are always drained.
    """
    drained = {s.number: s.committed for s in heat.shards if s.committed > 0}
    part = 0 if heat.cooling else _part(heat)
    granted = {s.number: part - s.free for s in heat.shards if s.free != part}
    off = heat.header["pl"] < 0 or any(max(q, -q) * _LEVEL_PART > part for q in granted.values())
    return Moves(granted if off else {}, drained)


def _part(heat: Heat) -> int:
    """What each shard should have."""
    shards = len(heat.shards)
    if not shards or heat.free < 2 * shards:
        return 0
    return int(Decimal(heat.free) * (_POOL_PART - 1) / _POOL_PART) // shards


def transfer(heat: Heat, moves: Moves) -> list[Update]:
    """The writes of one transaction that carry out the moves, header first; none for shards that nothing happens to."""
    numbers = sorted({n for part in (moves.granted, moves.drained) for n, q in part.items() if q})
    if not numbers:
        return []
    out: Quantity = sum(moves.granted.values())
    drained: Quantity = sum(moves.drained.values())
    when = [When("hot", "=", heat.count)]
    if out > 0:
        when += [When("pl", ">=", out), When("cool", "missing")]
    add = {"av": -out, "pl": -out, "sh": out - drained, "cm": drained, "ver": 1}
    header = Update((f"T#{heat.sku}", f"A#{heat.warehouse}"), add, when=tuple(when))
    return [header, *(_shard_change(heat, n, moves) for n in numbers)]


def _shard_change(heat: Heat, number: int, moves: Moves) -> Update:
    granted, drained = moves.granted.get(number, 0), moves.drained.get(number, 0)
    when = []
    if granted < 0:
        when.append(When("av", ">=", -granted))
    if drained:
        when.append(When("cm", ">=", drained))
    add = {"av": granted, "g": granted - drained, "cm": -drained, "ver": 1}
    return Update(Place(heat.sku, heat.warehouse, 0, shard=number).key, add, when=tuple(when))


# -- hot, and ordinary again ------------------------------------------------------------------------------------


def heated(heat: Heat, count: int) -> Update:
    """Lets the header speak of so many shards, if it still speaks of as many as were seen."""
    key = (f"T#{heat.sku}", f"A#{heat.warehouse}")
    when = When("hot", "=", heat.count) if heat.count else When("hot", "missing")
    return Update(key, {"ver": 1}, {"hot": count}, ("cool",), (when,))


def cooling(heat: Heat) -> Update:
    """Ends granting; from now on everything flows back."""
    key = (f"T#{heat.sku}", f"A#{heat.warehouse}")
    return Update(key, {"ver": 1}, {"cool": 1}, when=(When("hot", "=", heat.count),))


def cooled(heat: Heat) -> Update:
    """Makes an item ordinary again once its shards have nothing."""
    key = (f"T#{heat.sku}", f"A#{heat.warehouse}")
    when = (When("hot", "=", heat.count), When("cool", "=", 1), When("sh", "=", 0))
    return Update(key, {"ver": 1}, remove=("hot", "cool"), when=when)


def removed(shards: Iterable[Mapping[str, Any]]) -> list[Delete]:
    """Removes shards, each if it has nothing: neither free, nor held, nor confirmed."""
    return [Delete((item["pk"], item["sk"]), (When("g", "=", 0),)) for item in shards]


def crowded(item: Mapping[str, Any]) -> bool:
    """Whether a header or shard carries more live holds than one write unit pays for."""
    return sum(1 for name in item if name.startswith("r_")) > CROWDED


def wanted_shards(heat: Heat) -> int:
    """How many shards the item should have: doubled while the givers carry too many holds each."""
    count = heat.count or DEFAULT_SHARDS
    while count < MOST_SHARDS and heat.holds > CROWDED * count:
        count *= 2
    return min(count, MOST_SHARDS)


def calm(heat: Heat, writes_before: int) -> bool:
    """Whether an ordinary header would do, by the writes since the last run and the holds there are."""
    return heat.holds <= CROWDED // 2 and heat.writes - writes_before <= CALM_WRITES


def heat_of(sku: str, warehouse: str, items: Sequence[Mapping[str, Any]]) -> Heat | None:
    """The header and shards among these items, or None when the header is not there."""
    header = next((i for i in items if i["pk"] == f"T#{sku}"), None)
    if header is None:
        return None
    shards = [Shard(int(i["pk"].rpartition("#S")[2]), i) for i in items if i["pk"] != f"T#{sku}"]
    return Heat(sku, warehouse, header, tuple(sorted(shards, key=lambda s: s.number)))
