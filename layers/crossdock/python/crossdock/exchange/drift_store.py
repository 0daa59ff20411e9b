"""What earlier runs of a channel's reconciliation saw, and how far they came.

DRIFT#channel / kind         what was seen of which item, and how often running (as many as one run heals)
DRIFT#channel / ROTATION     where the next run goes on with looking at every item
"""

from collections.abc import Callable, Mapping
from typing import Any

from crossdock.platform.dynamo import Table
from crossdock.platform.writes import Key

Page = Callable[[Key | None], tuple[list[str], int, Key | None]]
"""The items in a page of rows after a key: (items, rows read, where to go on or None at the end)."""

_FIRST = 20_000


class DriftStore:
    """Remembers between runs; a run that finds nothing new writes nothing but where it came to."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def seen(self, channel: str, kind: str) -> dict[str, tuple[int, str]]:
        """Of each item that differed in the last run: in how many running, and its fingerprint."""
        row = self._table.get((f"DRIFT#{channel}", kind), consistent=True)
        return {} if row is None else {key: (n, text) for key, (n, text) in row["seen"].items()}

    def remember(self, channel: str, kind: str, seen: Mapping[str, tuple[int, str]]) -> None:
        """Keeps what the next run has to know."""
        if seen:
            listed = {key: list(value) for key, value in seen.items()}
            self._table.put({"pk": f"DRIFT#{channel}", "sk": kind, "seen": listed})
        else:
            self._table.delete((f"DRIFT#{channel}", kind))

    def next_part(self, channel: str, page: Page, parts: int) -> list[str]:
        """The next of so many parts of all items; after the last one it begins anew.

        How many rows a part has is known from the last round; the first round takes 20,000 at a time. Whole pages are
        read, so a round may end sooner, never later.
        """
        row: Mapping[str, Any] = self._table.get((f"DRIFT#{channel}", "ROTATION"), consistent=True) or {}
        size = -(-row["rows"] // parts) if "rows" in row else _FIRST
        after: Key | None = (row["after"][0], row["after"][1]) if "after" in row else None
        found, read, ended = _read(page, after, size)
        counted = row.get("counted", 0) + read
        state = {"rows": counted} if ended is None else {"rows": row.get("rows"), "counted": counted, "after": ended}
        if state != {n: v for n, v in row.items() if n not in {"pk", "sk"}}:
            self._table.put({"pk": f"DRIFT#{channel}", "sk": "ROTATION", **state})
        return found

    @staticmethod
    def everything(page: Page) -> list[str]:
        """All items at once."""
        return _read(page, None, None)[0]


def _read(page: Page, after: Key | None, size: int | None) -> tuple[list[str], int, Key | None]:
    found: dict[str, None] = {}
    read = 0
    while size is None or read < size:
        keys, rows, after = page(after)
        found.update(dict.fromkeys(keys))
        read += rows
        if after is None:
            break
    return list(found), read, after
