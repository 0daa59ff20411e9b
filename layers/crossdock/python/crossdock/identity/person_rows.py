"""A person in the rows of the identity table: what they say of whom, and the rows without that."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from crossdock.contracts.customer_attributes import named
from crossdock.contracts.persons import Person, address_of, digits_of
from crossdock.identity.claims import GONE
from crossdock.identity.customer_rows import HEAD, KIND, MANY, PART, RECORD
from crossdock.identity.forgetting import ADDRESSES, of_person
from crossdock.identity.xref_rows import partition
from crossdock.platform.writes import Key, Update, When

_HISTORY: Final = "H#customer#"
_CONTACT: Final = "contact/"


@dataclass(frozen=True, slots=True)
class Statement:
    """One attribute with a value, in a row: what stands, what a record says, what history keeps."""

    customer: str
    attribute: str
    value: Any
    place: str


@dataclass
class Seen:
    """What a reading of the table found of a person: statements by row, and which of its marks another contact has."""

    statements: dict[Key, list[Statement]] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)

    @property
    def customers(self) -> dict[str, set[str]]:
        """Those of whom something is to be forgotten, with the attributes; histories are no part of it."""
        made: dict[str, set[str]] = {}
        for key, found in self.statements.items():
            for statement in () if key[0].startswith(_HISTORY) else found:
                made.setdefault(statement.customer, set()).add(statement.attribute)
        return made

    @property
    def histories(self) -> list[Key]:
        """The rows of history that hold something."""
        return sorted(key for key in self.statements if key[0].startswith(_HISTORY))


def statements(row: Mapping[str, Any]) -> Iterator[Statement]:
    """All that a row says of contacts, mail addresses and numbers; nothing for rows of other sorts."""
    pk, sk = row["pk"], row["sk"]
    if pk.startswith(_HISTORY):
        for name, change in row["ch"].items():
            if "v" in change and _personal(name):
                yield Statement(pk.removeprefix(_HISTORY), name, json.loads(change["v"]), f"ch/{name}/v")
        return
    prefix = partition(KIND, "")
    if not pk.startswith(prefix):
        return
    customer = pk.removeprefix(prefix)
    if sk == HEAD:
        said: Mapping[str, Any] = {name: found.get("v") for name, found in row["g"].items()}
    elif sk.startswith(MANY):
        said = {sk.removeprefix(MANY): row.get("v")}
    elif sk.startswith((RECORD, PART)):
        said = row["v"]
    else:
        return
    for name, value in said.items():
        if value is not None and _personal(name):
            yield Statement(customer, name, value, name)


def _personal(name: str) -> bool:
    return name != GONE and (name.startswith(_CONTACT) or named(name).base in ADDRESSES)


def contact_of(statement: Statement) -> str | None:
    """The contact that a statement is of; None: it is of the customer itself."""
    return statement.attribute.removeprefix(_CONTACT) if statement.attribute.startswith(_CONTACT) else None


def known_by(document: Mapping[str, Any]) -> Person:
    """By what a contact's document makes a person known."""
    mail = address_of(document["email"]) if document.get("email") else None
    phone = digits_of(document["phone"]) if document.get("phone") else None
    name = (document.get("name") or "").strip().casefold()
    return Person(
        addresses=frozenset({mail} if mail else ()),
        phones=frozenset({phone} if phone else ()),
        names=frozenset({name} if len(name) > 1 else ()),
    )


def see(seen: Seen, row: Mapping[str, Any], person: Person) -> None:
    """Notes what a row holds of a person, and what of the person's marks another contact has too."""
    key = (row["pk"], row["sk"])
    for statement in statements(row):
        contact = contact_of(statement)
        if of_person(statement.attribute, statement.value, person):
            seen.statements.setdefault(key, []).append(statement)
        elif contact is not None:
            theirs = known_by(statement.value)
            seen.shared |= (theirs.addresses & person.addresses) | (theirs.phones & person.phones)


def untold(row: Mapping[str, Any], person: Person, attributes: Collection[str]) -> Update | None:
    """Takes away the marks of what a system was told of a person, and of these attributes; None: there are none."""
    names = {*row["t"], *row["e"], *row.get("rv", {})}
    gone = {n for n in names if n in attributes or n.removeprefix(_CONTACT) in person.contacts}
    if not gone:
        return None
    kept = {part: {n: v for n, v in row.get(part, {}).items() if n not in gone} for part in ("t", "e", "rv")}
    # A number more: whoever is about to note what it told reads again.
    return Update((row["pk"], row["sk"]), put={**kept, "n": row["n"] + 1}, when=(When("n", "=", row["n"]),))


def unwritten(row: Mapping[str, Any], person: Person) -> Update | None:
    """Takes a person's values out of a row of history: each goes with its salt, and what stands for it stays.

    None when it holds none. The chain still proves itself: values are no part of it.
    """
    gone = {s.attribute for s in statements(row) if of_person(s.attribute, s.value, person)}
    if not gone:
        return None
    bare = {n: {k: v for k, v in c.items() if k not in {"v", "salt"}} if n in gone else c for n, c in row["ch"].items()}
    return Update((row["pk"], row["sk"]), put={"ch": bare}, when=(When("ch", "=", row["ch"]),))
