"""The worked examples of prices (tests/examples/prices): specifications in files, read here and nowhere interpreted.

Each file says what it is about, what is given to all its examples (time zone, settings, customers, items, rules), and
the examples: a title, what is given besides, the context asked for, what is expected of each line, and why: the
arithmetic by hand, not by the program. What an example says of settings takes the place of what the file says; its
customers, items and rules are added.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER: Final = Path(__file__).parents[1] / "examples" / "prices"
EXPECTED: Final = frozenset(
    {
        "status",
        "unit_price",
        "extended_price",
        "total",
        "list_price",
        "price",
        "rule",
        "level",
        "contract",
        "guard",
        "surcharges",
        "freight",
        "next_break",
        "valid_to",
        "rejected",
    }
)
"""What an example may expect of a line."""


@dataclass(frozen=True)
class Example:
    """One worked example: a price model, a context, and what is expected of each line."""

    file: str
    title: str
    model: Mapping[str, Any]
    context: Mapping[str, Any]
    expected: list[dict[str, Any]]
    why: str

    @property
    def id(self) -> str:
        return f"{self.file}: {self.title}"


def examples() -> list[Example]:
    """All of them, in the order of their files."""
    return [example for file in sorted(FOLDER.glob("*.json")) for example in _read(file)]


def _read(file: Path) -> list[Example]:
    document = json.loads(file.read_text(encoding="utf-8"))
    return [_example(file.stem, document["given"], entry) for entry in document["examples"]]


def _example(name: str, given: Mapping[str, Any], entry: Mapping[str, Any]) -> Example:
    model: dict[str, Any] = {"time_zone": entry.get("time_zone", given["time_zone"])}
    if settings := entry.get("settings", given.get("settings")):
        model["settings"] = settings
    for part in ("customers", "items", "rules"):
        model[part] = [*given.get(part, []), *entry.get(part, [])]
    expected = entry["expected"]
    lines = expected if isinstance(expected, list) else [expected]
    return Example(name, entry["title"], model, entry["context"], lines, entry["why"])


def seen(line: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """What an answered line says under the names that an example expects something of."""
    return {name: _seen(line, name, names[name]) for name in names}


def _seen(line: Mapping[str, Any], name: str, expected: Any) -> Any:
    base = line["components"][0] if line["components"] else {}
    found: Any = line.get(name)
    match name:
        case "rule":
            found = base["rule"].rpartition("@")[0]
        case "level" | "contract":
            found = base.get(name)
        case "guard":
            found = next((c["guard"] for c in line["components"] if c["kind"] == "guard"), None)
        case "surcharges" | "freight":
            charges = [c["amount"] for c in line["components"] if c["kind"] == name.removesuffix("s")]
            found = f"{sum(map(Decimal, charges), Decimal(0)):.2f}"
        case "next_break" if found and expected:
            found = {part: found[part] for part in expected}
        case "rejected":
            rejected = {entry["rule"].rpartition("@")[0] for entry in line["trace"]["rejected"]}
            found = [rule for rule in expected if rule in rejected]
    return found
