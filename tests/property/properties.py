"""The properties themselves, apart from how they are tried: so that mutants can be held against them too.

They run the stores' and the teller's own code; only the table is one in memory (tests/support/memory.py), which
tests/integration/handlers/test_schedules.py holds against the emulator, where it repeats a smaller number of the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from crossdock.connectors.signed_webhook.client import deliver
from crossdock.contracts.deliveries import HttpAnswer, Target
from crossdock.exchange.delivery import Dirty, Teller
from crossdock.exchange.publication import EVERYTHING, Publication
from crossdock.exchange.shadow import ShadowStore, row_key
from crossdock.inventory.balances import deltas
from crossdock.inventory.journal import Journaled, JournalEntry
from crossdock.inventory.store import InventoryStore, record_of
from crossdock.platform.dynamo import to_item
from tests.support.endpoint import Endpoint
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossdock.contracts.deliveries import Batch
    from crossdock.platform.dynamo import Table

# -- journal → stream → header ---------------------------------------------------------------------------------

# Drawn by a seed, not piece by piece: a schedule is interesting when it is long and wild, which is what shrinking and a
# preference for small values avoid.
SEEDS = st.integers(0, 2**32 - 1).map(Random)


def some_entries(random: Random) -> list[JournalEntry]:
    """Movements of two items in two warehouses, mostly of one; some come twice, some with other content."""
    return [
        JournalEntry(
            sku=random.choice("AAAB"),
            warehouse=random.choice(["MAIN", "MAIN", "MAIN", "NORTH"]),
            source=random.choice(["wms", "wms", "crossdock"]),
            id=f"m{random.randrange(12)}",
            type="adjustment",
            quantity=random.choice([-2, -1, 1, 1, 1, 3]),
            occurred_at="2026-11-21T07:00:00.000Z",
            position=random.choice([None, *range(6)]),
            correlation_id=random.choice(["cd-1", "cd-2"]),
        )
        for _ in range(random.randrange(30))
    ]


def some_cuts(random: Random) -> list[int]:
    return [random.randint(1, 4) for _ in range(random.randrange(9))]


def some_choices(random: Random) -> list[int]:
    """Who goes on, 200 times; one in twenty is killed."""
    return [random.randrange(4) * (-1 if random.random() < 0.05 else 1) for _ in range(200)]


def some_runs(random: Random) -> list[int]:
    """Like `some_choices`, but one worker goes on for a while: the others may stand still for a whole delivery."""
    found: list[int] = []
    while len(found) < 200:
        worker = random.randrange(4)
        found += [worker * (-1 if random.random() < 0.05 else 1) for _ in range(random.choice([1, 2, 4, 8, 16]))]
    return found


def chopped(values: Sequence[Any], cuts: Sequence[int]) -> list[list[Any]]:
    """The values in order, in pieces of the sizes given; what is left is one more piece."""
    pieces, rest = [], list(values)
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return [p for p in [*pieces, rest] if p]


def check_some_journal(random: Random) -> None:
    check_journal(MemoryTable(), chopped(some_entries(random), some_cuts(random)))


def check_journal(table: Table, batches: Sequence[Sequence[JournalEntry]]) -> dict[tuple[str, str], JournalEntry]:
    """Journals batches; every outcome is the one that a plain dictionary says. Gives back what must be kept."""
    store, model = InventoryStore(table, lambda: NOW), dict[tuple[str, str], JournalEntry]()
    for batch in batches:
        expected = []
        for entry in batch:
            first = model.setdefault(entry.key, entry)
            same = first.content_hash == entry.content_hash
            expected.append(
                Journaled.APPLIED if first is entry else Journaled.DUPLICATE if same else Journaled.CONFLICT
            )
        assert store.journal(batch) == expected
    return model


def stream_records(table: MemoryTable) -> list[dict[str, Any]]:
    """The journal's inserts as Lambda would get them."""
    return [
        {
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": to_item({"pk": r["row"]["pk"], "sk": r["row"]["sk"]}),
                "NewImage": to_item(r["row"]),
                "SequenceNumber": r["sequence"],
            },
        }
        for r in table.records
    ]


def check_headers(
    store: InventoryStore, model: dict[tuple[str, str], JournalEntry], sequences: dict[tuple[str, str], str]
) -> None:
    """Every header is the fold of its journal: nothing missing, nothing twice."""
    folded: dict[tuple[str, str], list[JournalEntry]] = defaultdict(list)
    for entry in model.values():
        folded[entry.sku, entry.warehouse].append(entry)
    headers = store.headers([(s, w) for s in ("A", "B") for w in ("MAIN", "NORTH")])
    assert headers.keys() == folded.keys()
    for key, entries in folded.items():
        header = headers[key]
        assert header.on_hand == sum(e.quantity for e in entries), key
        assert header.available == header.available_from_parts == header.on_hand
        assert header.position == max((e.position for e in entries if e.position is not None), default=-1)
        assert 1 <= header.version <= len(entries)
        row = store._table.get((f"T#{key[0]}", f"A#{key[1]}"), consistent=True)
        assert row is not None
        assert row["seq"] == sequences[key].zfill(40)


