"""Which part of an item's stock belongs to a channel alone, and which part to nobody (domain rules 3 and 4).

A warehouse's header keeps, beside what is available (`av`) and the pool that all channels share (`pl`), per channel:

    al_<channel>  its own allocation in all       ac_<channel>  the part of it that no hold has taken yet
    as_<channel>  a staged lowering: what is still to be taken back from what holds had taken

    pl = av − Σ ac        0 ≤ ac ≤ al        as > 0 only while ac = 0        wanted = al − as

What moves them:

    a hold takes x of its own share    ac −x                      the rest of it comes from the pool
    set to A, nothing consumed above A ac += A − al, pl −= A − al, al = A, as = 0
    set to A, c = al − ac > A, staged  pl += ac, ac = 0, al = c, as = c − A
    a released hold gives x back       (own, pool) = give_back(x, as):  ac += own, pl += pool, al −= pool, as −= pool
    safety stock from s to S           ss = S, av −= S − s, pl −= S − s

What is confirmed stays consumed: an allocation is an amount to sell, not a level to keep.

Holds come in meanwhile. So each change is one update of the header that holds only if the allocation is still the one
it was planned from, and if the share and the pool can still give what the change takes from them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crossdock.platform.errors import CrossdockError
from crossdock.platform.writes import Update, When
from crossdock.quantities import Quantity, to_json

OWN, FREE, STAGED = "al_", "ac_", "as_"


@dataclass(frozen=True, slots=True)
class Share:
    """One channel's own part of an item in a warehouse, in base units."""

    total: Quantity = 0
    free: Quantity = 0
    staged: Quantity = 0

    @property
    def consumed(self) -> Quantity:
        """What its holds have taken of it, confirmed ones included."""
        return self.total - self.free

    @property
    def wanted(self) -> Quantity:
        """What it was last set to: staged units count as taken back."""
        return self.total - self.staged


@dataclass(frozen=True, slots=True)
class Standing:
    """Allocations, safety stock and pool of one item in one warehouse."""

    sku: str
    warehouse: str
    safety_stock: Quantity
    available: Quantity
    pool: Quantity
    shares: Mapping[str, Share]

    def share(self, channel: str) -> Share:
        return self.shares.get(channel, Share())


@dataclass(frozen=True, slots=True)
class Wish:
    """What a channel's allocation shall be. `staged`: what holds have taken already is taken back as they end."""

    quantity: Quantity
    staged: bool = False


class RefusedAllocation(CrossdockError):  # noqa: N818 - a decision, not a fault
    """The change cannot be made; nothing was written. `field` is what must be sent otherwise."""

    def __init__(self, field_name: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field_name}: {problem}")
        self.field = field_name
        self.problem = problem
        self.remedy = remedy


class ConsumedError(RefusedAllocation):
    """A lowering below what the channel's holds have taken."""

    def __init__(self, channel: str, asked: Quantity, share: Share) -> None:
        consumed = to_json(share.consumed)
        super().__init__(
            f"allocations.{channel}.quantity",
            f"{to_json(asked)} is less than the {consumed} that {channel} has consumed of its {to_json(share.total)}",
            f"send {consumed} or more, or staged: true to take the rest back as its holds end",
        )
        self.consumed = share.consumed


class PoolTooSmallError(RefusedAllocation):
    """A raise beyond what the shared pool can give."""

    def __init__(self, channels: Iterable[str], needed: Quantity, pool: Quantity) -> None:
        named = ", ".join(f"allocations.{c}.quantity" for c in channels)
        gives = max(0, pool)
        super().__init__(
            named,
            f"the pool would have to give {to_json(needed)} more, and it has {to_json(gives)}",
            f"raise by {to_json(gives)} at most, or lower another channel's allocation in the same request",
        )
        self.missing = needed - pool


def give_back(quantity: Quantity, staged: Quantity) -> tuple[Quantity, Quantity]:
    """(to the channel's own share, to the pool): a staged lowering takes what returns first."""
    to_pool = min(quantity, staged)
    return quantity - to_pool, to_pool


def standing(header: Mapping[str, Any]) -> Standing:
    """What a header says of allocations."""
    channels = sorted({name[len(OWN) :] for name in header if name.startswith((OWN, FREE, STAGED))})
    return Standing(
        sku=header["pk"].removeprefix("T#"),
        warehouse=header["sk"].removeprefix("A#"),
        safety_stock=header["ss"],
        available=header["av"],
        pool=header["pl"],
        shares={c: _share(header, c) for c in channels},
    )


def _share(header: Mapping[str, Any], channel: str) -> Share:
    return Share(header.get(OWN + channel, 0), header.get(FREE + channel, 0), header.get(STAGED + channel, 0))


