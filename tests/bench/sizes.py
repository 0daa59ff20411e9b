"""How many capacity units DynamoDB bills, from the sizes of the items.

Sources: DynamoDB developer guide, "DynamoDB item sizes and formats" and "DynamoDB read and write operations". The local
engine's read units are a constant and its PartiQL write units do not look at the size, so both are computed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

WRITE_BYTES = 1024
READ_BYTES = 4096
_LIST_OR_MAP = 3
_ELEMENT = 1


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of an item in DynamoDB's own notation (`{"q": {"N": "5"}}`): its names and its values."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(attribute: Mapping[str, Any]) -> int:
    """Bytes of one value. Raises ValueError for a type that crossdock does not store."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return len(str(value).encode())
        case "B":
            return len(value)
        case "N":
            return _number(str(value))
        case "BOOL" | "NULL":
            return 1
        case "L":
            return _LIST_OR_MAP + sum(_ELEMENT + value_size(v) for v in value)
        case "M":
            return _LIST_OR_MAP + sum(_ELEMENT + len(n.encode()) + value_size(v) for n, v in value.items())
        case _:
            raise ValueError(f"{kind} is not a type that crossdock stores")


def _number(text: str) -> int:
    # One byte for two significant digits and one more; zeros at both ends are trimmed; a sign takes a byte.
    digits = text.lstrip("+-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


def write_units(size: int) -> int:
    """Units of one ordinary write of an item of this many bytes; also of one whose condition failed."""
    return max(1, -(-size // WRITE_BYTES))


def read_units(size: int, *, consistent: bool) -> float:
    """Units of reading this many bytes at once; an eventually consistent read costs half.

    Nothing found costs as much as up to 4 KB.
    """
    return max(1, -(-size // READ_BYTES)) * (1.0 if consistent else 0.5)
