"""A wholesaler's invoice lines as business days: what moved, what it was sold for.

The format is that of the UCI "Online Retail" ledger (no header line): InvoiceNo, StockCode, Description, Quantity,
InvoiceDate, UnitPrice, CustomerID, Country. The sample beside this file has the same columns and is our own.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE: Final = Path(__file__).parent / "sample.csv"
_COLUMNS: Final = 8


@dataclass(frozen=True)
class Line:
    """One invoice line. `id` is stable under replay: invoice, stock code, and which of that pair within the invoice."""

    id: str
    invoice: str
    code: str
    quantity: int
    at: str
    price: Decimal
    customer: str

    @property
    def is_service(self) -> bool:
        """Postage, fees, manual corrections: codes that name no goods. They do not begin with a digit."""
        return not self.code[:1].isdigit()

    @property
    def movement_type(self) -> str:
        """A cancelled invoice is a return; goods that left without a price are a correction; the rest was picked."""
        if self.invoice.startswith("C"):
            return "return"
        return "adjustment" if self.quantity < 0 or self.price == 0 else "pick"

    @property
    def movement_quantity(self) -> int:
        """As the movements contract wants it: positive, but for adjustments. A negative line took goods away."""
        if self.movement_type == "adjustment":
            return self.quantity if self.quantity < 0 else -self.quantity
        return abs(self.quantity)

    @property
    def stock_change(self) -> int:
        """What the line does to the stock on hand."""
        return self.movement_quantity if self.movement_type != "pick" else -self.movement_quantity


@dataclass(frozen=True)
class Day:
    """One business day of the ledger."""

    date: str
    lines: list[Line] = field(repr=False)


def read_days(path: Path, limit: int | None) -> list[Day]:
    """The first `limit` days of a ledger (all when None). Raises CliError naming the line that cannot be read."""
    days = list(islice(each_day(path), limit))
    if not days:
        raise CliError(f"the ledger {path} has no lines", "give --ledger a CSV file, plain or .gz")
    return days


def each_day(path: Path) -> Iterator[Day]:
    """The days one by one, for a ledger that is not wanted in memory as a whole. Raises CliError as `read_days`."""
    try:
        for date, lines in groupby(_lines(path), key=lambda line: line.at[:10]):
            yield Day(date, list(lines))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as problem:
        raise CliError(
            f"the ledger {path} cannot be read: {problem}", "give --ledger a CSV file, plain or .gz"
        ) from None


def _lines(path: Path) -> Iterator[Line]:
    """Zero quantities move nothing and are passed over."""
    seen: Counter[tuple[str, str]] = Counter()
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file), 1):
            if len(row) != _COLUMNS:
                raise CliError(f"{path.name}, line {number}: {len(row)} columns instead of {_COLUMNS}", "see --help")
            invoice, code, _, quantity, at, price, customer, _ = row
            seen[invoice, code] += 1
            try:
                line = Line(
                    id=f"{invoice}-{code}-{seen[invoice, code]}".replace(" ", "_"),
                    invoice=invoice,
                    code=code,
                    quantity=int(quantity),
                    at=at.replace(" ", "T") + "Z",
                    price=Decimal(price),
                    customer=customer,
                )
            except (ValueError, InvalidOperation):
                raise CliError(f"{path.name}, line {number}: a quantity or price is no number", "see --help") from None
            if line.quantity:
                yield line


def price_tiers(lines: list[Line]) -> dict[str, list[tuple[int, Decimal]]]:
    """Base price and quantity breaks of each item, from the prices that business customers paid on a day.

    The dearest price is the base price, from 1 unit on. A cheaper one becomes a break at the smallest quantity it was
    paid for, if that lies above the last break's: then a larger quantity never costs more by the unit.
    """
    paid: dict[str, dict[Decimal, int]] = {}
    for line in lines:
        if line.movement_type == "pick" and line.customer and not line.is_service:
            quantities = paid.setdefault(line.code, {})
            quantities[line.price] = min(line.quantity, quantities.get(line.price, line.quantity))
    return {code: _tiers(prices) for code, prices in paid.items()}


def _tiers(prices: dict[Decimal, int]) -> list[tuple[int, Decimal]]:
    dearest_first = sorted(prices.items(), reverse=True)
    tiers = [(1, dearest_first[0][0])]
    for price, quantity in islice(dearest_first, 1, None):
        if quantity > tiers[-1][0]:
            tiers.append((quantity, price))
    return tiers
