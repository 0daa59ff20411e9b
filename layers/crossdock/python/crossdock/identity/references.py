"""Cross-references of items: sku ↔ (system, that system's code), written in both directions by one transaction.

    X#item#system#code / ID          → the sku; once a profile needs it: its lot policy (lots) and version (pv)
    C#item#sku / SYS#system#code     → that it is known so there

So two imports that run at once cannot give one code two meanings: the second one's condition fails. These are the rows
of `crossdock.identity.xref_rows`, which has all kinds; here is what facts about items need, by the thousand and cached.
A code whose time an operator has ended (`crossdock xref end`) is not found any more.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crossdock.contracts.items import FREE, KnownItem
from crossdock.identity.xref_rows import in_force
from crossdock.platform.clock import Clock, system_clock, to_text
from crossdock.platform.dynamo import Item, Table, to_item
from crossdock.platform.sequences import chunks
from crossdock.platform.writes import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

ITEM = "C#item#"
CUSTOMER = "C#customer#"
_ATTRIBUTES = ("cid", "lots", "from", "to")
_PER_TRANSACTION = 50  # each reference is two items, and a transaction takes a hundred
_CACHE_SECONDS = 300
_CACHE_ENTRIES = 50_000


@dataclass(frozen=True, slots=True)
class Reference:
    """One system's code for one of our items."""

    system: str
    code: str
    sku: str

    @property
    def lookup_key(self) -> tuple[str, str]:
        return f"X#item#{self.system}#{self.code}", "ID"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A declaration that contradicts what is kept: the code means another item already."""

    reference: Reference
    kept_sku: str


class References:
    """Looks cross-references up and declares them."""

    def __init__(self, table: Table, clock: Clock = system_clock) -> None:
        self._table = table
        self._clock = clock
        self._cache: dict[tuple[str, str], tuple[float, KnownItem]] = {}

    def skus(self, codes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """From (system, code) to sku for those that are known; see `items`."""
        return {code: item.sku for code, item in self.items(codes).items()}

    def things(self, after: Key | None) -> tuple[list[str], int, Key | None]:
        """What lies in the next megabyte of rows after a key: (partitions, rows read, where to go on or None).

        Items and customers by their partitions, `C#item#sku` and `C#customer#id`: a page is read once for both.
        """
        rows, last = next(self._table.pages(after, attributes=("pk", "sk")))
        found = [str(r["pk"]) for r in rows if r["pk"].startswith(ITEM) or _is_customer(r)]
        return found, len(rows), last

    def items(self, codes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], KnownItem]:
        """From (system, code) to item for those that are known; 0.5 RCU each, 100 to a round trip.

        What was found is kept for five minutes in the function's memory: a code never changes its meaning by
        itself, and one that is ended may be found that much longer. What was not found is asked again each time, so a
        code added by an operator works at once.
        """
        wanted = set(codes)
        now, present = time.monotonic(), to_text(self._clock())
        found = {c: item for c in wanted if (item := self._cached(c, now)) is not None}
        missing = [Reference(system, code, "") for system, code in wanted - found.keys()]
        rows = self._table.get_many([r.lookup_key for r in missing], attributes=_ATTRIBUTES) if missing else {}
        if len(self._cache) + len(rows) > _CACHE_ENTRIES:
            self._cache.clear()
        for reference in missing:
            row = rows.get(reference.lookup_key)
            if row and in_force(row, present):
                item = KnownItem(row["cid"], row.get("lots", FREE))
                self._cache[reference.system, reference.code] = (now, item)
                found[reference.system, reference.code] = item
        return found

    def codes(self, system: str, skus: Iterable[str]) -> dict[str, list[str]]:
        """By item, the codes that one system knows it by; an item it knows by none is left out.

        A query of 0.5 RCU for each item. Nothing is kept: what an operator adds counts with the replay that follows.
        """
        prefix, now = f"SYS#{system}#", to_text(self._clock())
        found = {
            sku: [
                row["sk"].removeprefix(prefix)
                for row in self._table.query(f"C#item#{sku}", prefix=prefix)
                if in_force(row, now)
            ]
            for sku in skus
        }
        return {sku: codes for sku, codes in found.items() if codes}

    def _cached(self, code: tuple[str, str], now: float) -> KnownItem | None:
        kept = self._cache.get(code)
        return kept[1] if kept and now - kept[0] < _CACHE_SECONDS else None

    def of(self, sku: str, *, consistent: bool = False) -> list[Reference]:
        """Every code an item is or was known by, by system."""
        rows = self._table.query(f"C#item#{sku}", prefix="SYS#", consistent=consistent)
        found = []
        for row in rows:
            system, code = row["sk"].removeprefix("SYS#").split("#", 1)
            found.append(Reference(system, code, sku))
        return found

    def declare(self, references: Sequence[Reference]) -> tuple[int, list[Conflict]]:
        """Keeps references both ways; gives back how many were new, and the conflicts, which are not kept.

        What is kept already costs a read and no write. Raises StoreUnavailableError or the client's error; then
        everything may be declared again.
        """
        conflicts: list[Conflict] = []
        wanted: dict[tuple[str, str], Reference] = {}
        for reference in references:
            first = wanted.setdefault(reference.lookup_key, reference)
            if first.sku != reference.sku:
                conflicts.append(Conflict(reference, first.sku))
        kept = self._table.get_many(wanted, consistent=True, attributes=("cid",))
        conflicts += [Conflict(r, kept[k]["cid"]) for k, r in wanted.items() if k in kept and kept[k]["cid"] != r.sku]
        new = [r for k, r in wanted.items() if k not in kept]
        written = 0
        for part in chunks(new, _PER_TRANSACTION):
            count, refused = self._write(list(part))
            written += count
            conflicts += refused
        return written, conflicts

    def _write(self, references: list[Reference]) -> tuple[int, list[Conflict]]:
        """One transaction; if another writer was there first, that reference is judged alone and the rest go on."""
        conflicts: list[Conflict] = []
        while references:
            failed = self._table.transact([i for r in references for i in _both_ways(self._table.name, r)])
            if not failed:
                return len(references), conflicts
            lost = {n // 2 for n in failed}
            kept = self._table.get_many([references[n].lookup_key for n in lost], consistent=True)
            for n in sorted(lost):
                row = kept.get(references[n].lookup_key)
                if row and row["cid"] != references[n].sku:
                    conflicts.append(Conflict(references[n], row["cid"]))
            references = [r for n, r in enumerate(references) if n not in lost]
        return 0, conflicts


def _is_customer(row: Item) -> bool:
    """Whether a row is the golden record of a customer: of all its rows the one that each has."""
    return bool(row["sk"] == "HEAD" and row["pk"].startswith(CUSTOMER))


def _both_ways(table: str, reference: Reference) -> "list[TransactWriteItemTypeDef]":
    there = {"pk": reference.lookup_key[0], "sk": "ID", "cid": reference.sku}
    back = {"pk": f"C#item#{reference.sku}", "sk": f"SYS#{reference.system}#{reference.code}"}
    return [
        {"Put": {"TableName": table, "Item": to_item(there), "ConditionExpression": "attribute_not_exists(pk)"}},
        {"Put": {"TableName": table, "Item": to_item(back)}},
    ]
