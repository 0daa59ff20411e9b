"""A published cell: what the customers of one class pay for one item from now on, by window and quantity step.

It is made by the resolver that quotes are made by, at every instant at which a window of a candidate opens or closes
and at every quantity at which one begins. Neighbours with equal prices are joined, so a rule that moves no price leaves
no trace in a cell. What is past is left out: the first window has no beginning when it holds already, so a cell says
the same whenever it is computed, until one of its windows ends.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any, Final

from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.resolving import resolve
from crossdock.pricing.results import PRICED, Resolution
from crossdock.pricing.rules import Rule
from crossdock.pricing.sensitivity import sensitive
from crossdock.pricing.settings import Settings
from crossdock.pricing.steps import breaks, edges
from crossdock.quantities import MAX_PLACES, Quantity, to_json, whole

_UNIT: Final = 10**MAX_PLACES
_ONE: Final = Fraction(1)


@dataclass(frozen=True, slots=True)
class Step:
    """From `min_quantity` base units on, one costs `unit_price`; None: not sold at this quantity (a guard blocks).

    `price` and `per` are given where the price is one per another unit than the base unit: a line is reckoned from it.
    `quote`: the price moves with every unit from here on (graduated tiers), so only a quote says what a line costs.
    """

    min_quantity: Quantity
    unit_price: Decimal | None
    price: Decimal | None = None
    per: str | None = None
    quote: bool = False

    def document(self) -> dict[str, Any]:
        """As a channel is told: money as texts."""
        document: dict[str, Any] = {"min_quantity": to_json(self.min_quantity), "unit_price": _text(self.unit_price)}
        if self.per is not None:
            document |= {"price": _text(self.price), "per": self.per}
        return document | ({"quote": True} if self.quote else {})

    @property
    def said(self) -> tuple[object, ...]:
        """What it says beyond where it begins."""
        return self.unit_price, self.price, self.per, self.quote


@dataclass(frozen=True, slots=True)
class Window:
    """The steps in `[start, end)`; no start: it holds already, no end: for ever. `rules` are those that made them."""

    start: str | None
    end: str | None
    steps: tuple[Step, ...]
    rules: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        return {
            "from": self.start,
            "to": self.end,
            "rules": list(self.rules),
            "tiers": [s.document() for s in self.steps],
        }


@dataclass(frozen=True, slots=True)
class Cell:
    """The windows in their order, gaps being times without a price, and the layers that can move them."""

    currency: str
    unit: str
    windows: tuple[Window, ...]
    layers: frozenset[str]

    def document(self) -> dict[str, Any]:
        """What channels are told of it. No window means that there is no price, which is never 0."""
        windows = [w.document() for w in self.windows]
        return {"currency": self.currency, "unit": self.unit if windows else None, "windows": windows}

    @property
    def price_hash(self) -> str:
        return price_hash(self.document())

    @property
    def next_edge(self) -> str | None:
        """The next instant at which a window opens or closes."""
        edges_ahead = [e for w in self.windows for e in (w.start, w.end) if e is not None]
        return min(edges_ahead, default=None)


def compute(context: Context, item: ItemFacts, candidates: Iterable[Rule], settings: Settings) -> Cell:
    """The cell of a class's buyer and an item; `context.at` is now."""
    ours = [r for r in candidates if could_match(r, context, item)]
    lived = [r for r in ours if r.closes > context.at and not r.withdrawn and r.status == "approved"]
    windows: list[Window] = []
    winners: list[Rule | None] = []
    for start, end in pairwise((context.at, *edges(lived, context.at), None)):
        at = replace(context, at=str(start))
        steps, rules, won = _steps(at, item, [r for r in lived if r.holds_at(at.at)], settings)
        winners += won
        _append(windows, Window(None if start == context.at else start, end, steps, rules))
    layers = sensitive(lived, winners, every_level=settings.across_levels == "lowest")
    return Cell(context.currency, item.unit, tuple(windows), layers)


def could_match(rule: Rule, context: Context, item: ItemFacts) -> bool:
    """Whether a rule may be of this buyer and item at some time."""
    return may_be_of(rule, context) and {t for t in rule.needs if t.startswith(_OF_ITEM)} <= item.tokens


