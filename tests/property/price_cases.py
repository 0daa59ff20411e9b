"""Random price rules, contexts and lines, few enough in their names that most of them meet."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from crossdock.pricing.basket import Basket
from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.resolving import quote, resolve
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import POLICIES, Settings

if TYPE_CHECKING:
    from crossdock.pricing.results import Resolution

DAYS = [f"2026-0{month}-01T00:00:00.000000Z" for month in range(1, 8)]
ITEM = ItemFacts("A", "EA", {"CS": Fraction(12), "DZ": Fraction(12), "HALF": Fraction(1, 2)}, ("tools",), ("mix",))
OTHER = ItemFacts("B", "EA", {"CS": Fraction(12)}, ("tools",), ("mix",))
ITEMS = {i.sku: i for i in (ITEM, OTHER)}

AMOUNTS = st.decimals(0, 40, places=2).map(str)
PERCENTS = st.decimals(0, 60, places=1).map(str)
BASE_SCOPES: list[dict[str, Any]] = [
    {"item": "A"},
    {"family": "tools"},
    {},
    {"item": "A", "segment": "trade"},
    {"family": "tools", "segment": "gold"},
    {"item": "A", "customer": "C1"},
    {"family": "tools", "customer": "C1"},
    {"item": "A", "customer": "C1", "ship_to": "S1"},
    {"item": "A", "parent": "P1"},
    {"item": "A", "parent": "P2"},
    {"item": "A", "branch": "LEEDS"},
    {"item": "A", "channels": ["webshop"]},
    {"item": "A", "job": "J1"},
]
NO_MATCH: list[dict[str, Any]] = [
    {"item": "Z"},
    {"family": "garden"},
    {"item": "A", "customer": "C9"},
    {"item": "A", "segment": "staff"},
    {"item": "A", "branch": "YORK"},
    {"item": "A", "channels": ["market"]},
]


@dataclass(frozen=True)
class Case:
    """One question with its candidates."""

    context: Context
    line: Line
    rules: tuple[Rule, ...]
    settings: Settings

    def price(self, rules: tuple[Rule, ...] | list[Rule] | None = None, line: Line | None = None) -> Resolution:
        return resolve(self.context, line or self.line, ITEM, self.rules if rules is None else rules, self.settings)


@st.composite
def tiers(draw: st.DrawFn, values: st.SearchStrategy[str], *, count: int = 3) -> list[dict[str, Any]]:
    steps = sorted(draw(st.sets(st.sampled_from([1, 2, 5, 10, 12, 24, 50]), min_size=1, max_size=count)))
    return [{"min_quantity": step, "value": draw(values)} for step in steps]


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    begin = draw(st.integers(0, 5))
    end = draw(st.one_of(st.none(), st.integers(begin + 1, 6)))
    return {"valid_from": DAYS[begin], **({"valid_to": DAYS[end]} if end is not None else {})}


@st.composite
def base_rules(draw: st.DrawFn, scopes: list[dict[str, Any]] = BASE_SCOPES) -> dict[str, Any]:
    return {
        "scope": draw(st.sampled_from(scopes)),
        "operation": "fixed",
        "currency": draw(st.sampled_from(["GBP", "GBP", "GBP", "EUR"])),
        "unit": draw(st.sampled_from(["EA", "EA", "CS"])),
        "tiers": draw(tiers(AMOUNTS)),
        "tier_mode": draw(st.sampled_from(["all_units", "all_units", "graduated"])),
        "allow_discounts": draw(st.sampled_from([True, True, True, False])),
        "sequence": draw(st.integers(1, 3)),
        **draw(windows()),
    }


@st.composite
def discounts(draw: st.DrawFn) -> dict[str, Any]:
    operation = draw(st.sampled_from(["percent", "percent", "amount", "fixed"]))
    return {
        "layer": "discount",
        "operation": operation,
        **({} if operation == "percent" else {"currency": "GBP"}),
        "scope": draw(st.sampled_from([{"item": "A"}, {"segment": "trade"}, {"customer": "C1"}, {}])),
        "tiers": draw(tiers(PERCENTS if operation == "percent" else AMOUNTS, count=2)),
        "band": draw(st.integers(0, 2)),
        "concurrency": draw(st.sampled_from(["exclusive", "best", "compound", "always"])),
        **draw(windows()),
    }


@st.composite
def others(draw: st.DrawFn) -> dict[str, Any]:
    """Costs, prices made of them, guards and charges."""
    layer, operation = draw(
        st.sampled_from(
            [
                ("cost", "fixed"),
                ("cost_plus", "cost_plus"),
                ("cost_plus", "margin"),
                ("floor", "fixed"),
                ("floor", "cost_plus"),
                ("floor", "margin"),
                ("advertised_minimum", "fixed"),
                ("surcharge", "percent"),
                ("freight", "fixed"),
            ]
        )
    )
    values = PERCENTS if operation in {"percent", "cost_plus", "margin"} else AMOUNTS
    return {
        "layer": layer,
        "operation": operation,
        **({"currency": "GBP"} if operation == "fixed" else {}),
        "scope": {"item": "A"},
        "tiers": [{"min_quantity": 1, "value": draw(values)}],
        **draw(windows()),
    }


def numbered(documents: list[dict[str, Any]]) -> tuple[Rule, ...]:
    return tuple(Rule.read({"rule_id": f"r{n}", "version": 1, **d}) for n, d in enumerate(documents))


RULES = st.lists(st.one_of(base_rules(), base_rules(), discounts(), others()), max_size=10).map(numbered)
SETTINGS = st.builds(
    Settings,
    level_policy=st.sampled_from(POLICIES),
    across_levels=st.sampled_from(["first", "lowest"]),
    discount_basis=st.sampled_from(["list", "running"]),
    across_bands=st.sampled_from(["compound", "stop"]),
    unit_scales=st.sampled_from([{}, {"GBP": 4}]),
    rounding=st.sampled_from(["half_up", "half_even", "half_down", "up", "down"]),
)
CONTEXTS = st.builds(
    Context,
    at=st.sampled_from(DAYS),
    currency=st.just("GBP"),
    customer=st.sampled_from([None, "C1", "C2"]),
    ship_to=st.sampled_from([None, "S1"]),
    parents=st.sampled_from([(), ("P1",), ("P2", "P1")]),
    segments=st.sampled_from([(), ("trade",), ("gold", "trade")]),
    branch=st.sampled_from([None, "LEEDS"]),
    channel=st.sampled_from([None, "webshop"]),
    job=st.sampled_from([None, "J1"]),
)
LINES = st.builds(Line, st.just("1"), st.just("A"), st.integers(1, 60), st.sampled_from(["EA", "EA", "CS"]))
CASES = st.builds(Case, CONTEXTS, LINES, RULES, SETTINGS)
FINE_AMOUNTS = st.decimals(0, 40, places=3).map(str)


@st.composite
def fixed_guards(draw: st.DrawFn) -> dict[str, Any]:
    """Guards that hold all year, at amounts that no price can be stated in."""
    return {
        "layer": draw(st.sampled_from(["floor", "advertised_minimum", "contract_minimum"])),
        "operation": "fixed",
        "currency": "GBP",
        "scope": {"item": "A"},
        "tiers": [{"min_quantity": 1, "value": draw(FINE_AMOUNTS)}],
        "on_breach": draw(st.sampled_from(["clamp", "clamp", "block"])),
    }


@st.composite
def base_prices(draw: st.DrawFn) -> dict[str, Any]:
    """A list price that is always there."""
    return {
        "operation": "fixed",
        "currency": "GBP",
        "scope": {},
        "tiers": [{"min_quantity": "0.001", "value": draw(FINE_AMOUNTS)}],
    }


@st.composite
def guarded(draw: st.DrawFn) -> Case:
    """Cases in which a price and one or two guards are always there."""
    own = [draw(base_prices()), *draw(st.lists(fixed_guards(), min_size=1, max_size=2))]
    rules = draw(st.lists(st.one_of(base_rules(), discounts(), others()), max_size=5))
    return Case(draw(CONTEXTS), draw(LINES), numbered([*own, *rules]), draw(SETTINGS))


GUARDED = guarded()


def quoted(case: Case, lines: list[Line]) -> list[Resolution]:
    """All lines in one request."""
    return quote(case.context, lines, ITEMS, dict.fromkeys(ITEMS, case.rules), case.settings)


def basket_of(lines: list[Line]) -> Basket:
    """What the lines buy together, in base units."""
    return Basket.of((ITEMS[n.item], Fraction(n.quantity) * (ITEMS[n.item].factor(n.unit) or 1)) for n in lines)
