"""Customers by number, each known to two systems: the rows that minting them one by one would have left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.xrefs import CrossReference, ExternalId, Kind
from crossdock.identity.xref_rows import GUARD, back_row, lookup_row, partition
from crossdock.identity.xref_writes import minted_id

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND: Final[Kind] = "customer"
IDS_OF_EACH: Final = 2


def ids_of(number: int) -> list[ExternalId]:
    """What the systems call a customer."""
    return [("crm", f"{number:07d}"), ("erp", f"K{number}")]


def rows_of_customers(first: int, behind: int) -> Iterator[dict[str, Any]]:
    """All rows of the customers with these numbers, as plain values."""
    for number in range(first, behind):
        ids = ids_of(number)
        canonical = minted_id(KIND, ids[0])
        yield {"pk": partition(KIND, canonical), "sk": GUARD, "n": len(ids)}
        for external in ids:
            reference = CrossReference(KIND, *external, canonical)
            yield lookup_row(reference)
            yield back_row(reference)
