"""A header carries a marker of every live hold and is read and written as a whole: what many of them cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from crossdock.inventory.header_store import HeaderStore
from crossdock.platform import clients
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from tests.bench.figures import Figure, Report
from tests.bench.reservations import FUNCTIONS, PLENTY, end, hold
from tests.bench.rig import WAREHOUSES, Rig, api_event
from tests.bench.stock import movement, stock_up

if TYPE_CHECKING:
    from collections.abc import Callable

LIVE: Final = (0, 10, 50, 100)


def run(rig: Rig, step: Callable[[str], None]) -> Report:
    """One more hold, its release, a movement and a read, with so many holds on the header."""
    step("many live holds on a header")
    report, table = Report(), rig.new_table("inventory", "crowded")
    for function in (*FUNCTIONS, "read_availability"):
        rig.restart(function, INVENTORY_TABLE=table)
    headers = HeaderStore(Table(clients.dynamodb(), table), system_clock)
    for live in LIVE:
        sku = f"CROWDED-{live}"
        stock_up(rig.target.dynamodb, table, [(sku, WAREHOUSES[0])], PLENTY)
        for n in range(live):
            hold(rig, f"crowd-{live}-{n}", [(sku, WAREHOUSES[0], 1)])
        last = f"crowd-{live}-last"
        taken = hold(rig, last, [(sku, WAREHOUSES[0], 1)])
        read = rig.call("read_availability", api_event(b"", sku=sku), 200)
        with rig.meter.measure() as counted:
            headers.apply([movement(sku, WAREHOUSES[0], live)])
        given = end(rig, last, "release")
        on = f"{live} live holds on the header"
        report.figures |= {
            f"reservation_wcu.live_{live}": Figure(taken.wru, "WCU", f"one more hold, {on}"),
            f"release_wcu.live_{live}": Figure(given.wru, "WCU", f"its release, {on}"),
            f"header_wcu.live_{live}": Figure(counted.wru, "WCU", f"movements counted in one write, {on}"),
            f"availability_rcu.live_{live}": Figure(read.rru, "RCU", f"the item read, {on}"),
        }
    return report
