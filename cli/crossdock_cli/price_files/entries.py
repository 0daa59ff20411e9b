"""What a bulk file holds, rule by rule: the document a line says, what is wrong with it, and the line as it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from crossdock.contracts.prices import PriceRule
from crossdock.platform.problems import from_validation, path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class LineError:
    """One thing wrong in a file: where, what stands there, why it cannot be used, and what to write instead."""

    line: int
    column: str
    found: str
    problem: str
    remedy: str

    def text(self) -> str:
        """`line 7, column valid_from: '1/3/26' is no day; write 2026-03-01`."""
        found = f" {shown(self.found)}" if self.found else ""
        return f"line {self.line}, column {self.column}:{found} {self.problem}; {self.remedy}"

    def document(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "found": self.found,
            "problem": self.problem,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of a file. `rows` are its lines as they stood there: lists of cells (CSV) or texts (JSON Lines).

    `place` gives the line and column of a field by its path in the rule document, and what stands there.
    """

    line: int
    rows: Sequence[Any]
    document: Mapping[str, Any] | None
    errors: tuple[LineError, ...] = ()
    place: Callable[[Sequence[int | str]], tuple[int, str, str]] | None = field(default=None, compare=False)

    def refused(self, *errors: LineError) -> Entry:
        """The same lines, not to be taken for these reasons."""
        return Entry(self.line, self.rows, self.document, (*self.errors, *errors), self.place)

    def error(self, path: Sequence[int | str], problem: str, remedy: str) -> LineError:
        """An error about the field with this path."""
        line, column, found = self.place(path) if self.place else (self.line, path_text(path), "")
        return LineError(line, column, found, problem, remedy)


def shown(found: str) -> str:
    """What stands in a cell, short enough for one line of a terminal and without its control characters."""
    cut = found if len(found) <= _SHOWN else found[: _SHOWN - 1] + "…"
    return repr(cut)


def read_rule(entry: Entry) -> tuple[PriceRule | None, Entry]:
    """The rule an entry says, as its contract; None, and the entry with what is wrong, when it is none."""
    if entry.document is None or entry.errors:
        return None, entry
    try:
        return PriceRule.model_validate(entry.document), entry
    except ValidationError as exc:
        found = zip(exc.errors(include_url=False, include_input=False), from_validation(exc).errors, strict=True)
        return None, entry.refused(*(entry.error(e["loc"], f.problem, f.remedy) for e, f in found))
