"""What must hold of the prices of an item, by an independent reading of the rules."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from crossdock.pricing import resolution
from crossdock.pricing.base_rules import Rule, Tier
from crossdock.pricing.store import Kept, PricingStore
from tests.property.properties import some_choices
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from crossdock.platform.dynamo import Table

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


# -- ledger and sheets -----------------------------------------------------------------------------------------


def some_event(random: Random) -> list[Rule]:
    """Versions of a few rules of two items, some twice, some with other content, some for another item."""
    return [
        Rule(
            rule_id=(rule_id := random.choice("abc")),
            version=random.randint(1, 4),
            sku=random.choice("SSSSSSST" if rule_id < "c" else "TTTTTTTS"),
            currency="GBP",
            unit="EA",
            tiers=(Tier(1, Decimal(random.choice("1112"))),),
            valid_from="2026-01-01T00:00:00.000Z",
            valid_to=None,
            withdrawn=random.random() < 0.1,
        )
        for _ in range(random.randint(1, 6))
    ]


def check_kept(table: Table, random: Random) -> None:
    """One event after the other: every outcome is the one that two plain dictionaries say."""
    store, items, ledger = PricingStore(table, lambda: NOW), dict[str, str](), dict[tuple[str, int], Rule]()
    for _ in range(random.randint(1, 6)):
        event = some_event(random)
        known = set(ledger)
        for rule in event:
            if items.setdefault(rule.rule_id, rule.sku) == rule.sku:
                ledger.setdefault((rule.rule_id, rule.version), rule)
        assert store.keep(event, "erp", "cd-1") == [
            _expected(r, event[:n], known, items, ledger) for n, r in enumerate(event)
        ]
    check_sheets(store, items, ledger)


def _expected(
    rule: Rule,
    before: Sequence[Rule],
    known: set[tuple[str, int]],
    items: dict[str, str],
    ledger: dict[tuple[str, int], Rule],
) -> Kept:
    if items[rule.rule_id] != rule.sku:
        return Kept.OTHER_ITEM
    key = (rule.rule_id, rule.version)
    if ledger[key] != rule:
        return Kept.CONFLICT
    if key in known or rule in before:
        return Kept.DUPLICATE
    newest = max(v for r, v in ledger if r == rule.rule_id)
    return Kept.CURRENT if rule.version == newest else Kept.SUPERSEDED


def check_sheets(store: PricingStore, items: dict[str, str], ledger: dict[tuple[str, int], Rule]) -> None:
    """Each item's sheet has the newest version of each of its rules, and nothing else."""
    newest = [ledger[r, max(v for s, v in ledger if s == r)] for r in items]
    sheets = store.rules("ST")
    assert sheets.keys() == set(items.values())
    for sku, rules in sheets.items():
        by_id = sorted(rules, key=lambda r: r.rule_id)
        assert by_id == sorted((r for r in newest if r.sku == sku), key=lambda r: r.rule_id)


def check_keeping(random: Random) -> None:
    """Workers keep events at once, some twice, and some die; what was not done comes again. The newest stands."""
    schedule = Schedule(some_choices(random))
    table = MemoryTable(schedule.boundary)
    store = PricingStore(table, lambda: NOW)
    events = [some_event(random) for _ in range(random.randint(1, 4))]
    lived: list[int] = []

    def work(number: int) -> None:
        store.keep(events[number], "erp", "cd-1")
        lived.append(number)

    schedule.run([lambda n=n: work(n) for n in [*range(len(events)), 0]])
    for number in set(range(len(events))) - set(lived):
        store.keep(events[number], "erp", "cd-1")

    rows = {key: row for key, row in table.rows.items() if key[0].startswith("R#")}
    items = {pk.removeprefix("R#erp:"): row["sku"] for (pk, sk), row in rows.items() if sk == "ITEM"}
    sent = {(r.rule_id, r.version, r.content_hash): r for event in events for r in event}
    ledger = {
        (pk.removeprefix("R#erp:"), int(sk[2:])): sent[pk.removeprefix("R#erp:"), int(sk[2:]), row["h"]]
        for (pk, sk), row in rows.items()
        if sk != "ITEM"
    }
    assert items.keys() == {r.rule_id for event in events for r in event}
    assert ledger.keys() == {(r.rule_id, r.version) for event in events for r in event if items[r.rule_id] == r.sku}
    assert all(items[r.rule_id] == r.sku for r in ledger.values())
    check_sheets(store, items, ledger)
