"""When a hold is looked at again: by a message that its queue keeps back until then.

    row appears ──▶ message, held back ≤ 15 min ──▶ due? ──yes──▶ ended
                          ▲                          │ no (still to come, or extended meanwhile)
                          └──────────────────────────┘

A hold that was only begun is looked at after a minute too: its writer may have died between its two writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crossdock.inventory.holds import HEADER, Ended, Ending, Place
from crossdock.inventory.markers import parse

ROUTE = "expiries"
"""The queue."""
ABANDONED_AFTER = 60
"""Seconds after which a hold that is still only begun is looked at."""
OVERDUE_AFTER = 120
"""Seconds past its end from which on a marker that still stands has been forgotten by its message."""
_LATEST = 900


@dataclass(frozen=True, slots=True)
class Look:
    """A hold to look at. `abandoned` says that the queue has held the message back for a minute since the row stood."""

    reservation: str
    correlation_id: str
    abandoned: bool = False

    def message(self) -> dict[str, Any]:
        """As the queue carries it."""
        return {
            "v": 1,
            "kind": "expire",
            "reservation": self.reservation,
            "correlation_id": self.correlation_id,
            "abandoned": self.abandoned,
        }


def read_look(message: Mapping[str, Any]) -> Look:
    """Raises ValueError for what is no message of this queue."""
    if message.get("kind") != "expire" or not isinstance(message.get("reservation"), str):
        raise ValueError('kind, reservation: send {"kind": "expire", "reservation": "<id>"}')
    abandoned = message.get("abandoned") is True
    return Look(message["reservation"], str(message.get("correlation_id", "unknown")), abandoned)


def seconds_until(due: int, now: datetime) -> int:
    """How long to hold a message back that is due at an epoch second: whole seconds, 0 to 900."""
    return max(0, min(_LATEST, due - int(now.timestamp())))


def first_look(row: Mapping[str, Any], now: datetime) -> tuple[Look, int] | None:
    """For a reservation's row as it was inserted: the look and the seconds until then; None for one that is ended."""
    if row.get("st") not in {"OPEN", "HELD"}:
        return None
    rid, cause = row["pk"].removeprefix("RSV#"), row.get("cor", "unknown")
    wait = seconds_until(row["exp"], now)
    if row["st"] == "OPEN" and wait > ABANDONED_AFTER:
        return Look(rid, cause, abandoned=True), ABANDONED_AFTER
    return Look(rid, cause), wait


def next_look(look: Look, ended: Ended, now: datetime) -> tuple[Look, int] | None:
    """After a look: the next one and the seconds until then; None when the hold has ended."""
    if ended.ending is Ending.IN_PROGRESS:
        return replace(look, abandoned=True), ABANDONED_AFTER
    if ended.ending is Ending.NOT_YET and ended.reservation:
        # At least a second: an end that is not due yet must not be asked for again in the same instant.
        return replace(look, abandoned=False), max(1, seconds_until(ended.reservation.expires, now))
    return None


@dataclass(frozen=True, slots=True)
class Overdue:
    """A header or shard that carries markers whose time is long over: their messages were lost, or their rows."""

    place: Place

    def message(self) -> dict[str, Any]:
        """As the queue carries it."""
        place = self.place
        return {"v": 1, "kind": "reclaim", "sku": place.sku, "warehouse": place.warehouse, "shard": place.shard}


def overdue(pk: str, sk: str, held: Mapping[str, str], now: datetime) -> Overdue | None:
    """Whether a header or shard, as it was just written, carries a marker that should have been ended long ago."""
    limit = now.timestamp() - OVERDUE_AFTER
    if not any(parse(name, text).expired(limit) for name, text in held.items()):
        return None
    _, sku, *shard = pk.split("#")
    number = int(shard[0].removeprefix("S")) if shard else HEADER
    return Overdue(Place(sku, sk.removeprefix("A#"), 0, shard=number))


def read_overdue(message: Mapping[str, Any]) -> Place | None:
    """The place of a message that names one. Raises ValueError when it names none."""
    if message.get("kind") != "reclaim":
        return None
    sku, warehouse = str(message.get("sku", "")), str(message.get("warehouse", ""))
    if not sku or not warehouse:
        raise ValueError('sku, warehouse: send {"kind": "reclaim", "sku": "<SKU>", "warehouse": "<warehouse>"}')
    return Place(sku, warehouse, 0, shard=int(message.get("shard", HEADER)))
