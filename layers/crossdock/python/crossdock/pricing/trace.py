"""Replaying a trace: the same price follows from the document alone, to the last digit (pricing rule 8)."""

from collections.abc import Mapping
from typing import Any

from crossdock.pricing.basket import Basket
from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.documents import RESOLVER
from crossdock.pricing.errors import StatementError
from crossdock.pricing.resolving import resolve
from crossdock.pricing.results import Resolution
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings

__all__ = ["Resolution", "replay", "tells_its_price"]


def replay(trace: Mapping[str, Any]) -> Resolution:
    """The resolution that a trace document tells of. Whoever needs proof compares its hash with the trace's.

    Raises StatementError for a trace of another resolver, or one that is damaged.
    """
    if trace.get("resolver") != RESOLVER:
        problem = f"the trace is of resolver {trace.get('resolver')!r}, and this is {RESOLVER}"
        raise StatementError("resolver", problem, "replay it with the release that made it")
    return resolve(
        Context.read(trace["context"]),
        Line.read(trace["line"]),
        ItemFacts.read(trace["item"]),
        [Rule.read(document) for document in trace["rules"]],
        Settings.read(trace["settings"]),
        Basket.read(trace["basket"]),
        [Rule.read(document) for document in trace.get("beside", ())],
    )


def tells_its_price(trace: Mapping[str, Any]) -> bool:
    """Whether what a trace says of its price is what follows from it."""
    found = replay(trace)
    return bool(found.hash == trace["hash"] and found.trace()["steps"] == trace["steps"])