def reallocation(now: Standing, source: str, target: str, quantity: Quantity) -> dict[str, Wish]:
    """The wishes that move unconsumed units from one channel's share to another's. Raises RefusedAllocation."""
    given, taken = now.share(source), now.share(target)
    if source == target:
        raise RefusedAllocation("to", f"{target} is also where the units come from", "name two different channels")
    if given.free < quantity:
        free = to_json(given.free)
        raise RefusedAllocation(
            "quantity",
            f"{source} has {free} of its {to_json(given.total)} unconsumed, {to_json(quantity)} are asked of it",
            f"move {free} at most",
        )
    # The source's staged units, if any, are owed already; the target's are what the moved units settle first.
    return {source: Wish(given.wanted - quantity), target: Wish(taken.wanted + quantity, staged=taken.staged > 0)}


def plan(header: Mapping[str, Any], wishes: Mapping[str, Wish], safety_stock: Quantity | None = None) -> Update | None:
    """The one update of this header that makes all the wishes true, or None when they are. Raises RefusedAllocation."""
    now = standing(header)
    moves = [_move(c, now.share(c), w) for c, w in wishes.items()]
    moves = [m for m in moves if m.before != m.after]
    safety = 0 if safety_stock is None else safety_stock - now.safety_stock
    taken: Quantity = sum(m.taken for m in moves)
    if taken > 0 and now.pool < taken + safety:
        raise PoolTooSmallError([m.channel for m in moves if m.taken > 0], taken, now.pool - safety)
    if not moves and not safety:
        return None
    change = _Change(header)
    if safety:
        change.put["ss"] = safety_stock
        change.still("ss")
    for move in moves:
        move.into(change)
    if taken > 0:
        change.when.append(When("pl", ">=", taken + safety))
    add = {"av": -safety, "pl": -taken - safety, **change.add, "ver": 1}
    return Update(
        (header["pk"], header["sk"]), add=add, put=change.put, remove=tuple(change.remove), when=tuple(change.when)
    )


@dataclass(slots=True)
class _Change:
    """The parts of an update of a header while they are gathered."""

    header: Mapping[str, Any]
    add: dict[str, Any] = field(default_factory=dict)
    put: dict[str, Any] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    when: list[When] = field(default_factory=list)

    def still(self, name: str) -> None:
        """The attribute must be what it was seen to be."""
        seen = self.header.get(name)
        self.when.append(When(name, "missing") if seen is None else When(name, "=", seen))


@dataclass(frozen=True, slots=True)
class _Move:
    """One channel's share before and after."""

    channel: str
    before: Share
    after: Share

    @property
    def taken(self) -> Quantity:
        """What the share takes from the pool; negative when it gives."""
        return self.after.free - self.before.free

    def into(self, change: _Change) -> None:
        """Adds what this share changes, and under which conditions."""
        own, free, staged = OWN + self.channel, FREE + self.channel, STAGED + self.channel
        change.still(own)
        change.still(staged)
        if self.after.staged or not self.after.total:
            # What is free now decides what is staged, or that nothing is left: a hold that comes between must be seen.
            change.still(free)
        elif self.taken < 0:
            change.when.append(When(free, ">=", -self.taken))
        if not self.after.total:
            # Nothing is allocated and nothing was consumed: no hold carries units of it, so nothing comes back to it.
            change.remove += [own, free, staged]
            return
        if self.before.total:
            change.add[free] = self.taken
        else:
            change.put[free] = self.after.free  # the attribute may not be there yet, and nobody can take from nothing
        change.put[own] = self.after.total
        if self.after.staged:
            change.put[staged] = self.after.staged
        elif self.before.staged:
            change.remove.append(staged)


def _move(channel: str, share: Share, wish: Wish) -> _Move:
    asked, consumed = wish.quantity, share.consumed
    if asked < 0:
        raise RefusedAllocation(f"allocations.{channel}.quantity", f"{to_json(asked)} is below 0", "send 0 or more")
    if asked >= consumed:
        return _Move(channel, share, Share(asked, asked - consumed))
    if not wish.staged and asked < share.wanted:
        raise ConsumedError(channel, asked, share)
    return _Move(channel, share, Share(consumed, 0, consumed - asked))


def to_document(now: Standing) -> dict[str, Any]:
    """The public form of an item's allocations in a warehouse (API v1)."""
    return {
        "sku": now.sku,
        "warehouse": now.warehouse,
        "safety_stock": to_json(now.safety_stock),
        "available": to_json(now.available),
        "pool": to_json(now.pool),
        "allocations": {
            channel: {
                "quantity": to_json(share.wanted),
                "unconsumed": to_json(share.free),
                "consumed": to_json(share.consumed),
                "staged": to_json(share.staged),
            }
            for channel, share in sorted(now.shares.items())
        },
    }
