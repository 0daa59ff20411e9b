"""Bulk files as a stream of entries: as many lines are in memory as one rule has.

A file need not be good to be read to its end: bytes that are no UTF-8, a quote that never closes, a line without end
become errors at their line, and the next line is read.
"""

from __future__ import annotations

import csv
import json
from typing import IO, TYPE_CHECKING, Any, Final

from crossdock.platform.problems import path_text
from crossdock_cli.price_files.columns import REJECTED, Row, entry_of, header_errors
from crossdock_cli.price_files.entries import Entry, LineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAX_LINE: Final = 100_000
"""Bytes of one line: a rule with a hundred tiers has some five thousand."""
_DELIMITERS: Final = ",;\t"
_UTF8: Final = "holds bytes that are no UTF-8", "save the file as UTF-8 (in a spreadsheet: CSV UTF-8)"


class FileError(Exception):
    """A file of which nothing can be read; `errors` say why."""

    def __init__(self, errors: Sequence[LineError]) -> None:
        super().__init__(errors[0].text())
        self.errors = tuple(errors)


class PriceFile:
    """One bulk file, read once from its beginning to its end."""

    def __init__(self, binary: IO[bytes], form: str) -> None:
        """`form` is csv or jsonl. Raises FileError when the first line of a CSV file cannot be used."""
        self.form = form
        self.header: list[str] = []
        self.delimiter = ","
        self.bytes_read = 0
        self._binary = binary
        self._line = 0
        self._too_long: set[int] = set()
        if form == "csv":
            self._read_header()

    def entries(self) -> Iterator[Entry]:
        """Every rule of the file in its order. A rule version that stood there before is refused."""
        seen: dict[int, int] = {}
        for entry in self._csv() if self.form == "csv" else self._jsonl():
            key = _identity(entry.document)
            if key is None:
                yield entry
            elif key in seen:
                problem = f"stands with this version on line {seen[key]} already"
                remedy = "write the rows of one rule one after the other, and each version once"
                yield entry.refused(entry.error(("rule_id",), problem, remedy))
            else:
                seen[key] = entry.line
                yield entry

    # -- lines -------------------------------------------------------------------------------------------------

    def _lines(self) -> Iterator[str]:
        """The file's lines with their ends; a byte that is no UTF-8 becomes a lone surrogate, which no field takes."""
        while line := self._binary.readline(MAX_LINE):
            self._line += 1
            self.bytes_read += len(line)
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                self._too_long.add(self._line)
                self._skip_line()
                line += b"\n"
            yield line.decode("utf-8", "surrogateescape").removeprefix("\ufeff" if self._line == 1 else "")

    def _skip_line(self) -> None:
        while part := self._binary.readline(MAX_LINE):
            self.bytes_read += len(part)
            if part.endswith(b"\n"):
                return

    # -- CSV ---------------------------------------------------------------------------------------------------

    def _read_header(self) -> None:
        self._source = self._lines()
        first = next(self._source, "")
        if not first.strip():
            raise FileError([LineError(1, "rule_id", "", "is missing: the file has no first line", _HEADER_REMEDY)])
        self.delimiter = max(_DELIMITERS, key=first.count)
        self.header = [name.strip() for name in next(csv.reader([first], delimiter=self.delimiter))]
        if errors := header_errors(self.header):
            raise FileError(errors)

    def _csv(self) -> Iterator[Entry]:
        """Neighbouring rows with one rule_id and version are one rule.

        A row that cannot be read might be a tier of the rule before or after it: where tiers have rows of their own,
        neither goes in with a tier missing.
        """
        waiting: list[Row] = []
        beside: Row | None = None
        for row in self._rows():
            if row.errors and not row.values:
                if waiting:
                    yield self._together(waiting, beside, row)
                yield Entry(row.line, [row.cells], None, row.errors)
                waiting, beside = [], row
                continue
            if waiting and _rule_version(waiting[0]) != _rule_version(row):
                yield self._together(waiting, beside)
                waiting, beside = [], None
            waiting.append(row)
        if waiting:
            yield self._together(waiting, beside)

    def _together(self, rows: Sequence[Row], *beside: Row | None) -> Entry:
        entry = entry_of(rows)
        unread = [row.line for row in beside if row is not None]
        if not unread or "min_quantity" not in self.header or "tiers" in rows[0].values:
            return entry
        problem = f"may lack a tier: line {unread[0]} beside it cannot be read"
        return entry.refused(entry.error(("rule_id",), problem, f"mend line {unread[0]}"))

    def _rows(self) -> Iterator[Row]:
        """Each line by itself: no field of a rule holds a line feed, and a quote left open ends with its line."""
        for text in self._source:
            line = text.rstrip("\r\n")
            if self._line in self._too_long:
                yield Row(self._line, [], {}, (_too_long(self._line, self.header[0]),))
                continue
            try:
                cells = next(csv.reader([line], delimiter=self.delimiter, strict=True), [])
            except csv.Error as exc:
                problem, remedy = f"cannot be read: {exc}", "close every quote, and double those within a cell"
                yield Row(self._line, [_safe(line)], {}, (LineError(self._line, self.header[0], "", problem, remedy),))
                continue
            if any(cell.strip() for cell in cells):
                yield self._row(self._line, cells)

    def _row(self, line: int, cells: list[str]) -> Row:
        named = dict(zip(self.header, cells, strict=False))
        values = {name: text for name, cell in named.items() if (text := cell.strip())}
        errors = [LineError(line, name, _safe(cell), *_UTF8) for name, cell in named.items() if not _is_text(cell)]
        if len(cells) > len(self.header):
            problem = f"has {len(cells)} cells, and the first line names {len(self.header)}"
            remedy = f"put cells that hold a {self.delimiter!r} in quotes"
            errors.append(LineError(line, str(len(self.header) + 1), _safe(cells[len(self.header)]), problem, remedy))
        readable = all(_is_text(values.get(name, "")) for name in ("rule_id", "version"))
        return Row(line, [_safe(c) for c in cells], values if readable else {}, tuple(errors))

    # -- JSON Lines --------------------------------------------------------------------------------------------

    def _jsonl(self) -> Iterator[Entry]:
        for text in self._lines():
            if text.strip():
                yield self._object(self._line, text.rstrip("\r\n"))

    def _object(self, line: int, text: str) -> Entry:
        def refused(column: str, problem: str, remedy: str, found: str = "") -> Entry:
            return Entry(line, [_safe(text)], None, (LineError(line, column, found, problem, remedy),))

        if line in self._too_long:
            return Entry(line, [""], None, (_too_long(line, "1"),))
        if not _is_text(text):
            return refused("1", *_UTF8)
        try:
            document = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_constant)
        except json.JSONDecodeError as exc:
            return refused(str(exc.colno), f"is no JSON: {exc.msg}", "write one whole JSON object on each line")
        except (ValueError, RecursionError) as exc:
            return refused("1", f"cannot be used: {exc}", "write one whole JSON object on each line")
        if not isinstance(document, dict):
            return refused("1", "is no JSON object", "write one rule on each line, in braces", text)
        document.pop(REJECTED, None)
        return Entry(line, [text], document, (), lambda path: (line, path_text(path) or "1", _at(document, path)))


_HEADER_REMEDY: Final = "begin with the names of the columns, such as rule_id,version,item,currency,value,valid_from"


def _rule_version(row: Row) -> tuple[str | None, str | None]:
    return row.values.get("rule_id"), row.values.get("version")


def _identity(document: Mapping[str, Any] | None) -> int | None:
    """A number for a rule's id and version, so that a long file's are kept in little memory."""
    if document is None or "rule_id" not in document:
        return None
    return hash((str(document["rule_id"]), str(document.get("version"))))


def _too_long(line: int, column: str) -> LineError:
    return LineError(line, column, "", f"is longer than {MAX_LINE:,} bytes", "end each line with a line feed")


def _is_text(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in text) if not text.isascii() else True


def _safe(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for n, (name, _) in enumerate(pairs) if name in dict(pairs[:n]))
        raise ValueError(f"it names {twice[:60]!r} twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _at(document: Any, path: Sequence[int | str]) -> str:
    """What stands at a path of a document, as JSON; empty when nothing does."""
    for part in path:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return ""
    return document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
