"""What a partner's channels were told, item by item, read from the rows that deliveries are decided by.

    acknowledged   the channel has said that it holds this version
    told           it is being sent just now
    rejected       the channel would not take this version; it waits on the exceptions list
    waiting        it will be sent, or sent again: the channel did not answer, or answered that it could not

Nothing is kept for this: the row of an item says all of it. So a page costs what it reads, a round trip and 0.5 RCU for
each of the groups that it goes through (64 a channel and kind, and 0.5 RCU again for every 4 KB, some 25 items), also
for items that a filter leaves out. One item by its key costs 1 RCU.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from crossdock.exchange.leaves import GROUPS
from crossdock.exchange.shadow import ShadowStore, State, partition, state_of
from crossdock.platform.dynamo import Item, Table

Progress: TypeAlias = Literal["acknowledged", "told", "rejected", "waiting"]
PROGRESS: Final[tuple[Progress, ...]] = ("acknowledged", "told", "rejected", "waiting")
# So many rows are read for one page at most, whatever a filter leaves of them: 10 RCU, two round trips.
_READ_AT_MOST: Final = 2_000
_READ_AT_ONCE: Final = 500

Place: TypeAlias = list[int | str]
"""Where a listing goes on: `channel/kind` by name, the group, and the last row's key."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One item as a channel was told of it."""

    channel: str
    kind: str
    state: State
    progress: Progress


@dataclass(frozen=True, slots=True)
class Page:
    """Some deliveries, and where to go on; None at the end."""

    deliveries: tuple[Delivery, ...]
    next: Place | None


def progress_of(state: State, now: str) -> Progress:
    """What became of the newest version, at an instant (RFC 3339 UTC)."""
    if state.current:
        return "acknowledged"
    if state.leased_until > now:
        return "told"
    return "rejected" if state.refused == state.version else "waiting"


class Deliveries:
    """Lists them."""

    def __init__(self, table: Table, shadow: ShadowStore) -> None:
        self._table = table
        self._shadow = shadow

    def of_item(self, views: Sequence[tuple[str, str]], key: str) -> list[Delivery]:
        """One item in each (channel, kind): 1 RCU each."""
        now, _ = self._shadow.lease()
        found = []
        for channel, kind in views:
            state = self._shadow.read(channel, kind, [key]).get(key)
            if state is not None:
                found.append(Delivery(channel, kind, state, progress_of(state, now)))
        return found

    def page(self, views: Sequence[tuple[str, str]], progress: str | None, limit: int, place: Place | None) -> Page:
        """Up to `limit` of them behind a place, in the order of the rows; `views` are in the order of their names.

        A page can be short, or empty, and still have a next one: none reads more than 2,000 rows, nor of more than one
        channel and kind.
        """
        view, group, after = _start(views, place)
        if view == len(views):
            return Page((), None)
        now, _ = self._shadow.lease()
        channel, kind = views[view]
        found: list[Delivery] = []
        read = 0
        for g in range(group, GROUPS):
            for row in self._rows(channel, kind, g, after):
                after, read = str(row["sk"]), read + 1
                state = state_of(row)
                is_now = progress_of(state, now)
                if progress in {None, is_now}:
                    found.append(Delivery(channel, kind, state, is_now))
                if len(found) == limit or read == _READ_AT_MOST:
                    return Page(tuple(found), [_name(views[view]), g, after])
            after = ""
        return Page(tuple(found), [_name(views[view + 1]), 0, ""] if view + 1 < len(views) else None)

    def _rows(self, channel: str, kind: str, group: int, after: str) -> Iterator[Item]:
        return self._table.query(partition(channel, kind, group), after=after or None, page=_READ_AT_ONCE)


def _start(views: Sequence[tuple[str, str]], place: Place | None) -> tuple[int, int, str]:
    """The number of the view to go on with, its group, and the key behind which; the number of views at the end.

    A place names its view: between two pages a partner may get a channel or lose one. After a view that is none of
    them any more comes the next by name.
    """
    if place is None:
        return 0, 0, ""
    channel, _, kind = str(place[0]).rpartition("/")
    for number, view in enumerate(views):
        if view == (channel, kind):
            return number, int(place[1]), str(place[2])
        if view > (channel, kind):
            return number, 0, ""
    return len(views), 0, ""


def _name(view: tuple[str, str]) -> str:
    return "/".join(view)
