"""What must hold of digests: whatever the stream does, they are the sums over what was acknowledged."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from crossdock.exchange.digest_store import DigestStore, change_of
from crossdock.exchange.digests import deltas
from crossdock.exchange.leaves import leaf_hashes
from crossdock.exchange.shadow import key_of, row_key
from crossdock.platform.dynamo import to_item
from tests.property.properties import chopped, some_choices, some_cuts
from tests.support.interleaving import Schedule
from tests.support.memory import FIRST_SEQUENCE, MemoryTable

if TYPE_CHECKING:
    from random import Random

_KEYS = ("A", "B", "C", "k0", "k3", "k4")


def some_changes(random: Random) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Rows claimed, acknowledged and removed, as the stream shows them; and the rows as they are in the end."""
    rows: dict[str, dict[str, Any]] = {}
    records: list[dict[str, Any]] = []
    for _ in range(random.randrange(40)):
        key = random.choice(_KEYS)
        old = rows.get(key)
        pk, sk = row_key("shop", "availability", key)
        new: dict[str, Any] | None = {**(old or {"pk": pk, "sk": sk, "ver": 0}), "ver": random.randrange(9)}
        if random.random() < 0.7 and new is not None:
            new["ackval"] = f'{{"available":{random.randrange(4)}}}'
        if old is not None and random.random() < 0.1:
            new = None
        images = {name: to_item(row) for name, row in (("OldImage", old), ("NewImage", new)) if row is not None}
        sequence = str(FIRST_SEQUENCE + len(records))
        records.append({"dynamodb": {"Keys": to_item({"pk": pk, "sk": sk}), "SequenceNumber": sequence, **images}})
        if new is None:
            del rows[key]
        else:
            rows[key] = new
    return records, rows


def check_digests(random: Random) -> None:
    """Each batch is handled by up to three invocations at once, from an earlier record on, and some of them die."""
    schedule = Schedule(some_choices(random))
    store = DigestStore(MemoryTable(schedule.boundary))
    records, rows = some_changes(random)
    done = 0
    for number, batch in enumerate(chopped(records, some_cuts(random))):
        done += len(batch)
        again = records[max(0, done - len(batch) - number % 3) : done]
        lived: list[int] = []

        def invoke(batch: list[dict[str, Any]] = again, lived: list[int] = lived) -> None:
            store.apply(deltas(change_of(r) for r in batch))
            lived.append(1)

        schedule.run([invoke] * (1 + number % 3))
        while not lived:
            schedule.run([invoke])
    assert store.leaves("shop", "availability") == _reckoned(rows)


def _reckoned(rows: dict[str, dict[str, Any]]) -> dict[int, int]:
    """By the words of the contract, item by item."""
    sums: dict[int, int] = {}
    for row in rows.values():
        if "ackval" in row:
            key = key_of(row)
            leaf = int(hashlib.sha256(key.encode()).hexdigest()[:3], 16)
            item = int(hashlib.sha256(f"{key}\n{row['ackval']}".encode()).hexdigest()[:16], 16)
            sums[leaf] = sums.get(leaf, 0) + item
    return sums


def check_sums(random: Random) -> None:
    """Order does not matter, parts add up, and a change is a difference."""
    items = [(f"k{random.randrange(9999)}", str(random.randrange(5))) for _ in range(random.randrange(30))]
    shuffled = random.sample(items, len(items))
    cut = random.randrange(len(items) + 1)
    first, second = leaf_hashes(items[:cut]), leaf_hashes(items[cut:])
    added = {leaf: first.get(leaf, 0) + second.get(leaf, 0) for leaf in {*first, *second}}
    assert leaf_hashes(shuffled) == leaf_hashes(items) == added
