"""Fields of what the page sends, each refused by its name when it is not what it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from crossdock_cli.console.guard import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST: Final = 2_000


def optional(given: Mapping[str, Any], name: str) -> str | None:
    """A text, or None where there is none."""
    value = given.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise RefusedError(400, f"{name}: no text of at most {_LONGEST} letters")
    return value.strip() or None


def required(given: Mapping[str, Any], name: str) -> str:
    """A text that must be there."""
    value = optional(given, name)
    if value is None:
        raise RefusedError(400, f"{name}: is missing", "say why; it is kept" if name == "why" else "")
    return value


def texts(given: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts."""
    value = given.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) and len(text) <= _LONGEST for text in value):
        raise RefusedError(400, f"{name}: no list of texts")
    return [text for text in value if text.strip()]


def flag(given: Mapping[str, Any], name: str) -> bool:
    """A yes or a no; no where it is missing."""
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise RefusedError(400, f"{name}: neither true nor false")
    return value


def number(given: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """A whole number within bounds; the least where it is missing."""
    value = given.get(name, least)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise RefusedError(400, f"{name}: no whole number from {least} to {most}")
    return value
