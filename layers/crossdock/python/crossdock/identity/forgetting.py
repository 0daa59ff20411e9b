"""Forgetting a person: contacts, and mail addresses and numbers of customers, in what records say and what stands.

What a record said of it becomes *nothing*, under the newest version that it ever had: so a report that is late or
replayed brings nothing back, while one that its source makes later does. The customer is judged anew and gets a new
version, so channels hear that the contact is gone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from crossdock.contracts.customer_attributes import named
from crossdock.contracts.persons import Person
from crossdock.identity.claims import GONE, Before, Record, mark
from crossdock.identity.comparing import Comparison
from crossdock.identity.customer_store import CustomerStore, Kept, Next, writes
from crossdock.identity.customers import Judging, judged
from crossdock.identity.duplicates.index import changes as index_changes
from crossdock.identity.journal import Cause
from crossdock.identity.xref_writes import minted_id
from crossdock.platform.errors import StoreUnavailableError

ADDRESSES: Final = frozenset({"email", "phone"})
"""Attributes of a customer that may be a person's."""
_ROUNDS: Final = 12


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What a customer forgot: the attributes, by record (system, id)."""

    customer: str
    version: int
    names: Mapping[tuple[str, str], tuple[str, ...]]


class Forgetting:
    """Has customers forget a person."""

    def __init__(self, store: CustomerStore, comparison: Comparison, judging: Judging) -> None:
        self._store = store
        self._comparison = comparison
        self._judging = judging

    def foresee(self, customer: str, person: Person) -> Forgotten | None:
        """What would be forgotten; None when nothing is known. Nothing is written."""
        kept = self._store.load(customer)
        records, names = _without(kept, person)
        return Forgotten(customer, kept.customer.version, names) if records else None

    def forget(self, customer: str, person: Person, cause: Cause) -> Forgotten | None:
        """Forgets, in one transaction; None when there is nothing (any more). `customer` is not a merged one.

        Raises StoreUnavailableError when other writers keep standing in the way.
        """
        for _ in range(_ROUNDS):
            kept = self._store.load(customer)
            changed, names = _without(kept, person)
            if not changed:
                return None
            known = {r.id for r in changed}
            records = [*(r for r in kept.records if r.id not in known), *changed]
            after = judged(kept.customer, records, list(kept.suspects.values()), self._judging, cause.at)
            if not after.compared and self._judging.terms.duplicates != "off":
                after = replace(after, keys=self._comparison.keys(after.id, after.values))
            made = [
                *writes(kept, Next(after, changed), cause),
                *index_changes(customer, kept.customer.keys, after.keys),
            ]
            if self._store.commit(made):
                return Forgotten(customer, after.version, names)
        raise StoreUnavailableError(f"{customer} kept being changed by others")


def _without(kept: Kept, person: Person) -> tuple[list[Record], dict[tuple[str, str], tuple[str, ...]]]:
    """The records that speak of a person, without that, and which of their attributes that is."""
    found: list[Record] = []
    names: dict[tuple[str, str], tuple[str, ...]] = {}
    for record in kept.records:
        speaks = [name for name, value in record.values.items() if value is not None and of_person(name, value, person)]
        if speaks:
            names[record.id] = tuple(sorted(speaks))
            found.append(without(record, {*speaks, *_by_another_name(record, person)}))
    return found, names


def of_person(attribute: str, value: Any, person: Person) -> bool:
    """Whether an attribute of a customer, with this value, is about a person."""
    if attribute == GONE:
        return False
    parts = named(attribute)
    if parts.base == "contact":
        return parts.one in person.contacts
    return parts.base in ADDRESSES and person.owns(value)


def _by_another_name(record: Record, person: Person) -> set[str]:
    """What a late report would call the person, once its cross-references are gone."""
    return {f"contact/{minted_id('contact', i)}" for i in person.ids if i[0] == record.system}


def without(record: Record, names: Iterable[str]) -> Record:
    """A record as if it had said *nothing* of these attributes, under its newest version, and never anything else."""
    gone = set(names)
    newest = record.newest
    at = max((r.at for r in record.reports), default=max((b.at for b in record.before.values()), default=""))
    reports = [replace(r, marks={n: m for n, m in r.marks.items() if n not in gone}) for r in record.reports]
    return replace(
        record,
        values={**record.values, **dict.fromkeys(gone)},
        reports=tuple(r for r in reports if r.marks),
        before={**record.before, **{n: Before(mark(None), newest, at, newest) for n in gone}},
    )
