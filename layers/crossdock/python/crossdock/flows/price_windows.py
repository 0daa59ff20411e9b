"""Windows that open and close on time: each instant at which a cell moves by itself is kept and has a schedule."""

from collections.abc import Callable, Mapping

from crossdock.platform.clock import Clock, from_text
from crossdock.platform.schedules import FURTHEST, Schedules
from crossdock.pricing.cell_messages import OPEN
from crossdock.pricing.cell_store import CellStore


def expecting(store: CellStore, schedules: Schedules, clock: Clock) -> Callable[[str, Mapping[str, str]], None]:
    """How to note the next edges of a class's cells.

    The rows come before the schedule, and both before the cell: whoever dies in between has the job done again, and a
    schedule that was never made is made up for by the look that `watch_prices` takes every five minutes.
    """
    made: set[str] = set()  # schedules this process knows of

    def expect(price_class: str, edges: Mapping[str, str]) -> None:
        if not edges:
            return
        store.expect(price_class, edges)
        for edge in sorted(set(edges.values()) - made):
            instant = from_text(edge)
            if instant <= clock() + FURTHEST:
                schedules.once(instant, OPEN)
                made.add(edge)

    return expect
