"""What a channel was to be told of prices and has not acknowledged yet, by message: so that what is late is seen.

PEND#channel#class / since#id     the keys of one message, from when it was made until all of them are settled
                                  2 write units a hundred keys, and one to take it away
WM#channel / class                "everything that was seen until then has been acknowledged"

The row is there before the message is, and goes when the message does: acknowledged, or on the exceptions list. Its id
is made of its keys, so a batch that comes again writes nothing new. A batch that comes again cut in two leaves a row
whose message was never sent; `flows/price_watch.py` compares such a row with what the channel acknowledged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.contracts.refusals import content_id
from crossdock.platform.dynamo import Table
from crossdock.platform.writes import Delete, Insert, Key, Write


@dataclass(frozen=True, slots=True)
class Pending:
    """The keys of one message for a channel; `since` is when the oldest change behind it was seen (UTC text)."""

    channel: str
    price_class: str
    since: str
    keys: tuple[str, ...]

    @property
    def row(self) -> Key:
        """Where it is noted."""
        return f"PEND#{self.channel}#{self.price_class}", f"{self.since}#{content_id(sorted(self.keys))}"


class PendingStore:
    """Notes and forgets."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, pending: Iterable[Pending]) -> None:
        """Notes each, 25 to a round trip. Raises StoreUnavailableError."""
        items = {p.row: {"pk": p.row[0], "sk": p.row[1], "keys": list(p.keys)} for p in pending}
        self._table.write([Insert(item) for item in items.values()])

    def settle(self, rows: Iterable[Key]) -> None:
        """Forgets each, whether it is there or not. Raises StoreUnavailableError."""
        writes: Sequence[Write] = [Delete(key) for key in dict.fromkeys(rows)]
        if writes:
            self._table.write(writes)

    def oldest(self, channel: str, price_class: str, most: int, *, consistent: bool = True) -> list[Pending]:
        """The oldest that are not settled. Whoever only looks need not read consistently, which is half the cost."""
        found: list[Pending] = []
        page = None if consistent else most
        for row in self._table.query(f"PEND#{channel}#{price_class}", consistent=consistent, page=page):
            found.append(Pending(channel, price_class, row["sk"].partition("#")[0], tuple(row["keys"])))
            if len(found) == most:
                break
        return found

    def watermark(self, channel: str, price_class: str) -> str | None:
        """The instant until which everything has been acknowledged, as it was last worked out."""
        row: Any = self._table.get((f"WM#{channel}", price_class))
        return None if row is None else str(row["until"])

    def raise_watermark(self, channel: str, price_class: str, until: str) -> None:
        """Keeps a watermark."""
        self._table.put({"pk": f"WM#{channel}", "sk": price_class, "until": until})
