"""Quotes as they were given, with their traces: `Q#<id> / Q`, and `P#nn` for what does not fit into one item.

A quote is written once and never changed; whether it has expired is a matter of the clock. It goes, with its parts,
some time after `ttl`, the epoch second up to which it is kept. The document is compressed.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from crossdock.platform.dynamo import Item, Table

_ROW: Final = "Q"
# An item ends at 400 KB.
_PART_BYTES: Final = 350_000


@dataclass(frozen=True, slots=True)
class StoredQuote:
    """A quote: whose, under which request (`asked`: a hash), until when it stands (epoch second; None: never did).

    `document` is the whole answer; what of it a partner is shown is decided when it is shown.
    """

    id: str
    partner: str
    customer: str | None
    asked: str
    expires: int | None
    correlation_id: str
    document: Mapping[str, Any]


class QuoteStore:
    """Writes and reads quotes. 1 WCU per KB compressed; 0.5 RCU per 4 KB."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, quote: StoredQuote, until: int) -> StoredQuote:
        """Keeps a quote until the epoch second `until`, and gives back the one that stands: an earlier one, if any."""
        packed = zlib.compress(json.dumps(quote.document, separators=(",", ":"), ensure_ascii=False).encode())
        head, *rest = [packed[at : at + _PART_BYTES] for at in range(0, len(packed), _PART_BYTES)]
        # First, so that whoever sees the row finds all of it. Under one id only the same request can come here twice,
        # and then the parts say the same of another moment; so they are named by the moment's own hash as well.
        mark = f"{zlib.crc32(packed):08x}"
        for number, part in enumerate(rest, start=1):
            self._table.put({"pk": _pk(quote.id), "sk": _part(mark, number), "z": part, "ttl": until})
        existing = self._table.put_new(
            {
                "pk": _pk(quote.id),
                "sk": _ROW,
                "partner": quote.partner,
                "customer": quote.customer,
                "asked": quote.asked,
                "exp": quote.expires,
                "cor": quote.correlation_id,
                "z": head,
                "parts": len(rest) or None,
                "mark": mark if rest else None,
                "ttl": until,
            }
        )
        return self._whole(existing) if existing else quote

    def read(self, quote_id: str, *, consistent: bool = False) -> StoredQuote | None:
        """The quote, or None when there is none, or no longer."""
        row = self._table.get((_pk(quote_id), _ROW), consistent=consistent)
        return self._whole(row) if row else None

    def _whole(self, row: Item) -> StoredQuote:
        keys = [(row["pk"], _part(row["mark"], n)) for n in range(1, row.get("parts", 0) + 1)]
        parts = self._table.get_many(keys, consistent=True) if keys else {}
        packed = b"".join([row["z"], *(parts[key]["z"] for key in keys)])
        return StoredQuote(
            id=row["pk"].removeprefix("Q#"),
            partner=row["partner"],
            customer=row.get("customer"),
            asked=row["asked"],
            expires=row.get("exp"),
            correlation_id=row["cor"],
            document=json.loads(zlib.decompress(packed)),
        )


def _pk(quote_id: str) -> str:
    return f"Q#{quote_id}"


def _part(mark: str, number: int) -> str:
    return f"P#{mark}#{number:02}"
