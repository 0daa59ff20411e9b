"""Whether a change of a header or of a shard sold what was not there: it must never be, and is looked for all the same.

Every taking is written under the condition that its units are available. So held units that grow in the very change
after which less than nothing is available prove a fault of ours, whichever it is. What brings availability below 0
without a hold growing is a fact and no fault: goods that were lost, a raised safety stock, an allocation.

A backorder may go below 0, down to what supply promises. Its marker says that it is one (`markers.py`), and its units
are taken off before the change is judged. Old and new image are the stream's, in DynamoDB's own notation.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossdock.inventory.markers import PREFIX, parse


def oversold(change: Mapping[str, Any]) -> bool:
    """Whether a hold took units in this change that were not available (header or shard of a hot item, each alone)."""
    old, new = change.get("OldImage", {}), change.get("NewImage", {})
    if not new.get("sk", {}).get("S", "").startswith("A#"):
        return False
    taken = _number(new, "rsv") - _number(old, "rsv")
    if taken <= 0 or _number(new, "av") >= 0:
        return False
    return taken > _backordered(new) - _backordered(old)


def _backordered(image: Mapping[str, Any]) -> Decimal:
    held = (parse(name, value["S"]) for name, value in image.items() if name.startswith(PREFIX))
    return Decimal(sum((m.quantity for m in held if m.backorder), start=0))


def _number(image: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(image[name]["N"]) if name in image else Decimal(0)
