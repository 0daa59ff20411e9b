"""Tables of the costs page."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.bench.model import Bill

_CENT: Final = Decimal("0.01")


def kinds_of(bills: Sequence[Bill]) -> list[str]:
    """What any of the bills has to be paid for, in the order of the bills."""
    return [kind for kind in dict.fromkeys(k for b in bills for k in b) if any(b.get(kind) for b in bills)]


def bill_rows(bills: Sequence[Bill]) -> list[tuple[str, ...]]:
    """A row for each kind, a column for each bill."""
    return [(kind, *(usd(b.get(kind, Decimal(0))) for b in bills)) for kind in kinds_of(bills)]


def usd(amount: Decimal) -> str:
    """Dollars and cents; below ten cents, three digits behind the point; nothing is a dash."""
    if not amount:
        return "–"
    if amount < _CENT / 10:
        return "< $0.001"
    return f"${amount:,.2f}" if amount >= 10 * _CENT else f"${amount:.3f}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first are aligned to the right."""
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
