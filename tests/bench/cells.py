"""What publishing a changed rule costs that touches 100, 10,000 and 100,000 cells: cells computed, reads, writes, time.

Four price classes times the items of one family, the messages of the queue done one after the other: on a table in
memory for the time, which is our own part, and on the engine for what a cell asks for. A third of the items have a
price of their own for each class's segment: a new list price of the family moves the others alone.
"""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crossdock import config
from crossdock.flows.price_publication import Publication, buyers
from crossdock.flows.price_reading import reading
from crossdock.platform import clients
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.pricing import cell_messages
from crossdock.pricing.affected import Affected, ChangedRule
from crossdock.pricing.candidates import Candidates
from crossdock.pricing.cell_store import CellStore
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import ItemStated, membership
from crossdock.pricing.instants import instant_text
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.publishing import Publisher
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings
from crossdock.pricing.store import PricingStore
from tests.bench.figures import Figure, Report, Scenario
from tests.bench.price_tables import load
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.rig import Rig

SIZES: Final = (100, 10_000, 100_000)
CLASSES: Final = {
    name: config.PriceClass(name, "GBP", segments=(name,)) for name in ("bronze", "silver", "gold", "vip")
}
_FAMILY: Final = "F-1"
_CORRELATION: Final = "cd-" + "0" * 32
_SINCE: Final = "2025-01-01T00:00:00.000000Z"
_OWN_PRICE: Final = 3  # every third item
_TEMPLATE: Final = "P-TEMPLATE"
_MEMBERS: Final = "X#"
_LEDGER: Final = "R#"
_ON_ENGINE: Final = 1_000  # cells


@dataclass
class _Done:
    """What became of cells."""

    computed: int = 0
    pruned: int = 0
    written: int = 0
    messages: int = 0
    cpu_s: float = 0


@dataclass
class _Shop:
    """Items of one family with their prices, and what is published of them."""

    items: int
    table: Table = field(default_factory=MemoryTable)
    stated: Rule | None = None

    def fill(self) -> None:
        """The family's list price, and a price of its own for each third item and class."""
        self.family("3.00")
        assert isinstance(self.table, MemoryTable)
        templates = [_template(own=n == 0) for n in range(_OWN_PRICE)]
        for n in range(self.items):
            for text in templates[n % _OWN_PRICE]:
                row = json.loads(text.replace(_TEMPLATE, _sku(n)))
                if row["pk"].startswith(_MEMBERS):
                    row["pk"], row["sk"] = membership(_FAMILY, _sku(n))
                self.table.rows[row["pk"], row["sk"]] = row

    def family(self, price: str) -> ChangedRule:
        """States another list price of the family."""
        old, version = self.stated, self.stated.version + 1 if self.stated else 1
        self.stated = _rule("list", version, price, {"family": _FAMILY})
        PricingStore(self.table, system_clock).keep([self.stated], "erp", _CORRELATION)
        return ChangedRule(old, self.stated)

    def publish(self, found: Affected) -> _Done:
        """Does what a change asks for, message by message."""
        waiting: deque[dict[str, Any]] = deque()
        publication, total = self._publication(waiting), _Done()
        begun = time.process_time()
        waiting.extend(cell_messages.messages(found, instant_text(system_clock()), [_CORRELATION]))
        while waiting:
            total.messages += 1
            done = publication.do(cell_messages.read(waiting.popleft()))
            if done is not None:
                total.computed += len(done.computed)
                total.pruned += len(done.pruned)
                total.written += len(done.written)
        total.cpu_s = time.process_time() - begun
        return total

    def _publication(self, waiting: deque[dict[str, Any]]) -> Publication:
        store, candidates = CellStore(self.table), Candidates(self.table, system_clock)
        who = buyers(CLASSES, {}, instant_text(system_clock()))
        publisher = Publisher(store, reading(candidates), store.expect, Settings(), system_clock)
        return Publication(store, publisher, who.get, waiting.extend, system_clock)


