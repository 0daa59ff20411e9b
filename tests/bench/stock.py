"""Items with stock to reserve from: headers as the projection writes them, by the fastest way the engine has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from crossdock.inventory.balances import NO_POSITION, NOTHING_COUNTED, Delta, JournalRecord, padded
from crossdock.inventory.header_rows import new_header
from crossdock.inventory.holds import HoldRequest, Line, Place, reservation_id
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.dynamo import to_item
from crossdock.platform.sequences import chunks
from tests.bench.rig import CHANNELS, PARTNER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

HELD_FOR_S: Final = 3600
_PER_TRANSACTION: Final = 100  # a transaction of puts is what the engine takes fastest
_LATER: Final = 10**30  # after everything that a stream of the engine has numbered
_CORRELATION: Final = "cd-" + "0" * 32


def header(sku: str, warehouse: str, on_hand: int) -> dict[str, Any]:
    """A header with this stock, all of it free."""
    counted = {"oh": on_hand, "av": on_hand, "pl": on_hand, "n": 1, "ver": 1, "lag": 250}
    said = {"seq": NOTHING_COUNTED, "pos": NO_POSITION, "at": to_text(system_clock()), "cors": [_CORRELATION]}
    return new_header((f"T#{sku}", f"A#{warehouse}"), {**counted, **said})


def stock_up(
    client: DynamoDBClient,
    table: str,
    places: Iterable[tuple[str, str]],
    on_hand: int,
    told: Callable[[int], None] = lambda _: None,
) -> None:
    """Writes a header with this stock for each (sku, warehouse); `told` hears how many more are there."""
    for part in chunks(list(places), _PER_TRANSACTION):
        puts: list[Any] = [{"Put": {"TableName": table, "Item": to_item(header(*at, on_hand))}} for at in part]
        client.transact_write_items(TransactItems=puts)
        told(len(part))


def order(number: object, wanted: Sequence[tuple[str, str, int]]) -> HoldRequest:
    """A request to hold (sku, warehouse, quantity) lines, as a partner's order of this number."""
    return HoldRequest(
        id=reservation_id(PARTNER, f"order-{number}"),
        partner=PARTNER,
        channel=CHANNELS[0],
        payload="0" * 24,
        expires=int(system_clock().timestamp()) + HELD_FOR_S,
        lines=tuple(Line(str(n), sku, warehouse, q) for n, (sku, warehouse, q) in enumerate(wanted, 1)),
        places=tuple(Place(sku, warehouse, q) for sku, warehouse, q in wanted),
        correlation_id=_CORRELATION,
        reference=f"SO-{number}",
    )


def envelope(movements: Iterable[dict[str, Any]]) -> str:
    """A message of the movements queue; each movement needs `id`, `item` and `quantity`, the rest is filled in."""
    usual = {"warehouse": "MAIN", "type": "receipt", "occurred_at": to_text(system_clock())}
    document = {"v": 1, "kind": "movements", "source": "wms", "correlation_id": _CORRELATION, "replay": None}
    return json.dumps(document | {"movements": [usual | m for m in movements]})


def movement(sku: str, warehouse: str, number: int, quantity: int = 5) -> Delta:
    """One journal row, about to be counted; a higher number comes later in the stream."""
    sequence, now = padded(str(_LATER + number)), to_text(system_clock())
    return Delta(sku, warehouse, (JournalRecord(sku, warehouse, quantity, number, sequence, now, _CORRELATION),))
