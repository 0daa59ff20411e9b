"""Journal entries as rows: which attribute holds what. An ordinary movement needs none of the later ones.

q effect on hand · mag quantity moved where q does not say it · t type · at, rec occurred and recorded · h content
pos source position · cor correlation · ref, why reference and reason · lot, bin, to_bin · st, to_st status
dest a transfer's goal · res, cmq the hold fulfilled and how much of it · u, uq unit and quantity as stated
"""

from collections.abc import Mapping
from typing import Any

from crossdock.inventory.journal import JournalEntry


def to_row(entry: JournalEntry, recorded_at: str) -> dict[str, Any]:
    """The row of an entry; attributes that are None are not stored."""
    return {
        "pk": entry.partition,
        "sk": entry.sort_key,
        "q": entry.quantity,
        "t": entry.type,
        "at": entry.occurred_at,
        "rec": recorded_at,
        "h": entry.content_hash,
        "pos": entry.position,
        "cor": entry.correlation_id,
        "ref": entry.reference,
        "why": entry.reason,
        "mag": entry.magnitude,
        "lot": entry.lot,
        "bin": entry.bin,
        "to_bin": entry.to_bin,
        "st": entry.status,
        "to_st": entry.to_status,
        "dest": entry.destination,
        "res": entry.reservation,
        "cmq": entry.consumed,
        "u": entry.unit,
        "uq": entry.unit_quantity,
    }


def from_row(row: Mapping[str, Any]) -> JournalEntry:
    """The entry that a row holds."""
    _, sku, warehouse = row["pk"].split("#", 2)
    source, id_ = row["sk"].split("#", 1)
    return JournalEntry(
        sku=sku,
        warehouse=warehouse,
        source=source,
        id=id_,
        type=row["t"],
        quantity=row["q"],
        occurred_at=row["at"],
        position=row.get("pos"),
        correlation_id=row["cor"],
        reference=row.get("ref"),
        reason=row.get("why"),
        magnitude=row.get("mag"),
        lot=row.get("lot"),
        bin=row.get("bin"),
        to_bin=row.get("to_bin"),
        status=row.get("st"),
        to_status=row.get("to_st"),
        destination=row.get("dest"),
        reservation=row.get("res"),
        consumed=row.get("cmq"),
        unit=row.get("u"),
        unit_quantity=row.get("uq"),
    )