def run(rig: Rig, step: Callable[[str], None], sizes: Sequence[int] = SIZES) -> Report:
    """For each size: everything published for the first time, then one more list price of the family."""
    report = Report()
    for cells in sizes:
        step(f"price cells, {cells:,}")
        shop = _Shop(cells // len(CLASSES))
        shop.fill()
        whole, one = shop.publish(_everything()), shop.publish(_changed(shop))
        report.figures |= _figures(cells, whole, one)
    _asked_for(rig, report)
    return report


def _everything() -> Affected:
    found = Affected()
    for name in CLASSES:
        found.family(name, _FAMILY)
    return found


def _changed(shop: _Shop) -> Affected:
    found, now = Affected(), instant_text(system_clock())
    found.rules([shop.family("3.10")], buyers(CLASSES, {}, now), now)
    return found


def _figures(cells: int, whole: _Done, one: _Done) -> dict[str, Figure]:
    if one.computed + one.pruned != cells or one.written != one.computed:
        raise RuntimeError(f"{one} are not {cells} cells")
    touched = f"a family's list price that touches {cells:,} cells"
    return {
        f"cells{cells}_computed": Figure(one.computed, "cells", touched),
        f"cells{cells}_left_out": Figure(one.pruned, "cells", f"{touched}: a more specific price wins there"),
        f"cells{cells}_messages": Figure(one.messages, "messages", f"{touched}: what workers can share"),
        f"cells{cells}_s": Figure(one.cpu_s, "s", f"{touched}: own CPU time, table in memory"),
        f"cells{cells}_s_baseline": Figure(whole.cpu_s, "s", f"all {whole.computed:,} computed for the first time"),
        f"cells{cells}_s_ratio": Figure(whole.cpu_s / one.cpu_s, "×", "everything, for one such change"),
        f"cells{cells}_us_per_cell": Figure(one.cpu_s / cells * 1e6, "µs", "own CPU time for each cell touched"),
    }


def _asked_for(rig: Rig, report: Report) -> None:
    """What a cell asks for on the engine: spreading the family comes to less with more of them."""
    memory = _Shop(_ON_ENGINE // len(CLASSES))
    memory.fill()
    table = rig.new_table("pricing", "cells")
    load(rig.target.dynamodb, table, memory.table.rows.values())
    shop = _Shop(memory.items, Table(clients.dynamodb(), table), memory.stated)
    shop.publish(_everything())
    change = _changed(shop)
    with rig.meter.measure() as count:
        done = shop.publish(change)
    count.invocations = done.messages
    report.counted["price_cells"] = Scenario("cell", done.computed, {"publish_prices": count})
    what = f"for each of {done.computed} cells computed: read, its rules read, written, its rules looked at again"
    report.figures |= {
        "cell_rcu": Figure(count.rru / done.computed, "RCU", what),
        "cell_wcu": Figure(count.wru / done.computed, "WCU", what),
        "cell_round_trips": Figure(count.round_trips / done.computed, "round trips", what),
    }


def _template(*, own: bool) -> list[str]:
    """The rows of an item as the stores write them, as texts; all items have such rows but for their names."""
    table = MemoryTable()
    facts = ItemFacts(_TEMPLATE, "EA", {}, (_FAMILY,))
    Profiles(table).keep_items([ItemStated(facts, 1, "erp")], _CORRELATION)
    if own:
        rules = [_rule(f"{s}-{_TEMPLATE}", 1, "2.50", {"item": _TEMPLATE, "segment": s}) for s in CLASSES]
        PricingStore(table, system_clock).keep(rules, "erp", _CORRELATION)
    return [json.dumps(row) for (pk, _), row in table.rows.items() if not pk.startswith(_LEDGER)]


def _sku(number: int) -> str:
    return f"P-{number:07d}"


def _rule(name: str, version: int, price: str, scope: dict[str, str]) -> Rule:
    tiers = [{"min_quantity": 1, "value": price}, {"min_quantity": 12, "value": "2.00"}]
    base = {"rule_id": name, "version": version, "currency": "GBP", "unit": "EA", "valid_from": _SINCE}
    return Rule.read({**base, "scope": scope, "tiers": tiers}, "erp")
