"""Whether a changed header may have sold an item out for a channel, or brought it back: that is told first.

One header is one warehouse of several, so this cannot know; it says yes whenever it may be so. Old and new image are
the stream's, in DynamoDB's own notation.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossdock.quantities import Quantity


def may_cross_zero(change: Mapping[str, Any], channel: str, buffer: int, restock_at: int) -> bool:
    """Whether what the channel may see of the item may have become 0, or have come back to `restock_at` and above.

    What other warehouses add is 0 or more. So as long as this one alone keeps it above the mark on both sides of the
    change, nothing was crossed.
    """
    old = _shown(change.get("OldImage"), channel)
    new = _shown(change["NewImage"], channel)
    low = min(old, new)
    return old != new and (low <= buffer or low < buffer + restock_at)


def _shown(image: Mapping[str, Any] | None, channel: str) -> Quantity:
    """What this warehouse alone lets the channel see, before its buffer."""
    if image is None:
        return 0
    available = _number(image, "av", 0)
    return max(0, min(available, _number(image, "pl", available) + _number(image, f"ac_{channel}", 0)))


def _number(image: Mapping[str, Any], name: str, default: Quantity) -> Quantity:
    return Decimal(image[name]["N"]) if name in image else default
