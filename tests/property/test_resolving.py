"""Properties of resolving prices (pricing rules 1–8), each tried on random cases, and mutants that each must catch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.pricing import discounts, guards, line_rounding, solving, tiers
from crossdock.pricing.context import Line
from crossdock.pricing.instants import after_business_date, business_instant
from crossdock.pricing.policies import winner
from crossdock.pricing.resolving import resolve
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings
from crossdock.pricing.situation import Situation
from tests.property import price_cases as cases
from tests.property import resolving as p
from tests.support.examples import examples, unshrunk

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.property

RANDOM = st.randoms(use_true_random=False)
STRANGERS = st.lists(cases.base_rules(cases.NO_MATCH), min_size=1, max_size=4).map(cases.numbered)
BASKETS = st.lists(
    st.tuples(st.sampled_from(["A", "B"]), st.integers(1, 30), st.sampled_from(["EA", "CS"])), min_size=1, max_size=5
)
ZONES = ("Europe/London", "America/New_York")


@examples(150)
@given(cases.CASES, RANDOM)
def test_no_order_of_rules_matters(case: cases.Case, random: Any) -> None:
    p.check_order(case, random)


@examples(120)
@given(cases.CASES, STRANGERS)
def test_a_rule_that_does_not_match_never_matters(case: cases.Case, strangers: tuple[Rule, ...]) -> None:
    p.check_irrelevant(case, strangers)


@examples(120)
@given(cases.CASES)
def test_a_trace_gives_price_and_hash_again(case: cases.Case) -> None:
    p.check_replay(case)


@examples(200)
@given(cases.GUARDED)
def test_no_amount_falls_below_a_guard(case: cases.Case) -> None:
    p.check_floor(case)


@examples(150)
@given(cases.CASES)
def test_the_same_goods_cost_the_same_in_any_unit(case: cases.Case) -> None:
    p.check_units(case)


@examples(200)
@given(cases.CASES)
def test_one_exclusive_discount_at_most(case: cases.Case) -> None:
    p.check_exclusive(case)
    p.check_exclusive(with_rivals(case))


@examples(100)
@given(cases.CASES, BASKETS)
def test_many_lines_are_as_many_requests(case: cases.Case, lines: list[tuple[str, int, str]]) -> None:
    p.check_lines(case, lines)


@examples(200)
@given(cases.CASES)
def test_no_price_is_never_nothing(case: cases.Case) -> None:
    p.check_no_price(case)


@examples(150)
@given(cases.CASES, RANDOM)
def test_prices_change_at_edges_and_breaks_only(case: cases.Case, random: Any) -> None:
    p.check_steps(case, random)


@examples(120)
@given(cases.CASES)
def test_more_never_costs_more_by_the_unit_nor_less_in_all(case: cases.Case) -> None:
    p.check_falling(case)


@examples(120)
@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)), st.sampled_from(ZONES))
def test_business_days_meet_without_gap_or_overlap(day: date, zone: str) -> None:
    """Across both clock changes too: one day ends at the microsecond at which the next begins."""
    ends = after_business_date(day.isoformat(), zone)
    assert ends == business_instant(day + timedelta(days=1), zone)
    length = datetime.fromisoformat(ends) - datetime.fromisoformat(business_instant(day, zone))
    assert timedelta(hours=23) <= length <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/London", "2026-03-29", 23),
        ("Europe/London", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
    ],
)
def test_a_day_of_a_clock_change_is_priced_to_its_last_microsecond(zone: str, day: str, hours: int) -> None:
    begins, ends = business_instant(day, zone), after_business_date(day, zone)
    first, last = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    assert last - first == timedelta(hours=hours)
    today = base("today", "1.00", valid_from=begins, valid_to=ends)
    tomorrow = base("tomorrow", "2.00", valid_from=ends)
    tick = timedelta(microseconds=1)
    told = [at_instant([today, tomorrow], t) for t in (first - tick, first, last - tick, last)]
    assert told == [None, "1.00", "1.00", "2.00"]


def base(name: str, value: str, **more: Any) -> Rule:
    return Rule.read(
        {
            "rule_id": name,
            "version": 1,
            "currency": "GBP",
            "scope": {"item": "A"},
            "tiers": [{"min_quantity": 1, "value": value}],
            **more,
        }
    )


def at_instant(rules: list[Rule], instant: datetime) -> str | None:
    at = instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    found = resolve(cases.Context(at=at, currency="GBP"), Line("1", "A", 1), cases.ITEM, rules, Settings())
    return None if found.unit_price is None else str(found.unit_price)


# -- mutants ---------------------------------------------------------------------------------------------------


def first_read_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(solving, "winner", lambda offers, _: offers[0])


def ties_by_order(patch: pytest.MonkeyPatch) -> None:
    def careless(offers: Any, policy: str) -> Any:
        best = winner(offers, policy)
        return next(o for o in offers if o.price == best.price)

    patch.setattr(solving, "winner", careless)


def guard_before_rounding(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        line_rounding.LineRounding,
        "is_below_minimum",
        lambda self, price: self._minimum is not None and price < self._minimum,
    )
    patch.setattr(
        line_rounding.LineRounding,
        "_up",
        lambda self, f: line_rounding.scaled((self._minimum or Fraction(0)) * f, self.scale, "down"),
    )


def no_guard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(guards, "highest", lambda _: None)


def lowest_guard(patch: pytest.MonkeyPatch) -> None:
    def lowest(situation: Situation) -> Any:
        rules = [r for layer in guards.LAYERS for r in situation.layers.get(layer, ())]
        found = [g for r in rules if (g := guards._guard(situation, r))]
        return min(found, key=lambda g: g.minimum) if found else None

    patch.setattr(guards, "highest", lowest)


def exclusive_joins(patch: pytest.MonkeyPatch) -> None:
    def joined(self: Any, band: list[Any]) -> str:
        self._apply(band)
        return ""

    patch.setattr(discounts.Discounting, "_take_band", joined)


def always_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(discounts.Discounting, "take", lambda self, found: self._apply(sorted(found, key=discounts._order)))


def last_slice_for_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tiers, "_average", lambda rule, q: next(t.rate for t in reversed(rule.tiers) if t.min_quantity <= q))


def ordered_unit_for_tiers(patch: pytest.MonkeyPatch) -> None:
    def careless(self: Situation, rule: Rule) -> Fraction:
        return Fraction(self.asked.line.quantity)

    patch.setattr(Situation, "quantity", careless)


def line_of_the_ordered_unit(patch: pytest.MonkeyPatch) -> None:
    whole = line_rounding.LineRounding.goods

    def goods(self: Any, price: Any) -> Any:
        found = whole(self, price)
        count = self._bought / self._ordered
        amount = Fraction(found.unit_price, 10**self.scale) * count
        return line_rounding.Amounts(
            found.price, found.unit_price, line_rounding.scaled(amount, self.exponent, self._mode)
        )

    patch.setattr(line_rounding.LineRounding, "goods", goods)


def scope_ignored(patch: pytest.MonkeyPatch) -> None:
    made = Rule.__post_init__

    def careless(self: Rule) -> None:
        made(self)
        object.__setattr__(self, "needs", frozenset())

    patch.setattr(Rule, "__post_init__", careless)


def alone_in_the_basket(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("crossdock.pricing.resolving._basket", lambda *_: None)


def with_twins(case: cases.Case) -> cases.Case:
    """Every rule a second time under another name, so that there are ties whatever examples come up."""
    return replace(case, rules=(*case.rules, *(replace(r, rule_id=f"{r.rule_id}-twin") for r in case.rules)))


def with_rivals(case: cases.Case) -> cases.Case:
    """Every discount a second and a third time, as an exclusive one and as one that always applies."""
    discounts_ = [r for r in case.rules if r.layer == "discount"]
    rivals = [replace(r, rule_id=f"{r.rule_id}-{kind}", concurrency=kind) for r in discounts_ for kind in RIVALS]
    return replace(case, rules=(*case.rules, *rivals))


RIVALS = ("exclusive", "always")
DISCOUNTED = (p.check_exclusive, cases.CASES.map(with_rivals))
ORDER = (p.check_order, st.tuples(cases.CASES, RANDOM))
TIES = (p.check_order, st.tuples(cases.CASES.map(with_twins), RANDOM))
FLOOR = (p.check_floor, cases.GUARDED)
MUTANTS: list[tuple[Any, Callable[..., None], Any]] = [
    (first_read_wins, *ORDER),
    (ties_by_order, *TIES),
    (guard_before_rounding, *FLOOR),
    (no_guard, *FLOOR),
    (lowest_guard, *FLOOR),
    (exclusive_joins, *DISCOUNTED),
    (always_first, *DISCOUNTED),
    (last_slice_for_all, p.check_falling, cases.CASES),
    (ordered_unit_for_tiers, p.check_units, cases.CASES),
    (line_of_the_ordered_unit, p.check_units, cases.CASES),
    (scope_ignored, p.check_irrelevant, st.tuples(cases.CASES, STRANGERS)),
    (alone_in_the_basket, p.check_lines, st.tuples(cases.CASES, BASKETS)),
]


@pytest.mark.parametrize(("mutate", "check", "strategy"), MUTANTS, ids=[m[0].__name__ for m in MUTANTS])
def test_each_mutant_makes_a_property_fail(
    mutate: Any, check: Callable[..., None], strategy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def body(example: Any) -> None:
        check(*example) if isinstance(example, tuple) else check(example)

    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        given(strategy)(unshrunk(600)(body))()
