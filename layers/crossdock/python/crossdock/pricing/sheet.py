"""A row of rules as a value: the newest version of each, what it gave away to rows below it, and what it takes next.

A write is paid by the KB of the whole row and a read by 4 KB, so a row that would pass ROOM gives its largest dimension
away. Three rules keep that safe without any transaction:

- The rows below are written first, and then the row says that they count. A reader of the row as it was finds every
  rule in it; a reader of the row as it is looks below.
- What was given away is still left here for GRACE: a reader whose look below came a moment too early has an older
  version of a rule then, never none. Of two versions the newest counts. The next write after that takes it away.
- Nothing that was given away comes back, so where a rule belongs can only move downwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from crossdock.pricing.entries import from_entry, to_entry, version_of
from crossdock.pricing.instants import instant_text
from crossdock.pricing.rules import Rule
from crossdock.pricing.slots import DIMENSIONS, Place, dimensions, next_below

ROOM: Final = 3400
"""Bytes of rules in a row, with which it stays within 4 KB and so within one read unit beside an item's facts."""
GRACE: Final = timedelta(minutes=1)
"""How long a reader may take between a row and those below it, with room to spare: a lookup takes milliseconds."""
_WORTH_IT: Final = ROOM // 4
_ENTRY: Final = 1  # what a map costs for each of its entries

Offered = Mapping[str, Rule]
"""Rules by name."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rules of one row as texts, by name. `version` counts the row's changes; 0 is a row that was never written.

    `given` has the letters of the dimensions that were given away, in that order, the last of them at `since`.
    """

    place: Place
    version: int = 0
    entries: Mapping[str, str] = field(default_factory=dict)
    given: str = ""
    since: str = ""

    @classmethod
    def read(cls, place: Place, row: Mapping[str, Any] | None) -> "Sheet":
        """The sheet of a stored row, or of none."""
        if row is None:
            return cls(place)
        return cls(place, row["ver"], row.get("rules", {}), row.get("sp", ""), row.get("spt", ""))

    def rules(self) -> dict[str, Rule]:
        """The rules that stand here, by name; those that are still left here for a while too."""
        return {name: from_entry(name, text, self.place) for name, text in self.entries.items()}

    def rule(self, name: str) -> Rule | None:
        """One rule, if it stands here."""
        text = self.entries.get(name)
        return None if text is None else from_entry(name, text, self.place)

    def version_of(self, name: str) -> int:
        """The version of a rule that stands here; 0 when none does."""
        text = self.entries.get(name)
        return 0 if text is None else version_of(text)

    def below(self, rule: Rule) -> Place | None:
        """The row below this one where a rule belongs; None when it belongs here."""
        return next_below(self.place, self.given, rule.scope)

    def without_leftovers(self, now: datetime) -> "Sheet":
        """The sheet without what it gave away longer than GRACE ago."""
        if not self.given or instant_text(now - GRACE) < self.since:
            return self
        left = {n: self.entries[n] for n, rule in self.rules().items() if self.below(rule) is None}
        return self if len(left) == len(self.entries) else replace(self, entries=left)


@dataclass(frozen=True, slots=True)
class Step:
    """What taking some rules asks for: rows below to write first, then the row itself, if it changes at all."""

    below: Mapping[Place, Offered]
    sheet: Sheet | None


def taking(sheet: Sheet, offered: Offered, now: datetime) -> Step:
    """How a sheet takes each rule that is newer than what stands there."""
    here, down = _by_row(sheet, offered)
    newer = {name: rule for name, rule in here.items() if rule.version > sheet.version_of(name)}
    if not newer:
        return Step(down, None)
    tidy = sheet.without_leftovers(now)
    texts = {name: to_entry(rule, sheet.place) for name, rule in newer.items()}
    grown = replace(tidy, version=sheet.version + 1, entries={**tidy.entries, **texts})
    if _bytes(grown.entries) <= ROOM:
        return Step(down, grown)
    return _giving_away(grown, newer, sheet, down, now)


def _giving_away(grown: Sheet, newer: Offered, before: Sheet, down: Mapping[Place, Offered], now: datetime) -> Step:
    """The same, with dimensions given away until what belongs here has room, as far as any of them helps."""
    rules = grown.rules()
    given = _enough(grown, rules)
    if given == grown.given:
        return Step(down, grown)
    split = replace(grown, given=given, since=instant_text(now))
    _, moved = _by_row(split, {n: r for n, r in rules.items() if grown.below(r) is None})
    gone = {name for offered in moved.values() for name in offered}
    left = {n: before.entries.get(n, "") if n in gone and n in newer else t for n, t in grown.entries.items()}
    everything = {place: {**down.get(place, {}), **moved.get(place, {})} for place in {**down, **moved}}
    return Step(everything, replace(split, entries={n: t for n, t in left.items() if t}))


def _enough(sheet: Sheet, rules: Offered) -> str:
    """The dimensions that are given away then: the largest first, none that would hardly help."""
    given = sheet.given
    while True:
        staying = {n: r for n, r in rules.items() if next_below(sheet.place, given, r.scope) is None}
        if _bytes({n: sheet.entries[n] for n in staying}) <= ROOM:
            return given
        helps = {
            letter: _bytes({n: sheet.entries[n] for n, r in staying.items() if getattr(r.scope, DIMENSIONS[letter])})
            for letter in dimensions(sheet.place)
            if letter not in given
        }
        best = max(helps, key=lambda letter: helps[letter], default="")
        if not best or helps[best] < _WORTH_IT:
            return given
        given += best


def _by_row(sheet: Sheet, offered: Offered) -> tuple[dict[str, Rule], dict[Place, dict[str, Rule]]]:
    here: dict[str, Rule] = {}
    down: dict[Place, dict[str, Rule]] = {}
    for name, rule in offered.items():
        place = sheet.below(rule)
        if place is None:
            here[name] = rule
        else:
            down.setdefault(place, {})[name] = rule
    return here, down


def _bytes(entries: Mapping[str, str]) -> int:
    return sum(len(name.encode()) + len(text.encode()) + _ENTRY for name, text in entries.items())


def newest(sheets: Sequence[Mapping[str, Rule]]) -> dict[str, Rule]:
    """The rules of several rows, of each the newest version."""
    found: dict[str, Rule] = {}
    for rules in sheets:
        for name, rule in rules.items():
            if name not in found or rule.version > found[name].version:
                found[name] = rule
    return found


EMPTY: Final[Mapping[str, Rule]] = MappingProxyType({})
