"""Movements to measure with: a real wholesaler's year when it lies beside the project, else generated ones like it."""

from __future__ import annotations

import csv
import gzip
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAREHOUSE: Final = "MAIN"
# Postage, fees, samples and manual corrections: lines that move no stock.
_SERVICES: Final = frozenset(
    ["POST", "DOT", "M", "m", "D", "S", "C2", "B", "AMAZONFEE", "CRUK", "PADS", "BANK CHARGES"]
)
_FIRST_DAY: Final = datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
# Ranks are drawn with weight 1 / (rank + OFFSET) ** EXPONENT. The two numbers are fitted to the real ledger: of 1,000
# lines running, as many are of different items, and of 10,000 too.
_ITEMS: Final = 4058
_OFFSET: Final = 3500
_EXPONENT: Final = 8
_LINES_PER_INVOICE: Final = 21


@dataclass(frozen=True, slots=True)
class Ledger:
    """Movements in the order they happened, in the form of the API, and where they come from."""

    movements: list[dict[str, Any]]
    real: bool

    @property
    def said(self) -> str:
        """What the report says of the data."""
        if self.real:
            return f"the first {len(self.movements):,} stock lines of the real ledger, in its order"
        return (
            f"{len(self.movements):,} generated movements with the real ledger's skew; the ledger itself is not here "
            "(--ledger PATH names it)"
        )

    @property
    def items(self) -> list[str]:
        """The distinct items, in the order they first appear."""
        return list(dict.fromkeys(m["item"] for m in self.movements))


def load(path: Path | None, count: int) -> Ledger:
    """The first `count` movements."""
    rows = _real(path) if path else _generated()
    movements: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], int] = {}
    for sequence, (invoice, item, quantity, at) in enumerate(rows, start=1):
        ordinal = seen[invoice, item] = seen.get((invoice, item), 0) + 1
        movements.append(_movement(invoice, item, quantity, at, f"{invoice}-{item}-{ordinal}", sequence))
        if len(movements) == count:
            break
    return Ledger(movements, real=path is not None)


def _movement(invoice: str, item: str, quantity: int, at: datetime, event: str, sequence: int) -> dict[str, Any]:
    back = "return" if invoice.startswith("C") else "adjustment"
    kind = "pick" if quantity > 0 else back
    return {
        "id": event,
        "item": item,
        "warehouse": WAREHOUSE,
        "type": kind,
        "quantity": quantity if kind == "adjustment" else abs(quantity),
        "occurred_at": at.isoformat().replace("+00:00", "Z"),
        "sequence": sequence,
        "reference": invoice,
    }


def _real(path: Path) -> Iterator[tuple[str, str, int, datetime]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as text:
        for invoice, item, _, quantity, at, *_ in csv.reader(text):
            if item not in _SERVICES and int(quantity):
                yield invoice, item, int(quantity), datetime.fromisoformat(at).replace(tzinfo=UTC)


def _generated() -> Iterator[tuple[str, str, int, datetime]]:
    chance = random.Random(20101201)  # noqa: S311 - the same lines in every run, nothing secret
    items = [f"{20000 + n}{'ABCD'[n % 4] if n % 3 == 0 else ''}" for n in range(_ITEMS)]
    weights = list(accumulate(1 / (rank + _OFFSET) ** _EXPONENT for rank in range(_ITEMS)))
    invoice = 536365
    while True:
        at = _FIRST_DAY + timedelta(minutes=invoice - 536365)
        number = f"C{invoice}" if chance.random() < 0.02 else str(invoice)
        for _ in range(chance.randint(1, 2 * _LINES_PER_INVOICE)):
            (item,) = chance.choices(items, cum_weights=weights)
            quantity = chance.choice((1, 2, 3, 4, 6, 8, 10, 12, 24))
            yield number, item, -quantity if number.startswith("C") else quantity, at
        invoice += 1
