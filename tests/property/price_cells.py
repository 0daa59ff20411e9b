"""A small market for published cells: rules, families, customers and time change, and what is published has to follow.

The market keeps its rules in a dictionary and says by itself what a cell should be and which cells a change may move:
by quoting, at every instant and quantity at which something begins, and by comparing what wins with what changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any, Final

from crossdock import config
from crossdock.flows import price_publication
from crossdock.pricing.cell_store import CellStore, Stored
from crossdock.pricing.cells import from_now, price_hash
from crossdock.pricing.changes import Change
from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.errors import StatementError
from crossdock.pricing.facts import CustomerFacts
from crossdock.pricing.instants import instant_text
from crossdock.pricing.levels import GUARDS, LEVELS, RANKS
from crossdock.pricing.publishing import Job, Publisher
from crossdock.pricing.resolving import resolve
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings
from tests.support.interleaving import Schedule
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


# -- what must hold --------------------------------------------------------------------------------------------


def some_settings(random: Random) -> Settings:
    return Settings(
        level_policy=random.choice(["LOWEST", "LOWEST", "NEWEST", "HIGHEST"]),
        across_levels=random.choice(["first", "first", "first", "lowest"]),
        discount_basis=random.choice(["list", "running"]),
    )


def check_incremental(random: Random) -> None:
    """After every change each cell is as if all were computed; no more was than predicted; only what moved is told."""
    market = Market(settings=some_settings(random))
    for _ in range(random.randint(4, 18)):
        kind, act = some_change(random, market)
        before, truths = dict(market.rules), {k: _said(market, k) for k in _keys()}
        predicted = None
        market.computed.clear()
        market.changed.clear()
        jobs = act()
        if kind == "rule":
            predicted = _predicted(market, before)
        market.do(jobs)
        if kind == "clock":
            market.computed.clear()
            market.changed.clear()
            market.open_windows()
        assert len(market.computed) == len(set(market.computed)), "each cell is computed once"
        if predicted is not None:
            assert set(market.computed) <= predicted, (set(market.computed) - predicted, kind)
        check_cells(market)
        if kind != "clock":
            moved = {k for k in _keys() if _said(market, k) != truths[k]}
            assert set(market.changed) == moved, "told: what moved and nothing else"
        else:
            assert market.changed == [], "a window that begins or ends is no news to a channel that knows dates"
    check_quotes(market)


def _keys() -> list[tuple[str, str]]:
    return [(c, s) for c in CLASSES for s in ITEMS]


def _said(market: Market, key: tuple[str, str]) -> str | None:
    """What a cell should say of prices, computed whole and anew; None where there is no price at all."""
    cell = _anew(market, key)
    return cell.price_hash if cell.windows else None


def _anew(market: Market, key: tuple[str, str]) -> Any:
    from crossdock.pricing.cells import compute

    return compute(market.buyers()[key[0]], market.item(key[1]), market.rules.values(), market.settings)


def check_cells(market: Market, skus: Sequence[str] = ITEMS) -> None:
    """Every cell is the one that a full recomputation makes."""
    stored, now = market.stored(), instant_text(market.now)
    for key in ((c, s) for c in CLASSES for s in skus):
        cell = _anew(market, key)
        if key not in stored:
            assert cell.windows == (), key
        else:
            assert stored[key].price_hash == price_hash(stored[key].document)
            assert from_now(stored[key].document, now) == stored[key].document, "nothing of it is past"
            assert stored[key].price_hash == cell.price_hash, (key, stored[key].document, cell.document())
            assert stored[key].next_edge == cell.next_edge


def check_quotes(market: Market) -> None:
    """Every cell says at each instant and quantity what a quote says."""
    stored = market.stored()
    for key in _keys():
        check_against_quotes(market, key, stored[key].document if key in stored else {"windows": []})


def check_against_quotes(market: Market, key: tuple[str, str], document: Mapping[str, Any]) -> None:
    buyer, item = market.buyers()[key[0]], market.item(key[1])
    for instant in _instants(market):
        at = replace(buyer, at=instant)
        for quantity in _quantities(market):
            quoted = resolve(at, Line("1", item.sku, quantity), item, tuple(market.rules.values()), market.settings)
            step = looked_up(document, instant, quantity)
            if step is None:
                # Below one unit a cell tells no steps of rules that a stronger level shuts out from one unit on.
                assert quoted.status == "NO_PRICE" or quantity < 1, (key, instant, quantity, document)
            elif not step.get("quote") or quantity == Decimal(str(step["min_quantity"])):
                told = None if step["unit_price"] is None else Decimal(step["unit_price"])
                assert told == quoted.unit_price, (key, instant, quantity, document)
                assert (step["unit_price"] is None) == (quoted.status == "BLOCKED")


def looked_up(document: Mapping[str, Any], instant: str, quantity: Decimal) -> Mapping[str, Any] | None:
    """What a channel that knows dates and steps finds."""
    for window in document["windows"]:
        if (window["from"] or "") <= instant < (window["to"] or "~"):
            steps = [s for s in window["tiers"] if Decimal(str(s["min_quantity"])) <= quantity]
            return steps[-1] if steps else None
    return None


def _instants(market: Market) -> list[str]:
    return [instant_text(market.now + timedelta(days=n)) for n in range(9)]


def _quantities(market: Market) -> list[Decimal]:
    return [Decimal(q) for q in ("0.5", "1", "5", "9", "10", "12", "60")]


def _predicted(market: Market, before: Mapping[str, Rule]) -> set[tuple[str, str]]:
    """The cells that a change of one rule may move: its versions are of them, and nothing stronger shuts them out."""
    (name,) = {n for n in market.rules if market.rules[n] is not before.get(n)}
    versions = [r for r in (before.get(name), market.rules[name]) if r is not None and _can_do(r, market)]
    return {
        (c, s)
        for c, s in _keys()
        if any(
            _is_of(r, market.buyers()[c], market.item(s)) and not _shut_out(r, market, before, (c, s)) for r in versions
        )
    }


def _can_do(rule: Rule, market: Market) -> bool:
    over = rule.valid_to is not None and rule.valid_to <= instant_text(market.now)
    return not rule.withdrawn and not over and rule.layer not in {"surcharge", "freight", "rebate"}


def _is_of(rule: Rule, buyer: Context, item: ItemFacts) -> bool:
    s = rule.scope
    return (
        s.job is None
        and s.ship_to is None
        and s.customer in {None, buyer.customer}
        and (s.parent is None or s.parent in buyer.parents)
        and (s.segment is None or s.segment in buyer.segments)
        and s.branch in {None, buyer.branch}
        and s.region in {None, buyer.region}
        and (not s.channels or buyer.channel in s.channels)
        and s.item in {None, item.sku}
        and (s.family is None or s.family in item.families)
        and rule.currency in {None, "GBP"}
    )


def _shut_out(rule: Rule, market: Market, before: Mapping[str, Rule], key: tuple[str, str]) -> bool:
    """Whether what won before the change, at every instant and quantity, leaves the rule nothing to say."""
    buyer, item = market.buyers()[key[0]], market.item(key[1])
    stands = [r for r in before.values() if _can_do(r, market) and _is_of(r, buyer, item)]
    winners = []
    for instant in _instants(market):
        for quantity in (q for q in _quantities(market) if q >= 1):
            line = Line("1", item.sku, quantity)
            winners.append(resolve(replace(buyer, at=instant), line, item, stands, market.settings).rule)
    won = [w for w in winners if w is not None]
    everything = len(won) < len(winners) or market.settings.across_levels == "lowest"
    reached = len(LEVELS) - 1 if everything else max(RANKS[w.layer] for w in won)
    used = {r.layer for r in stands if r.layer in RANKS and RANKS[r.layer] <= reached}
    used |= {r.layer for r in stands if r.layer in GUARDS and won}
    asked = set(LEVELS[: reached + 1]) | ({*GUARDS, "waiver"} if won else set())
    asked |= {"discount"} if any(w.allow_discounts for w in won) else set()
    if not won:
        asked.add("cost")  # of a cell without a price nothing is kept, not even that no rule of it asks for a cost
    for _ in LEVELS:  # a source may have a source
        for r in stands:
            if r.layer in asked and r.operation in {"cost_plus", "margin"}:
                asked.add("cost")
            if r.layer in asked and r.operation == "multiple":
                asked.add("base_list" if r.of == "list" else r.of)
    return rule.layer not in asked


def _contended_rule(random: Random) -> Rule:
    """One of three rules that all want to price the item A, soon another."""
    number = random.randrange(3)
    scopes: tuple[dict[str, Any], ...] = ({"item": "A"}, {"item": "A", "segment": "gold"}, {})
    document = {
        "rule_id": f"r{number}",
        "version": 1,
        "operation": "fixed",
        "currency": "GBP",
        "scope": scopes[number],
        "tiers": [{"min_quantity": 1, "value": random.choice("234")}],
        "withdrawn": random.random() < 0.3,
    }
    return Rule.read(document, "erp")


def _some_turns(random: Random) -> list[int]:
    """Who goes on, and for how long; hardly anyone dies, for whoever comes again mends what went wrong."""
    found: list[int] = []
    while len(found) < 300:
        turn = random.randrange(5) * (-1 if random.random() < 0.01 else 1)
        found += [turn] * random.choice([1, 1, 2, 3, 5, 8])
    return found


def check_meeting(random: Random) -> None:
    """Changes and the workers that follow them meet at every step, some die and come again: the last truth is told."""
    schedule = Schedule(_some_turns(random))
    market = Market(table=MemoryTable(schedule.boundary), settings=Settings())
    market.families["A"] = ()
    for _ in range(3):
        market.do(market.change_rule(_contended_rule(random)))
    versions = [_contended_rule(random) for _ in range(random.randint(2, 5))]
    lived: list[int] = []
    asked: dict[int, list[Job]] = {}

    def work(number: int) -> None:
        if number not in asked:
            stands = market.rules.get(versions[number].name)
            asked[number] = market.change_rule(replace(versions[number], version=stands.version + 1 if stands else 1))
            market.table.boundary()
        market.do([job for job in asked[number] if job.skus == ("A",)])
        lived.append(number)

    schedule.run([lambda n=n: work(n) for n in range(len(versions))])
    for number in set(range(len(versions))) - set(lived):
        work(number)
    check_cells(market, ["A"])
