"""The rejects file: the lines that were not taken, as they stood there, each with the reason."""

from __future__ import annotations

import csv
import json
from typing import IO, TYPE_CHECKING, Any

from crossdock_cli.errors import CliError
from crossdock_cli.price_files.columns import REJECTED

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock_cli.price_files.entries import Entry
    from crossdock_cli.price_files.reading import PriceFile


class Rejects:
    """Written as the import goes on; there is no file where nothing was rejected."""

    def __init__(self, path: Path, file: PriceFile) -> None:
        """Raises CliError when the file is there already: it may hold what somebody has still to mend."""
        if path.exists():
            raise CliError(f"{path} is there already", "move it away, or name another one with --rejects")
        self.path = path
        self._file = file
        self._header = [name for name in file.header if name != REJECTED]
        self._out: IO[str] | None = None
        self.count = 0

    def add(self, entry: Entry) -> None:
        """Writes the lines of one rule; mended, they can be imported as they are."""
        self.count += 1
        reason = " | ".join(e.text() for e in entry.errors)
        out = self._open()
        for row in entry.rows:
            if self._file.form == "csv":
                csv.writer(out, delimiter=self._file.delimiter).writerow([*self._cells(row), reason])
            else:
                out.write(json.dumps(_with_reason(row, reason), ensure_ascii=False) + "\n")

    def close(self) -> None:
        if self._out is not None:
            self._out.close()

    def _open(self) -> IO[str]:
        if self._out is None:
            self._out = self.path.open("w", encoding="utf-8", newline="")
            if self._file.form == "csv":
                csv.writer(self._out, delimiter=self._file.delimiter).writerow([*self._header, REJECTED])
        return self._out

    def _cells(self, row: list[str]) -> list[str]:
        """The cells under their names, and those beyond the last name behind them in it, so that none is lost."""
        named = [cell for n, cell in enumerate(row) if n >= len(self._file.header) or self._file.header[n] != REJECTED]
        width = len(self._header)
        if len(named) > width:
            named = [*named[: width - 1], self._file.delimiter.join(named[width - 1 :])]
        return [*named, *[""] * (width - len(named))]


def _with_reason(text: str, reason: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    return {**(document if isinstance(document, dict) else {"line": text}), REJECTED: reason}
