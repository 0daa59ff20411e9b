"""Group commit: requests that wait in a queue for the same units are decided together, 24 in one round trip.

One update takes the units of all of them from the header (or one shard) and leaves all their markers; their rows go in
the same batch. It is all or nothing: when it fails, nothing was taken, and each request goes on alone from where the
batch left it. When it succeeds, each row decides for itself, as ever: who finds a row there before gives its units
back by its own marker.

    24 rows, 24 write units · one header, 1 + 24 × 47 bytes, 2 write units · 1.08 for a hold instead of 2
"""

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from crossdock.inventory.hold_store import HoldStore, row_insert, take_together
from crossdock.inventory.holding import Holder
from crossdock.inventory.holds import Decision, HoldRequest, Place
from crossdock.inventory.scattered import Scattered
from crossdock.platform.sequences import chunks

TOGETHER = 24
"""Rows beside the one update: a batch carries 25 statements."""

_Group: TypeAlias = tuple[str, tuple[str, str]]


class Grouper:
    """Decides many requests in as few writes as they need."""

    def __init__(
        self, store: HoldStore, holder: Holder, scattered: Scattered, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._holder = holder
        self._scattered = scattered
        self._timer = timer

    def create_many(self, requests: Sequence[HoldRequest]) -> list[Decision]:
        """Decides requests as `Holder.create` would one after the other; decisions come in their order.

        A request of several places, of units of a channel's own, or of an id that stands there twice goes alone.
        Raises StoreUnavailableError: all of them may then be made again.
        """
        decisions: dict[int, Decision] = {}
        groups: dict[_Group, list[int]] = {}
        alone: list[int] = []
        ids: set[str] = set()
        for n, request in enumerate(requests):
            places = self._holder.planned(request)
            if request.id in ids or not _groupable(places):
                alone.append(n)
            else:
                groups.setdefault((request.channel, places[0].key), []).append(n)
            ids.add(request.id)
        for members in groups.values():
            for part in chunks(members, TOGETHER):
                chosen = [requests[n] for n in part]
                found = self._together(chosen) if len(part) > 1 else [self._holder.create(chosen[0])]
                decisions |= dict(zip(part, found, strict=True))
        decisions |= {n: self._holder.create(requests[n]) for n in alone}
        return [decisions[n] for n in range(len(requests))]

    def _together(self, requests: Sequence[HoldRequest]) -> list[Decision]:
        """One round trip for all, and one more if nothing is known of the item; what is not decided goes alone."""
        began, channel = self._timer(), requests[0].channel
        places = [self._holder.planned(r)[0] for r in requests]
        self._scattered.find_out(places[0])
        # All of a group go where its first would go: a group for each shard would be no group.
        shard = self._scattered.route(places[0], requests[0].id, channel).shard
        rows = [self._holder.open(r, _at(p, shard)) for r, p in zip(requests, places, strict=True)]
        *written, taken = self._store.write([*map(row_insert, rows), take_together(rows, channel)])
        return [self._holder.settle(q, row, w, taken, began) for q, row, w in zip(requests, rows, written, strict=True)]


def _groupable(places: Sequence[Place]) -> bool:
    return len(places) == 1 and places[0].quantity > 0 and not places[0].own and places[0].floor is None


def _at(place: Place, shard: int) -> Place:
    return Place(place.sku, place.warehouse, place.quantity, 0, shard, place.keep, None, place.allocated)
