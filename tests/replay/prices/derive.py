"""A price model in the public rule format, derived from a ledger's sales, from the least specific level to the most.

Each level sees what the levels below it say already and adds a rule only where that pays (see `periods.py`):

1. base list: an item's price for everybody, from the lines of customers with an account;
2. channel lists: the web shop's and the counter's price of an item;
3. region lists: an item's price in a country other than the distributor's;
4. segments: customers who often pay less (`trade`) or more (`premium`) than the lists, item by item;
5. contracts: a customer's own price of an item.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from tests.replay.prices.lines import ACCOUNT, HOME, ZONE, day_text, money_text
from tests.replay.prices.periods import ALWAYS, FOREVER, Asked, Period, periods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.replay.prices.lines import Line
    from tests.replay.prices.periods import Cost

CURRENCY: Final = "GBP"
LONG_AGO: Final = "2000-01-01"
"""Where a list begins that has no beginning."""
TRADE, PREMIUM = "trade", "premium"
OFTEN: Final = 10
"""Unexplained lines that make a customer one of a segment, where they are …"""
SHARE: Final = 5
"""… at least the fifth part of the customer's lines."""
Scope = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One level: the letter its rules' names begin with, and the scope of a line (None for lines it is not about).

    `teaches` says which of these lines the level is derived from. A list holds before its first line and after its last
    one; a contract ends with its lines.
    """

    name: str
    letter: str
    scope: Callable[[Line], Scope | None]
    teaches: Callable[[Line], bool] = lambda _: True
    is_list: bool = False


@dataclass(slots=True)
class Prices:
    """What was derived: periods by level, scope and item, from the least specific level to the most."""

    segments: dict[str, str] = field(default_factory=dict)
    levels: list[Level] = field(default_factory=list)
    groups: dict[str, dict[tuple[Scope, str], list[Period]]] = field(default_factory=dict)

    def says(self, line: Line) -> tuple[str, int] | None:
        """Level and price, looked up in the periods themselves: shares no line of code with the resolver."""
        found = self.found(line)
        return (found[0], found[2]) if found else None

    def found(self, line: Line) -> tuple[str, Period, int] | None:
        """Level, period and price."""
        for level in reversed(self.levels):
            scope = level.scope(line)
            found = self.groups[level.name].get((scope, line.item), ()) if scope is not None else ()
            for period in found:
                price = period.price(line.day, line.quantity)
                if price is not None:
                    return level.name, period, price
        return None

    def rules(self) -> list[dict[str, Any]]:
        """The rules in the public format."""
        return [
            _document(level, scope, item, number, period)
            for level in self.levels
            for (scope, item), found in self.groups[level.name].items()
            for number, period in enumerate(found, 1)
        ]

    def document(self, items: Iterable[str]) -> dict[str, Any]:
        """The whole price model, as `crossdock price quote --rules` takes it."""
        return {
            "time_zone": ZONE,
            "settings": {"unit_scales": {CURRENCY: 3}},
            "customers": [{"customer": c, "segments": [s]} for c, s in sorted(self.segments.items())],
            "items": [{"item": item, "unit": "EA"} for item in sorted(items)],
            "rules": self.rules(),
        }


def derive(sales: Sequence[Line], cost: Cost, step: Callable[[str], None] = lambda _: None) -> Prices:
    """The price model of these sales. `step` hears which level comes next."""
    prices, otherwise = Prices(), [None] * len(sales)
    for level in _lists():
        step(level.name)
        _add(prices, level, sales, otherwise, cost)
    prices.segments = _segments(sales, otherwise)
    for level in _agreements(prices.segments):
        step(level.name)
        _add(prices, level, sales, otherwise, cost)
    return prices


def _lists() -> list[Level]:
    def channel(line: Line) -> Scope | None:
        return None if line.channel == ACCOUNT else (("channels", line.channel),)

    return [
        Level("base_list", "L", lambda _: (), lambda line: line.channel == ACCOUNT, is_list=True),
        Level("channel_list", "C", channel, is_list=True),
        Level("branch_list", "R", lambda line: None if line.region == HOME else (("region", line.region),)),
    ]


def _agreements(segments: Mapping[str, str]) -> list[Level]:
    def segment(line: Line) -> Scope | None:
        return (("segment", segments[line.customer]),) if line.customer in segments else None

    def customer(line: Line) -> Scope | None:
        return (("customer", line.customer),) if line.customer else None

    return [Level("segment_item", "S", segment), Level("customer_item", "K", customer)]


def _add(prices: Prices, level: Level, sales: Sequence[Line], otherwise: list[int | None], cost: Cost) -> None:
    """Derives one level and notes what it says of each of the sales."""
    members: dict[tuple[Scope, str], list[int]] = defaultdict(list)
    for number, line in enumerate(sales):
        scope = level.scope(line)
        if scope is not None:
            members[scope, line.item].append(number)
    groups: dict[tuple[Scope, str], list[Period]] = {}
    for group, numbers in members.items():
        numbers.sort(key=lambda n: sales[n].day)
        taught = [(sales[n], otherwise[n]) for n in numbers if level.teaches(sales[n])]
        asked = [Asked(line.day, line.quantity, line.price, said) for line, said in taught]
        found = periods(asked, cost)
        if found:
            groups[group] = _opened(found, asked) if level.is_list else found
    prices.levels.append(level)
    prices.groups[level.name] = groups
    _note(groups, members, sales, otherwise)


def _note(
    groups: Mapping[tuple[Scope, str], list[Period]],
    members: Mapping[tuple[Scope, str], list[int]],
    sales: Sequence[Line],
    otherwise: list[int | None],
) -> None:
    for group, found in groups.items():
        for number in members[group]:
            line = sales[number]
            said = [p for period in found if (p := period.price(line.day, line.quantity)) is not None]
            otherwise[number] = said[0] if said else otherwise[number]


def _opened(found: list[Period], asked: Sequence[Asked]) -> list[Period]:
    """The first period of a list without a beginning, the last one without an end, where they reach the edges."""
    first, *_ = found
    if first.begin == asked[0].day:
        found[0] = replace(first, begin=ALWAYS)
    if found[-1].end == asked[-1].day + 1:
        found[-1] = replace(found[-1], end=FOREVER)
    return found


def _segments(sales: Sequence[Line], otherwise: Sequence[int | None]) -> dict[str, str]:
    """Customers of whose lines many are not what the lists say: `trade` who mostly paid less, `premium` the others."""
    lines: Counter[str] = Counter()
    ratios: dict[str, list[float]] = defaultdict(list)
    for line, said in zip(sales, otherwise, strict=True):
        lines[line.customer] += 1
        if line.customer and said and said != line.price:
            ratios[line.customer].append(line.price / said)
    chosen = {c: r for c, r in ratios.items() if len(r) >= OFTEN and len(r) * SHARE >= lines[c]}
    return {c: TRADE if median(r) < 1 else PREMIUM for c, r in sorted(chosen.items())}


def _document(level: Level, scope: Scope, item: str, number: int, period: Period) -> dict[str, Any]:
    """One rule. Its name tells the level, whom it is about, the item and which period it is."""
    who = {name: [value] if name == "channels" else value for name, value in scope}
    named = "-".join([level.letter, *(value for _, value in scope), item, str(number)])
    document: dict[str, Any] = {
        "rule_id": named,
        "version": 1,
        "currency": CURRENCY,
        "unit": "EA",
        "item": item,
        "valid_from": LONG_AGO if period.begin == ALWAYS else day_text(period.begin),
        "tiers": [{"min_quantity": least, "value": money_text(price)} for least, price in period.tiers],
    }
    if who:
        document["scope"] = who
    if period.end != FOREVER:
        document["valid_to"] = day_text(period.end)
    return document
