"""Stock counts as sources report them (`stock.counted`)."""

from collections import Counter

from pydantic import Field, field_validator

from crossdock.contracts.fields import Contract, Instant, ItemCode, MovedQuantity, SystemName, WarehouseCode


class Count(Contract):
    """What the source counts of one item, in base units, a fraction as a text. Below zero is possible: oversold."""

    item: ItemCode
    quantity: MovedQuantity


class CountReport(Contract):
    """Absolute counts of one warehouse, true when every movement with `sequence` ≤ `position` is in and no later one.

    Without a position a count cannot be compared with anything exactly, so it is refused here: it would look like
    drift whenever a movement is under way.
    """

    warehouse: WarehouseCode
    position: int = Field(ge=0, le=10**18)
    counted_at: Instant
    counts: list[Count] = Field(min_length=1, max_length=2000)

    @field_validator("counts")
    @classmethod
    def _each_item_once(cls, counts: list[Count]) -> list[Count]:
        twice = [item for item, n in Counter(c.item for c in counts).items() if n > 1]
        if twice:
            raise ValueError(f"each item may be counted once in a report; {twice[0]!r} stands in it more often")
        return counts


class CountsReported(Contract):
    """The data of the event `inventory.counts.reported.v1`."""

    source: SystemName
    report: CountReport
