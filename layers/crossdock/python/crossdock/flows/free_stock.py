"""What a channel may take now, item by item and warehouse by warehouse, for planning a hold."""

from collections.abc import Iterable, Mapping, Sequence

from crossdock.inventory.booking import Holdable, ReadHoldable
from crossdock.inventory.promising import Audience
from crossdock.inventory.standing_store import StandingStore
from crossdock.platform.clock import Clock


def reader(standings: StandingStore, clock: Clock) -> ReadHoldable:
    """Reads headers, and shards of hot items, 100 to a round trip, 1 RCU each; expired holds count as free.

    Consistently: a plan that is made anew must not be made of what the last one was.
    """

    def read(channel: str, skus: Iterable[str], warehouses: Sequence[str]) -> Mapping[tuple[str, str], Holdable]:
        now = clock()
        found = standings.items(skus, warehouses, consistent=True)
        return {
            (sku, free.warehouse): Holdable(
                max(0, free.total), free.holdable(Audience((free.warehouse,), channel=channel))
            )
            for sku, standing in found.items()
            for free in standing.free(now)
        }

    return read
