"""What is there and what may be promised.

Availability = on hand − safety stock − quality hold − damaged − live reservations − committed − granted to shards, per
warehouse (domain rule 3). It is stored beside its parts and changed by the same amounts, because a condition can
compare but not compute. A hold that has expired counts as free at once, although its units still stand in `reserved`
until somebody ends it: whatever is asked as of an instant (`…_at`) sees them free.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crossdock.inventory.markers import Marker
from crossdock.quantities import Quantity, whole

Quantities = Mapping[str, Quantity]
"""Channel or warehouse → base units; what is absent is 0."""


@dataclass(frozen=True, slots=True)
class WarehouseStock:
    """One item in one warehouse, in base units. `as_of` is when the last counted movement was recorded.

    `pool` is what of `available` belongs to no channel: available less what is left of all own allocations. `own`,
    `allocated` and `staged` are by channel: what is left of its own allocation, the allocation in all, and how much of
    a lowering is still to be taken back. `sent_off` is what transfers took to each warehouse, ever, and
    `received_in_transfer` what they brought here. `counted` is how many journal rows are in the balance, `lag_ms` how
    long the newest of them took into it. `hot` is the number of shards, 0 for an ordinary item.
    """

    sku: str
    warehouse: str
    on_hand: Quantity
    safety_stock: Quantity
    quality_hold: Quantity
    damaged: Quantity
    reserved: Quantity
    available: Quantity
    version: int
    as_of: str
    position: int
    committed: Quantity = 0
    shard_grants: Quantity = 0
    pool: Quantity = 0
    counted: int = 0
    lag_ms: int = 0
    own: Quantities = field(default_factory=dict)
    allocated: Quantities = field(default_factory=dict)
    staged: Quantities = field(default_factory=dict)
    hot: int = 0
    sent_off: Quantities = field(default_factory=dict)
    received_in_transfer: Quantity = 0
    holds: tuple[Marker, ...] = ()

    @property
    def available_from_parts(self) -> Quantity:
        """What `available` must equal; a difference is a defect."""
        return whole(
            self.on_hand
            - self.safety_stock
            - self.quality_hold
            - self.damaged
            - self.reserved
            - self.committed
            - self.shard_grants
        )

    @property
    def pool_from_parts(self) -> Quantity:
        """What `pool` must equal; a difference is a defect."""
        return whole(self.available - sum(self.own.values()))

    def expired(self, now: datetime) -> tuple[Marker, ...]:
        """The holds whose units are free, and that nobody has ended yet."""
        epoch_s = now.timestamp()
        return tuple(h for h in self.holds if h.expired(epoch_s))

    def available_at(self, now: datetime) -> Quantity:
        """What may be promised, all channels together."""
        return whole(self.available + sum(h.quantity for h in self.expired(now)))

    def pool_at(self, now: datetime) -> Quantity:
        """What may be promised to any channel."""
        return whole(self.pool + sum(h.quantity - h.from_own for h in self.expired(now)))

    def own_at(self, channel: str, now: datetime) -> Quantity:
        """What is left of a channel's own allocation."""
        back = sum(h.from_own for h in self.expired(now) if h.channel == channel)
        return whole(self.own.get(channel, 0) + back)

    def reserved_at(self, now: datetime) -> Quantity:
        """What live holds take."""
        return whole(self.reserved - sum(h.quantity for h in self.expired(now)))


@dataclass(frozen=True, slots=True)
class ItemStock:
    """One item over its warehouses. Totals add what each warehouse may promise: one's shortage is not another's."""

    sku: str
    warehouses: tuple[WarehouseStock, ...]

    @property
    def on_hand(self) -> Quantity:
        return whole(sum(w.on_hand for w in self.warehouses))

    @property
    def available(self) -> Quantity:
        return whole(sum(max(0, w.available) for w in self.warehouses))

    @property
    def as_of(self) -> str:
        return max((w.as_of for w in self.warehouses), default="")


def in_transit(stock: ItemStock) -> dict[str, Quantity]:
    """What is under way by transfer, by the warehouse it goes to ("" where a transfer did not say); none is left out.

    Less than 0 says that a warehouse received what nobody has reported as sent yet.
    """
    under_way: defaultdict[str, Quantity] = defaultdict(int)
    for header in stock.warehouses:
        for destination, quantity in header.sent_off.items():
            under_way[destination] += quantity
        under_way[header.warehouse] -= header.received_in_transfer
    return {warehouse: whole(quantity) for warehouse, quantity in sorted(under_way.items()) if quantity}
