"""What the inventory table's stream says of holds: rows that are new, and markers that should long be gone."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crossdock.inventory.expiring import Overdue, first_look, overdue
from crossdock.inventory.hold_store import ROW
from crossdock.inventory.markers import PREFIX
from crossdock.platform.dynamo import from_item

if TYPE_CHECKING:
    from crossdock.inventory.holds import Place

Delayed = tuple[Mapping[str, Any], int]
"""A message, and the seconds after which it is to appear."""


def messages(records: Iterable[Mapping[str, Any]], now: datetime) -> list[Delayed]:
    """What a batch of the stream asks to be sent to the queue of expiries; sent twice, it is harmless."""
    looks: list[Delayed] = []
    late: dict[Place, Overdue] = {}
    for record in records:
        image = record["dynamodb"].get("NewImage", {})
        pk = record["dynamodb"]["Keys"]["pk"]["S"]
        if pk.startswith("RSV#") and record["eventName"] == "INSERT" and image["sk"]["S"] == ROW:
            look = first_look(from_item(image), now)
            looks += [(look[0].message(), look[1])] if look else []
        # Only the markers are read: a header is written for every movement, and most carry none.
        elif pk.startswith("T#") and (held := {n: v["S"] for n, v in image.items() if n.startswith(PREFIX)}):
            forgotten = overdue(pk, image["sk"]["S"], held, now)
            late |= {forgotten.place: forgotten} if forgotten else {}
    return [*looks, *((forgotten.message(), 0) for forgotten in late.values())]
