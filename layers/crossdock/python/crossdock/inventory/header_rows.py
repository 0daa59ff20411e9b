"""Headers as rows: which attribute holds what, and what of it always stands there.

oh on hand · ss safety stock · qc quality hold · dmg damaged · rsv live holds · cm confirmed and not gone · sh granted
to shards · av may be promised · pl of that, no channel's own · n rows counted · ver version · seq counted up to in the
stream · pos source position · at, lag of the newest row counted · cors its causes

Only where needed: ac_, al_, as_<channel> own allocation left, in all, staged lowering · ox_<warehouse> sent off · ix
received in transfer · cu of cm used up, ever · hot shards · r_<reservation> a hold. What a header carries besides is
somebody else's and left alone.
"""

from collections.abc import Mapping
from typing import Any

from crossdock.inventory.availability import WarehouseStock
from crossdock.inventory.effects import RECEIVED, SENT_OFF
from crossdock.inventory.markers import PREFIX, parse

QUANTITIES = ("oh", "ss", "qc", "dmg", "rsv", "cm", "sh", "av", "pl")
ALWAYS = frozenset({*QUANTITIES, "n", "ver"})
"""The numbers that every header has."""

_OWN, _ALLOCATED, _STAGED = "ac_", "al_", "as_"


def new_header(key: tuple[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """A header's row with these values; quantities that are not among them are 0."""
    return {"pk": key[0], "sk": key[1], **dict.fromkeys(QUANTITIES, 0), "n": 0, **values}


def stock_of(row: Mapping[str, Any]) -> WarehouseStock:
    """The stock that a header's row tells of."""
    return WarehouseStock(
        sku=row["pk"].removeprefix("T#"),
        warehouse=row["sk"].removeprefix("A#"),
        on_hand=row["oh"],
        safety_stock=row["ss"],
        quality_hold=row["qc"],
        damaged=row["dmg"],
        reserved=row["rsv"],
        available=row["av"],
        version=row["ver"],
        as_of=row["at"],
        position=row["pos"],
        committed=row["cm"],
        shard_grants=row["sh"],
        pool=row["pl"],
        counted=row["n"],
        lag_ms=row["lag"],
        own=_named(row, _OWN),
        allocated=_named(row, _ALLOCATED),
        staged=_named(row, _STAGED),
        hot=row.get("hot", 0),
        sent_off=_named(row, SENT_OFF),
        received_in_transfer=row.get(RECEIVED, 0),
        holds=tuple(sorted(parse(name, text) for name, text in row.items() if name.startswith(PREFIX))),
    )


def _named(row: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}
