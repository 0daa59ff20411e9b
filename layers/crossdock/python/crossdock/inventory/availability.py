"""What is there and what may be promised.

Availability = on hand − safety stock − quality hold − damaged − live reservations, per warehouse (domain rule 3). It
is stored beside its parts and changed by the same amounts, because a condition can compare but not compute.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WarehouseStock:
    """One item in one warehouse, in base units. `as_of` is when the last counted movement was recorded."""

    sku: str
    warehouse: str
    on_hand: int
    safety_stock: int
    quality_hold: int
    damaged: int
    reserved: int
    available: int
    version: int
    as_of: str
    position: int

    @property
    def available_from_parts(self) -> int:
        """What `available` must equal; a difference is a defect."""
        return self.on_hand - self.safety_stock - self.quality_hold - self.damaged - self.reserved


@dataclass(frozen=True, slots=True)
class ItemStock:
    """One item over its warehouses. Totals add what each warehouse may promise: one's shortage is not another's."""

    sku: str
    warehouses: tuple[WarehouseStock, ...]

    @property
    def on_hand(self) -> int:
        return sum(w.on_hand for w in self.warehouses)

    @property
    def available(self) -> int:
        return sum(max(0, w.available) for w in self.warehouses)

    @property
    def as_of(self) -> str:
        return max((w.as_of for w in self.warehouses), default="")


def promise(stock: Iterable[WarehouseStock], warehouses: Iterable[str], buffer: int) -> int:
    """What a channel may be shown: what its warehouses can promise less its buffer, never below 0 (domain rule 4)."""
    served = frozenset(warehouses)
    total = sum(max(0, s.available) for s in stock if s.warehouse in served)
    return max(0, total - buffer)


def to_document(stock: ItemStock) -> Mapping[str, object]:
    """The public form of an item's stock (API v1)."""
    return {
        "sku": stock.sku,
        "on_hand": stock.on_hand,
        "available": stock.available,
        "as_of": stock.as_of,
        "warehouses": [
            {
                "warehouse": w.warehouse,
                "on_hand": w.on_hand,
                "safety_stock": w.safety_stock,
                "quality_hold": w.quality_hold,
                "damaged": w.damaged,
                "reserved": w.reserved,
                "available": w.available,
                "version": w.version,
                "as_of": w.as_of,
            }
            for w in stock.warehouses
        ],
    }
