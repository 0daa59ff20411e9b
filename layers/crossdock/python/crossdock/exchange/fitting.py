"""Splitting a delivery that is larger than its channel takes."""

import json
from dataclasses import replace
from typing import Final

from crossdock.contracts.deliveries import Batch, Value

# A vendor's own form of a value may be longer than ours; what a limit leaves free is for that.
_SPARE: Final = 0.9


def fitting(batch: Batch, most: int) -> tuple[list[Batch], dict[str, str]]:
    """The batch in as few parts of at most `most` bytes (0: no limit) as its order allows, and what is too large.

    Measured in the public form as JSON in UTF-8, with a tenth kept free. A single value above the limit is in no part;
    the reason stands by its key.
    """
    if not most:
        return [batch], {}
    room = int(most * _SPARE) - _size(replace(batch, values=()))
    parts: list[list[Value]] = []
    too_large: dict[str, str] = {}
    left = 0
    for value in batch.values:
        size = _size(replace(batch, values=(value,))) - _size(replace(batch, values=())) + 1
        if size > room:
            too_large[value.key] = (
                f"it alone makes a delivery of {size} bytes, and the channel takes {most}: "
                f"raise [channels.{batch.channel}.limits] max_body_bytes, or make its value smaller, then replay"
            )
            continue
        if size > left or not parts:
            parts.append([])
            left = room
        parts[-1].append(value)
        left -= size
    return [replace(batch, values=tuple(part)) for part in parts], too_large


def _size(batch: Batch) -> int:
    return len(json.dumps(batch.document(), separators=(",", ":"), ensure_ascii=False).encode())
