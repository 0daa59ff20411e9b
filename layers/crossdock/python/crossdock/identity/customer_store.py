"""Customers in the identity table: read as a whole, written as a whole.

One query reads all that is kept of a customer (and one more for each that was merged into it); one transaction writes
what changed, under the condition that the golden record is as it was read. Whoever was overtaken reads again.

A query may meet a transaction half way: the golden record of after it beside a record of before. Who built on that
would write the old record over the new one, and nobody would notice. So each row has the revision that wrote it (`rv`),
and the golden record the sum of them (`rs`): rows that do not add up to it are read again.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from crossdock.identity import journal
from crossdock.identity.claims import Record
from crossdock.identity.customer_rows import (
    HEAD,
    KIND,
    MANY,
    PART,
    RECORD,
    TOLD,
    head_key,
    head_row,
    many_of,
    many_row,
    record_rows,
    records_of,
    suspect_row,
    suspects_of,
    to_customer,
)
from crossdock.identity.customers import Customer, Suspect, changes
from crossdock.identity.findable import find_changes, find_keys
from crossdock.identity.golden import Golden
from crossdock.identity.journal import Cause
from crossdock.identity.telling import Told, row, to_told
from crossdock.identity.xref_rows import BACK, Known, in_force, known, partition
from crossdock.platform import deadline
from crossdock.platform.dynamo import Item, Table, from_item
from crossdock.platform.writes import AtomicWrite, Delete, Insert, Key, Replace, When

_CHAIN: Final = 50
_TORN: Final = 4
"""So often rows that do not add up are read; then they are taken as they are, and the next write sets the sum anew."""


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of a customer. `records` are also those of customers that were merged into it.

    `ids` are its cross-references with their guard; `exists` says whether there is a golden record yet. `rows` are the
    revisions of all rows of records, contacts and ship-tos, by their keys.
    """

    customer: Customer
    exists: bool
    records: tuple[Record, ...]
    ids: Known
    suspects: Mapping[str, Suspect] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)
    rows: Mapping[Key, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Next:
    """What a customer is to be: the golden record, and those records, suspects and told words that changed."""

    customer: Customer
    records: Sequence[Record] = ()
    suspects: Sequence[Suspect] = ()
    told: Sequence[Told] = ()


class CustomerStore:
    """Reads and writes customers."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, customer: str) -> Kept:
        """All that is kept of one customer, read consistently: 1 RCU per 4 KB, a round trip for each merged one too.

        Of one that does not exist, an empty record that can be written.
        """
        for attempt in range(_TORN):
            if attempt:
                deadline.pause(attempt)
            kept, wanted = self._read(customer)
            if wanted is None or sum(kept.rows.values()) == wanted:
                break
        return kept

    def _read(self, customer: str) -> tuple[Kept, int | None]:
        """What is kept, and what the revisions of its rows add up to; None: nobody says."""
        rows = list(self._table.query(partition(KIND, customer), consistent=True))
        ids = known(KIND, customer, rows)
        head = next((r for r in rows if (r["pk"], r["sk"]) == head_key(customer)), None)
        merged = self._merged(ids.merges)
        records = [r for home, found in [(customer, rows), *merged] for r in records_of(found, home)]
        revisions = {k: n for found in (rows, *(f for _, f in merged)) for k, n in _revisions(found)}
        told = {t.system: t for t in (to_told(r) for r in rows if r["sk"].startswith(TOLD))}
        kept = to_customer(head, many_of(rows)) if head else Customer(customer)
        # Who was merged into it is no other customer any more: nobody has to decide of that one.
        suspects = {other: s for other, s in suspects_of(rows).items() if other not in ids.merges}
        # Of one that was merged, the records change with the other: their sum is kept there.
        wanted = head.get("rs") if head is not None and kept.into is None else None
        return Kept(kept, head is not None, tuple(records), ids, suspects, told, revisions), wanted

    def _merged(self, merges: Iterable[str]) -> list[tuple[str, list[Item]]]:
        """The rows of those that were merged into one, and into these, and so on, each with its name."""
        found: list[tuple[str, list[Item]]] = []
        waiting, seen = list(merges), set[str]()
        while waiting and len(seen) < _CHAIN:
            other = waiting.pop()
            if other in seen:
                continue
            seen.add(other)
            rows = list(self._table.query(partition(KIND, other), consistent=True))
            found.append((other, rows))
            waiting += known(KIND, other, rows).merges
        return found

    def heads(self, customers: Iterable[str]) -> dict[str, Customer]:
        """The golden records that exist, read consistently, without contacts and ship-tos: 1 RCU each, 100 a call."""
        rows = self._table.get_many([head_key(c) for c in customers], consistent=True)
        return {c.id: c for c in (to_customer(row, {}) for row in rows.values())}

    def references_of(self, system: str, after: Key | None, now: str) -> tuple[list[tuple[str, str]], Key | None]:
        """(customer, account) of a system's references in the next megabyte of rows, and where to go on: 128 RCU.

        Those whose time is not, or is over, at an instant (RFC 3339 UTC) are left out. None: that was the end.
        """
        rows, last = next(self._table.pages(after, attributes=("pk", "sk", "from", "to")))
        pk, sk = partition(KIND, ""), f"{BACK}{system}#"
        found = [r for r in rows if r["pk"].startswith(pk) and r["sk"].startswith(sk) and in_force(r, now)]
        return [(r["pk"].removeprefix(pk), r["sk"].removeprefix(sk)) for r in found], last

    def told(self, customer: str, system: str) -> Told:
        """What a system was told of a customer."""
        found = self._table.get((partition(KIND, customer), f"{TOLD}{system}"), consistent=True)
        return to_told(found) if found else Told(system)

    def note_told(self, customer: str, told: Told) -> bool:
        """Keeps what is about to be told; False when another was there in between, and it is to be read again."""
        item = row(customer, told)
        if told.revision == 0:
            return self._table.write([Insert(item)])[0].done
        return self._table.atomically([Replace(item, (When("n", "=", told.revision),))])[0].done

    def history(self, customer: str, *, after: str | None = None, page: int | None = None) -> Iterable[Item]:
        """The rows of a customer's history, oldest first, behind `after`."""
        return self._table.query(journal.partition(customer), consistent=True, after=after, page=page)

    def commit(self, writes: Sequence[AtomicWrite]) -> bool:
        """Carries out what was planned, all or nothing; False when something was not as it had been read."""
        return self._table.atomically(writes)[0].done


def changed_head(record: Mapping[str, Any]) -> tuple[Customer | None, Customer] | None:
    """(before, after) of a stream record of a golden record; None for another one. Contacts are not in them."""
    change = record["dynamodb"]
    pk, sk = change["Keys"]["pk"]["S"], change["Keys"]["sk"]["S"]
    if sk != HEAD or not pk.startswith(partition(KIND, "")) or "NewImage" not in change:
        return None
    before = to_customer(from_item(change["OldImage"]), {}) if "OldImage" in change else None
    return before, to_customer(from_item(change["NewImage"]), {})


def writes(kept: Kept, wanted: Next, cause: Cause) -> list[AtomicWrite]:
    """What leads from a customer as it was read to what it is to be: 2 WCU per KB and row.

    The golden record is always among them: it is what keeps two writers apart. A version that nobody saw before has a
    row in the history.
    """
    before, after = kept.customer, replace(wanted.customer, revision=kept.customer.revision + 1)
    made: list[AtomicWrite] = []
    if after.version != before.version:
        changed = changes(before.everything, after.everything)
        salts = {name: secrets.token_hex(16) for name in changed}
        entry = journal.entry(after, changed, cause, salts)
        after = replace(after, seal=entry["seal"], changed=tuple(changed), cause=cause.correlation_id)
        made.append(Insert(entry))
    after = replace(after, found_by=find_keys(after.values))
    made += find_changes(after.id, before.found_by, after.found_by)
    rows, revisions = _rows(kept, wanted, after), dict(kept.rows)
    for one in rows:
        if isinstance(one, Replace):
            revisions[one.key] = after.revision
        else:
            revisions.pop(one.key, None)
    made += rows
    made += [Replace(suspect_row(after.id, suspect)) for suspect in wanted.suspects]
    made += [_told(after.id, told) for told in wanted.told]
    head = {**head_row(after), "rs": sum(revisions.values())}
    return [Replace(head, (When("n", "=", before.revision),)) if kept.exists else Insert(head), *made]


def _rows(kept: Kept, wanted: Next, after: Customer) -> list[Replace | Delete]:
    """The rows of records, contacts and ship-tos that change, each under the revision that writes it."""
    changed = [found for record in wanted.records for found in _changed_rows(kept, record)]
    stand, gone = _many(kept.customer, after)
    return [*gone, *(Replace({**found, "rv": after.revision}) for found in (*stand, *changed))]


def _revisions(rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[Key, int]]:
    """The key and the revision of each row that belongs to the sum."""
    for found in rows:
        if found["sk"].startswith((RECORD, PART, MANY)):
            yield (found["pk"], found["sk"]), found.get("rv", 0)


def _changed_rows(kept: Kept, record: Record) -> list[dict[str, object]]:
    """Of a record's rows those that are other ones now."""
    old = next((r for r in kept.records if r.id == record.id), None)
    known_rows = {r["sk"]: r for r in record_rows(old)} if old else {}
    return [found for found in record_rows(record) if known_rows.get(found["sk"]) != found]


def _told(customer: str, told: Told) -> AtomicWrite:
    if told.revision == 0:
        return Insert(row(customer, told))
    return Replace(row(customer, told), (When("n", "=", told.revision),))


def _many(before: Customer, after: Customer) -> tuple[list[dict[str, Any]], list[Delete]]:
    """The contacts and ship-tos that are new or others, and those that are gone."""
    stand = [
        many_row(after.id, name, golden)
        for name, golden in after.many.items()
        if before.many.get(name) is None or _bare(before.many[name]) != _bare(golden)
    ]
    gone = before.many.keys() - after.many.keys()
    return stand, [Delete((partition(KIND, after.id), MANY + name)) for name in sorted(gone)]


def _bare(golden: Golden) -> Golden:
    """All of a value that is kept: why it won is told anew each time."""
    return replace(golden, why="")
