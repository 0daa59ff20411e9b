"""Many reservations of one item: sharded stock, queued demand that is committed in groups, and the common way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from crossdock.inventory.holds import reservation_id
from crossdock.inventory.reserving import Reservations
from crossdock.platform import clients
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from tests.bench.common_holds import CommonHolds
from tests.bench.figures import Aim, Figure, Report, Scenario, beside
from tests.bench.meter import Count
from tests.bench.reservations import FUNCTIONS, PLENTY, hold, request_body
from tests.bench.rig import PARTNER, WAREHOUSES, Rig, sqs_event
from tests.bench.stock import stock_up

if TYPE_CHECKING:
    from collections.abc import Callable

SHARDS: Final = 16
HOLDS: Final = 160
"""Holds at once: ten to a shard, which is what fits into a kilobyte beside its numbers."""
RESERVATION_BATCH: Final = 250
"""Queued requests that are decided together, as infra/stacks/sync.py deploys it (a test compares the two)."""
_PARTITION_WCU: Final = 1_000  # DynamoDB developer guide: write units a second that one partition takes
_SKU: Final = "HOT-1"
_QUEUED: Final = "HOT-2"
_AIMS: Final = {"wcu": Aim(2), "round_trips": Aim(1)}


def run(rig: Rig, step: Callable[[str], None]) -> Report:
    """Holds of one item, one by one and queued."""
    step("a hot item")
    report, table = Report(), rig.new_table("inventory", "hot")
    for function in FUNCTIONS:
        rig.restart(function, INVENTORY_TABLE=table)
    stock_up(rig.target.dynamodb, table, [(_SKU, WAREHOUSES[0]), (_QUEUED, WAREHOUSES[0])], PLENTY)
    common = CommonHolds(clients.dynamodb(), rig.new_table("exchange", "common-hot"))
    common.stock_up([(_SKU, WAREHOUSES[0])], PLENTY)
    with rig.meter.measure() as got:
        for n in range(HOLDS):
            common.hold(f"hot-{n}", [(_SKU, WAREHOUSES[0], 1)])
    report.counted["reservation_hot_common"] = usual = Scenario("reservation", HOLDS, {"common_way": got})
    _hot(rig, table, usual, report)
    step("queued demand, committed in groups")
    _grouped(rig, table, usual, report)
    return report


def _hot(rig: Rig, table: str, usual: Scenario, report: Report) -> None:
    Reservations(Table(rig.target.dynamodb, table), system_clock).balancer.promote(_SKU, WAREHOUSES[0], SHARDS)
    # The first one of a process finds out that the item is hot; it knows for half a minute.
    first = hold(rig, "hot-first", [(_SKU, WAREHOUSES[0], 1)])
    total = Count()
    for n in range(HOLDS):
        total.add(hold(rig, f"hot-{n}", [(_SKU, WAREHOUSES[0], 1)]))
    report.counted["reservation_hot"] = ours = Scenario("reservation", HOLDS, {"reserve_stock": total})
    report.figures |= beside("reservation_hot", ours, usual, f"one line of a hot item, {SHARDS} shards", _AIMS)
    report.figures["reservation_hot_first_round_trips"] = Figure(
        first.round_trips, "round trips", "the first hold of a process, which finds out that the item is hot"
    )
    _ceiling(_holds_by_place(rig, table), report)


def _ceiling(placed: list[int], report: Report) -> None:
    """How many holds a second one item could bear: its busiest place is one partition, and takes so many writes."""
    on_header, *on_shards = placed
    busiest = max(placed) / sum(placed)
    said = "computed: 1,000 write units a second to a partition"
    report.figures |= {
        "hot_on_shards": Figure(
            sum(on_shards) / (on_header + sum(on_shards)), "of 1", "holds that went to shards", Aim(0.95, at_most=False)
        ),
        "hot_ceiling": Figure(_PARTITION_WCU / busiest, "holds/s", f"{said}, 1 a hold, on the busiest shard"),
        "hot_ceiling_baseline": Figure(_PARTITION_WCU / 2, "holds/s", f"{said}, 2 a transaction, on the one balance"),
        "hot_ceiling_ratio": Figure(2 / busiest, "×", "ours to the common way"),
    }


def _holds_by_place(rig: Rig, table: str) -> list[int]:
    """How many live holds the header carries, and each shard."""
    keys = [(f"T#{_SKU}", f"A#{WAREHOUSES[0]}")]
    keys += [(f"T#{_SKU}#S{n:02d}", f"A#{WAREHOUSES[0]}") for n in range(SHARDS)]
    rows = Table(rig.target.dynamodb, table).get_many(keys, consistent=True)
    return [sum(name.startswith("r_") for name in rows[key]) for key in keys]


def _grouped(rig: Rig, table: str, usual: Scenario, report: Report) -> None:
    """Requests of one hot item that wait in the queue; none of its holds is there before."""
    Reservations(Table(rig.target.dynamodb, table), system_clock).balancer.promote(_QUEUED, WAREHOUSES[0], SHARDS)
    bodies = [_queued(n) for n in range(RESERVATION_BATCH)]
    answer, count = rig.invoke("apply_reservations", sqs_event("reservations", bodies))
    if answer["batchItemFailures"]:
        raise RuntimeError(f"apply_reservations gave messages back: {answer}")
    count.received_units = count.deleted_units = -(-RESERVATION_BATCH // 10)
    # What became of each goes to the bus, which no caller of the common way is told.
    holding = count.requests["dynamodb.BatchExecuteStatement"] / RESERVATION_BATCH
    report.counted["reservation_grouped"] = ours = Scenario(
        "reservation", RESERVATION_BATCH, {"apply_reservations": count}
    )
    what = f"one line of a hot item, {RESERVATION_BATCH} queued requests decided together"
    report.figures |= beside("reservation_grouped", ours, usual, what, {"wcu": Aim(1.2), "round_trips": Aim(1)})
    report.figures["reservation_grouped_table_round_trips"] = Figure(
        holding, "round trips", "to the table, without telling the bus what became of each"
    )


def _queued(number: int) -> str:
    key = f"order-queued-{number}"
    document = {
        "id": reservation_id(PARTNER, key),
        "partner": PARTNER,
        "key": key,
        "correlation_id": "cd-" + "0" * 32,
        "request": request_body(f"queued-{number}", [(_QUEUED, WAREHOUSES[0], 1)]),
    }
    return json.dumps({"v": 1, "kind": "reserve", **document})
