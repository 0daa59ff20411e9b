"""A small market for published cells: rules, families, customers and time change, and cells follow.

The market keeps its rules in a dictionary; `price_cells.py` says what has to hold of the cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any, Final

from crossdock import config
from crossdock.flows import price_publication
from crossdock.pricing.cell_store import CellStore, Stored
from crossdock.pricing.changes import Change
from crossdock.pricing.context import Context, ItemFacts
from crossdock.pricing.errors import StatementError
from crossdock.pricing.facts import CustomerFacts
from crossdock.pricing.instants import instant_text
from crossdock.pricing.levels import GUARDS
from crossdock.pricing.publishing import Job, Publisher
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from crossdock.pricing.affected import Affected

ITEMS: Final = ("A", "B", "C")
FAMILIES: Final = ("tools", "paint")
CLASSES: Final = {
    "list": config.PriceClass("list", "GBP"),
    "gold": config.PriceClass("gold", "GBP", segments=("gold",), region="north", channel="shop"),
    "acme": config.PriceClass("acme", "GBP", customer="ACME", branch="LEEDS"),
}
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
TODAY: Final = START + timedelta(days=3)
_BASE_SCOPES: Final[tuple[dict[str, Any], ...]] = (
    {"item": "A"},
    {"item": "A"},
    {"item": "B"},
    {"family": "tools"},
    {},
    {"item": "A", "channels": ["shop"]},
    {"family": "paint", "channels": ["shop", "other"]},
    *({"item": "A", "segment": "gold"},) * 4,
    {"item": "B", "segment": "silver"},
    {"family": "tools", "segment": "gold"},
    {"region": "north", "item": "C"},
    {"branch": "LEEDS"},
    *({"customer": "ACME", "item": "A"},) * 3,
    {"customer": "ACME", "family": "tools"},
    {"customer": "ACME", "ship_to": "YARD", "item": "A"},
    {"customer": "OTHER", "item": "A"},
    {"parent": "GROUP"},
    {"parent": "HOLDING", "item": "B"},
    {"job": "J1", "item": "A"},
)
_OTHERS: Final = ("discount", "discount", "floor", "advertised_minimum", "waiver", "surcharge", "freight", "rebate")


@dataclass(frozen=True, slots=True)
class Read:
    """What a lookup found, as the candidates of the table would be."""

    items: Mapping[str, ItemFacts]
    rules: Mapping[str, Sequence[Rule]]
    versions: Mapping[str, int]


@dataclass
class Market:
    """The truth, and the cells that follow it."""

    table: MemoryTable = field(default_factory=MemoryTable)
    settings: Settings = field(default_factory=Settings)
    now: datetime = TODAY
    rules: dict[str, Rule] = field(default_factory=dict)
    families: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"A": ("tools",), "B": ("tools", "paint")})
    customer: CustomerFacts = field(default_factory=lambda: CustomerFacts("ACME", parents=("GROUP",)))
    version: int = 0
    computed: list[tuple[str, str]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = CellStore(self.table)

    # -- the truth ---------------------------------------------------------------------------------------------

    def item(self, sku: str) -> ItemFacts:
        return ItemFacts(sku, units={"CS": Fraction(12)}, families=self.families.get(sku, ()))

    def buyers(self) -> dict[str, Context]:
        return price_publication.buyers(CLASSES, {"ACME": self.customer}, instant_text(self.now))

    def read(self, buyer: Context, skus: Sequence[str]) -> Read:
        self.table.boundary()
        rules = tuple(self.rules.values())
        found = Read({s: self.item(s) for s in skus}, dict.fromkeys(skus, rules), {"market": self.version})
        self.table.boundary()
        return found

    # -- publishing --------------------------------------------------------------------------------------------

    def publisher(self) -> Publisher:
        return Publisher(self.store, self.read, self.store.expect, self.settings, lambda: self.now)

    def work(self, found: Affected) -> list[Job]:
        """The jobs that a change asks for."""
        since = instant_text(self.now)
        cells = dict(found.items)
        for (name, family), layers in found.families.items():
            for sku in self.members(family):
                cells[name, sku] = cells.get((name, sku), frozenset()) | layers
        return [Job(name, (sku,), layers, since) for (name, sku), layers in cells.items()]

    def members(self, family: str) -> list[str]:
        return [s for s in ITEMS if family in ("*", *self.families.get(s, ()))]

    def do(self, jobs: Iterable[Job]) -> None:
        publisher = self.publisher()
        for job in jobs:
            done = publisher.publish(job, self.buyers()[job.price_class])
            self.computed += [(job.price_class, sku) for sku in done.computed]
            self.changed += [(job.price_class, sku) for sku in sorted(done.changed)]

    def open_windows(self) -> None:
        """What the scheduler's message does."""
        now = instant_text(self.now)
        for instant in self.store.due(now):
            for n in range(16):
                cells = [(c, s) for c, s, _ in self.store.window(instant, f"{n:02x}", None)]
                self.do(Job(c, (s,), frozenset(), now) for c, s in cells)
            self.store.close(instant)

    def stored(self) -> dict[tuple[str, str], Stored]:
        return self.store.read_keys([(c, s) for c in CLASSES for s in ITEMS])

    # -- changes -----------------------------------------------------------------------------------------------

    def change_rule(self, rule: Rule) -> list[Job]:
        old = self.rules.get(rule.name)
        self.rules[rule.name] = rule
        self.version += 1
        change = Change("item", "x", before={rule.name: old} if old else {}, after={rule.name: rule})
        return self.work(self._affected([change]))

    def change_families(self, sku: str, families: tuple[str, ...]) -> list[Job]:
        before = self.item(sku)
        joined = [sku] if set(families) - set(before.families) else []
        self.families[sku] = families
        self.version += 1
        change = Change("item", sku, facts_before=before, facts_after=self.item(sku))
        return self.work(self._affected([change], joined))

    def change_customer(self, facts: CustomerFacts) -> list[Job]:
        before, self.customer = self.customer, facts
        self.version += 1
        return self.work(self._affected([Change("customer", "ACME", facts_before=before, facts_after=facts)]))

    def _affected(self, changes: list[Change], joined: Sequence[str] = ()) -> Affected:
        return price_publication.affected(changes, joined, CLASSES, self.buyers(), instant_text(self.now))


