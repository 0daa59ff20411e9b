"""What must hold of the list prices of an item, by an independent reading of the rules."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from crossdock.pricing import resolution
from crossdock.pricing.base_rules import Rule, Tier

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random


DAYS = st.integers(1, 9).map(lambda day: f"2026-01-{day:02}T00:00:00.000Z")
INSTANTS = DAYS


@st.composite
def _rule(draw: st.DrawFn) -> Rule:
    begins = draw(DAYS)
    ends = draw(st.none() | DAYS.filter(lambda d: d > begins))
    return Rule(
        rule_id=draw(st.sampled_from("abcdef")),
        version=draw(st.integers(1, 3)),
        sku="S",
        currency=draw(st.sampled_from(["GBP", "GBP", "EUR"])),
        unit="EA",
        tiers=(Tier(1, Decimal(draw(st.integers(0, 3)))),),
        valid_from=begins,
        valid_to=ends,
        withdrawn=draw(st.integers(0, 5)) == 0,
    )


RULES = st.lists(_rule(), max_size=6, unique_by=lambda r: r.rule_id)


def expected_winner(rules: Sequence[Rule], instant: str) -> Rule | None:
    """Lowest price, then newest window, then first id: written as one sort over what holds."""
    holding = [r for r in rules if not r.withdrawn and r.valid_from <= instant and (r.valid_to or "9999") > instant]
    ranked = sorted(holding, key=lambda r: r.rule_id)
    ranked.sort(key=lambda r: r.valid_from, reverse=True)
    ranked.sort(key=lambda r: r.tiers[0].unit_price)
    return ranked[0] if ranked else None


def shuffled(rules: Sequence[Rule], random: Random) -> list[Rule]:
    copy = list(rules)
    random.shuffle(copy)
    return copy


def check_winner(rules: Sequence[Rule], random: Random, instant: str) -> None:
    expected = expected_winner(rules, instant)
    assert resolution.winner(rules, instant) == expected
    assert resolution.winner(shuffled(rules, random), instant) == expected


def check_windows(rules: Sequence[Rule], random: Random, since: str) -> None:
    """In order, without overlap, neighbours told apart; each instant's price is the winner's; nothing that is past."""
    found = resolution.windows(rules, "GBP", since)
    assert resolution.windows(shuffled(rules, random), "GBP", since) == found
    for before, after in pairwise(found):
        assert before.end is not None
        assert before.end <= after.start
        assert before.end < after.start or before.rule != after.rule
    for window in found:
        assert window.end is None or (window.start < window.end and window.end > since)
    ours = [r for r in rules if r.currency == "GBP"]
    for day in range(1, 11):
        instant = f"2026-01-{day:02}T00:00:00.000Z"
        if instant < since:
            continue
        holding = [w for w in found if w.start <= instant and (w.end or "9999") > instant]
        assert [w.rule for w in holding] == [r for r in [expected_winner(ours, instant)] if r]
