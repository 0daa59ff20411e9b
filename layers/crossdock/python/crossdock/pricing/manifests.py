"""What a channel may compute by itself, as a document for it (pricing rule 9); it is signed where it is sent."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_MEANING: Final[Mapping[str, str]] = {
    "tiers": "picks the quantity break of a price it was told, by the quantity of the line",
    "extend": "multiplies the unit price with the quantity, and rounds to the decimals of the currency",
    "convert_units": "converts the price to another unit of the item, by the item's exact factor",
    "round": "rounds a unit price of ours to the decimals named here",
    "discount": "takes off up to the percentage named here, where our price allows discounts, never below a floor",
}
OPERATIONS: Final = tuple(_MEANING)


@dataclass(frozen=True, slots=True)
class Allowed:
    """A channel's rights: operations; decimals and mode of its rounding; percent of its own discount (decimal text).

    A price whose window closed up to `grace_seconds` ago is still taken from it.
    """

    channel: str
    currency: str
    operations: tuple[str, ...]
    rounding: str
    scale: int | None
    max_discount_percent: str
    grace_seconds: int


def manifest(allowed: Allowed, distributor: str, hours: int, now: datetime) -> dict[str, Any]:
    """The document: its version is a hash over what it allows; it is valid from this hour on, for `hours`.

    Within an hour it is the same to the byte, so that a channel that asks again is told that it has it.
    """
    begins = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    said = {
        "channel": allowed.channel,
        "distributor": distributor,
        "currency": allowed.currency,
        "may_compute": [_operation(name, allowed) for name in OPERATIONS if name in allowed.operations],
        "grace_seconds": allowed.grace_seconds,
        "everything_else": "is refused by POST /v1/price-checks; a price equal to ours is always accepted",
    }
    version = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
    return {
        "type": "crossdock.price-manifest.v1",
        "version": version,
        "valid_from": _text(begins),
        "valid_to": _text(begins + timedelta(hours=hours)),
        **said,
    }


def _operation(name: str, allowed: Allowed) -> dict[str, Any]:
    document: dict[str, Any] = {"operation": name, "meaning": _MEANING[name]}
    if name in {"extend", "round"}:
        document["rounding"] = allowed.rounding
    if name == "round":
        document["scale"] = allowed.scale
    if name == "discount":
        document["max_percent"] = allowed.max_discount_percent
    return document


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
