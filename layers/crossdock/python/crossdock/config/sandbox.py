"""A sandbox within a distributor's configuration: sources, channels and warehouses that partners may try things on.

What is named `sandbox`, or `sandbox_…` (a warehouse: `SANDBOX`, `SANDBOX_…`), is one. It is kept apart from what is
real by the rules that hold for everything: a source moves the stock of its own warehouses only, and a channel promises
what lies in its own. So it is enough that neither reaches over to the other side.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol

# It moves and counts stock, and says nothing of items, prices, customers or orders, which the sandbox shares.
_CONNECTOR: Final = "generic_wms"


class _Warehouse(Protocol):
    source: str


class _Source(Protocol):
    supply: bool
    connector: str


def is_sandbox(name: str) -> bool:
    """Whether a source, channel or warehouse of this name is the sandbox's."""
    small = name.lower()
    return small == "sandbox" or small.startswith("sandbox_")


def problems(
    warehouses: Mapping[str, _Warehouse], sources: Mapping[str, _Source], lists: Mapping[str, list[str]]
) -> Iterator[str]:
    """Whatever joins the sandbox to what is real, each with its place and remedy.

    `lists` are all that name warehouses, by their place: `channels.webshop.warehouses`.
    """
    for wid, warehouse in warehouses.items():
        yield from _apart(f"warehouses.{wid}.source", is_sandbox(wid), [warehouse.source])
    for place, named in lists.items():
        yield from _apart(place, is_sandbox(place.split(".")[1]), named)
    for name, source in sources.items():
        if is_sandbox(name) and source.connector != _CONNECTOR:
            yield f"sources.{name}.connector: {source.connector!r} speaks of more than stock; write {_CONNECTOR!r}"
        if is_sandbox(name) and source.supply:
            yield f"sources.{name}.supply: would let the sandbox speak of every warehouse; leave it out"


def _apart(place: str, sandbox: bool, named: Iterable[str]) -> Iterator[str]:  # noqa: FBT001 - which side of the fence
    for name in named:
        if is_sandbox(name) is not sandbox:
            yield f"{place}: {name!r} is {'not ' if sandbox else ''}the sandbox's; name one of the same side"
