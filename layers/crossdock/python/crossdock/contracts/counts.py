"""Stock counts as sources report them (`stock.counted`)."""

from pydantic import Field

from crossdock.contracts.fields import MAX_QUANTITY, Contract, Instant, ItemCode, SystemName, WarehouseCode


class Count(Contract):
    """What the source counts of one item, in base units. Below zero is possible: systems do oversell."""

    item: ItemCode
    quantity: int = Field(ge=-MAX_QUANTITY, le=MAX_QUANTITY)


class CountReport(Contract):
    """Absolute counts of one warehouse, true when every movement with `sequence` ≤ `position` is in and no later one.

    Without a position a count cannot be compared with anything exactly, so it is refused here: it would look like
    drift whenever a movement is under way.
    """

    warehouse: WarehouseCode
    position: int = Field(ge=0, le=10**18)
    counted_at: Instant
    counts: list[Count] = Field(min_length=1, max_length=2000)


class CountsReported(Contract):
    """The data of the event `inventory.counts.reported.v1`."""

    source: SystemName
    report: CountReport
