"""The digests in their table.

DG#channel#kind / gg     the 64 leaf sums of a group, and the stream position counted     under 1 KB

All of a channel's are one query of 64 KB: 8 RCU, whatever the catalogue.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.exchange.digests import ATTRIBUTES, Change, Delta, padded
from crossdock.exchange.leaves import LEAVES_IN_GROUP, item_hash
from crossdock.exchange.shadow import PREFIX, key_of
from crossdock.platform.dynamo import Item, Table, from_item
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Insert, Key, Update, When, Write

_ROUNDS = 6


class DigestStore:
    """The leaf hashes of every channel."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def apply(self, changes: Sequence[Delta]) -> int:
        """Adds each delta to its digest exactly once; gives back how many were written. 1 WCU each, 25 to a round trip.

        Raises StoreUnavailableError when some could not be applied: the same deltas may be applied again.
        """
        written = 0
        waiting: list[tuple[Delta, Write]] = [(d, _add(d)) for d in changes]
        for _ in range(_ROUNDS):
            outcomes = self._table.write([w for _, w in waiting])
            again: list[tuple[Delta, Write]] = []
            for (delta, _), outcome in zip(waiting, outcomes, strict=True):
                if outcome.done:
                    written += 1
                else:
                    again += _next_try(delta, outcome.existing)
            if not again:
                return written
            waiting = again
        raise StoreUnavailableError(f"{len(waiting)} digests kept changing while they were added to")

    def leaves(self, channel: str, kind: str) -> dict[int, int]:
        """The sum of every leaf that is not empty, by its number."""
        found: dict[int, int] = {}
        for row in self._table.query(f"DG#{channel}#{kind}"):
            first = int(row["sk"], 16) * LEAVES_IN_GROUP
            found.update({first + n: row[name] for n, name in enumerate(ATTRIBUTES) if row[name]})
        return found


def change_of(stream_record: Mapping[str, Any]) -> Change:
    """A change of a shadow row as the table's stream delivers it, inserts and removals included."""
    change = stream_record["dynamodb"]
    old, new = (from_item(change[name]) if name in change else {} for name in ("OldImage", "NewImage"))
    sk = change["Keys"]["sk"]["S"]
    return Change(
        partition=change["Keys"]["pk"]["S"],
        leaf=int(sk.split("#", 1)[0], 16),
        amount=_hash(new) - _hash(old),
        sequence=padded(change["SequenceNumber"]),
    )


def _hash(row: Item) -> int:
    """What a row adds to its leaf: nothing before its first acknowledgement."""
    return item_hash(key_of(row), row["ackval"]) if "ackval" in row else 0


def _next_try(delta: Delta, digest: Item | None) -> list[tuple[Delta, Write]]:
    if digest is None:
        pk, sk = _key(delta)
        sums = {**dict.fromkeys(ATTRIBUTES, 0), **delta.sums}
        return [(delta, Insert({"pk": pk, "sk": sk, **sums, "seq": delta.last}))]
    rest = delta.after(digest["seq"])
    return [(rest, _add(rest))] if rest else []


def _add(delta: Delta) -> Write:
    return Update(_key(delta), add=delta.sums, put={"seq": delta.last}, when=(When("seq", "<", delta.first),))


def _key(delta: Delta) -> Key:
    channel_and_kind, group = delta.partition.removeprefix(PREFIX).rsplit("#", 1)
    return f"DG#{channel_and_kind}", group