# -- random changes --------------------------------------------------------------------------------------------


def some_rule(random: Random, market: Market) -> Rule:
    """A version of one of a few rules: what it is about stays, everything else may change."""
    while True:
        try:
            return _some_rule(random, market)
        except StatementError:  # a price that would be a multiple of its own level, and the like
            continue


def _some_rule(random: Random, market: Market) -> Rule:
    number = random.randrange(24)
    name = f"erp:r{number}"
    old = market.rules.get(name)
    pinned = Random(number)  # noqa: S311 - what a rule is about hangs on its number
    layer = pinned.choice((*(None,) * 8, "cost", *_OTHERS))
    scope = dict(pinned.choice(_BASE_SCOPES))
    if "channels" in scope and random.random() < 0.5:
        scope["channels"] = random.choice([["shop"], ["other"], ["shop", "other"]])
    if layer == "cost" and not scope:
        scope = {"item": "A"}
    operation, of = _operation(random, layer)
    begins = random.choice([None, None, *range(1, 9)])
    ends = random.choice([None, *range(2, 10)])
    if begins is not None and ends is not None and ends <= begins:
        ends = begins + 1
    document = {
        "rule_id": f"r{number}",
        "version": 1 if old is None else old.version + 1,
        "layer": layer,
        "operation": operation,
        "of": of,
        "currency": random.choice(["GBP", "GBP", "GBP", "EUR"]) if operation in {"fixed", "amount"} else None,
        "scope": scope,
        "unit": random.choice(["EA", "EA", "EA", "CS"]) if operation == "fixed" else None,
        "tiers": _tiers(random, operation),
        "tier_mode": random.choice(["all_units", "all_units", "all_units", "graduated"]),
        "allow_discounts": random.random() < 0.6 if layer is None else None,
        "band": random.choice([0, 10]) if layer == "discount" else None,
        "concurrency": random.choice(["best", "compound", "always", "exclusive"]) if layer == "discount" else None,
        "on_breach": random.choice(["clamp", "block"]) if layer in GUARDS else None,
        "waives": "r1" if layer == "waiver" else None,
        "valid_from": day(begins),
        "valid_to": day(ends),
        "withdrawn": random.random() < 0.12 or None,
        "reason": random.choice([None, "x", "y"]),
    }
    return Rule.read({k: v for k, v in document.items() if v is not None}, "erp")


def _operation(random: Random, layer: str | None) -> tuple[str, str | None]:
    match layer:
        case None:
            chosen = random.choice(["fixed"] * 5 + ["cost_plus", "margin", "multiple"])
            return chosen, random.choice(["list", "cost", "segment_item"]) if chosen == "multiple" else None
        case "discount":
            return random.choice(["percent", "amount", "fixed"]), None
        case "floor":
            return random.choice(["fixed", "cost_plus", "margin"]), None
        case "rebate":
            return "percent", None
        case "surcharge" | "freight":
            return "amount", None
        case _:
            return "fixed", None


def _tiers(random: Random, operation: str) -> list[dict[str, Any]]:
    steps = random.choice([[1], [1], [1, 10], [1, 5, 12], [5], ["0.5", 10]])
    values = (
        ["0", "10", "20", "50"] if operation in {"percent", "margin", "cost_plus"} else ["0", "2", "3", "3", "4.25"]
    )
    if operation == "multiple":
        values = ["0.5", "1", "2"]
    return [{"min_quantity": q, "value": random.choice(values)} for q in steps]


def day(number: int | None) -> str | None:
    return None if number is None else instant_text(START + timedelta(days=number))


def some_change(random: Random, market: Market) -> tuple[str, Callable[[], list[Job]]]:
    """(kind, what does it): rules mostly, sometimes a family, the customer, or a day goes by."""
    kind = random.choice(["rule"] * 7 + ["family", "customer", "clock"])
    if kind == "rule":
        rule = some_rule(random, market)
        return kind, lambda: market.change_rule(rule)
    if kind == "family":
        sku = random.choice(ITEMS)
        families = tuple(random.sample(FAMILIES, random.randrange(3)))
        return kind, lambda: market.change_families(sku, families)
    if kind == "customer":
        parents = random.choice([(), ("GROUP",), ("GROUP", "HOLDING"), ("HOLDING",)])
        segments = random.choice([(), ("gold",), ("silver",)])
        facts = replace(market.customer, parents=parents, segments=segments)
        return kind, lambda: market.change_customer(facts)
    return kind, lambda: _pass_time(random, market)


def _pass_time(random: Random, market: Market) -> list[Job]:
    market.now += timedelta(days=random.choice([1, 1, 2]))
    return []
