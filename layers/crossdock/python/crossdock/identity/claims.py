"""What each outside record says of a customer: the one thing that is kept, and from which the golden record is made.

A record (one account in a CRM, one debtor in an ERP) says its attributes one by one, each under a version of its own.
Newer replaces older, whatever order they come in, so any order and any repetition leads to the same record.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from crossdock.contracts.customer_attributes import Value

GONE: Final = "gone"
"""What a record says when it was deleted (True) or restored (False): no attribute has this name."""


class Heard(Enum):
    """What became of one statement."""

    NEW = "new"
    SAME = "said before"
    OLDER = "superseded"
    CONTRADICTS = "contradicts what was said under the same version"


@dataclass(frozen=True, slots=True)
class Said:
    """One attribute's value as a record says it, under the record's version, at an instant (RFC 3339 UTC)."""

    value: Value
    version: int
    at: str


@dataclass(frozen=True, slots=True)
class Record:
    """One outside record: its system, its id there, what it says, and what it is (`role`: sold_to, buyer, …).

    `home` is the customer in whose partition it is kept: after a merge that is not the one it speaks of.
    """

    system: str
    external: str
    said: Mapping[str, Said] = field(default_factory=dict)
    role: str | None = None
    home: str = ""

    @property
    def gone(self) -> bool:
        """Whether the source deleted it."""
        return GONE in self.said and self.said[GONE].value is True

    @property
    def claims(self) -> dict[str, Said]:
        """What it says of the customer; a deleted record says nothing."""
        return {} if self.gone else {name: said for name, said in self.said.items() if name != GONE}


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A record with a report taken in, and what became of each attribute of the report."""

    record: Record
    heard: Mapping[str, Heard]

    @property
    def changed(self) -> list[str]:
        """The attributes whose statement is new, in the order of their names."""
        return sorted(name for name, heard in self.heard.items() if heard is not Heard.SAME and self._kept(name))

    @property
    def contradictions(self) -> list[str]:
        """The attributes that were said before under this version with another value."""
        return sorted(name for name, heard in self.heard.items() if heard is Heard.CONTRADICTS)

    def _kept(self, name: str) -> bool:
        return self.heard[name] is Heard.NEW or self.heard[name] is Heard.CONTRADICTS


def absorb(record: Record, said: Mapping[str, Said]) -> Absorbed:
    """Takes statements into a record.

    Of two values under one version the one that sorts last is kept, so that both orders end alike; it is for whoever
    calls to raise the contradiction.
    """
    kept, heard = dict(record.said), dict[str, Heard]()
    for name, new in said.items():
        old = kept.get(name)
        heard[name] = _heard(old, new)
        if old is None or _order(new) > _order(old):
            kept[name] = new
    return Absorbed(Record(record.system, record.external, kept, record.role, record.home), heard)


def _heard(old: Said | None, new: Said) -> Heard:
    if old is None or new.version > old.version:
        return Heard.NEW
    if new.version < old.version:
        return Heard.OLDER
    return Heard.SAME if canonical(old.value) == canonical(new.value) else Heard.CONTRADICTS


def canonical(value: Value) -> str:
    """The one text of a value: equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _order(said: Said) -> tuple[int, str, str]:
    return said.version, said.at, canonical(said.value)


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement with who made it: what survivorship chooses among."""

    system: str
    external: str
    said: Said


def claims_by_attribute(records: Iterable[Record]) -> dict[str, list[Claim]]:
    """Everything that is said, by attribute; the order of the records does not matter to whoever chooses."""
    found: dict[str, list[Claim]] = {}
    for record in records:
        for name, said in record.claims.items():
            found.setdefault(name, []).append(Claim(record.system, record.external, said))
    return found


def merged(records: Sequence[Record]) -> dict[tuple[str, str], Record]:
    """Records by (system, external id)."""
    return {(r.system, r.external): r for r in records}
