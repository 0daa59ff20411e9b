"""What must come out of a replay, from the CSV file alone: shares no line of code with what is tested.

A cancelled invoice (`C…`) brings goods back, every other line takes them away. Codes that do not begin with a digit are
services, which no cross-reference knows: they must end on the exceptions list. Lines of quantity 0 move nothing.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Expected:
    """Balances and movement ids by item, and the movement ids that must be refused."""

    lines: int = 0
    balances: Counter[str] = field(default_factory=Counter)
    movements: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def kept(self) -> int:
        return sum(map(len, self.movements.values()))


def fold(path: Path, month: str = "") -> Expected:
    """Reads the ledger once; only the lines of a month (`2011-02`) if one is named."""
    expected, seen = Expected(), Counter[tuple[str, str]]()
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for invoice, code, _, quantity, at, *_ in csv.reader(file):
            if not at.startswith(month):
                continue
            expected.lines += 1
            seen[invoice, code] += 1
            movement = f"{invoice}-{code}-{seen[invoice, code]}".replace(" ", "_")
            if quantity == "0":
                continue
            if not code[0].isdigit():
                expected.refused[code].add(movement)
                continue
            units = abs(int(quantity))
            expected.balances[code] += units if invoice[0] == "C" else -units
            expected.movements[code].add(movement)
    return expected
