"""Balances beside their journals, read for a comparison and mended where they differ.

A mend goes through only if the row is still what was compared: every other writer of a header adds 1 to `ver`.
"""

from collections.abc import Iterator
from typing import Any

from crossdock.inventory.balances import (
    NOTHING_COUNTED,
    Delta,
    detail_key,
)
from crossdock.inventory.effects import Detail
from crossdock.inventory.header_rows import new_header
from crossdock.inventory.journal import OWN_SOURCE, JournalEntry
from crossdock.inventory.journal_store import to_record
from crossdock.inventory.rebuilding import Found, Verdict
from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Table
from crossdock.platform.writes import Insert, Key, Update, When, Write

_PAGE = 1000


class RebuildStore:
    """The rows of balances for whoever compares them with their journals."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def read(self, sku: str, warehouse: str) -> Found:
        """Header, details and journal of a balance, consistently, the header before the journal."""
        key = (f"T#{sku}", f"A#{warehouse}")
        header = self._table.get_many([key], consistent=True).get(key)
        rows = self._table.query(f"T#{sku}", prefix=f"D#{warehouse}#", consistent=True)
        details = {Detail(*row["sk"].split("#")[2:]): row for row in rows}
        journal = [to_record(row, "") for row in self._table.query(f"M#{sku}#{warehouse}", consistent=True)]
        return Found(sku, warehouse, header, details, journal)

    def warehouses(self, sku: str) -> list[str]:
        """Where an item has a header."""
        return [row["sk"].removeprefix("A#") for row in self._table.query(f"T#{sku}", prefix="A#", consistent=True)]

    def mend(self, found: Found, verdict: Verdict, *, restored: bool = False) -> bool:
        """Adds what is missing; False when something of it changed meanwhile and everything is to be read again.

        After a restore the place in the stream is forgotten too: the table has another stream now.
        """
        writes = [*self._header(found, verdict, restored=restored), *_details(found, verdict, restored=restored)]
        return all(outcome.done for outcome in self._table.write(writes)) if writes else True

    def _header(self, found: Found, verdict: Verdict, *, restored: bool) -> Iterator[Write]:
        key = (f"T#{found.sku}", f"A#{found.warehouse}")
        header = found.header
        if header is None:
            if verdict.adds:
                delta = Delta(found.sku, found.warehouse, tuple(verdict.held))
                said = {"seq": NOTHING_COUNTED, "at": delta.as_of, "lag": 0, "cors": delta.correlation_ids}
                yield Insert(new_header(key, {**verdict.adds, **said, "ver": 1, "pos": delta.position}))
            return
        puts: dict[str, Any] = {name: header.get(name, 0) + amount for name, amount in verdict.adds.items()}
        if verdict.held and not header.get("n", 0):
            # Until now its time was that of its making; from now on it says which rows the stream has passed.
            puts["at"] = max(r.recorded_at for r in verdict.held)
        if restored and header["seq"] != NOTHING_COUNTED:
            puts["seq"] = NOTHING_COUNTED
        if puts:
            unchanged = (When("ver", "=", header["ver"]), When("seq", "=", header["seq"]))
            yield Update(key, add={"ver": 1}, put=puts, when=unchanged)

    # -- what else a rebuild needs -------------------------------------------------------------------------------------

    def nudge(self, sku: str, warehouse: str, correlation_id: str) -> None:
        """Writes a movement of nothing: once it is counted, all that was recorded well before it is counted or lost."""
        now = to_text(self._clock())
        entry = JournalEntry(
            sku, warehouse, OWN_SOURCE, f"rebuild:{now}", "adjustment", 0, now, None, correlation_id,
            reason="to see which rows the stream has passed",
        )  # fmt: skip
        InventoryStore(self._table, self._clock).journal([entry])

    def balances(self, start: Key | None = None) -> Iterator[tuple[list[tuple[str, str]], Key | None]]:
        """Pages of (sku, warehouse) that have a header or a journal, each with the key after which the next one begins.

        Reads the whole table: 0.5 RCU a 4 KB. A pair may come several times.
        """
        for rows, last in self._table.pages(start, attributes=("pk", "sk")):
            yield list(dict.fromkeys(pair for row in rows if (pair := _balance(row["pk"], row["sk"])))), last


def _details(found: Found, verdict: Verdict, *, restored: bool) -> Iterator[Write]:
    counted_to = NOTHING_COUNTED if restored or found.header is None else found.header["seq"]
    for detail in sorted({*verdict.details, *(found.details if restored else ())}):
        key = (f"T#{found.sku}", detail_key(found.warehouse, detail))
        amount, row = verdict.details.get(detail, 0), found.details.get(detail)
        if row is None:
            yield Insert({"pk": key[0], "sk": key[1], "q": amount, "seq": counted_to})
        elif amount or (restored and row["seq"] != NOTHING_COUNTED):
            # What the header has counted is in the detail from now on: a batch that comes again adds nothing to it.
            puts = {"q": row["q"] + amount, "seq": counted_to if restored else max(counted_to, row["seq"])}
            yield Update(key, put=puts, when=(When("q", "=", row["q"]), When("seq", "=", row["seq"])))


def _balance(pk: str, sk: str) -> tuple[str, str] | None:
    kind, sku, *rest = pk.split("#")
    if kind == "M" and rest:
        return sku, rest[0]
    return (sku, sk.removeprefix("A#")) if kind == "T" and not rest and sk.startswith("A#") else None
