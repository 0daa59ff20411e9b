"""How the cost of one grows with how much there is: a movement, a hold, a read, from 10 thousand items on. It must not.

Headers are written while the table's stream is off: what is on it would only fill the engine's memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any, Final

from crossdock.identity.references import Reference, References
from crossdock.inventory.holds import Answer
from crossdock.inventory.reserving import Reservations
from crossdock.platform import clients
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from tests.bench.figures import Aim, Figure, Report
from tests.bench.meter import Count
from tests.bench.rig import Rig, api_event, sqs_event
from tests.bench.stock import envelope, order, stock_up
from tests.bench.streams import END, Stream, is_journaled
from tests.support.tables import table_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZES: Final = (10_000, 100_000)
MILLION: Final = 1_000_000
_WAREHOUSE: Final = "MAIN"
_TRIED: Final = 100
_PLENTY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Cost:
    """One kind of work on `_TRIED` items: what it is called, and what it took."""

    kind: str
    unit: str
    count: Count

    @property
    def value(self) -> float:
        units = self.count.wru if self.unit == "WCU" else self.count.rru
        return units / _TRIED

    @property
    def milliseconds(self) -> float:
        return self.count.wall_s * 1000 / _TRIED


def run(rig: Rig, sizes: Sequence[int], step: Callable[[str], None]) -> Report:
    """Fills a table to each of the sizes in turn and measures there."""
    report, table = Report(), rig.new_table("inventory", "growth")
    found: dict[int, list[_Cost]] = {}
    for before, size in pairwise((0, *sizes)):
        step(f"growth, filling up to {size:,} items")
        _stream(rig, table, on=False)
        stock_up(rig.target.dynamodb, table, ((_sku(n), _WAREHOUSE) for n in range(before, size)), _PLENTY)
        _stream(rig, table, on=True)
        step(f"growth, measuring at {size:,} items")
        items = [_sku(n) for n in Random(size).sample(range(size), _TRIED)]  # noqa: S311 - which ones are tried
        found[size] = _measure(rig, table, items, size)
    for size, costs in found.items():
        report.figures |= {
            f"growth.{c.kind}.{size}": Figure(c.value, c.unit, f"one {c.kind}, {size:,} items in the table")
            for c in costs
        }
        report.figures |= {
            f"growth.{c.kind}_ms.{size}": Figure(c.milliseconds, "ms", f"one {c.kind}, {size:,} items, this machine")
            for c in costs
        }
    first, last = found[sizes[0]], found[sizes[-1]]
    worst = max(b.value / a.value for a, b in zip(first, last, strict=True))
    what = f"cost of one with {sizes[-1]:,} items to that with {sizes[0]:,}, the worst of movement, hold and read"
    report.figures["growth_factor"] = Figure(worst, "×", what, Aim(1))
    return report


def _sku(number: int) -> str:
    return f"G-{number:07d}"


def _stream(rig: Rig, table: str, *, on: bool) -> None:
    described = rig.target.dynamodb.describe_table(TableName=table)["Table"]
    if described.get("StreamSpecification", {}).get("StreamEnabled", False) is not on:
        specification: Any = {"StreamEnabled": on} | ({"StreamViewType": "NEW_IMAGE"} if on else {})
        rig.target.dynamodb.update_table(TableName=table, StreamSpecification=specification)


def _measure(rig: Rig, table: str, items: Sequence[str], size: int) -> list[_Cost]:
    for function in ("apply_movements", "project_balances", "read_availability"):
        rig.restart(function, INVENTORY_TABLE=table)
    return [
        _Cost("movement", "WCU", _move(rig, table, items, size)),
        _Cost("hold", "WCU", _hold(rig, table, items, size)),
        _Cost("read", "RCU", _read(rig, items)),
    ]


def _move(rig: Rig, table: str, items: Sequence[str], size: int) -> Count:
    """One movement of each item, journaled and counted: no two of one item, so nothing is saved by adding up."""
    references = [Reference("wms", sku, sku) for sku in items]
    References(Table(rig.target.dynamodb, table_name("identity"))).declare(references)
    stream, total = Stream(rig.target, table, END), Count()
    body = envelope([{"id": f"{size}-{sku}", "item": sku, "quantity": 5} for sku in items])
    _, journaled = rig.invoke("apply_movements", sqs_event("movements", [body]))
    records = [r for r in stream.read() if is_journaled(r)]
    if len(records) != len(items):
        raise RuntimeError(f"{len(records)} of {len(items)} movements were journaled")
    _, counted = rig.invoke("project_balances", {"Records": records})
    total.add(journaled)
    total.add(counted)
    return total


def _hold(rig: Rig, table: str, items: Sequence[str], size: int) -> Count:
    reservations = Reservations(Table(clients.dynamodb(), table), system_clock)
    requests = [order(f"{size}-{sku}", [(sku, _WAREHOUSE, 1)]) for sku in items]
    with rig.meter.measure() as count:
        answers = [reservations.create(request).answer for request in requests]
    if set(answers) != {Answer.HELD}:
        raise RuntimeError(f"not everything was held: {answers}")
    return count


def _read(rig: Rig, items: Sequence[str]) -> Count:
    total = Count()
    for sku in items:
        total.add(rig.call("read_availability", api_event(b"", sku=sku), 200))
    return total
