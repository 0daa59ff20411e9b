"""The inventory table: the only place in this domain that knows DynamoDB.

M#sku#warehouse / source#id     journal row, immutable                      1 WCU, 1/25 round trip
T#sku / A#warehouse             header: on hand, its deductions, available  1 WCU per k records, 1/25 round trip
CNT#source#warehouse / sku      the newest count a source reported
DRIFT#source#warehouse / sku    a difference, and how often it was seen running
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.inventory.availability import ItemStock, WarehouseStock
from crossdock.inventory.balances import NO_POSITION, Delta, JournalRecord, padded
from crossdock.inventory.counts import CodeCount, ItemCount, by_item
from crossdock.inventory.journal import Journaled, JournalEntry, unique
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Item, Outcome, Statement, Table, from_attribute
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Key

_ROUNDS = 6


class InventoryStore:
    """Journal, headers and counts of one distributor."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    # -- journal -----------------------------------------------------------------------------------------------

    def journal(self, entries: Sequence[JournalEntry]) -> list[Journaled]:
        """Keeps each movement once; outcomes come in the order of the entries.

        1 WCU per movement, 25 to a round trip, no transaction: an INSERT fails alone when its key exists.
        Raises StoreUnavailableError when some could not be written; then all may be sent again.
        """
        first = unique(entries)
        recorded_at = to_text(self._clock())
        rows = [self._table.insert(_journal_row(e, recorded_at)) for e in first.values()]
        outcomes = dict(zip(first, self._table.run(rows), strict=True))
        return [self._judge(e, first[e.key], outcomes[e.key]) for e in entries]

    @staticmethod
    def _judge(entry: JournalEntry, first: JournalEntry, outcome: Outcome) -> Journaled:
        if outcome.done and entry is first:
            return Journaled.APPLIED
        kept_hash = first.content_hash if outcome.done else (outcome.existing or {}).get("h")
        return Journaled.DUPLICATE if kept_hash == entry.content_hash else Journaled.CONFLICT

    def entries(self, sku: str, warehouse: str) -> Iterator[JournalEntry]:
        """The journal of one item in one warehouse, by source and id."""
        for row in self._table.query(f"M#{sku}#{warehouse}", consistent=True):
            yield _entry(row)

    # -- headers -----------------------------------------------------------------------------------------------

    def apply(self, changes: Sequence[Delta]) -> int:
        """Adds each delta to its header exactly once; gives back how many headers were written.

        At most one write per delta in the ordinary case. Raises StoreUnavailableError when some could not be applied:
        the same deltas may be applied again.
        """
        written = 0
        waiting: list[tuple[Delta, Statement]] = [
            (d, self._add(d, with_position=d.position > NO_POSITION)) for d in changes
        ]
        for _ in range(_ROUNDS):
            outcomes = self._table.run([s for _, s in waiting])
            again: list[tuple[Delta, Statement]] = []
            for (delta, _), outcome in zip(waiting, outcomes, strict=True):
                if outcome.done:
                    written += 1
                    continue
                again += self._next_try(delta, outcome.existing)
            if not again:
                return written
            waiting = again
        raise StoreUnavailableError(f"{len(waiting)} balances kept changing under the projection")

    def _next_try(self, delta: Delta, header: Item | None) -> list[tuple[Delta, Statement]]:
        """What is still to be done for a delta that its header did not take."""
        if header is None:
            return [(delta, self._table.insert(_new_header(delta)))]
        rest = delta.after(header["seq"])
        if rest is None:
            return []
        # The header's source position only grows; a late movement lies behind it and must not move it back.
        return [(rest, self._add(rest, with_position=rest.position > header["pos"]))]

    def _add(self, delta: Delta, *, with_position: bool) -> Statement:
        changes: list[tuple[str, Any]] = [
            ("oh = oh + ?", delta.quantity),
            ("av = av + ?", delta.quantity),
            ("ver = ver + ?", 1),
            ("seq = ?", delta.last),
            ('"at" = ?', delta.as_of),
            ("cors = ?", delta.correlation_ids),
        ]
        conditions: list[tuple[str, Any]] = [("seq < ?", delta.first)]
        if with_position:
            changes.append(("pos = ?", delta.position))
            conditions.append(("pos < ?", delta.position))
        return self._table.update((f"T#{delta.sku}", f"A#{delta.warehouse}"), changes, conditions)

    def stock(self, sku: str) -> ItemStock | None:
        """One item over all warehouses, or None when nothing was ever recorded of it. One round trip."""
        found = [_stock(row) for row in self._table.query(f"T#{sku}", prefix="A#")]
        return ItemStock(sku, tuple(found)) if found else None

    def headers(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], WarehouseStock]:
        """The headers that exist of (sku, warehouse) pairs, read consistently, 100 to a round trip."""
        rows = self._table.get_many([(f"T#{sku}", f"A#{wh}") for sku, wh in keys], consistent=True)
        found = [_stock(row) for row in rows.values()]
        return {(s.sku, s.warehouse): s for s in found}

    # -- counts ------------------------------------------------------------------------------------------------

    def keep_counts(self, counts: Sequence[CodeCount]) -> int:
        """Keeps the newest count of each code; older ones are superseded and change nothing. Gives back how many."""
        kept = 0
        waiting = [(c, self._newer_count(c)) for c in counts]
        for _ in range(_ROUNDS):
            again: list[tuple[CodeCount, Statement]] = []
            for (count, _), outcome in zip(waiting, self._table.run([s for _, s in waiting]), strict=True):
                if outcome.done:
                    kept += 1
                elif outcome.existing is None:
                    again.append((count, self._table.insert(_count_row(count))))
                elif outcome.existing["ord"] < count.order:
                    again.append((count, self._newer_count(count)))
            if not again:
                return kept
            waiting = again
        raise StoreUnavailableError(f"{len(waiting)} counts kept changing while they were written")

    def _newer_count(self, count: CodeCount) -> Statement:
        changes = [
            ("q = ?", count.quantity),
            ("pos = ?", count.position),
            ("ord = ?", count.order),
            ('"at" = ?', count.counted_at),
            ("cor = ?", count.correlation_id),
        ]
        return self._table.update(_count_key(count), changes, [("ord < ?", count.order)])

    def counts(self, source: str, warehouse: str) -> Iterator[ItemCount]:
        """The newest count of every item that a source reported for a warehouse."""
        return by_item(_count(source, warehouse, row) for row in self._table.query(f"CNT#{source}#{warehouse}"))

    # -- drift -------------------------------------------------------------------------------------------------

    def sightings(self, source: str, warehouse: str) -> dict[str, "Sighting"]:
        """What earlier reconciliations saw, by sku."""
        rows = self._table.query(f"DRIFT#{source}#{warehouse}", consistent=True)
        return {r["sk"]: Sighting(r["sk"], r["diff"], r["pos"], r["n"]) for r in rows}

    def saw(self, source: str, warehouse: str, sighting: "Sighting") -> None:
        """Remembers a difference for the next run."""
        self._table.put(
            {
                "pk": f"DRIFT#{source}#{warehouse}",
                "sk": sighting.sku,
                "diff": sighting.difference,
                "pos": sighting.position,
                "n": sighting.times,
                "at": to_text(self._clock()),
            }
        )

    def forget(self, source: str, warehouse: str, sku: str) -> None:
        """Forgets a difference that is gone."""
        self._table.delete((f"DRIFT#{source}#{warehouse}", sku))


