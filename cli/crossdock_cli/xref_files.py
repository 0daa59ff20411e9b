"""Files of cross-references: CSV and JSON Lines, read line by line and written sorted.

Columns: kind, system, external, canonical, role, valid_from, valid_to, together. Whatever is written can be read again.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - used by typer's annotations of those who import it
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias, cast

import typer

from crossdock.contracts.xrefs import CrossReference, Fault, Kind
from crossdock.identity.xref_bulk import PER_CHUNK
from crossdock.identity.xref_judging import Judged, Wanted
from crossdock.platform.clock import from_text, to_text
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

COLUMNS: Final = ("kind", "system", "external", "canonical", "role", "valid_from", "valid_to")
TOGETHER: Final = "together"
MAX_LINE: Final = 20_000
"""Bytes of one line; the longest good one has some 1,500."""
_NEEDED: Final = ("system", "external")
_FORMS: Final = {".csv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_INSTANT: Final = "write an instant with its UTC offset, such as 2026-01-31T00:00:00Z"

Line: TypeAlias = Wanted | Judged
"""A line that can be judged, or one that is judged already because nothing can be made of it."""


class _FaultError(Exception):
    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.fault = Fault(field, problem, remedy)


def form_of(file: Path | None, named: str | None) -> str:
    """csv or jsonl, as said or by the file's name; wrong usage when neither says."""
    form = named or (_FORMS.get(file.suffix.lower()) if file else "csv")
    if form not in {"csv", "jsonl"}:
        raise typer.BadParameter(f"{named or file}: say --format csv or --format jsonl", param_hint="--format")
    return form


