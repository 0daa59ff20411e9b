"""Which rows a quote needs, from what is known of them so far: a pure function, so that nothing is guessed.

What a row says names further rows: a profile its parents, an item its families, a sheet the rows below it of the
asker's segments, branch, region, ship-to and items. `wanted` follows all of that as far as rows are known.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts, ShipTo, customer_facts, item_facts, profile
from crossdock.pricing.rules import Rule
from crossdock.pricing.sheet import Sheet
from crossdock.pricing.slots import (
    ALL_ITEMS,
    Place,
    below,
    contract,
    family_sheet,
    item_sheet,
    job_sheet,
    next_below,
    path,
)

_EVERY: Final = ""
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for the prices of which items, and where.

    What is None is as the ship-to or else the customer's profile says; an empty tuple is none.
    """

    skus: tuple[str, ...]
    customer: str | None = None
    ship_to: str | None = None
    branch: str | None = None
    region: str | None = None
    channel: str | None = None
    job: str | None = None
    segments: tuple[str, ...] | None = None
    parents: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a row says, as values. `version` 0 is a row that is not there.

    The rules are kept by what of an item they ask: `items` by item, `families` by family (of those that name no item).
    """

    version: int = 0
    given: str = ""
    items: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    families: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    size: int = 1
    item: ItemFacts | None = None
    customer: CustomerFacts | None = None

    def about(self, sku: str, families: Iterable[str]) -> Iterator[Rule]:
        """The rules that may concern an item of these families."""
        yield from self.items.get(sku, ())
        for family in families:
            yield from self.families.get(family, ())
        yield from self.families.get(_EVERY, ())


def see(place: Place, row: Mapping[str, Any] | None) -> Seen:
    """A row as values."""
    if row is None:
        return Seen()
    if place[0].startswith("C#"):
        return Seen(row["ver"], customer=customer_facts(place[0].removeprefix("C#"), row))
    sheet = Sheet.read(place, row)
    items: dict[str, list[Rule]] = {}
    families: dict[str, list[Rule]] = {}
    for _, rule in sorted(sheet.rules().items()):
        asked = items if rule.scope.item is not None else families
        asked.setdefault(rule.scope.item or rule.scope.family or _EVERY, []).append(rule)
    facts = item_facts(path(place).subject, row) if place[0].startswith("I#") else None
    return Seen(sheet.version, sheet.given, _tuples(items), _tuples(families), 1 + len(sheet.entries), facts)


def _tuples(found: Mapping[str, list[Rule]]) -> dict[str, tuple[Rule, ...]]:
    return {name: tuple(rules) for name, rules in found.items()}


Know = Callable[[Place], Seen | None]
"""What is known of a row; None when nothing is."""
Values = Mapping[str, tuple[str, ...]]
"""What the rows below a sheet are looked up by, for each dimension's letter."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows that an answer rests on, as far as what they hang on is known."""

    profile: Place | None
    shared: tuple[Place, ...]
    families: Mapping[str, tuple[str, ...]]
    """The families of each item that is asked for."""
    values: Values

    def places(self, know: Know) -> list[Place]:
        """All rows, each once, in one order."""
        found: dict[Place, None] = {self.profile: None} if self.profile else {}
        named = dict.fromkeys(f for of in self.families.values() for f in (*of, ALL_ITEMS))
        for sheet in (*map(item_sheet, self.families), *map(family_sheet, named), *self.shared):
            found.update(dict.fromkeys(_rows(sheet, self.values, know)))
        return list(found)

    def rules(self, sku: str, know: Know) -> tuple[Rule, ...]:
        """The rules that may concern an item, in the order of their names; of each the newest version."""
        families = self.families[sku]
        values = {**self.values, "I": (sku,), "F": families}
        sheets = (item_sheet(sku), *map(family_sheet, (*families, ALL_ITEMS)), *self.shared)
        places = dict.fromkeys(place for sheet in sheets for place in _rows(sheet, values, know))
        found: dict[str, Rule] = {}
        for place in places:
            seen = know(place) or _UNSEEN
            for rule in seen.about(sku, families):
                row = next_below(place, seen.given, rule.scope) if seen.given else None
                if row is not None and row not in places:
                    continue  # left over from a row that is somebody else's, which may have a newer version by now
                if rule.name not in found or rule.version > found[rule.name].version:
                    found[rule.name] = rule
        return tuple(found[name] for name in sorted(found))


_UNSEEN: Final = Seen()


def wanted(ask: Ask, know: Know) -> Wanted:
    """The rows that an answer rests on."""
    at = profile(ask.customer) if ask.customer is not None else None
    facts = (know(at) or _UNSEEN).customer if at else None
    parents = ask.parents if ask.parents is not None else (facts.parents if facts else ())
    parties = dict.fromkeys((*((ask.customer,) if ask.customer is not None else ()), *parents))
    jobs = (job_sheet(ask.job),) if ask.job is not None else ()
    families = {sku: _families(know(item_sheet(sku))) for sku in ask.skus}
    return Wanted(at, (*map(contract, parties), *jobs), families, _values(ask, facts, families))


def _families(seen: Seen | None) -> tuple[str, ...]:
    return seen.item.families if seen and seen.item else ()


def _values(ask: Ask, facts: CustomerFacts | None, families: Mapping[str, tuple[str, ...]]) -> Values:
    ship_to = facts.ship_tos.get(ask.ship_to) if facts and ask.ship_to is not None else None
    segments = ask.segments if ask.segments is not None else (facts.segments if facts else ())
    return {
        "I": tuple(families),
        "F": tuple(dict.fromkeys(f for of in families.values() for f in of)),
        "T": _one(ask.ship_to),
        "S": tuple(dict.fromkeys(segments)),
        "B": _one(_first("branch", ask, ship_to, facts)),
        "G": _one(_first("region", ask, ship_to, facts)),
    }


def _first(name: str, *said: Ask | ShipTo | CustomerFacts | None) -> str | None:
    """What the question says, or else the ship-to, or else the customer: as the question is resolved."""
    return next((value for s in said if s and (value := getattr(s, name)) is not None), None)


def _one(value: str | None) -> tuple[str, ...]:
    return () if value is None else (value,)


def _rows(sheet: Place, values: Values, know: Know) -> Iterator[Place]:
    """A sheet and those rows below it that are of these values."""
    yield sheet
    for letter in (know(sheet) or _UNSEEN).given:
        for value in values.get(letter, ()):
            yield from _rows(below(sheet, letter, value), values, know)
