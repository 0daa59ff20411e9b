"""Keeps what prices need to know of items and customers, each by its source's version: the newest wins.

I#<sku> / SHEET            an item's facts stand beside its rules (facts.py)          1 WCU a KB of the sheet
X#<family>#<part> / <sku>  the items of a family, "*": all; iver                      1 WCU for one joined or left
C#<customer> / PROFILE     a customer's facts                                         1 WCU a KB

The list of a family's items is never too short: a member is written before the sheet that says so, and taken away after
it. It may be too long for a moment, and after a death until facts of the item come again (the sheet remembers the
families it left), so who uses the list looks at the sheet as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crossdock.platform.dynamo import Item, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Delete, Insert, Key, Update, When, Write
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import (
    CustomerFacts,
    CustomerStated,
    ItemStated,
    all_families,
    customer_attributes,
    customer_facts,
    item_attributes,
    item_facts,
    membership,
    profile,
)
from crossdock.pricing.slots import item_sheet
from crossdock.pricing.store import Kept

_ROUNDS = 10

Member = tuple[str, str, int]
"""Family, item, and the version of the item's facts that says it is in there, or no longer is."""


class Profiles:
    """Facts of items and customers."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep_items(self, stated: Sequence[ItemStated], correlation_id: str) -> list[Kept]:
        """Keeps each item's newest facts; outcomes in their order, CONFLICT for other facts at the version that stands.

        0.5 RCU and 1 WCU a KB of the sheet each, and 1 WCU for each family joined or left, 25 to a round trip. What
        comes twice, late or at once ends in the newest facts. Raises StoreUnavailableError when sheets kept changing
        or could not be written: all may then come again.
        """
        newest = {s.facts.sku: s for s in sorted(stated, key=lambda s: s.version)}
        rows: dict[str, Item | None] = self._rows(newest)
        first = dict(rows)
        waiting = {sku: s for sku, s in newest.items() if _facts_version(rows[sku]) < s.version}
        for _ in range(_ROUNDS):
            self._join(
                [(f, sku, s.version) for sku, s in waiting.items() for f in _joined(s, rows[sku])], correlation_id
            )
            written = {sku: _sheet(s, rows[sku], correlation_id) for sku, s in waiting.items()}
            outcomes = self._table.write(list(written.values()))
            refused = {sku: o.existing for sku, o in zip(written, outcomes, strict=True) if not o.done}
            rows |= {sku: _as_written(rows[sku], waiting[sku]) for sku in waiting if sku not in refused} | refused
            waiting = {sku: newest[sku] for sku in refused if _facts_version(rows[sku]) < newest[sku].version}
            if not waiting:
                break
        else:
            raise StoreUnavailableError(f"{len(waiting)} item sheets kept changing while facts were written")
        self._leave([m for s in newest.values() for m in _left(s, rows[s.facts.sku])])
        return [_outcome(s.version, s.facts, *_item(first[s.facts.sku]), newest[s.facts.sku].version) for s in stated]

    def _rows(self, skus: Iterable[str]) -> dict[str, Item | None]:
        keys = {sku: item_sheet(sku) for sku in skus}
        found = self._table.get_many(keys.values())
        return {sku: found.get(key) for sku, key in keys.items()}

    def _join(self, members: Sequence[Member], correlation_id: str) -> None:
        """Writes members, each with the newest version that says so."""
        waiting: dict[Member, Write] = {m: Insert(_member(m, correlation_id)) for m in members}
        for _ in range(_ROUNDS):
            outcomes = self._table.write(list(waiting.values()))
            refused = [(m, o.existing) for m, o in zip(waiting, outcomes, strict=True) if not o.done]
            older = [(m, row) for m, row in refused if row is None or row["iver"] < m[2]]
            waiting = {m: Insert(_member(m, correlation_id)) if row is None else _newer(m) for m, row in older}
            if not waiting:
                return
        raise StoreUnavailableError(f"{len(waiting)} members of families kept changing while they were written")

    def _leave(self, members: Sequence[Member]) -> None:
        """Takes members away, unless a newer version of their facts has written them."""
        self._table.write([Delete(membership(f, sku), when=(When("iver", "<", v),)) for f, sku, v in members])

    def keep_customers(self, stated: Sequence[CustomerStated], correlation_id: str) -> list[Kept]:
        """Keeps each customer's newest facts, in the same way. 0.5 RCU and 1 WCU a KB each."""
        newest = {s.facts.customer: s for s in sorted(stated, key=lambda s: s.version)}
        keys = {name: profile(name) for name in newest}
        found = self._table.get_many(keys.values())
        first = {name: found.get(key) for name, key in keys.items()}
        rows = dict(first)
        for _ in range(_ROUNDS):
            waiting = [s for name, s in newest.items() if _version(rows[name]) < s.version]
            if not waiting:
                break
            outcomes = self._table.write([_profile(s, rows[s.facts.customer], correlation_id) for s in waiting])
            for s, outcome in zip(waiting, outcomes, strict=True):
                rows[s.facts.customer] = {"ver": s.version} if outcome.done else outcome.existing
        else:
            raise StoreUnavailableError("customers kept changing while they were written")
        return [
            _outcome(s.version, s.facts, *_customer(first[s.facts.customer]), newest[s.facts.customer].version)
            for s in stated
        ]


