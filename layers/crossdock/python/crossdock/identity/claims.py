"""What each outside record says of a customer: the one thing that is kept, and from which the golden record is made.

A record (one account in a CRM, one debtor in an ERP) is reported again and again, in part or whole, under versions that
grow. What it says of an attribute is what its newest report that speaks of it says; *since when* is the report that
said so first without another value in between. Most systems send their whole record when one field changes: did every
repetition count as spoken anew, whoever changed a telephone number would take back everybody's newer names.

    v1 A ── v2 B ── v3 B        says B, since v2
    v1 A ── v3 B ── v2 B        the same: reports may come in any order
    v2 B ── v4 B ── v3 A        says B, since v4: the newest reports are remembered one by one

The newest eight are, by marks of what they said; older ones only by what they came to. So any order and any repetition
leads to the same record, unless a report is overtaken by eight others: then its values still never win, and only the
instant since which a value stands may be another one.

What repeats our own words (`telling.py`) is remembered as an echo, and so is what restates it: a system that was told a
name and sends its whole record ever after has not said the name itself until it says another. An echo counts only where
nobody is left who said anything himself: then it is all that is known.
"""

import hashlib
import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from crossdock.contracts.customer_attributes import Value

GONE: Final = "gone"
"""What a report says besides: whether the source deleted the record (True). No attribute has this name."""
REMEMBERED: Final = 8
_ECHO: Final = "~"


class Heard(Enum):
    """What became of one statement of a report."""

    NEW = "new"
    RESTATED = "said before, under an older version"
    SAME = "a repetition of this very report"
    OLDER = "superseded"
    CONTRADICTS = "contradicts what was said under the same version"


@dataclass(frozen=True, slots=True)
class Said:
    """One attribute's value as a record says it, since this version and instant (RFC 3339 UTC)."""

    value: Value
    version: int
    at: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report that is remembered: its version and instant, and by attribute the mark of what it said."""

    version: int
    at: str
    marks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Before:
    """What the reports that are not remembered came to: a mark, since which version and instant, and up to which."""

    mark: str
    version: int
    at: str
    newest: int


@dataclass(frozen=True, slots=True)
class Record:
    """One outside record: its system, its id there, the newest value of each attribute, and how it came to that.

    `role` is what it is in its system (sold_to, buyer, …). `home` is the customer in whose partition it is kept: after
    a merge that is not the one it speaks of.
    """

    system: str
    external: str
    values: Mapping[str, Value] = field(default_factory=dict)
    reports: tuple[Report, ...] = ()
    before: Mapping[str, Before] = field(default_factory=dict)
    role: str | None = None
    home: str = ""

    @property
    def id(self) -> tuple[str, str]:
        """(system, external id)."""
        return self.system, self.external

    @property
    def gone(self) -> bool:
        """Whether the source deleted it."""
        return self.values.get(GONE) is True

    @property
    def newest(self) -> int:
        """The highest version of any report; 0 without one."""
        return max([r.version for r in self.reports] + [b.newest for b in self.before.values()], default=0)

    @property
    def claims(self) -> dict[str, Said]:
        """What it says of the customer; a deleted record says nothing."""
        return {} if self.gone else {name: self.said(name) for name in self.values if name != GONE}

    def echoes(self, name: str) -> bool:
        """Whether what it says of an attribute is what it was told."""
        return self._since(name)[2].startswith(_ECHO)

    def said(self, name: str) -> Said:
        """Its value of an attribute, and since when it says so without another in between."""
        since = self._since(name)
        return Said(self.values[name], since[0], since[1])

    def _since(self, name: str) -> tuple[int, str, str]:
        *earlier, since = self._entries(name)
        for entry in reversed(earlier):
            if not _alike(entry[2], since[2]):
                break
            since = entry
        return since

    def _entries(self, name: str) -> list[tuple[int, str, str]]:
        """(version, instant, mark) of what spoke of an attribute, oldest first; what is not remembered comes first."""
        found = sorted((r.version, r.at, r.marks[name]) for r in self.reports if name in r.marks)
        before = self.before.get(name)
        return [(before.version, before.at, before.mark), *found] if before else found

    def last(self, name: str) -> tuple[int, str, str] | None:
        """(version, instant, mark) of what spoke of an attribute last; None: nothing did."""
        found = max(((r.version, r.at, r.marks[name]) for r in self.reports if name in r.marks), default=None)
        before = self.before.get(name)
        return found or ((before.newest, before.at, before.mark) if before else None)


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A record with a report taken in, what became of each statement, and whether anything of it was unknown."""

    record: Record
    heard: Mapping[str, Heard]
    changed: bool

    @property
    def contradictions(self) -> list[str]:
        """The attributes that were said under this version before, with another value."""
        return sorted(name for name, heard in self.heard.items() if heard is Heard.CONTRADICTS)


