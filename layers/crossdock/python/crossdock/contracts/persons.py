"""One person in documents of any shape: what of a document is about that person, and the document without it.

Strong marks are the person's alone: a mail address, a telephone number, the id of the contact in a system. They are
taken out wherever they stand. A name may be another's too: it counts only in an object that holds a strong mark.

    {"contacts": {"9": {…}, "8": {…}}}                 the whole entry of the person's id goes
    {"firstName": "Ada", "email": "ada@…", "role": …}  the mail address goes, and beside it the first name
    "call Ada on 01904 654321"                         of a text only the number is covered, and the name beside it

A member that goes is taken away rather than emptied: what a document does not say, it does not change.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

COVER: Final = "●●●"
_MANY: Final = frozenset({"contacts", "contact"})
_LONG_ID: Final = 8
_DIGITS: Final = 9
_FEWEST: Final = 7
_NO_DIGIT: Final = re.compile(r"[^0-9]")
_PHONE: Final = re.compile(r"[+0-9().\-/\s]{7,30}")


def digits_of(text: str) -> str | None:
    """The last nine digits of a telephone number, by which numbers are one; None for what is none."""
    found = _NO_DIGIT.sub("", text)
    return found[-_DIGITS:] if _PHONE.fullmatch(text.strip()) and len(found) >= _FEWEST else None


def address_of(text: str) -> str | None:
    """A mail address as it is compared; None for what is none."""
    plain = text.strip().casefold()
    return plain if re.fullmatch(r"[^\s@]+@[^\s@]+", plain) else None


@dataclass(frozen=True)
class Person:
    """By what a person is known. `contacts` are our ids (CT…), `ids` those of systems (system, id).

    `addresses` and `phones` are nobody else's, as `address_of` and `digits_of` give them; `names` are full names.
    """

    contacts: frozenset[str] = frozenset()
    ids: frozenset[tuple[str, str]] = frozenset()
    addresses: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def __or__(self, other: "Person") -> "Person":
        return Person(
            self.contacts | other.contacts,
            self.ids | other.ids,
            self.addresses | other.addresses,
            self.phones | other.phones,
            self.names | other.names,
        )

    def document(self) -> dict[str, Any]:
        """As it is kept while an erasure is under way."""
        return {
            "contacts": sorted(self.contacts),
            "ids": [list(i) for i in sorted(self.ids)],
            "addresses": sorted(self.addresses),
            "phones": sorted(self.phones),
            "names": sorted(self.names),
        }

    def owns(self, value: object) -> bool:
        """Whether a value is the person's mail address or number, and nothing else."""
        if not isinstance(value, str):
            return False
        return address_of(value) in self.addresses or digits_of(value) in self.phones

    @cached_property
    def _strong(self) -> re.Pattern[str] | None:
        found = [rf"(?<![\w.+-]){re.escape(a)}(?![\w-]|\.\w)" for a in sorted(self.addresses)]
        # At most one group of digits before the nine: country and area are no mark of anybody.
        found += [
            r"(?<![\d+])(?:[\d()+]{1,6}[\s().\-/]{0,2})??" + r"[\s().\-/]*".join(phone) + r"(?!\d)"
            for phone in sorted(self.phones)
        ]
        found += [rf"(?<!\w){re.escape(c)}(?!\w)" for c in sorted(self.contacts)]
        return re.compile("|".join(found), re.IGNORECASE) if found else None

    @cached_property
    def _named(self) -> re.Pattern[str] | None:
        found = [rf"(?<!\w){re.escape(n)}(?!\w)" for n in sorted(self.names, key=len, reverse=True)]
        return re.compile("|".join(found), re.IGNORECASE) if found else None

    def in_key(self, text: str) -> bool:
        """Whether a key holds a mail address or number; our own ids are no more than a name for nobody."""
        return self._addressed.in_text(text)

    @cached_property
    def _addressed(self) -> "Person":
        return Person(addresses=self.addresses, phones=self.phones)

    @cached_property
    def words(self) -> frozenset[str]:
        """The parts of the names."""
        return frozenset(word for name in self.names for word in name.split() if len(word) > 1)

    def in_text(self, text: str) -> bool:
        """Whether a text holds a strong mark."""
        return bool(self._strong and self._strong.search(text))

    def covered(self, text: str) -> str:
        """A text without the person; names only beside a strong mark."""
        if self._strong is None or not self._strong.search(text):
            return text
        text = self._strong.sub(COVER, text)
        return self._named.sub(COVER, text) if self._named else text


def from_document(found: Mapping[str, Any]) -> Person:
    """What was kept."""
    return Person(
        frozenset(found["contacts"]),
        frozenset((s, x) for s, x in found["ids"]),
        frozenset(found["addresses"]),
        frozenset(found["phones"]),
        frozenset(found["names"]),
    )


@dataclass
class TakingOut:
    """Takes a person out of documents of one system (None: of none); `found` is what was taken, by place.

    With `covering`, a member is covered instead of taken away: who compares the document finds that it is another one.
    """

    person: Person
    system: str | None = None
    covering: bool = False
    found: list[tuple[str, Any]] = field(default_factory=list)

    def of(self, value: Any, place: str = "", within: str = "", *, near: bool = False) -> Any:
        """The value without the person; the very same one when it holds nothing."""
        if isinstance(value, Mapping):
            return self._object(value, place, within, near=near)
        if isinstance(value, list | tuple):
            made = [self.of(v, f"{place}/{n}", within) for n, v in enumerate(value)]
            return made if any(a is not b for a, b in zip(made, value, strict=True)) else value
        if isinstance(value, str):
            covered = COVER if self._is(value, "", near=near) else self.person.covered(value)
            if covered != value:
                self.found.append((place, value))
                return covered
        return value

    def _object(self, value: Mapping[str, Any], place: str, within: str, *, near: bool) -> Any:
        near = near or any(self._strong(v) for v in value.values())
        made: dict[str, Any] = {}
        for name, inner in value.items():
            here = f"{place}/{name}"
            if self._entry(name, within) or self._is(inner, name, near=near):
                self.found.append((here, inner))
                if self.covering:
                    made[name] = COVER
                continue
            # An object of one thing is of the person with it; an object of many is not.
            passes = near and isinstance(inner, Mapping) and name.casefold() not in _MANY
            made[name] = self.of(inner, here, name, near=passes)
        same = len(made) == len(value) and all(made[n] is value[n] for n in made)
        return value if same else made

    def _entry(self, name: str, within: str) -> bool:
        plain = name.removeprefix("contact/")
        return plain in self.person.contacts or (within.casefold() in _MANY and (self.system, name) in self.person.ids)

    def _strong(self, value: Any) -> bool:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            return False
        return self.person.in_text(value) or (len(value) >= _LONG_ID and (self.system, value) in self.person.ids)

    def _is(self, value: Any, name: str, *, near: bool) -> bool:
        """Whether a value is the person's and nothing else."""
        if isinstance(value, int) and not isinstance(value, bool):
            return digits_of(str(value)) in self.person.phones
        if not isinstance(value, str):
            return False
        if self.person.owns(value) or value in self.person.contacts:
            return True
        if (self.system, value) in self.person.ids and (near or len(value) >= _LONG_ID):
            return True
        plain = value.strip().casefold()
        if not near:
            return False
        # `firstName` and `last_name` hold parts of the name; a `name` alone may be a company's.
        part = "name" in name.casefold() and name.casefold() != "name" and plain in self.person.words
        return plain in self.person.names or part
