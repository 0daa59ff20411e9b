"""What each channel should hold and what it last acknowledged.

    SH#channel#kind#gg / ll#key     version, value, acknowledged version and value, lease

An item's leaf is a hash of its key (`leaves.py`); `gg` and `ll` are its group and its leaf within that, so that a leaf
is one query, and all of a group's changes come in one order on the stream that keeps the digests.

A version is claimed by compare-and-set, and the truth is read *after* the row was:

    worker A:  row v6 ── truth 5 ─────────────── claim v7? refused: v7 is taken, begin again
    worker B:       row v6 ── truth 4 ── claim v7 ── send ── acknowledge

Whoever claims v(n+1) read the row with v(n), so its truth is younger than that of v(n): a higher version never carries
an older value, whichever worker was slow.

A claim also leases the item for as long as one delivery can take. While the lease lives nobody else sends this item, so
that two deliveries of it cannot overtake each other on their way: a channel that knows no versions never goes back in
time either. A worker that dies leaves its lease to expire.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from crossdock.exchange.leaves import LEAVES_IN_GROUP, group_of, leaf_of
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Item, Table
from crossdock.platform.writes import Key

LEASE_S = 30
"""Longer than a delivery with its store calls can take (HTTP gives up after 18 s), shorter than anyone would notice."""

FREE = ""

PREFIX = "SH#"
# So much of what a channel says about a refusal is kept with the item; all of it stands on the exceptions list.
_WORDS = 200


@dataclass(frozen=True, slots=True)
class State:
    """One channel's item: the newest version and value (canonical JSON) and what of it was acknowledged.

    `leased_until` is the instant (RFC 3339 UTC) up to which one worker alone may send the item, or empty;
    `changed_at` is when the row last said something new: a version claimed (`claimed_at`), or acknowledged.
    `refused` is the newest version that the channel would not take (0: none), and `refused_because` its words.
    """

    key: str
    version: int
    value: str
    acknowledged: int
    acknowledged_value: str | None
    leased_until: str = FREE
    changed_at: str = ""
    claimed_at: str = ""
    acknowledged_at: str = ""
    refused: int = 0
    refused_because: str = ""

    @property
    def current(self) -> bool:
        """Whether the channel acknowledged the newest version."""
        return self.acknowledged == self.version


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that is to be sent under a version, and the lease under which that may be done."""

    key: str
    version: int
    value: str
    leased_until: str


def canonical(fields: Mapping[str, Any]) -> str:
    """The one text of a value: equal values have equal texts."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class ShadowStore:
    """Desired state and shadow of every channel's items."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def read(self, channel: str, kind: str, keys: Iterable[str]) -> dict[str, State]:
        """The states that exist, read consistently, 100 to a round trip."""
        rows = self._table.get_many([row_key(channel, kind, k) for k in keys], consistent=True)
        return {s.key: s for s in (state_of(row) for row in rows.values())}

    def leaf(self, channel: str, kind: str, leaf: int) -> dict[str, State]:
        """The states of one leaf: one query, 0.5 RCU for some 25 of them."""
        prefix = f"{leaf % LEAVES_IN_GROUP:02x}#"
        rows = self._table.query(partition(channel, kind, group_of(leaf)), prefix=prefix)
        return {s.key: s for s in (state_of(row) for row in rows)}

    def lease(self) -> tuple[str, str]:
        """(now, end of a lease that begins now)."""
        now = self._clock()
        return to_text(now), to_text(now + timedelta(seconds=LEASE_S))

    def claim(self, channel: str, kind: str, claims: Sequence[tuple[Claim, State | None]]) -> list[Claim]:
        """Claims each version and its lease from the state that was read; gives back those won. 25 to a round trip."""
        statements = []
        for claim, state in claims:
            key = row_key(channel, kind, claim.key)
            if state is None:
                statements.append(self._table.insert(_new_row(key, claim, to_text(self._clock()))))
            else:
                changes = [
                    ("ver = ?", claim.version),
                    ("val = ?", claim.value),
                    ('"at" = ?', to_text(self._clock())),
                    ("lease = ?", claim.leased_until),
                ]
                seen = [("ver = ?", state.version), ("lease = ?", state.leased_until)]
                statements.append(self._table.update(key, changes, seen))
        outcomes = self._table.run(statements)
        return [claim for (claim, _), outcome in zip(claims, outcomes, strict=True) if outcome.done]

    def acknowledge(self, channel: str, kind: str, claims: Sequence[Claim]) -> int:
        """Records what the channel holds now and ends the leases. Where a newer version was claimed meanwhile, that
        one's acknowledgement counts.
        """
        now = to_text(self._clock())
        statements = [
            self._table.update(
                row_key(channel, kind, c.key),
                [("ack = ?", c.version), ("ackval = ?", c.value), ("acked = ?", now), ("lease = ?", FREE)],
                [("ver = ?", c.version), ("lease = ?", c.leased_until)],
            )
            for c in claims
        ]
        return sum(o.done for o in self._table.run(statements))

    def release(
        self, channel: str, kind: str, claims: Sequence[Claim], refused: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Ends leases without an acknowledgement, so that the next try need not wait for them to expire.

        `refused` are the channel's words about the items that it would not take.
        """
        self._table.run(
            [
                self._table.update(
                    row_key(channel, kind, c.key),
                    [("lease = ?", FREE), *_refusal(c, refused.get(c.key))],
                    [("ver = ?", c.version), ("lease = ?", c.leased_until)],
                )
                for c in claims
            ]
        )


def partition(channel: str, kind: str, group: int) -> str:
    """The partition key of a group of items."""
    return f"{PREFIX}{channel}#{kind}#{group:02x}"


def row_key(channel: str, kind: str, key: str) -> Key:
    """Where an item's row lies."""
    leaf = leaf_of(key)
    return partition(channel, kind, group_of(leaf)), f"{leaf % LEAVES_IN_GROUP:02x}#{key}"


def key_of(row: Mapping[str, Any]) -> str:
    """The item of a row."""
    return str(row["sk"]).split("#", 1)[1]


def _new_row(key: Key, claim: Claim, now: str) -> dict[str, Any]:
    return {
        "pk": key[0],
        "sk": key[1],
        "ver": claim.version,
        "val": claim.value,
        "ack": 0,
        "at": now,
        "lease": claim.leased_until,
    }


def _refusal(claim: Claim, because: str | None) -> list[tuple[str, Any]]:
    return [] if because is None else [("rejected = ?", claim.version), ("because = ?", because[:_WORDS])]


def state_of(row: Item) -> State:
    """A row as its state."""
    return State(
        key_of(row),
        row["ver"],
        row["val"],
        row["ack"],
        row.get("ackval"),
        row["lease"],
        max(row["at"], row.get("acked", "")),
        row["at"],
        row.get("acked", ""),
        row.get("rejected", 0),
        row.get("because", ""),
    )