@dataclass(slots=True)
class XrefFile:
    """One file, read once from its beginning to its end. `kind` is that of lines which say none."""

    binary: IO[bytes]
    form: str
    kind: str | None = None
    bytes_read: int = 0
    _line: int = 0
    _last: str = ""

    def chunks(self) -> Iterator[list[Line]]:
        """Its lines, some hundred at a time; those of one thing (`together`) are never torn apart."""
        chunk: list[Line] = []
        closed: set[str] = set()
        last = ""
        for line in self._lines_by_form():
            label = line.together if isinstance(line, Wanted) else ""
            if label != last:
                closed.add(last)
                last = label
                if len(chunk) >= PER_CHUNK:
                    yield chunk
                    chunk = []
            elif not label and len(chunk) >= PER_CHUNK:
                yield chunk
                chunk = []
            chunk.append(_apart(line) if label and label in closed else line)
        if chunk:
            yield chunk

    def _lines_by_form(self) -> Iterator[Line]:
        return self._csv() if self.form == "csv" else self._jsonl()

    def _texts(self) -> Iterator[str]:
        """Each line without its end. Raises _FaultError for one that is no text, and goes on behind it."""
        while raw := self.binary.readline(MAX_LINE):
            self._line += 1
            self.bytes_read += len(raw)
            if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
                raw = b"\xff"  # as good as no text
                while (rest := self.binary.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                    self.bytes_read += len(rest)
            yield raw.decode("utf-8", "surrogateescape").removeprefix("\ufeff").rstrip("\r\n")

    def _csv(self) -> Iterator[Line]:
        texts = self._texts()
        first = next(texts, "")
        header = [name.strip() for name in next(csv.reader([first]), [])]
        _check_header(header)
        for text in texts:
            if not text:
                continue
            yield self._judged(lambda text=text: _cells(header, text))

    def _jsonl(self) -> Iterator[Line]:
        for text in self._texts():
            if text.strip():
                yield self._judged(lambda text=text: _object(text))

    def _judged(self, read: Any) -> Line:
        try:
            return self._wanted(read())
        except _FaultError as exc:
            return Judged(self._line, "invalid", exc.fault)

    def _wanted(self, said: Mapping[str, str]) -> Wanted:
        kind = said.get("kind") or self.kind
        if not kind:
            raise _FaultError("kind", "is missing", "say it in a column kind, or for the whole file with --kind")
        for name in _NEEDED:
            if not said.get(name):
                raise _FaultError(name, "is missing", "each line names a system and its own id there")
        reference = CrossReference(
            cast("Kind", kind),
            said["system"],
            said["external"],
            said.get("canonical", ""),
            said.get("role") or None,
            _instant(said, "valid_from"),
            _instant(said, "valid_to"),
        )
        return Wanted(self._line, reference, said.get(TOGETHER, ""))


def row_of(reference: CrossReference) -> dict[str, str]:
    """A reference as a line says it; what is not set is an empty text."""
    start, end = reference.valid_from, reference.valid_to
    return {
        "kind": reference.kind,
        "system": reference.system,
        "external": reference.external,
        "canonical": reference.canonical,
        "role": reference.role or "",
        "valid_from": to_text(start) if start else "",
        "valid_to": to_text(end) if end else "",
    }


def texts_of(rows: Iterator[Mapping[str, str]], form: str) -> Iterator[str]:
    """The lines of a file, each with its end."""
    if form == "jsonl":
        for row in rows:
            yield json.dumps({n: v for n, v in row.items() if v}, ensure_ascii=False) + "\n"
        return
    yield _csv_line(COLUMNS)
    for row in rows:
        yield _csv_line(row[name] for name in COLUMNS)


def _csv_line(cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _check_header(header: list[str]) -> None:
    known = (*COLUMNS, TOGETHER)
    strange = [name for name in header if name not in known]
    missing = [name for name in _NEEDED if name not in header]
    remedy = f"begin with the names of the columns: {','.join(known)}"
    if strange or missing or len(set(header)) < len(header):
        what = f"no column is called {strange[0]!r}" if strange else f"the columns {', '.join(_NEEDED)} each once"
        raise CliError(f"line 1: {what}" if strange else f"line 1 must name {what}", remedy)


def _cells(header: list[str], text: str) -> dict[str, str]:
    _is_text(text)
    try:
        cells = next(csv.reader([text], strict=True), [])
    except csv.Error as exc:
        raise _FaultError(
            "line", f"cannot be read: {exc}", "close every quote, and double those within a cell"
        ) from exc
    if len(cells) != len(header):
        problem = f"has {len(cells)} cells, and the first line names {len(header)}"
        raise _FaultError("line", problem, "put cells that hold a comma in quotes")
    return dict(zip(header, cells, strict=True))


def _object(text: str) -> dict[str, str]:
    _is_text(text)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise _FaultError("line", f"is no JSON: {exc}", "write one whole JSON object on each line") from exc
    if not isinstance(found, dict):
        raise _FaultError("line", "is no JSON object", "write one reference on each line, in braces")
    for name, value in found.items():
        if name not in (*COLUMNS, TOGETHER):
            raise _FaultError(name, "is no field of a reference", f"use {', '.join((*COLUMNS, TOGETHER))}")
        if value is not None and not isinstance(value, str):
            raise _FaultError(name, "is no text", "send it as a text, in quotes")
    return {name: value for name, value in found.items() if value is not None}


def _is_text(text: str) -> None:
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise _FaultError("line", "is no UTF-8 text of ordinary length", "save the file as UTF-8, a reference a line")


def _instant(said: Mapping[str, str], name: str) -> datetime | None:
    text = said.get(name)
    if not text:
        return None
    try:
        return from_text(text)
    except (ValueError, OverflowError) as exc:
        raise _FaultError(name, f"{text[:40]!r} is no instant", _INSTANT) from exc


def _apart(line: Line) -> Line:
    label = line.together if isinstance(line, Wanted) else ""
    problem = f"{label!r} stood further up, with other lines in between"
    return Judged(line.line, "invalid", Fault(TOGETHER, problem, "put the lines of one thing one under another"))
