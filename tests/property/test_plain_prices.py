"""The resolver against a second, independent way to find a price (`tests/support/plain_prices.py`)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.resolving import quote
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings
from tests.property.plain_cases import AT, ITEMS, some_case
from tests.support.plain_prices import Asking
from tests.support.plain_totals import plain_price

if TYPE_CHECKING:
    from decimal import Decimal

pytestmark = pytest.mark.property

CASES = 3_000
Told = dict[str, Any]


def case(seed: int) -> Asking:
    return some_case(Random(seed))  # noqa: S311 - the same cases in every run


def resolved(asking: Asking) -> Told:
    """What the resolver says of the line."""
    rules = [Rule.read(rule) for rule in asking.rules]
    lines = [Line.read(line) for line in asking.lines]
    items = {name: ItemFacts.read(item) for name, item in asking.items.items()}
    found = quote(
        Context.read(asking.context), lines, items, dict.fromkeys(items, rules), Settings.read(asking.settings)
    )
    (answer,) = (f for f, line in zip(found, asking.lines, strict=True) if line is asking.line)
    return {
        "status": answer.status,
        "rule": answer.rule.name if answer.rule and answer.price is not None else "",
        "price": exact(answer.price),
        "unit_price": exact(answer.unit_price),
        "extended": exact(answer.extended),
        "total": exact(answer.total),
    }


def plainly(asking: Asking) -> Told:
    """What the plain way says."""
    found = plain_price(asking)
    return {name: getattr(found, name) for name in ("status", "rule", "price", "unit_price", "extended", "total")}


def exact(amount: Decimal | None) -> Fraction | None:
    return None if amount is None else Fraction(amount)


def smallest(asking: Asking) -> Asking:
    """The same difference with as few rules and settings as possible, for whoever has to look into it."""
    for number in range(len(asking.rules) - 1, -1, -1):
        fewer = replace(asking, rules=asking.rules[:number] + asking.rules[number + 1 :])
        asking = fewer if resolved(fewer) != plainly(fewer) else asking
    for name in list(asking.settings):
        fewer = replace(asking, settings={n: v for n, v in asking.settings.items() if n != name})
        asking = fewer if resolved(fewer) != plainly(fewer) else asking
    return asking


def test_both_ways_find_the_same_price() -> None:
    for seed in range(CASES):
        asking = case(seed)
        if resolved(asking) != plainly(asking):
            least = smallest(asking)
            pytest.fail(f"case {seed}: {resolved(least)}, plainly {plainly(least)}\n{least}")


def test_of_several_waivers_of_a_guard_the_lowest_counts() -> None:
    """Found by one case in 200,000: the first waiver that lowered the guard kept the others away."""

    def rule(name: str, layer: str, value: str, **other: str) -> Told:
        begins = {"valid_from": "2026-01-01T00:00:00.000000Z", "currency": "GBP", "scope": {}, "version": 1}
        return {"rule_id": name, "layer": layer, "tiers": [{"min_quantity": 1, "value": value}], **begins, **other}

    rules = [
        rule("price", "base_list", "1"),
        rule("floor", "floor", "10"),
        rule("higher", "waiver", "7", waives="floor"),
        rule("lower", "waiver", "3", waives="floor"),
    ]
    line = {"line": "1", "item": "A", "quantity": 1}
    asking = Asking({"at": AT, "currency": "GBP"}, line, [line], ITEMS, rules, {})

    assert resolved(asking)["price"] == plainly(asking)["price"] == 3


def test_the_cases_are_worth_trying() -> None:
    """Priced, unpriced and blocked lines, and every level and layer in some answer."""
    told = [plain_price(case(seed)) for seed in range(CASES)]
    statuses = [t.status for t in told]

    assert min(statuses.count(s) for s in ("PRICED", "NO_PRICE", "BLOCKED")) > CASES // 200
    assert len({t.level for t in told}) == 12  # eleven levels, and none
