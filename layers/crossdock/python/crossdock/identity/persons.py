"""A person in the identity table: found by reading all of it, and taken out.

An address is no key of anything here, and a contact stands with its customer: so who asks for everything about a
person reads the table, twice (three times when asked by an address). That is rare, and said before.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, Final

from crossdock.contracts.persons import Person, address_of, digits_of, from_document
from crossdock.identity.customer_rows import KIND as CUSTOMER
from crossdock.identity.customer_rows import TOLD
from crossdock.identity.forgetting import of_person
from crossdock.identity.person_rows import Seen, contact_of, known_by, see, statements, untold, unwritten
from crossdock.identity.xref_rows import lookup_key, partition
from crossdock.identity.xref_writes import minted_id
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.dynamo import Item, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.sequences import chunks
from crossdock.platform.writes import Delete, Key, Update

_KIND: Final = "contact"
_WORK: Final = "E#ERASING"
_ROUNDS: Final = 12
_PAIRS: Final = 40

Progress = Callable[[int], None]
"""Told of so many rows read."""


@dataclass(frozen=True)
class Asked:
    """Who is asked for: a mail address, a telephone number, or a contact by our id or a system's."""

    text: str
    contact: str | None = None
    address: str | None = None
    phone: str | None = None
    external: tuple[str, str] | None = None

    def means(self, person: Person) -> bool:
        """Whether it is this person, of whom nothing but this may be known any more."""
        return (
            self.contact in person.contacts
            or self.address in person.addresses
            or self.phone in person.phones
            or self.external in person.ids
        )

    @property
    def name(self) -> str:
        """A name for the work that is under way; of an address no more than a hash, and only as long."""
        plain = self.contact or self.address or self.phone or ""
        return hashlib.sha256(plain.encode()).hexdigest()[:32]


@dataclass
class References:
    """What systems call a person: the ids, and all rows that say so."""

    ids: set[tuple[str, str]] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    pairs: list[tuple[Key, Key]] = field(default_factory=list)
    others: list[Key] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """An erasure: by what the person is known, and the customers that are to forget, with the attributes."""

    person: Person
    customers: dict[str, set[str]]

    def __or__(self, other: "Work") -> "Work":
        both = {*self.customers, *other.customers}
        return Work(
            self.person | other.person,
            {c: self.customers.get(c, set()) | other.customers.get(c, set()) for c in both},
        )