def _facts_version(row: Mapping[str, Any] | None) -> int:
    return int((row or {}).get("iver", 0))


def _version(row: Mapping[str, Any] | None) -> int:
    return int((row or {}).get("ver", 0))


def _item(row: Mapping[str, Any] | None) -> tuple[int, ItemFacts | None]:
    return _facts_version(row), item_facts(row["pk"].removeprefix("I#"), row) if row else None


def _customer(row: Mapping[str, Any] | None) -> tuple[int, CustomerFacts | None]:
    return _version(row), customer_facts(row["pk"].removeprefix("C#"), row) if row else None


def _outcome(version: int, facts: object, stood: int, before: ItemFacts | CustomerFacts | None, newest: int) -> Kept:
    """What became of facts, by what stood before; of several in one event the newest is CURRENT."""
    if version == stood:
        return Kept.DUPLICATE if facts == before else Kept.CONFLICT
    return Kept.CURRENT if version > stood and version == newest else Kept.SUPERSEDED


def _member(member: Member, correlation_id: str) -> dict[str, Any]:
    family, sku, version = member
    pk, sk = membership(family, sku)
    return {"pk": pk, "sk": sk, "iver": version, "cors": [correlation_id]}


def _newer(member: Member) -> Update:
    family, sku, version = member
    return Update(membership(family, sku), put={"iver": version}, when=(When("iver", "<", version),))


def _joined(stated: ItemStated, row: Mapping[str, Any] | None) -> list[str]:
    """The families that the item was not in so far; that of all items when there was no sheet."""
    already = {*all_families(None), *row.get("fam", ())} if row else set()
    return [f for f in all_families(stated.facts) if f not in already]


def _gone(stated: ItemStated, row: Mapping[str, Any] | None) -> list[str]:
    """The families that the item has left, some time or now."""
    before = {*(row or {}).get("fam", ()), *(row or {}).get("gone", ())}
    return sorted(before - set(stated.facts.families))


def _left(stated: ItemStated, row: Mapping[str, Any] | None) -> list[Member]:
    """What is to be taken away: what the item left, and what older facts that came too late may have written."""
    now, version = set((row or {}).get("fam", ())), _facts_version(row)
    late = set(stated.facts.families) if stated.version < version else set[str]()
    return [(f, stated.facts.sku, version) for f in sorted({*(row or {}).get("gone", ()), *late} - now)]


def _attributes(stated: ItemStated, row: Mapping[str, Any] | None) -> dict[str, Any]:
    return item_attributes(stated.facts, stated.version, stated.source) | {"gone": _gone(stated, row) or None}


def _as_written(row: Mapping[str, Any] | None, stated: ItemStated) -> Item:
    kept = {k: v for k, v in _attributes(stated, row).items() if v is not None}
    pk, sk = item_sheet(stated.facts.sku)
    return {"pk": pk, "sk": sk, **kept}


def _sheet(stated: ItemStated, row: Mapping[str, Any] | None, correlation_id: str) -> Write:
    key = item_sheet(stated.facts.sku)
    said = _attributes(stated, row) | {"ver": _version(row) + 1, "cors": [correlation_id]}
    if row is None:
        return Insert({"pk": key[0], "sk": key[1], "rules": {}, **said})
    return _changing(key, said, row)


def _profile(stated: CustomerStated, row: Mapping[str, Any] | None, correlation_id: str) -> Write:
    key = profile(stated.facts.customer)
    said = customer_attributes(stated.facts, stated.version, stated.source) | {"cors": [correlation_id]}
    if row is None:
        return Insert({"pk": key[0], "sk": key[1], **said})
    return _changing(key, said, row)


def _changing(key: Key, said: Mapping[str, Any], row: Mapping[str, Any]) -> Update:
    """Sets what is said and takes away what is said no longer, if the row is still the one that was read."""
    put = {name: value for name, value in said.items() if value is not None}
    gone = tuple(name for name, value in said.items() if value is None and name in row)
    return Update(key, put=put, remove=gone, when=(When("ver", "=", row["ver"]),))
