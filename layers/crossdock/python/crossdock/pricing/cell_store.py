"""The published cells and the instants at which some of them change by themselves.

P#class#gg / sku              a cell: document, price hash, layers that can move it, next edge   1 WCU a KB
W#instant#gg / class#sku      a cell whose window opens or closes then                           1 WCU, ttl
W#OPEN / instant              that there are such cells: what a lost schedule left is found here 1 WCU

A cell is written by compare-and-set from the row that was read *before* the rules were, and the rules are read again
after a write (`publishing.py`): so a computation that was slow never stands over one that knew more.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from crossdock.platform.clock import from_text
from crossdock.platform.dynamo import Table, from_item
from crossdock.platform.writes import Delete, Insert, Key, Update, When, Write
from crossdock.pricing.facts import membership, part

PREFIX: Final = "P#"
_OPEN: Final = "W#OPEN"
_KEPT_S: Final = 7 * 86_400
CORRELATIONS_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class Stored:
    """A cell as it stands; `count` grows with every write. `since` is when the change that made the price was seen."""

    count: int
    document: Mapping[str, Any]
    price_hash: str
    mask: int
    next_edge: str | None = None
    since: str = ""
    correlation_ids: tuple[str, ...] = ()
    family: str | None = None


def cell_key(price_class: str, sku: str) -> Key:
    """Where a cell lies; sixteen partitions share a class."""
    return f"{PREFIX}{price_class}#{part(sku)}", sku


def class_of(key: Key) -> str:
    """The price class of a cell's key."""
    return key[0].removeprefix(PREFIX).rpartition("#")[0]


def read_cell(row: Mapping[str, Any]) -> Stored:
    """The cell of a row."""
    return Stored(
        row["n"],
        json.loads(row["val"]),
        row["h"],
        row["ly"],
        row.get("nx"),
        row["since"],
        tuple(row.get("cors", ())),
        row.get("fam"),
    )


def changed_cell(record: Mapping[str, Any]) -> tuple[tuple[str, str], Stored | None, Stored] | None:
    """((class, item), before, after) of a cell as the table's stream delivers it; None for another row, or none."""
    stream = record["dynamodb"]
    if "NewImage" not in stream or not stream["Keys"]["pk"]["S"].startswith(PREFIX):
        return None
    row = from_item(stream["NewImage"])
    before = read_cell(from_item(stream["OldImage"])) if "OldImage" in stream else None
    return (class_of((row["pk"], row["sk"])), row["sk"]), before, read_cell(row)


class CellStore:
    """Cells, and the windows that will move them."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self, price_class: str, skus: Iterable[str]) -> dict[str, Stored]:
        """The cells that there are, read consistently, 100 to a round trip, 1 RCU each."""
        rows = self._table.get_many([cell_key(price_class, sku) for sku in skus], consistent=True)
        return {key[1]: read_cell(row) for key, row in rows.items()}

    def read_keys(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Stored]:
        """The same of (class, sku) pairs."""
        rows = self._table.get_many([cell_key(*key) for key in keys], consistent=True)
        return {(class_of(key), key[1]): read_cell(row) for key, row in rows.items()}

    def write(self, price_class: str, cells: Mapping[str, tuple[Stored | None, Stored]]) -> set[str]:
        """Writes each (as it was read, as it is to be); gives back the items whose cell had not changed meanwhile."""
        writes = [_write(cell_key(price_class, sku), before, after) for sku, (before, after) in cells.items()]
        outcomes = self._table.write(writes)
        return {sku for sku, outcome in zip(cells, outcomes, strict=True) if outcome.done}

    def expect(self, price_class: str, edges: Mapping[str, str]) -> None:
        """Notes of each item at which instant its cell moves by itself, and of each instant that something does."""
        rows: list[Write] = [Insert(_window(price_class, sku, instant)) for sku, instant in edges.items()]
        rows += [Insert({"pk": _OPEN, "sk": instant}) for instant in sorted(set(edges.values()))]
        self._table.write(rows)

    def due(self, now: str) -> list[str]:
        """The instants that have come and whose cells were not all sent on, the oldest first."""
        found: list[str] = []
        for row in self._table.query(_OPEN, consistent=True):
            if row["sk"] > now:
                break
            found.append(row["sk"])
        return found

    def window(self, instant: str, group: str, after: str | None) -> Iterator[tuple[str, str, str]]:
        """(class, sku, where to go on) of the cells that move at an instant, of one part, after a place."""
        for row in self._table.query(f"W#{instant}#{group}", consistent=True, after=after):
            price_class, _, sku = row["sk"].partition("#")
            yield price_class, sku, row["sk"]

    def close(self, instant: str) -> None:
        """Forgets an instant whose cells were all sent on."""
        self._table.write([Delete((_OPEN, instant))])

    def members(self, family: str, group: str, after: str | None) -> Iterator[str]:
        """The items of one part of a family, after an item."""
        pk = membership(family, "")[0].rpartition("#")[0]
        for row in self._table.query(f"{pk}#{group}", consistent=True, after=after):
            yield row["sk"]


def _write(key: Key, before: Stored | None, after: Stored) -> Write:
    fields: dict[str, Any] = {
        "n": after.count,
        "val": json.dumps(after.document, separators=(",", ":"), ensure_ascii=False),
        "h": after.price_hash,
        "ly": after.mask,
        "since": after.since,
        "cors": list(after.correlation_ids)[:CORRELATIONS_KEPT],
    }
    optional = {"nx": after.next_edge, "fam": after.family}
    present = {name: value for name, value in optional.items() if value is not None}
    if before is None:
        return Insert({"pk": key[0], "sk": key[1], **fields, **present})
    had = {"nx": before.next_edge, "fam": before.family}
    gone = tuple(name for name, value in optional.items() if value is None and had[name] is not None)
    return Update(key, put={**fields, **present}, remove=gone, when=(When("n", "=", before.count),))


def _window(price_class: str, sku: str, instant: str) -> dict[str, Any]:
    ttl = int(from_text(instant).timestamp()) + _KEPT_S
    return {"pk": f"W#{instant}#{part(sku)}", "sk": f"{price_class}#{sku}", "ttl": ttl}