def absorb(
    record: Record, version: int, at: str, says: Mapping[str, Value], echoes: Container[str] = frozenset()
) -> Absorbed:
    """Takes a report into a record, whatever was reported before; `echoes` are attributes that repeat our words.

    Of two values under one version the one that sorts last is kept, so that both orders end alike; it is for whoever
    calls to raise the contradiction.
    """
    new = {n: (version, at, (_ECHO if n in echoes else "") + mark(value)) for n, value in says.items()}
    heard = {name: _heard(record, name, entry) for name, entry in new.items()}
    news = {
        n: entry[2] for n, entry in new.items() if heard[n] is not Heard.SAME and not _forgotten(record, n, version)
    }
    if not news:
        return Absorbed(record, heard, changed=False)
    winning = [n for n in news if new[n] > (record.last(n) or (0, "", ""))]
    report = Report(version, at, dict(sorted(news.items())))
    taken = replace(
        record,
        values={**record.values, **{n: says[n] for n in winning}},
        reports=tuple(sorted((*record.reports, report), key=_age)),
    )
    return Absorbed(_pruned(taken), heard, changed=True)


def _age(report: Report) -> tuple[int, str, list[tuple[str, str]]]:
    return report.version, report.at, sorted(report.marks.items())


def _heard(record: Record, name: str, new: tuple[int, str, str]) -> Heard:
    last = record.last(name)
    if last is None or new[0] > last[0]:
        return Heard.RESTATED if last is not None and _alike(last[2], new[2]) else Heard.NEW
    same_version = {r.marks[name] for r in record.reports if r.version == new[0] and name in r.marks}
    if any(_alike(known, new[2]) for known in same_version):
        return Heard.SAME
    return Heard.CONTRADICTS if same_version else Heard.OLDER


def _forgotten(record: Record, name: str, version: int) -> bool:
    """Whether a report of this version would come before what is remembered one by one."""
    before = record.before.get(name)
    return before is not None and version <= before.newest


def _pruned(record: Record) -> Record:
    """The record with what its oldest reports said taken together, so that it does not grow."""
    reports, before = record.reports, dict(record.before)
    while len(reports) > REMEMBERED:
        oldest, reports = reports[0], reports[1:]
        for name, said in oldest.marks.items():
            kept = before.get(name)
            if kept is not None and _alike(kept.mark, said):
                before[name] = replace(kept, newest=oldest.version)
            else:
                before[name] = Before(said, oldest.version, oldest.at, oldest.version)
    return replace(record, reports=reports, before=before)


def _alike(one: str, other: str) -> bool:
    """Whether two marks are of one value."""
    return one.lstrip(_ECHO) == other.lstrip(_ECHO)


def mark(value: Value) -> str:
    """What is remembered of a value that is not kept."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:12]


def canonical(value: Value) -> str:
    """The one text of a value: equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement with who made it: what survivorship chooses among. `echo`: it repeats what it was told."""

    system: str
    external: str
    said: Said
    echo: bool = False


def claims_by_attribute(records: Iterable[Record]) -> dict[str, list[Claim]]:
    """Everything that is said, by attribute; the order of the records does not matter to whoever chooses."""
    found: dict[str, list[Claim]] = {}
    for record in records:
        for name, said in record.claims.items():
            found.setdefault(name, []).append(Claim(record.system, record.external, said, record.echoes(name)))
    return found
