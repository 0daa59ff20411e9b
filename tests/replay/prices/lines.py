"""The ledger's lines as somebody who asks a price would put them: who, what, how many, when, through which channel.

The channel is what the invoice shows before any price is asked: `shop` when it carries the web shop's postage (the
code DOT), `account` when it names a customer, otherwise `counter`. Amounts are whole thousandths of a pound, as nothing
is finer.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ZONE: Final = "Europe/London"
HOME: Final = "united-kingdom"
ACCOUNT, COUNTER, SHOP = "account", "counter", "shop"
PER_POUND: Final = 1000
_SHOP_POSTAGE: Final = "DOT"
_CANCELLED, _ADJUSTED = "C", "A"  # how such an invoice's number begins


class Kind(StrEnum):
    """What a line is. Only sales teach prices; all kinds are quoted."""

    SALE = "sale"
    RETURN = "return"
    NOT_SOLD = "not sold"  # stock corrections and bad debts: no price was asked


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice. `day` is the business day as an ordinal; `at` the instant in UTC."""

    invoice: str
    item: str
    quantity: int
    price: int
    at: datetime
    day: int
    customer: str
    region: str
    channel: str
    kind: Kind

    @property
    def is_service(self) -> bool:
        """Postage, fees, manual lines: codes that name no goods. They do not begin with a digit."""
        return not self.item[0].isdigit()


def read(path: Path) -> list[Line]:
    """All lines of a ledger, plain or gzipped, in its order."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    shop = {row[0] for row in rows if row[1] == _SHOP_POSTAGE}
    instants: dict[str, tuple[datetime, int]] = {}
    return [_line(row, row[0] in shop, instants) for row in rows]


def _line(row: Sequence[str], shop: bool, instants: dict[str, tuple[datetime, int]]) -> Line:  # noqa: FBT001 - one fact
    invoice, item, _, quantity, local, price, customer, country = row
    if local not in instants:
        instants[local] = _instant(local)
    at, day = instants[local]
    units, thousandths = int(quantity), Decimal(price) * PER_POUND
    if thousandths != int(thousandths):
        raise ValueError(f"invoice {invoice}: the price {price} is finer than a thousandth")
    known = customer.removesuffix(".0")
    sold = thousandths > 0 and not invoice.startswith(_ADJUSTED) and units != 0
    back = invoice.startswith(_CANCELLED) or units < 0
    usual = ACCOUNT if known else COUNTER
    return Line(
        invoice=invoice,
        item=item.replace(" ", "_"),
        quantity=abs(units),
        price=int(thousandths),
        at=at,
        day=day,
        customer=known,
        region=country.lower().replace(" ", "-"),
        channel=SHOP if shop else usual,
        kind=(Kind.RETURN if back else Kind.SALE) if sold else Kind.NOT_SOLD,
    )


def _instant(local: str) -> tuple[datetime, int]:
    """The ledger writes the wall clock of its warehouse."""
    wall = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(ZONE))
    return wall.astimezone(UTC), wall.date().toordinal()


def day_text(day: int) -> str:
    return date.fromordinal(day).isoformat()


def money_text(thousandths: int) -> str:
    """`2550` is "2.55"; trailing zeros behind the pence are left out."""
    text = f"{Decimal(thousandths) / PER_POUND:.3f}"
    return text.removesuffix("0")