def last_sequences(records: Sequence[dict[str, Any]]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for record in records:
        journal = record_of(record)
        found[journal.sku, journal.warehouse] = record["dynamodb"]["SequenceNumber"]
    return found


def check_projection(random: Random) -> None:
    """Each stream batch is handled by up to three invocations at once, and some die; then the batch comes again.

    A batch is repeated, from an earlier record on and cut otherwise, until an invocation lived: as a stream does it.
    """
    schedule = Schedule(some_choices(random))
    table = MemoryTable(schedule.boundary)
    model = check_journal(table, chopped(some_entries(random), some_cuts(random)))
    records = stream_records(table)
    store = InventoryStore(table, lambda: NOW)
    done = 0
    for number, batch in enumerate(chopped(records, some_cuts(random))):
        done += len(batch)
        again = records[max(0, done - len(batch) - number % 3) : done]
        lived: list[int] = []

        def invoke(batch: Sequence[dict[str, Any]] = again, lived: list[int] = lived) -> None:
            store.apply(deltas(record_of(r) for r in batch))
            lived.append(1)

        schedule.run([invoke] * (1 + number % 3))
        while not lived:
            schedule.run([invoke])
    check_headers(store, model, last_sequences(records))


# -- telling a channel -----------------------------------------------------------------------------------------


@dataclass
class Shop:
    """A channel being told of two items by several workers: what is true, what is marked, what arrived.

    `posts` tells what becomes of each post in turn: "taken", "lost" (taken, but nobody hears of it) or "down".
    """

    schedule: Schedule
    posts: list[str]
    truth: dict[str, int] = field(default_factory=dict)
    history: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    marks: list[str] = field(default_factory=list)
    versions: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    arrivals: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    endpoint: Endpoint = field(default_factory=Endpoint)
    now: Any = NOW
    publication: Publication = EVERYTHING

    def __post_init__(self) -> None:
        self.table = MemoryTable(self.schedule.boundary)
        shadow = ShadowStore(self.table, self.clock)
        self.teller = Teller(shadow, self.read, self.send, self.clock, self.publication)

    def clock(self) -> Any:
        return self.now

    def change(self, key: str, value: int) -> None:
        """The truth first, then the mark: as the stream does it."""
        self.truth[key] = value
        self.history[key].append(value)
        self.schedule.boundary()
        self.marks.append(key)
        self.schedule.boundary()

    def read(self, keys: Sequence[str]) -> dict[str, dict[str, int] | None]:
        self.schedule.boundary()
        found = {k: {"available": self.truth[k]} if k in self.truth else None for k in keys}
        self.schedule.boundary()
        return found

    def send(self, batch: Batch) -> Any:
        return deliver(batch, Target("http://shop", self._post, lambda _: {}))

    def _post(self, url: str, headers: Any, body: bytes) -> HttpAnswer:
        self.schedule.boundary()
        fate = self.posts.pop() if self.posts else "taken"
        if fate == "down":
            return HttpAnswer(503)
        for item in json.loads(body)["data"]["items"]:
            before = self.versions[item["sku"]].setdefault(item["version"], item["available"])
            assert before == item["available"], "one version has one value"
            self.arrivals[item["sku"]].append(item["version"])
        answer = self.endpoint.post(url, headers, body)
        self.schedule.boundary()
        return HttpAnswer(0, detail="lost") if fate == "lost" else answer

    def work(self) -> None:
        """One invocation: takes a mark, and puts it back unless it was dealt with; a worker that dies did not."""
        if not self.marks:
            return
        key = self.marks.pop(0)
        try:
            told = self.teller.tell("shop", "availability", [Dirty(key, ("cd-1",))], max_batch=10)
        except BaseException:
            self.marks.append(key)
            raise
        if key in told.waiting:
            self.marks.append(key)

    def drain(self) -> None:
        """Later on, one by one, until nothing is marked: the leases of the dead are over by then."""
        for _ in range(100):
            if not self.marks:
                return
            self.now += timedelta(seconds=31)
            self.work()
        raise AssertionError("marks are left for ever")


def check_delivery(random: Random, *, overtaking: bool) -> None:
    """Workers, writers, deaths and lost answers in any order; in the end the channel holds what is true.

    With `overtaking`, time runs on while workers are at it, so leases expire under them, as when one hangs for long.
    Values are made unique, so that each shows which truth it is.
    """
    schedule = Schedule(random.choice([some_choices, some_runs])(random))
    shop = Shop(schedule, random.choices(["taken", "lost", "down"], weights=[6, 1, 1], k=12))
    if overtaking:
        step = schedule.boundary

        def boundary() -> None:
            step()
            shop.now += timedelta(seconds=20)

        shop.table.boundary = boundary
    for number in range(random.randint(1, 8)):
        key = random.choice("AAAB")
        shop.marks += [key] * random.randrange(3)  # marks of nothing new: sent twice, or late
        lived: list[int] = []

        def write(key: str = key, values: tuple[int, int] = (2 * number, 2 * number + 1), lived: Any = lived) -> None:
            for value in values:
                shop.change(key, value)
            lived.append(1)

        schedule.run([write, shop.work, shop.work, shop.work])
        for value in () if lived else (2 * number, 2 * number + 1):  # it died on its way; the stream delivers again
            if value not in shop.history[key]:
                shop.change(key, value)
        if not lived:
            shop.marks.append(key)
    shop.drain()
    for key, value in shop.truth.items():
        check_told(shop, key, value, overtaking=overtaking)


def check_told(shop: Shop, key: str, value: int, *, overtaking: bool) -> None:
    """Versions carry truths in order, and the last one that was acknowledged is what is true."""
    carried = [shop.versions[key][version] for version in sorted(shop.versions[key])]
    order = [shop.history[key].index(v) for v in carried]
    assert order == sorted(order), "a higher version carried an older truth"
    row = shop.table.rows[row_key("shop", "availability", key)]
    assert row["ackval"] == row["val"] == f'{{"available":{value}}}'
    assert row["ack"] == row["ver"]
    assert shop.endpoint.held.get(("availability", key)) == (row["ver"], {"available": value})
    if not overtaking:
        assert shop.arrivals[key] == sorted(shop.arrivals[key]), "deliveries overtook each other"
