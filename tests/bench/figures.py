"""What the benchmark reports: figures with a meaning, a unit and, where there is one, an aim."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.table import Table

from tests.bench.meter import Count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

_DIGITS = 4


def rounded(value: float) -> float:
    """Four significant digits: what differs behind them is the machine's mood."""
    return float(f"{value:.{_DIGITS}g}")


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound from the budget."""

    bound: float
    at_most: bool = True

    def met(self, value: float) -> bool:
        """Whether a value keeps the bound."""
        return value <= self.bound if self.at_most else value >= self.bound

    def text(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number."""

    value: float
    unit: str
    meaning: str
    aim: Aim | None = None

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"value": rounded(self.value), "unit": self.unit, "meaning": self.meaning}
        if self.aim:
            document |= {"aim": self.aim.text(), "met": self.aim.met(self.value)}
        return document


@dataclass(slots=True)
class Scenario:
    """What a number of units of work asked for, by function: the raw material of the cost model."""

    unit: str
    units: int
    functions: dict[str, Count] = field(default_factory=dict)

    def total(self) -> Count:
        """All functions together."""
        total = Count()
        for count in self.functions.values():
            total.add(count)
        return total

    @property
    def wru(self) -> float:
        """Write units for each unit of work."""
        return self.total().wru / self.units

    @property
    def rru(self) -> float:
        return self.total().rru / self.units

    @property
    def round_trips(self) -> float:
        return self.total().round_trips / self.units

    def document(self) -> dict[str, Any]:
        functions = {name: count.document() for name, count in sorted(self.functions.items())}
        return {"unit": self.unit, "units": self.units, "functions": functions}


def beside(name: str, ours: Scenario, common: Scenario, what: str, aims: Mapping[str, Aim]) -> dict[str, Figure]:
    """Write units, read units and round trips of one unit of work, each with the common way's and the ratio.

    What neither of the two needs is left out. `aims` are by kind: `wcu`, `rcu`, `round_trips`.
    """
    found: dict[str, Figure] = {}
    for kind, unit, mine, theirs in (
        ("wcu", "WCU", ours.wru, common.wru),
        ("rcu", "RCU", ours.rru, common.rru),
        ("round_trips", "round trips", ours.round_trips, common.round_trips),
    ):
        if mine and theirs:
            found |= {
                f"{name}_{kind}": Figure(mine, unit, what, aims.get(kind)),
                f"{name}_{kind}_baseline": Figure(theirs, unit, "the common way"),
                f"{name}_{kind}_ratio": Figure(theirs / mine, "×", "what the common way needs for one of ours"),
            }
    return found


@dataclass(slots=True)
class Report:
    """Everything one run found out. `startup` names each function's heaviest imports."""

    figures: dict[str, Figure] = field(default_factory=dict)
    counted: dict[str, Scenario] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    startup: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def merge(self, other: Report) -> None:
        """Takes in what another part of the run found out."""
        self.figures |= other.figures
        self.counted |= other.counted
        self.sizes |= other.sizes
        self.startup |= other.startup

    def document(self) -> dict[str, Any]:
        """The figures and the imports by their names."""
        figures = {name: figure.document() for name, figure in self.figures.items()}
        return figures | {f"init_heaviest.{name}": packages for name, packages in self.startup.items()}

    def missed(self) -> list[str]:
        """The figures that miss their aims."""
        return [n for n, f in self.figures.items() if f.aim and not f.aim.met(f.value)]

    def show(self, console: Console) -> None:
        """Prints the tables, missed aims marked."""
        console.print(self._counts(), self._startups(), sep="\n")

    def _counts(self) -> Table:
        table = Table(box=None, pad_edge=False)
        table.add_column("figure", no_wrap=True)
        table.add_column("value", justify="right", no_wrap=True)
        table.add_column("unit", no_wrap=True)
        table.add_column("aim", no_wrap=True)
        table.add_column("meaning")
        for name, figure in self.figures.items():
            if name.partition(".")[2] not in self.startup:
                table.add_row(name, _value(figure), figure.unit, _aim(figure), figure.meaning)
        return table

    def _startups(self) -> Table:
        table = Table(box=None, pad_edge=False)
        table.add_column("\nfunction", no_wrap=True)
        for title in ("import\nms", "clients\nms", "peak\nMB"):
            table.add_column(title, justify="right", no_wrap=True)
        table.add_column("\nheaviest packages, ms of their own")
        for function, packages in self.startup.items():
            measured = [self.figures.get(f"{kind}.{function}") for kind in ("init_ms", "clients_ms", "init_mb")]
            named = ", ".join(f"{p['package']} {p['self_ms']:.0f}" for p in packages)
            table.add_row(function, *(f"{f.value:.0f}" if f else "" for f in measured), named)
        return table


def _value(figure: Figure) -> str:
    value = rounded(figure.value)
    return f"{value:,.0f}" if value == int(value) else f"{value:,}"


def _aim(figure: Figure) -> str:
    if figure.aim is None:
        return ""
    met = figure.aim.met(figure.value)
    return f"[green]{figure.aim.text()} met[/]" if met else f"[bold red]{figure.aim.text()} missed[/]"