def may_be_of(rule: Rule, context: Context) -> bool:
    """Whether a rule may be of this buyer for some item, at some time."""
    if rule.scope.channels and context.channel not in rule.scope.channels:
        return False
    if rule.currency is not None and rule.currency != context.currency:
        return False
    return {t for t in rule.needs if not t.startswith(_OF_ITEM)} <= context.tokens


_OF_ITEM: Final = ("item=", "family=")


def _steps(
    context: Context, item: ItemFacts, rules: Sequence[Rule], settings: Settings
) -> tuple[tuple[Step, ...], tuple[str, ...], list[Rule | None]]:
    """The steps at an instant, the rules that made them, and the winner at each quantity from one base unit on.

    Which levels matter is judged from one unit on. Below that a step is told only if its rule is of a level that
    matters: else a rule of a weaker level that begins at half a unit would make every cell depend on every level.
    """
    found = [(q, _resolved(context, item, q, rules, settings)) for q in sorted({_ONE, *breaks(rules, item)})]
    winners = [r.rule for q, r in found if q >= _ONE]
    matter = sensitive(rules, winners, every_level=settings.across_levels == "lowest")
    mattering = [r for r in rules if r.layer in matter]
    begins = {_ONE, *breaks(mattering, item)}
    moves = any(r.tier_mode == "graduated" and len(r.tiers) > 1 for r in mattering)
    steps: list[Step] = []
    names: dict[str, None] = {}
    for quantity, resolution in found:
        if quantity not in begins or resolution.rule is None or resolution.rule.layer not in matter:
            continue
        step = _step(quantity, resolution, item, quote=moves)
        names.update(dict.fromkeys(_names(resolution)))
        if not steps or steps[-1].said != step.said:
            steps.append(step)
    return tuple(steps), tuple(names), winners


def _resolved(
    context: Context, item: ItemFacts, quantity: Fraction, rules: Sequence[Rule], settings: Settings
) -> Resolution:
    return resolve(context, Line("1", item.sku, _quantity(quantity)), item, rules, settings)


def _step(quantity: Fraction, resolution: Resolution, item: ItemFacts, *, quote: bool) -> Step:
    begin, per = _quantity(quantity), resolution.price_unit
    if resolution.status != PRICED:
        return Step(begin, None, quote=quote)
    if per is None or per == item.unit:
        return Step(begin, resolution.unit_price, quote=quote)
    return Step(begin, resolution.unit_price, resolution.price, per, quote)


def _names(resolution: Resolution) -> list[str]:
    made = [c.rule for c in resolution.outcome.steps if c.kind in {"base", "discount", "guard"}]
    return [f"{r.name}@{r.version}" for r in made]


def _append(windows: list[Window], window: Window) -> None:
    """Joins a window to the one before it when the prices go on as they were."""
    if not window.steps:
        return
    last = windows[-1] if windows else None
    if last is not None and last.end == window.start and last.steps == window.steps:
        rules = tuple(dict.fromkeys((*last.rules, *window.rules)))
        windows[-1] = replace(last, end=window.end, rules=rules)
    else:
        windows.append(window)


def _quantity(quantity: Fraction) -> Quantity:
    """The least quantity that can be said and is not below it."""
    return whole(Decimal(ceil(quantity * _UNIT)) / _UNIT)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


# -- what channels are told -------------------------------------------------------------------------------------


def price_hash(document: Mapping[str, Any]) -> str:
    """What a cell's document says of prices, in 24 hexadecimal digits: the rules that made them are left out."""
    text = json.dumps(without_rules(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def without_rules(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document's prices alone."""
    windows = [{k: v for k, v in w.items() if k != "rules"} for w in document["windows"]]
    return {**document, "windows": windows}


def from_now(document: Mapping[str, Any], now: str) -> dict[str, Any]:
    """What an earlier document says of today and later: ended windows are gone, and one that began holds already."""
    left = [w for w in document["windows"] if w["to"] is None or w["to"] > now]
    windows = [{**w, "from": None} if w["from"] is not None and w["from"] <= now else dict(w) for w in left]
    return {**document, "windows": windows, "unit": document.get("unit") if windows else None}


def undated(document: Mapping[str, Any], now: str) -> dict[str, Any]:
    """The document for a channel that knows no dates: what holds now, until it is told otherwise."""
    today = [{**w, "to": None} for w in from_now(document, now)["windows"] if w["from"] is None]
    return {**document, "windows": today, "unit": document.get("unit") if today else None}
