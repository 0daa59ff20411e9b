"""The columns of a CSV file of price rules, and the rule document that a row or several rows say."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crossdock_cli.price_files.entries import Entry, LineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCOPE: Final = (
    "job", "customer", "ship_to", "parent", "segment", "item", "family", "branch", "region", "channels",
    "freight_terms",
)  # fmt: skip
_TEXTS: Final = (
    "rule_id", "layer", "operation", "of", "currency", "unit", "tier_mode", "tier_basis", "mix_group", "per",
    "concurrency", "basis", "on_breach", "waives", "valid_from", "valid_to", "valid_through", "contract", "reason",
    "status",
)  # fmt: skip
_NUMBERS: Final = ("version", "band", "sequence")
_SWITCHES: Final = ("allow_discounts", "withdrawn")
_APPROVAL: Final = {"approved_by": "by", "approved_at": "at", "approval_reference": "reference"}
_PER_ROW: Final = ("min_quantity", "value")
REJECTED: Final = "rejected"
"""The column of a rejects file that says why; read again, it is ignored, so that a mended file can go straight in."""
COLUMNS: Final = (*_TEXTS, *_NUMBERS, *_SWITCHES, *SCOPE, *_APPROVAL, *_PER_ROW, "tiers", REJECTED)
_NEEDED: Final = ("rule_id", "version", "valid_from")
_YES: Final = frozenset({"true", "yes", "y", "1"})
_NO: Final = frozenset({"false", "no", "n", "0"})
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
_LIST: Final = re.compile(r"[;|\s]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the file: the line it begins on, its cells as they stood there, and by column without empty ones.

    With `errors` and no values, nothing is known of which rule it belongs to.
    """

    line: int
    cells: Sequence[str]
    values: Mapping[str, str]
    errors: tuple[LineError, ...] = ()


def header_errors(names: Sequence[str]) -> list[LineError]:
    """What is wrong with the first line; nothing else is read then."""
    found = [_unknown(name) for name in names if name not in COLUMNS]
    found += [
        LineError(1, name, "", "stands there more than once", "leave one of the two out")
        for name, times in Counter(names).items()
        if times > 1 and name in COLUMNS
    ]
    found += [
        LineError(1, name, "", "is missing", "add it: every rule needs one") for name in _NEEDED if name not in names
    ]
    if "tiers" not in names and "value" not in names:
        found.append(LineError(1, "value", "", "is missing", "add it, or tiers such as 1:2.55;10:2.10"))
    return found


def _unknown(name: str) -> LineError:
    near = difflib.get_close_matches(name, COLUMNS, n=1)
    remedy = f"did you mean {near[0]}? Else leave the column out" if near else f"the columns are {', '.join(COLUMNS)}"
    return LineError(1, name or "(without a name)", "", "is no column of a price file", remedy)


def entry_of(rows: Sequence[Row]) -> Entry:
    """The rule that rows with one rule_id and version say together: what they share, and a tier each."""
    first = rows[0]
    errors = [error for row in rows for error in row.errors]
    errors += [error for row in rows[1:] for error in _differences(first, row)]
    document: dict[str, Any] = {name: first.values[name] for name in _TEXTS if name in first.values}
    for name in _NUMBERS:
        if name in first.values:
            _into(document, name, _number(first, name), errors)
    for name in _SWITCHES:
        if name in first.values:
            _into(document, name, _switch(first, name), errors)
    if scope := {name: first.values[name] for name in SCOPE if name in first.values}:
        document["scope"] = {**scope, **_channels(scope)}
    if approval := {field: first.values[name] for name, field in _APPROVAL.items() if name in first.values}:
        document["approval"] = approval
    tiers, wrong = _tiers(rows)
    document["tiers"] = tiers
    return Entry(first.line, [r.cells for r in rows], document, (*errors, *wrong), _places(rows))


def _into(document: dict[str, Any], name: str, found: int | bool | LineError, errors: list[LineError]) -> None:
    if isinstance(found, LineError):
        errors.append(found)
    else:
        document[name] = found


def _differences(first: Row, row: Row) -> list[LineError]:
    return [
        LineError(
            row.line,
            name,
            text,
            f"is not what line {first.line} says of the same rule and version",
            "write the same or nothing, or give it a rule_id of its own",
        )
        for name, text in row.values.items()
        if name not in {*_PER_ROW, REJECTED} and first.values.get(name) != text
    ]


def _number(row: Row, name: str) -> int | LineError:
    text = row.values[name]
    if _DIGITS.fullmatch(text):
        return int(text)
    return LineError(row.line, name, text, "is no whole number", "write digits only, for example 3")


def _switch(row: Row, name: str) -> bool | LineError:
    text = row.values[name]
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    return LineError(row.line, name, text, "is neither yes nor no", "write yes or no")


def _channels(scope: Mapping[str, str]) -> dict[str, list[str]]:
    return {"channels": [c for c in _LIST.split(scope["channels"]) if c]} if "channels" in scope else {}


def _tiers(rows: Sequence[Row]) -> tuple[list[dict[str, str]], list[LineError]]:
    """`tiers` of one row, or min_quantity and value of each."""
    first = rows[0]
    if "tiers" not in first.values:
        return [{name: row.values[name] for name in _PER_ROW if name in row.values} for row in rows], []
    if beside := next((name for name in _PER_ROW if name in first.values), None):
        text = first.values[beside]
        return [], [LineError(first.line, beside, text, "stands beside tiers", "write the tiers in one of both ways")]
    if len(rows) > 1:
        problem = f"is a second row of the rule on line {first.line}, which has all its tiers in one cell"
        return [], [LineError(rows[1].line, "rule_id", "", problem, "leave it out, or give each tier a row")]
    tiers, errors = [], list[LineError]()
    for part in first.values["tiers"].split(";"):
        quantity, colon, value = (p.strip() for p in part.partition(":"))
        if not colon:
            problem = f"has a part {part.strip()!r} without a colon"
            errors.append(LineError(first.line, "tiers", first.values["tiers"], problem, "write 1:2.55;10:2.10"))
        tiers.append({"min_quantity": quantity, "value": value})
    return tiers, errors


def _places(rows: Sequence[Row]) -> Any:
    first = rows[0]

    def place(path: Sequence[int | str]) -> tuple[int, str, str]:
        parts = [p for p in path if isinstance(p, str)]
        index = next((p for p in path if isinstance(p, int)), 0)
        row, column = first, parts[-1] if parts else "rule_id"
        if parts[:1] == ["tiers"]:
            row = rows[index] if "tiers" not in first.values and index < len(rows) else first
            column = "tiers" if "tiers" in first.values else column if column in _PER_ROW else "value"
        elif parts[:1] == ["approval"]:
            column = next((name for name, field in _APPROVAL.items() if field == column), "approved_by")
        elif "channels" in parts:
            column = "channels"
        return row.line, column, row.values.get(column, "")

    return place
