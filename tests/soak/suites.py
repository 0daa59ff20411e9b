"""What can be soaked: every module `tests/property/*_schedules.py` with one function or both.

    run_schedule(seed: int) -> None                        over the table in memory
    run_schedule_on_engine(target: Target, seed: int) -> None   over the local engine

Each runs one whole schedule, drawn by its seed alone, and raises AssertionError when something that must hold does not.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SUFFIX: Final = "_schedules"
FOLDER: Final = Path(__file__).parents[1] / "property"
PACKAGE: Final = "tests.property"
MEMORY: Final = "run_schedule"
ENGINE: Final = "run_schedule_on_engine"


@dataclass(frozen=True, slots=True)
class Suite:
    """The schedules of one module, on one kind of table. Travels between processes by its names."""

    module: str
    function: str

    @property
    def on_engine(self) -> bool:
        return self.function == ENGINE

    @property
    def name(self) -> str:
        """`holds` or `holds on the engine`."""
        return self.short + (" on the engine" if self.on_engine else "")

    @property
    def short(self) -> str:
        """`holds`: how the command line names it."""
        return self.module.rpartition(".")[2].removesuffix(SUFFIX)

    def load(self) -> Callable[..., None]:
        found: Callable[..., None] = getattr(importlib.import_module(self.module), self.function)
        return found


def suites(*, engine: bool, only: str = "") -> list[Suite]:
    """Every suite on this kind of table, by name; only that of one module if one is named (`holds`)."""
    function = ENGINE if engine else MEMORY
    stems = sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}.py") if not path.stem.startswith("test_"))
    found = [Suite(f"{PACKAGE}.{stem}", function) for stem in stems]
    chosen = [suite for suite in found if only in {"", suite.short}]
    return [suite for suite in chosen if hasattr(importlib.import_module(suite.module), function)]
