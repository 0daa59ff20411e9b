"""What must hold of the ledger and of the rows where rules stand, whatever comes, meets, comes again or dies.

The room of a row is small here, so that rows give dimensions away under the very schedules that are tried.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.pricing import sheet
from crossdock.pricing.rules import Rule
from crossdock.pricing.sheet import Sheet
from crossdock.pricing.slots import home, is_rule_row, target
from crossdock.pricing.store import Kept, PricingStore
from tests.property.properties import some_choices
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from random import Random

    from crossdock.platform.dynamo import Table

SMALL_ROOM = 90
SCOPES: list[dict[str, Any]] = [
    {"item": "S"},
    {"item": "S", "segment": "gold"},
    {"item": "S", "segment": "gold", "branch": "north"},
    {"item": "S", "segment": "trade", "channels": ["shop"]},
    {"item": "T"},
    {"family": "F", "segment": "gold"},
    {"family": "F", "region": "east"},
    {},
    {"customer": "C", "item": "S"},
    {"customer": "C", "item": "T"},
    {"customer": "C", "ship_to": "yard", "item": "S"},
    {"customer": "C", "family": "F"},
    {"parent": "C", "item": "S"},
    {"job": "J", "item": "S"},
]
RULES_OF = {f"r{n}": scope for n, scope in enumerate(SCOPES)}


@contextmanager
def small_rows() -> Iterator[None]:
    """Rows that are full after two or three rules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet, "ROOM", SMALL_ROOM)
        patch.setattr(sheet, "_WORTH_IT", SMALL_ROOM // 4)
        yield


class Ticking:
    """A clock that goes on by some seconds whenever it is read, so that leftovers are tidied away in between."""

    def __init__(self, seconds: int) -> None:
        self.now, self._step = NOW, timedelta(seconds=seconds)

    def __call__(self) -> datetime:
        self.now += self._step
        return self.now


def some_rule(random: Random) -> Rule:
    rule_id = random.choice(list(RULES_OF))
    scope = RULES_OF[rule_id] if random.random() < 0.93 else random.choice(SCOPES)
    return Rule.read(
        {
            "rule_id": rule_id,
            "version": random.randint(1, 4),
            "source": "erp",
            "scope": scope,
            "currency": "GBP",
            "tiers": [{"min_quantity": 1, "value": random.choice("1112")}],
            **({"withdrawn": True} if random.random() < 0.1 else {}),
        }
    )


def some_event(random: Random) -> list[Rule]:
    """Versions of a few rules, some twice, some with other content, some about something else."""
    return [some_rule(random) for _ in range(random.randint(1, 8))]


def about(rule: Rule) -> dict[str, str]:
    return target(rule.scope)


def check_kept(table: Table, random: Random) -> None:
    """One event after the other: every outcome is the one that two plain dictionaries say."""
    with small_rows():
        store = PricingStore(table, Ticking(random.choice([0, 5, 100])))
        targets, ledger = dict[str, dict[str, str]](), dict[tuple[str, int], Rule]()
        for _ in range(random.randint(1, 6)):
            event = some_event(random)
            known = set(ledger)
            for rule in event:
                if targets.setdefault(rule.name, about(rule)) == about(rule):
                    ledger.setdefault((rule.name, rule.version), rule)
            assert store.keep(event, "erp", "cd-1") == [
                _expected(r, event[:n], known, targets, ledger) for n, r in enumerate(event)
            ]
        check_rows(_rows(table), ledger)


def _expected(
    rule: Rule,
    before: Sequence[Rule],
    known: set[tuple[str, int]],
    targets: Mapping[str, dict[str, str]],
    ledger: Mapping[tuple[str, int], Rule],
) -> Kept:
    if targets[rule.name] != about(rule):
        return Kept.OTHER_TARGET
    key = (rule.name, rule.version)
    if ledger[key] != rule:
        return Kept.CONFLICT
    if key in known or rule in before:
        return Kept.DUPLICATE
    newest = max(v for r, v in ledger if r == rule.name)
    return Kept.CURRENT if rule.version == newest else Kept.SUPERSEDED


def _rows(table: Table) -> dict[tuple[str, str], Mapping[str, Any]]:
    if isinstance(table, MemoryTable):
        return dict(table.rows)
    rows, _ = next(table.pages(None, attributes=("pk", "sk", "rules", "ver", "sp", "spt", "t", "h")))
    return {(r["pk"], r["sk"]): r for r in rows}


def standing(rows: Mapping[tuple[str, str], Mapping[str, Any]], rule: Rule) -> Rule | None:
    """The version that a reader finds: from the rule's sheet downwards, of several the newest."""
    place, found = home(rule.scope), list[Rule]()
    while True:
        here = Sheet.read(place, rows.get(place))
        found += [r for r in [here.rule(rule.name)] if r]
        below = here.below(rule)
        if below is None:
            return max(found, key=lambda r: r.version, default=None)
        place = below


def check_rows(rows: Mapping[tuple[str, str], Mapping[str, Any]], ledger: Mapping[tuple[str, int], Rule]) -> None:
    """Each rule's newest version stands where its scope says, the last row on the way has it, and no other."""
    newest = {name: ledger[name, max(v for n, v in ledger if n == name)] for name, _ in ledger}
    for name, rule in newest.items():
        assert standing(rows, rule) == rule
        place = home(rule.scope)
        while below := Sheet.read(place, rows.get(place)).below(rule):
            place = below
        assert Sheet.read(place, rows.get(place)).rule(name) == rule
    for place, row in rows.items():
        if is_rule_row(place):
            for name, rule in Sheet.read(place, row).rules().items():
                assert ledger[name, rule.version] == rule


def ledger_of(rows: Mapping[tuple[str, str], Mapping[str, Any]], sent: Sequence[Rule]) -> dict[tuple[str, int], Rule]:
    """The versions that are in the ledger, each one that was sent and about what its rule is about."""
    by_content = {(r.name, r.version, r.content_hash): r for r in sent}
    targets = {
        pk.removeprefix("R#"): row["t"] for (pk, sk), row in rows.items() if pk.startswith("R#") and sk == "SLOT"
    }
    found: dict[tuple[str, int], Rule] = {}
    for (pk, sk), row in rows.items():
        if pk.startswith("R#") and sk != "SLOT":
            name, version = pk.removeprefix("R#"), int(sk[2:])
            found[name, version] = by_content[name, version, row["h"]]
            assert about(found[name, version]) == targets[name]
    assert found.keys() == {(r.name, r.version) for r in sent if targets[r.name] == about(r)}
    return found


def check_keeping(random: Random) -> None:
    """Workers keep events at once, some twice, and some die; what was not done comes again. The newest stands.

    Meanwhile a reader never misses a rule that stood before, and never sees it older than it was.
    """
    with small_rows():
        schedule = Schedule(some_choices(random))
        table = MemoryTable()
        step = random.choice([0, 5, 40])
        store = PricingStore(table, Ticking(step))
        first = some_event(random) + some_event(random)
        store.keep(first, "erp", "cd-0")
        before = {r.name: r for r in first if (s := standing(table.rows, r)) and s == r}
        table.boundary = schedule.boundary
        events = [some_event(random) for _ in range(random.randint(1, 4))]
        lived: list[int] = []

        def work(number: int) -> None:
            store.keep(events[number], "erp", "cd-1")
            lived.append(number)

        def look() -> None:
            for rule in before.values():
                # As eventually consistent reads may: the rows below are seen as they were a moment before the sheet.
                _look(table, rule, deepcopy(table.rows) if step == 0 else table.rows)

        schedule.run([*(lambda n=n: work(n) for n in [*range(len(events)), 0]), look])
        table.boundary = lambda: None
        for number in set(range(len(events))) - set(lived):
            store.keep(events[number], "erp", "cd-1")
        check_rows(table.rows, ledger_of(table.rows, [*first, *(r for e in events for r in e)]))


def _look(table: MemoryTable, rule: Rule, rows_below: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
    """Reads down to the rule, one row after the other, while others write."""
    place, found = home(rule.scope), 0
    while True:
        seen = table.get_many([place]) if place == home(rule.scope) else rows_below
        here = Sheet.read(place, seen.get(place))
        found = max(found, here.version_of(rule.name))
        below = here.below(rule)
        if below is None:
            break
        place = below
    assert found >= rule.version, f"{rule.name} was at {rule.version} and is seen at {found}"
