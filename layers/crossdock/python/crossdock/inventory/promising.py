"""What may be promised of one item: to a channel, to a customer segment, over a set of warehouses (domain rule 4).

A channel may be promised `min(own allocation + shareable pool, available − buffer)`, never below 0. What several
channels may be promised adds up to more than there is, because they share the pool; each amount by itself can be held.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from crossdock.quantities import Quantity, whole


@dataclass(frozen=True, slots=True)
class Free:
    """What one warehouse has free of one item, in base units, with expired holds counted as free.

    `available` and `pool` may be below 0: backorders, or allocations of stock that is no longer there. `own` is what
    is left of each channel's allocation; `shards` is what lies free in the shards of a hot item, which is neither in
    `available` nor in `pool` and may be sold to anyone.
    """

    warehouse: str
    available: Quantity
    pool: Quantity
    own: Mapping[str, Quantity] = field(default_factory=dict)
    shards: Quantity = 0

    def arriving(self, quantity: Quantity) -> "Free":
        """The same when this much more has come in: what arrives is nobody's own yet, so it goes to the pool."""
        return replace(self, available=self.available + quantity, pool=self.pool + quantity)

    @property
    def total(self) -> Quantity:
        """What is free here, whoever it is meant for; below 0 when more was promised than there is."""
        return self.available + self.shards

    def holdable(self, audience: "Audience") -> Quantity:
        """The largest amount that one hold of this audience can take here, its buffer left aside; never below 0."""
        free = max(0, self.total)
        if audience.everybody:
            return free
        own = self.own.get(audience.channel, 0) if audience.channel else 0
        return min(own + max(0, self.pool) + self.shards, free)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is asking: from which warehouses it is served, what is held back from it (base units), whose share it uses.

    `channel` is the channel whose own allocation it may draw on; None draws on the pool only. `everybody` is nobody in
    particular: what is there over all channels together.
    """

    warehouses: tuple[str, ...]
    buffer: int = 0
    channel: str | None = None
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """What an audience may be promised: in all, and from each of its warehouses alone."""

    total: Quantity
    by_warehouse: Mapping[str, Quantity]


def promise(stock: Iterable[Free], audience: Audience) -> Promise:
    """What an audience may be promised now. One warehouse's shortage is not another's; the buffer is held back once."""
    served = [free for free in stock if free.warehouse in audience.warehouses]
    holdable = {free.warehouse: free.holdable(audience) for free in served}
    there = sum(max(0, free.total) for free in served)
    total = max(0, min(sum(holdable.values()), there - audience.buffer))
    return Promise(whole(total), {warehouse: whole(min(amount, total)) for warehouse, amount in holdable.items()})
