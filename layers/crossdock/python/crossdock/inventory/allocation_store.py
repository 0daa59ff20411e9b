"""Allocations and safety stock in the inventory table: each change is one conditional update of a header."""

from collections.abc import Callable, Mapping

from crossdock.inventory.allocating import PoolTooSmallError, Standing, Wish, plan, reallocation, standing
from crossdock.platform.dynamo import Item, Table
from crossdock.platform.errors import CrossdockError, StoreUnavailableError
from crossdock.platform.writes import Key
from crossdock.quantities import Quantity

_ROUNDS = 12
"""Tries of one change. Only another change of the same allocation, or a hold during a staged lowering, takes one."""

Wishing = Callable[[Standing], Mapping[str, Wish]]


class NothingRecordedError(CrossdockError):
    """The item has no stock record in the warehouse, so there is nothing to allocate."""

    def __init__(self, sku: str, warehouse: str) -> None:
        super().__init__(f"nothing was ever recorded of the item {sku!r} in the warehouse {warehouse!r}")
        self.sku = sku
        self.warehouse = warehouse


class AllocationStore:
    """Sets and shows what belongs to a channel alone.

    `make_room(sku, warehouse, quantity)` is asked once, before a raise is refused, to bring units into the header's
    pool that are not in it although they are free: those of expired holds, and those of a hot item's shards.
    """

    def __init__(self, table: Table, make_room: Callable[[str, str, Quantity], object] | None = None) -> None:
        self._table = table
        self._make_room = make_room

    def standings(self, sku: str) -> list[Standing]:
        """The item's allocations by warehouse. One round trip."""
        return [standing(row) for row in self._table.query(f"T#{sku}", prefix="A#", consistent=True)]

    def set(
        self, sku: str, warehouse: str, wishes: Mapping[str, Wish], safety_stock: Quantity | None = None
    ) -> Standing:
        """Sets these channels' allocations and the safety stock, all or none; gives back what then stands.

        Raises RefusedAllocation (nothing was written), NothingRecordedError, StoreUnavailableError. Setting the same
        again changes nothing.
        """
        return self._change(sku, warehouse, lambda _: wishes, safety_stock)

    def reallocate(self, sku: str, warehouse: str, source: str, target: str, quantity: Quantity) -> Standing:
        """Moves unconsumed units from one channel's share to another's; the pool is not touched. Raises as `set`."""
        return self._change(sku, warehouse, lambda now: reallocation(now, source, target, quantity), None)

    def _change(self, sku: str, warehouse: str, wishing: Wishing, safety_stock: Quantity | None) -> Standing:
        key = f"T#{sku}", f"A#{warehouse}"
        row = self._read(key)
        asked = False
        for _ in range(_ROUNDS):
            now = standing(row)
            try:
                update = plan(row, wishing(now), safety_stock)
            except PoolTooSmallError as refusal:
                if asked or self._make_room is None:
                    raise
                asked = True
                self._make_room(sku, warehouse, refusal.missing)
                row = self._read(key)
                continue
            if update is None:
                return now
            outcome = self._table.write([update])[0]
            row = self._read(key) if outcome.done or outcome.existing is None else outcome.existing
            if outcome.done:
                return standing(row)
        raise StoreUnavailableError(f"{sku} in {warehouse}: its allocations kept changing; send the same again")

    def _read(self, key: Key) -> Item:
        row = self._table.get(key, consistent=True)
        if row is None:
            raise NothingRecordedError(key[0].removeprefix("T#"), key[1].removeprefix("A#"))
        return row
