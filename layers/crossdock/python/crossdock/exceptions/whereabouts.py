"""Where a refused fact stands on its way through crossdock: what it passed, where it stopped, what is ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crossdock.exceptions.model import CLOSED, OPEN, REPLAYING, SETTLED, Occurrence

PASSED, HERE, AHEAD = "passed", "here", "ahead"
_CHANNEL: Final = "channel-"
# Queue → the function that works it off, and what it leads to.
_STATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "accounts": ("apply_accounts", "the customer"),
    "listings": ("compare_accounts", "the comparison of customers"),
    "movements": ("apply_movements", "the journal"),
    "reservations": ("apply_reservations", "the hold"),
    "expiries": ("expire_reservations", "the end of the hold"),
    "prices": ("apply_price_changes", "the price rules"),
    "price-customers": ("apply_price_customers", "the customers' prices"),
    "counts": ("apply_counts", "the counts"),
    "references": ("apply_references", "the cross-references"),
    "supply": ("apply_supply", "the expected supply"),
}
_NOT_HANDLED: Final = frozenset({"dead_letter"})


@dataclass(frozen=True, slots=True)
class Station:
    """One place on the way: passed, here, or ahead; `note` says what happened or happens there."""

    name: str
    state: str
    note: str = ""


def whereabouts(occurrence: Occurrence, kind: str, source: str) -> Sequence[Station]:
    """The way of a refused fact, station by station."""
    if not occurrence.route:
        return [Station("a function's call", HERE, "given up; there is no way back but calling it again")]
    function, goal = _way(occurrence.route)
    first = "an item that changed" if occurrence.route.startswith(_CHANNEL) else source
    queue = f"queue {occurrence.route}"
    match occurrence.state:
        case value if value == SETTLED:
            states = (PASSED, PASSED, PASSED)
            note = f"went through when it was replayed in run {occurrence.run}"
        case value if value == REPLAYING:
            states = (HERE, AHEAD, AHEAD)
            note = ""
        case _:
            states = (PASSED, HERE, AHEAD)
            note = ""
    stopped = "gave it up: every attempt failed" if kind in _NOT_HANDLED else f"refused it: {kind}"
    ended = "closed by an operator; " if occurrence.state == CLOSED else ""
    return [
        Station(first, PASSED),
        Station(queue, states[0], f"on its way again in run {occurrence.run}" if states[0] == HERE else ""),
        Station(function, states[1], f"{ended}{stopped}" if occurrence.state in {OPEN, CLOSED} else ""),
        Station(goal, states[2], note),
    ]


def _way(route: str) -> tuple[str, str]:
    if route.startswith(_CHANNEL):
        return "deliver_to_channel", route.removeprefix(_CHANNEL)
    return _STATIONS.get(route, (f"the consumer of {route}", "its store"))
