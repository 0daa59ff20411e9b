"""Inventory levels: what a source shows of items (`inventory.levels.reported.v1`).

Not a count of stock (`contracts.counts`): a level has no position among the movements, and what a shop may sell is not
what lies on the shelf. So it heals nothing; it shows where a shop stands.
"""

from collections import Counter

from pydantic import Field, field_validator

from crossdock.contracts.fields import Contract, ItemCode, MovedQuantity, SystemName, WarehouseCode
from crossdock.contracts.price_fields import PriceInstant

MAX_LEVELS = 2000


class Level(Contract):
    """One item at one place, in what the item's code stands for; None where the source keeps no such figure.

    `available` is what the source would sell, `on_hand` what it thinks is there; `at`: true then or later.
    """

    item: ItemCode
    warehouse: WarehouseCode
    available: MovedQuantity | None
    on_hand: MovedQuantity | None = None
    at: PriceInstant


class LevelsReported(Contract):
    """The data of the event `inventory.levels.reported.v1`."""

    source: SystemName
    levels: list[Level] = Field(min_length=1, max_length=MAX_LEVELS)

    @field_validator("levels")
    @classmethod
    def _each_once(cls, levels: list[Level]) -> list[Level]:
        twice = [key for key, n in Counter((v.item, v.warehouse) for v in levels).items() if n > 1]
        if twice:
            raise ValueError(f"{twice[0][0]!r} at {twice[0][1]} stands there twice; an item has one level at a place")
        return levels