class Persons:
    """Finds and forgets persons in one identity table."""

    def __init__(self, table: Table, xrefs: CrossReferences) -> None:
        self._table = table
        self._xrefs = xrefs

    def asked(self, text: str) -> Asked:
        """What is meant by CT…, SYSTEM:ID, a mail address or a telephone number. Raises ValueError for none of them.

        An id that no system knows (any more) is what it would be called if it came again.
        """
        if text.startswith("CT") and ":" not in text:
            return Asked(text, contact=self._xrefs.current(_KIND, text))
        if (address := address_of(text)) is not None:
            return Asked(text, address=address)
        if (phone := digits_of(text)) is not None:
            return Asked(text, phone=phone)
        system, _, external = text.partition(":")
        if not system or not external:
            raise ValueError(f"'{text}' is nobody: give CT…, SYSTEM:ID, a mail address or a telephone number")
        found = self._xrefs.references(_KIND, [(system, external)], consistent=True).get((system, external))
        known = found.canonical if found else minted_id(_KIND, (system, external))
        return Asked(text, contact=self._xrefs.current(_KIND, known), external=(system, external))

    # -- finding ---------------------------------------------------------------------------------------------------

    def person(self, asked: Asked, read: Progress) -> tuple[Person, Seen]:
        """By what the person is known, and where that stands. Reads the whole table two or three times.

        What another contact has too (an office's number) is no mark of this person, unless it is what was asked for.
        """
        given = Person(
            addresses=frozenset({asked.address} if asked.address else ()),
            phones=frozenset({asked.phone} if asked.phone else ()),
        )
        person = given
        contacts = self._aliases({asked.contact} if asked.contact else self._having(given, read))
        if contacts:
            person |= Person(contacts=frozenset(contacts), ids=frozenset(self.references(contacts).ids))
            person |= self._documents(contacts, read)
        seen = Seen()
        for row in self._all(read):
            see(seen, row, person)
        shared = seen.shared - given.addresses - given.phones
        person = Person(person.contacts, person.ids, person.addresses - shared, person.phones - shared, person.names)
        return person, self._owned(seen, person)

    def _owned(self, seen: Seen, person: Person) -> Seen:
        """What was seen, without what is only said of somebody who shares a mark."""
        kept = {
            k: [s for s in found if of_person(s.attribute, s.value, person)] for k, found in seen.statements.items()
        }
        return Seen({k: found for k, found in kept.items() if found}, seen.shared)

    def _having(self, given: Person, read: Progress) -> set[str]:
        """The contacts that have a mail address or number, or ever had it."""
        found = set[str]()
        for row in self._all(read):
            for statement in statements(row):
                contact = contact_of(statement)
                if contact is not None:
                    theirs = known_by(statement.value)
                    if theirs.addresses & given.addresses or theirs.phones & given.phones:
                        found.add(contact)
        return found

    def _documents(self, contacts: set[str], read: Progress) -> Person:
        person = Person()
        for row in self._all(read):
            for statement in statements(row):
                if contact_of(statement) in contacts:
                    person |= known_by(statement.value)
        return person

    def _all(self, read: Progress) -> Iterable[Item]:
        for rows, _ in self._table.pages(None):
            yield from rows
            read(len(rows))

    def _aliases(self, contacts: Iterable[str]) -> set[str]:
        """Contacts with all that were merged into them, and what they were merged into."""
        found, waiting = set[str](), [self._xrefs.current(_KIND, c) for c in contacts]
        while waiting:
            contact = waiting.pop()
            if contact not in found:
                found.add(contact)
                waiting += self._xrefs.known(_KIND, contact).merges
        return found

    def references(self, contacts: Iterable[str]) -> References:
        """What systems call these contacts."""
        found = References(contacts=set(contacts))
        for contact in sorted(found.contacts):
            for reference in self._xrefs.known(_KIND, contact).references:
                found.ids.add(reference.id)
                back = (partition(_KIND, contact), f"SYS#{reference.system}#{reference.external}")
                found.pairs.append((lookup_key(_KIND, reference.id), back))
            rows = self._table.query(partition(_KIND, contact), consistent=True)
            found.others += [(r["pk"], r["sk"]) for r in rows if not r["sk"].startswith("SYS#")]
        return found

    # -- the work that is under way -----------------------------------------------------------------------------

    def begun(self, asked: Asked) -> Work | None:
        """An erasure of this person that has begun and not ended; None: there is none."""
        works = [work for _, work in self._works(asked)]
        return reduce(or_, works) if works else None

    def _works(self, asked: Asked) -> Iterator[tuple[Key, Work]]:
        for row in self._table.query(_WORK, consistent=True):
            work = Work(from_document(row["p"]), {c: set(names) for c, names in row["cu"].items()})
            if asked.means(work.person):
                yield (row["pk"], row["sk"]), work

    def unfinished(self) -> int:
        """How many erasures have begun and not ended; 0.5 RCU."""
        return sum(1 for _ in self._table.query(_WORK))

    def begin(self, asked: Asked, work: Work) -> None:
        """Keeps by what the person is known until nothing is left: what is erased first is what tells."""
        customers = {c: sorted(names) for c, names in work.customers.items()}
        self._table.put({"pk": _WORK, "sk": asked.name, "p": work.person.document(), "cu": customers})

    def end(self, asked: Asked) -> None:
        """Nothing is left."""
        for key, _ in list(self._works(asked)):
            self._table.delete(key)

    # -- taking out ----------------------------------------------------------------------------------------------

    def untell(self, customer: str, person: Person, attributes: Collection[str]) -> int:
        """Takes the marks of what systems were told away; of how many systems that was."""
        rows = list(self._table.query(partition(CUSTOMER, customer), prefix=TOLD, consistent=True))
        return sum(self._changed((r["pk"], r["sk"]), lambda row: untold(row, person, attributes)) for r in rows)

    def unwrite(self, key: Key, person: Person) -> bool:
        """Takes values with their salts out of a row of history; False when there are none (any more)."""
        return self._changed(key, lambda row: unwritten(row, person))

    def _changed(self, key: Key, change: Callable[[Item], Update | None]) -> bool:
        for _ in range(_ROUNDS):
            row = self._table.get(key, consistent=True)
            wanted = change(row) if row else None
            if wanted is None:
                return False
            if self._table.atomically([wanted])[0].done:
                return True
        raise StoreUnavailableError(f"{key[0]} kept being changed by others")

    def unname(self, contacts: Iterable[str]) -> int:
        """Takes away what systems call these contacts; how many ids that were."""
        found = self.references(contacts)
        for part in chunks(found.pairs, _PAIRS):
            self._table.atomically([Delete(key) for pair in part for key in pair])
        if found.others:
            self._table.atomically([Delete(key) for key in found.others])
        return len(found.pairs)


def said(seen: Seen) -> list[dict[str, Any]]:
    """What was seen, for an export: where, and the value."""
    return [
        {"table": "identity", "pk": key[0], "sk": key[1], "place": s.place, "value": s.value}
        for key, found in sorted(seen.statements.items())
        for s in found
    ]