@dataclass(frozen=True, slots=True)
class Sighting:
    """A difference (counted less balance, base units) as of a position, and in how many runs in a row it was seen."""

    sku: str
    difference: int
    position: int
    times: int


def record_of(stream_record: Mapping[str, Any]) -> JournalRecord:
    """A journal insert as the table's stream delivers it."""
    change = stream_record["dynamodb"]
    row = {k: from_attribute(v) for k, v in change["NewImage"].items()}
    _, sku, warehouse = row["pk"].split("#", 2)
    return JournalRecord(
        sku=sku,
        warehouse=warehouse,
        quantity=row["q"],
        position=row.get("pos"),
        sequence=padded(change["SequenceNumber"]),
        recorded_at=row["rec"],
        correlation_id=row["cor"],
    )


def changed_header(stream_record: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """(sku, warehouse, correlation ids) of a header as the table's stream delivers it."""
    image = stream_record["dynamodb"]["NewImage"]
    sku = image["pk"]["S"].removeprefix("T#")
    warehouse = image["sk"]["S"].removeprefix("A#")
    return sku, warehouse, from_attribute(image["cors"]) if "cors" in image else []


def _journal_row(entry: JournalEntry, recorded_at: str) -> dict[str, Any]:
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
    }


def _entry(row: Item) -> JournalEntry:
    _, sku, warehouse = row["pk"].split("#", 2)
    source, event_id = row["sk"].split("#", 1)
    return JournalEntry(
        sku,
        warehouse,
        source,
        event_id,
        row["t"],
        row["q"],
        row["at"],
        row.get("pos"),
        row["cor"],
        row.get("ref"),
        row.get("why"),
    )


def _new_header(delta: Delta) -> dict[str, Any]:
    nothing = dict.fromkeys(("ss", "qc", "dmg", "rsv"), 0)
    return {
        "pk": f"T#{delta.sku}",
        "sk": f"A#{delta.warehouse}",
        "oh": delta.quantity,
        "av": delta.quantity,
        **nothing,
        "ver": 1,
        "seq": delta.last,
        "pos": delta.position,
        "at": delta.as_of,
        "cors": delta.correlation_ids,
    }


def _count_key(count: CodeCount) -> Key:
    return f"CNT#{count.source}#{count.warehouse}", f"{count.sku}#{count.code}"


def _count_row(count: CodeCount) -> dict[str, Any]:
    pk, sk = _count_key(count)
    return {
        "pk": pk,
        "sk": sk,
        "q": count.quantity,
        "pos": count.position,
        "ord": count.order,
        "at": count.counted_at,
        "cor": count.correlation_id,
    }


def _count(source: str, warehouse: str, row: Item) -> CodeCount:
    sku, code = row["sk"].split("#", 1)
    return CodeCount(source, warehouse, sku, code, row["q"], row["pos"], row["at"], row["cor"])


def _stock(row: Item) -> WarehouseStock:
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
    )
