"""Supply: in whatever order statements come, however often, whoever dies on the way, the newest of each kind stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from crossdock.inventory.supply import Confirmation, Order, Part, SupplyLine
from crossdock.inventory.supply_store import Kept, SupplyStore
from tests.property.properties import SEEDS, some_choices
from tests.support.examples import examples
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from random import Random

pytestmark = pytest.mark.property

TODAY = date(2026, 11, 21)


def some_statement(random: Random) -> SupplyLine:
    """One of two lines, one of two kinds; a version always says the same."""
    line, version = SupplyLine("S", "MAIN", random.choice(("PO-1/1", "PO-1/2"))), random.randint(0, 4)
    on = TODAY + timedelta(days=version)
    if random.random() < 0.5:
        return replace(line, order=Order(10 * version, on, version))
    return replace(line, confirmation=Confirmation((Part(7 * version, on),), version, version % 2 == 1))


def newest(statements: list[SupplyLine]) -> dict[str, SupplyLine]:
    found: dict[str, SupplyLine] = {}
    for said in statements:
        kept = found.setdefault(said.id, SupplyLine(said.sku, said.warehouse, said.id))
        if said.order and (kept.order is None or said.order.version > kept.order.version):
            kept = replace(kept, order=said.order)
        new = said.confirmation
        if new and (kept.confirmation is None or new.version > kept.confirmation.version):
            kept = replace(kept, confirmation=new)
        found[said.id] = kept
    return found


@given(SEEDS)
@examples(600)
def test_the_newest_of_each_kind_stands_whatever_meets_comes_twice_or_dies(random: Random) -> None:
    schedule = Schedule(some_choices(random))
    table = MemoryTable(schedule.boundary)
    store = SupplyStore(table, lambda: NOW)
    events = [[some_statement(random) for _ in range(random.randint(1, 5))] for _ in range(random.randint(1, 4))]
    lived: list[int] = []

    def work(number: int) -> None:
        assert Kept.CONFLICT not in store.keep(events[number], "cd-1")
        lived.append(number)

    schedule.run([lambda n=n: work(n) for n in [*range(len(events)), 0]])
    for number in set(range(len(events))) - set(lived):
        store.keep(events[number], "cd-1")

    assert {line.id: line for line in store.expected("S")} == newest([s for event in events for s in event])


@given(SEEDS)
@examples(300)
def test_one_after_the_other_every_outcome_is_what_came_of_it(random: Random) -> None:
    store = SupplyStore(MemoryTable(), lambda: NOW)
    before: dict[tuple[str, bool], int] = {}
    for _ in range(random.randint(1, 6)):
        event = [some_statement(random) for _ in range(random.randint(1, 4))]
        expected = []
        for said in event:
            version = said.order.version if said.order else said.confirmation.version  # type: ignore[union-attr]
            key = (said.id, said.order is not None)
            last = before.get(key, -1)
            expected.append(Kept.CURRENT if version > last else Kept.DUPLICATE if version == last else Kept.SUPERSEDED)
            before[key] = max(version, last)
        assert store.keep(event, "cd-1") == expected
