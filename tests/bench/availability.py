"""What reading stock costs: one item and 500, through the function; and the common way beside it, a get for each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from crossdock.platform import clients
from tests.bench.common_holds import CommonHolds
from tests.bench.figures import Aim, Figure, Report, Scenario, beside
from tests.bench.meter import Count
from tests.bench.rig import CHANNELS, WAREHOUSES, Rig, api_event
from tests.bench.stock import stock_up

if TYPE_CHECKING:
    from collections.abc import Callable

MANY: Final = 500
_TIMES: Final = 10


def run(rig: Rig, step: Callable[[str], None]) -> Report:
    """Items in two warehouses, which both serve the channel asked about."""
    step("availability of one item and of 500")
    report, table = Report(), rig.new_table("inventory", "read")
    rig.restart("read_availability", INVENTORY_TABLE=table)
    items = [f"R-{n:05d}" for n in range(MANY)]
    places = [(sku, warehouse) for sku in items for warehouse in WAREHOUSES]
    stock_up(rig.target.dynamodb, table, places, 100)
    common = CommonHolds(clients.dynamodb(), rig.new_table("exchange", "common-read"))
    common.stock_up(places, 100)
    _one(rig, common, items[:_TIMES], report)
    _many(rig, common, items, report)
    return report


def _one(rig: Rig, common: CommonHolds, items: list[str], report: Report) -> None:
    total, first = Count(), None
    for sku in items:
        first = first or _asked(rig, "GET /v1/items/{sku}/availability", b"", sku=sku)
        total.add(rig.call("read_availability", _event("GET /v1/items/{sku}/availability", b"", sku=sku), 200))
    with rig.meter.measure() as got:
        for sku in items:
            common.read([(sku, warehouse) for warehouse in WAREHOUSES])
    _say(report, "availability", total, got, len(items), "one item over its warehouses", {"rcu": 0.5, "round_trips": 1})
    again = rig.call("read_availability", _event("GET /v1/items/{sku}/availability", b"", first, sku=items[0]), 304)
    report.figures["availability_unchanged_rcu"] = Figure(again.rru, "RCU", "asked again with the ETag: 304")


def _many(rig: Rig, common: CommonHolds, items: list[str], report: Report) -> None:
    body = json.dumps({"channel": CHANNELS[0], "items": [{"sku": sku} for sku in items]}).encode()
    total = rig.call("read_availability", _event("POST /v1/availability", body), 200)
    with rig.meter.measure() as got:
        common.read([(sku, warehouse) for sku in items for warehouse in WAREHOUSES])
    _say(report, f"availability_{MANY}", total, got, 1, f"{MANY} items in two warehouses, in one request", {})


def _say(report: Report, name: str, ours: Count, common: Count, units: int, what: str, aims: dict[str, float]) -> None:
    report.counted[name] = mine = Scenario("read", units, {"read_availability": ours})
    report.counted[f"{name}_common"] = theirs = Scenario("read", units, {"common_way": common})
    report.figures |= beside(name, mine, theirs, what, {kind: Aim(bound) for kind, bound in aims.items()})


def _event(route: str, body: bytes, etag: str | None = None, **path: str) -> dict[str, Any]:
    return api_event(body, headers={"If-None-Match": etag} if etag else {}, route=route, **path)


def _asked(rig: Rig, route: str, body: bytes, **path: str) -> str:
    """The ETag of an answer."""
    answer, _ = rig.invoke("read_availability", _event(route, body, **path))
    return str(answer["headers"]["ETag"])
