"""A class's price book: its published cells in pages, in the order of the sixteen parts that they are spread over.

A page is as long as asked for, or as long as an answer may be: Lambda ends one at 6 MB. Reading costs 0.5 RCU per 4 KB
of cells, and a round trip for each part. What changes while a book is read stands in it as its page found it.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from crossdock.platform.dynamo import Table
from crossdock.pricing.cell_store import PREFIX, read_cell
from crossdock.pricing.cells import from_now
from crossdock.pricing.facts import parts
from crossdock.pricing.instants import instant_text

MAX_ITEMS: Final = 2_000
# Well under Lambda's 6 MB: some letters take more bytes on the wire than here.
_MAX_CHARACTERS: Final = 3_000_000
_LONGEST: Final = 200  # characters, above any item


class BadCursorError(ValueError):
    """A place that is none of a book's: cursors are signed, so only a change of ours can bring it about."""


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of a book, where to go on (None at its end), and the next instant at which one of them changes."""

    entries: tuple[dict[str, Any], ...]
    next: str | None
    changes_at: str | None


class Books:
    """Reads the books of price classes."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def page(self, price_class: str, cursor: str | None, limit: int, now: datetime) -> Page:
        """One page. Raises BadCursorError."""
        begins, after = _read(cursor, price_class)
        entries: list[dict[str, Any]] = []
        edges: list[str] = []
        last, size = (begins, after or ""), 0
        for part in (p for p in parts() if p >= begins):
            behind = after if part == begins else None
            # One more than is wanted, to know whether there is more.
            rows = self._table.query(f"{PREFIX}{price_class}#{part}", after=behind, page=limit - len(entries) + 1)
            for row in rows:
                entry, edge = _entry(row, now)
                if entry is not None:
                    size += len(json.dumps(entry))
                    if len(entries) == limit or (entries and size > _MAX_CHARACTERS):
                        return Page(tuple(entries), _cursor(price_class, *last), min(edges, default=None))
                    entries.append(entry)
                edges += [edge] if edge else []
                last = part, row["sk"]
        return Page(tuple(entries), None, min(edges, default=None))


def _entry(row: dict[str, Any], now: datetime) -> tuple[dict[str, Any] | None, str | None]:
    """A cell as the book tells it: the prices from now on, and the next instant at which they change.

    An item without any has no entry; the book lists prices, and none is none.
    """
    cell, instant = read_cell(row), instant_text(now)
    document = from_now(cell.document, instant)
    edges = [e for w in document["windows"] for e in (w["from"], w["to"]) if e is not None and e > instant]
    if not document["windows"]:
        return None, None
    return {"item": row["sk"], **document, "hash": cell.price_hash}, min(edges, default=None)


def _cursor(price_class: str, part: str, sku: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([price_class, part, sku]).encode()).decode()


def _read(cursor: str | None, price_class: str) -> tuple[str, str | None]:
    """Part and item behind which to go on. A cursor is of use for the book that it was given for, and no other."""
    if cursor is None:
        return parts()[0], None
    try:
        book, part, sku = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, TypeError, binascii.Error, RecursionError) as exc:  # RecursionError: brackets without end
        raise BadCursorError("no cursor of ours") from exc
    known = book == price_class and part in parts() and isinstance(sku, str)
    # A key ends at 1 KB, and half a surrogate pair is no text that a store takes.
    if not known or not 0 < len(sku) <= _LONGEST or not sku.isprintable():
        raise BadCursorError("no cursor of ours")
    return part, sku
