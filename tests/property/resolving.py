"""What holds of every price, as checks of one random case each: for the properties and for their mutants."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from crossdock.pricing.context import Line
from crossdock.pricing.resolving import resolve
from crossdock.pricing.rules import Rule
from crossdock.pricing.steps import breaks, edges
from crossdock.pricing.trace import replay
from tests.property.price_cases import ITEM, ITEMS, Case, basket_of, quoted

if TYPE_CHECKING:
    from random import Random

GUARDS = {"floor", "advertised_minimum", "contract_minimum"}


def check_order(case: Case, random: Random) -> None:
    """No order of reading matters, nor whether a rule was read back from where it is kept."""
    shuffled = [Rule.read(json.loads(json.dumps(r.document()))) for r in case.rules]
    random.shuffle(shuffled)
    first, again = case.price(), case.price(shuffled)
    assert again.document(("trace", "cost", "margin", "rebates")) == first.document(
        ("trace", "cost", "margin", "rebates")
    )


def check_irrelevant(case: Case, strangers: tuple[Rule, ...]) -> None:
    """A rule that does not match never matters, to the hash neither."""
    known = [replace(r, rule_id=f"s{n}") for n, r in enumerate(strangers)]
    assert case.price([*known, *case.rules]).document() == case.price().document()


def check_replay(case: Case) -> None:
    """The trace alone gives price and hash; edits of the rules since do not reach it."""
    first = case.price()
    trace = json.loads(json.dumps(first.trace()))
    edited = [replace(r, version=2, withdrawn=True) for r in case.rules]
    assert case.price([*case.rules, *edited]).status == "NO_PRICE"
    again = replay(trace)
    assert again.document() == first.document()
    assert again.hash == trace["hash"]
    assert again.trace() == trace


def check_floor(case: Case) -> None:
    """What is rounded is never below the highest guard that applies, in any of the amounts."""
    found = case.price()
    at = case.context.at
    guards = [r for r in case.rules if r.layer in GUARDS and r.operation == "fixed" and r.holds_at(at)]
    if found.unit_price is None or found.extended is None or found.price is None:
        return
    bought = Fraction(case.line.quantity) * (ITEM.factor(case.line.unit) or 1)
    for guard in guards:
        minimum = guard.tiers[0].rate
        assert Fraction(found.extended) >= minimum * bought
        assert Fraction(found.unit_price) >= minimum * (ITEM.factor(case.line.unit) or 1)
        assert Fraction(found.price) >= minimum * (ITEM.factor(found.price_unit) or 1)


def check_units(case: Case) -> None:
    """The same goods cost the same, in whatever unit they are ordered."""
    cases = Line("1", "A", case.line.quantity, "CS")
    pieces = Line("1", "A", case.line.quantity * 12, "EA")
    halves = Line("1", "A", case.line.quantity * 24, "HALF")
    found = [case.price(line=line) for line in (cases, pieces, halves)]
    assert len({(f.status, f.extended, f.price, f.total, f.price_unit) for f in found}) == 1


def check_exclusive(case: Case) -> None:
    """One exclusive discount at most, and beside it none but those that always apply."""
    taken = [c.rule.concurrency for c in case.price().components if c.kind == "discount"]
    assert taken.count("exclusive") <= 1
    assert "exclusive" not in taken or set(taken) <= {"exclusive", "always"}
    assert taken == sorted(taken, key=lambda c: c == "always")


def check_lines(case: Case, lines: list[tuple[str, int, str]]) -> None:
    """A request of many lines is as many requests that know the same basket."""
    asked = [Line(str(n), item, quantity, unit) for n, (item, quantity, unit) in enumerate(lines)]
    basket = basket_of(asked)
    together = quoted(case, asked)
    alone = [resolve(case.context, n, ITEMS[n.item], case.rules, case.settings, basket) for n in asked]
    assert [r.document(("trace",)) for r in together] == [r.document(("trace",)) for r in alone]


def check_no_price(case: Case) -> None:
    """No price is never 0: there is no amount at all. A price is there only where a rule states one."""
    found = case.price()
    document: dict[str, Any] = found.document()
    if found.status == "PRICED":
        assert found.rule is not None
        assert found.unit_price is not None
        assert found.unit_price >= 0
    else:
        names = {"unit_price", "price", "extended_price", "total", "list_price", "next_break"}
        assert not names & document.keys()
        assert found.unit_price is found.price is found.extended is found.total is None
    bases = [r for r in case.rules if r.layer not in GUARDS and r.layer not in NOT_BASE]
    if not any(r.holds_at(case.context.at) for r in bases):
        assert found.status == "NO_PRICE"


NOT_BASE = {"discount", "surcharge", "freight", "cost", "rebate", "waiver"}


def check_steps(case: Case, random: Random) -> None:
    """Between two edges and two breaks nothing changes: what is published needs to be worked out at these only."""
    instants = ["2025-01-01T00:00:00.000000Z", *edges(case.rules), "2027-01-01T00:00:00.000000Z"]
    at = random.randrange(len(instants) - 1)
    begin, end = instants[at], instants[at + 1]
    middle = begin if at == 0 else begin[:-2] + str(int(begin[-2]) + 1) + "Z"
    last = replace(case, context=replace(case.context, at=middle)).price()
    first = replace(case, context=replace(case.context, at=begin)).price()
    assert begin < middle < end or at == 0
    assert (first.status, first.unit_price, first.total) == (last.status, last.unit_price, last.total)
    if any(r.tier_mode == "graduated" for r in case.rules):
        return
    steps = [q for q in breaks(case.rules, ITEM) if q.denominator == 1]
    for step, after in zip(steps, [*steps[1:], steps[-1] + 50] if steps else [], strict=True):
        one = case.price(line=Line("1", "A", int(step), "EA"))
        other = case.price(line=Line("1", "A", int(after) - 1, "EA"))
        assert (one.status, one.unit_price) == (other.status, other.unit_price)


def check_falling(case: Case) -> None:
    """The unit price never rises with the quantity where no tier does, and a graduated line's total never falls."""
    rules = [_falling(r) for r in case.rules if r.layer in {"base_list", "customer_item", "cost_plus", "cost"}]
    policy = replace(case.settings, level_policy="LOWEST", across_levels="lowest")
    prices = [resolve(case.context, Line("1", "A", n), ITEM, rules, policy).unit_price for n in (1, 5, 11, 12, 30, 60)]
    stated = [p for p in prices if p is not None]
    assert stated == sorted(stated, reverse=True)
    graduated = [replace(r, tier_mode="graduated") for r in rules if r.layer == "base_list"][:1]
    totals = [resolve(case.context, Line("1", "A", n), ITEM, graduated, policy).extended for n in range(1, 61)]
    sums = [t for t in totals if t is not None]
    assert sums == sorted(sums)


def _falling(rule: Rule) -> Rule:
    rates = sorted((t.rate for t in rule.tiers), reverse=True)
    pairs = zip(rule.tiers, rates, strict=True)
    return replace(rule, tiers=tuple(replace(t, rate=rate) for t, rate in pairs))
