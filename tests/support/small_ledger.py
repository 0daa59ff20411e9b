"""A ledger of our own making in the form of the UCI "Online Retail" one, small enough to check by hand.

What it holds: a cup with a quantity break, whose price rises on 1 March; the web shop, which asks more for it; a
customer who always pays less (900); postage that costs more to France; a plate that one customer (300) has an own price
of; a return, a stock correction, a price typed by hand, and an item that was sold once.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HOME = "United Kingdom"


def written(path: Path) -> Path:
    """Writes the ledger, gzipped."""
    path.write_bytes(gzip.compress("\n".join(rows()).encode()))
    return path


def rows() -> Iterator[str]:
    """Its 122 lines, in the order of their days."""
    for month, price, lower in (("01", "2.00", "1.75"), ("02", "2.00", "1.75"), ("03", "2.20", "1.90")):
        for day in range(1, 7):
            at = f"2011-{month}-{10 + day:02} 09:00:00" if month != "03" else f"2011-03-{day:02} 09:00:00"
            yield _row(f"1{month}{day}", "CUP1", 6, at, price, f"{100 + day}")
            yield _row(f"2{month}{day}", "CUP1", 24, at, lower, f"{100 + day}")
            yield _row(f"3{month}{day}", "CUP1", 3, at, "4.13", "")
            yield _row(f"3{month}{day}", "DOT", 1, at, f"{day}{month}.07", "")
            if day > 1:  # the first one is what else would be paid
                yield _row(f"4{month}{day}", "CUP1", 6, at, "1.80", "900")
    for day in range(1, 7):
        at = f"2011-03-{day:02} 10:00:00"
        yield _row(f"5{day}", "POST", 1, at, "15.00", f"{100 + day}")
        yield _row(f"50{day}", "POST", 1, at, "15.00", f"{100 + day}")
        yield _row(f"6{day}", "POST", 1, at, "18.00", "201", "France")
        yield _row(f"7{day}", "PLATE", 2, at, "3.00", f"{100 + day}")
        yield _row(f"8{day}", "PLATE", 2, at, "2.50" if day < 5 else "3.00", "300")
    yield _row("C70", "CUP1", -6, "2011-03-07 09:00:00", "2.20", "101")
    yield _row("71", "CUP1", -2, "2011-03-07 09:00:00", "0.0", "")
    yield _row("72", "CUP1", 6, "2011-03-07 09:00:00", "0.37", "101")
    yield _row("73", "ONCE", 1, "2011-03-07 09:00:00", "9.99", "102")
    yield _row("74", "CUP1", 6, "2011-03-07 09:00:00", "2.20", "101")


def _row(invoice: str, code: str, quantity: int, at: str, price: str, customer: str, country: str = _HOME) -> str:
    item = code if code in {"DOT", "POST"} else f"8{code}"
    return f"{invoice},{item},SAMPLE,{quantity},{at},{price},{f'{customer}.0' if customer else ''},{country}"
