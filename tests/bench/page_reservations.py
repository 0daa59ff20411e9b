"""The part of docs/costs.md about reservations, reads of stock and reconciliation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.bench.availability import MANY
from tests.bench.model import added, sum_of
from tests.bench.reservations import LINES
from tests.bench.tables import bill_rows, table, usd

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.bench.model import Model

_SEVERAL: Final = f"reservation_lines_{LINES}"
_READ: Final = f"availability_{MANY}"


def overview(model: Model) -> list[tuple[str, Decimal, str]]:
    """(a million of what, dollars, note) for the page's first table."""
    one = added(model.bill("reservation"), model.bill("reservation_watched"))
    return [
        ("reservations of one line", sum_of(one), "held, channels marked, the end watched for"),
        (f"reservations of {LINES} lines", sum_of(model.bill(_SEVERAL)), "held, or none of it"),
        ("reservations confirmed", sum_of(model.bill("reservation_confirm")), "by the API"),
        ("reservations the common way", sum_of(model.common_reservations("reservation")), "one line, for comparison"),
        ("reads of an item's stock", sum_of(model.bill("availability")), "all warehouses"),
        (f"reads of {MANY} items' stock", sum_of(model.bill(_READ)), "in one request"),
    ]


def render(model: Model) -> str:
    """The whole part."""
    columns = {
        "one line": model.bill("reservation"),
        "and what follows": added(model.bill("reservation"), model.bill("reservation_watched")),
        f"{LINES} lines": model.bill(_SEVERAL),
        "confirmed": model.bill("reservation_confirm"),
        "released": model.bill("reservation_release"),
        "sold out": model.bill("reservation_refused"),
        "one line, the common way": model.common_reservations("reservation"),
        f"{LINES} lines, the common way": model.common_reservations(_SEVERAL),
    }
    bills = list(columns.values())
    rows = bill_rows(bills)
    rows.append(("**together**", *(f"**{usd(sum_of(b))}**" for b in bills)))
    return f"""## A million reservations

One line of an ordinary item is two writes in one round trip: the reservation's row and the header that gives the units.
Several places go in one transaction, which costs twice. What follows by the stream is a mark for each channel and a
message that comes when the hold's time is over. The gateway is most of the price of a single call.

{table(("", *columns), rows)}"""
