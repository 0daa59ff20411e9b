"""What the demo sends: every movement, price and code of the days, numbered as their systems would number them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crossdock_cli.demo.ledger import Day, Line, price_tiers

if TYPE_CHECKING:
    from collections.abc import Iterable

WAREHOUSE: Final = "MAIN"
CURRENCY: Final = "GBP"
_SPARE: Final = 20  # opening stock beyond what the days take out, in units

Movement = dict[str, Any]


@dataclass
class DayPlan:
    """One day as its systems report it."""

    date: str
    movements: list[Movement] = field(default_factory=list)
    prices: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Plan:
    """All that happens, before anything goes wrong. `items` are the stock codes of goods, in order."""

    items: list[str]
    opening: list[Movement]
    days: list[DayPlan]

    @property
    def last_position(self) -> int:
        """The warehouse system's newest sequence number."""
        return max(int(m["sequence"]) for m in self.all_movements())

    def all_movements(self) -> Iterable[Movement]:
        yield from self.opening
        for day in self.days:
            yield from day.movements


def make_plan(days: list[Day]) -> Plan:
    """Derives receipts so that no item runs out in these days, and dated prices from what was paid."""
    lines = [line for day in days for line in day.lines]
    items = sorted({line.code for line in lines if not line.is_service})
    opening = _opening(items, lines, days[0].date)
    sequence = len(opening)
    plans = []
    prices = _Prices()
    for day in days:
        plan = DayPlan(day.date, prices=prices.changes(day))
        for line in day.lines:
            sequence += 1
            plan.movements.append(movement_of(line, sequence))
        plans.append(plan)
    return Plan(items, opening, plans)


def _opening(items: list[str], lines: list[Line], date: str) -> list[Movement]:
    """One receipt per item that covers the deepest point its stock would fall to."""
    level: dict[str, int] = defaultdict(int)
    deepest: dict[str, int] = defaultdict(int)
    for line in lines:
        level[line.code] += line.stock_change
        deepest[line.code] = min(deepest[line.code], level[line.code])
    return [
        {
            "id": f"OPEN-{code}".replace(" ", "_"),
            "item": code,
            "warehouse": WAREHOUSE,
            "type": "receipt",
            "quantity": _SPARE - deepest[code],
            "occurred_at": f"{date}T05:00:00Z",
            "sequence": number,
            "reason": "opening stock",
        }
        for number, code in enumerate(items, 1)
    ]


def movement_of(line: Line, sequence: int) -> Movement:
    """A ledger line as the warehouse system reports it; `sequence` is the system's own number."""
    return {
        "id": line.id,
        "item": line.code,
        "warehouse": WAREHOUSE,
        "type": line.movement_type,
        "quantity": line.movement_quantity,
        "occurred_at": line.at,
        "sequence": sequence,
        "reference": line.invoice,
    }


class _Prices:
    """Price rules over the days: a rule gets a new version on the day its tiers change."""

    def __init__(self) -> None:
        self._current: dict[str, list[Any]] = {}
        self._versions: dict[str, int] = defaultdict(int)

    def changes(self, day: Day) -> list[dict[str, Any]]:
        rules = []
        for code, tiers in price_tiers(day.lines).items():
            stated = [{"min_quantity": quantity, "unit_price": str(price)} for quantity, price in tiers]
            if self._current.get(code) == stated:
                continue
            self._current[code] = stated
            self._versions[code] += 1
            rules.append(
                {
                    "rule_id": f"BASE-{code}",
                    "version": self._versions[code],
                    "item": code,
                    "currency": CURRENCY,
                    "tiers": stated,
                    "valid_from": f"{day.date}T00:00:00Z",
                }
            )
        return rules


def fold(movements: Iterable[Movement], corrections: dict[str, int]) -> dict[str, int]:
    """The balances that must come out, from the input alone: ten lines that share nothing with the product."""
    balances = dict(corrections)
    counted = set()
    for movement in movements:
        if movement["id"] in counted:
            continue
        counted.add(movement["id"])
        sign = -1 if movement["type"] == "pick" else 1
        balances[movement["item"]] = balances.get(movement["item"], 0) + sign * movement["quantity"]
    return balances
