"""Which expected supply a backorder can be promised from: the earliest date, then the channel's order of warehouses."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from crossdock.config import BusinessConfig
from crossdock.inventory.atp import Arrival, first_date, project
from crossdock.inventory.booking import FindSupply, Promised
from crossdock.inventory.promising import Audience, Free
from crossdock.inventory.standing_store import StandingStore
from crossdock.inventory.supply import with_transit
from crossdock.inventory.supply_store import SupplyStore
from crossdock.platform.clock import Clock
from crossdock.quantities import Quantity, whole


def finder(standings: StandingStore, supply: SupplyStore, business: BusinessConfig, clock: Clock) -> FindSupply:
    """Two queries of the item: its stock over all warehouses, and what is expected of it."""

    def find(channel: str, sku: str, needed: Mapping[str, Quantity]) -> Promised | None:
        now = clock()
        today = now.astimezone(ZoneInfo(business.time_zone)).date()
        standing = standings.item(sku, tuple(business.warehouses))
        transit = dict(standing.in_transit or {}) if standing else {}
        parts = with_transit([e for x in supply.expected(sku) for e in x.expected()], transit)
        arrivals = [Arrival(e.warehouse, e.on, e.quantity) for e in parts if e.on >= today]
        there = {free.warehouse: free for free in standing.free(now)} if standing else {}
        found: list[Promised] = []
        for warehouse, quantity in needed.items():
            free = there.get(warehouse, Free(warehouse, 0, 0))
            on = first_date(project([free], arrivals, Audience((warehouse,), 0, channel), today), quantity)
            if on is not None:
                by_then = sum((a.quantity for a in arrivals if a.warehouse == warehouse and a.on <= on), 0)
                found.append(Promised(warehouse, on.isoformat(), whole(by_then)))
        return min(found, key=lambda p: p.on, default=None)

    return find
