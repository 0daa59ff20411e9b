"""Schedules of several workers who mint, attach, end, merge and take back at once; what must hold after each."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from crossdock.contracts.xrefs import CrossReference, ExternalId, Kind
from crossdock.identity.xref_bulk import Import
from crossdock.identity.xref_judging import Wanted
from crossdock.identity.xref_writes import XrefError
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.errors import StoreUnavailableError
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crossdock.platform.dynamo import Item

KIND: Kind = "customer"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
IDS: tuple[ExternalId, ...] = tuple((system, str(n)) for n in range(3) for system in ("crm", "erp", "shop"))


class WatchedTable(MemoryTable):
    """Also a query may be interrupted, before and after it has read."""

    def query(self, pk: str, **options: Any) -> Iterator[Item]:
        self.boundary()
        found = list(super().query(pk, **options))
        self.boundary()
        yield from found


def run_schedule(seed: int) -> None:
    """Raises AssertionError when something does not hold."""
    random = Random(seed)  # noqa: S311 - a schedule, not a secret
    table = WatchedTable()
    xrefs = CrossReferences(table, lambda: NOW)
    for _ in range(random.randrange(1, 5)):
        with suppress(XrefError):
            xrefs.mint(KIND, random.sample(IDS, random.randrange(1, 3)))
    death = 0.03 if random.random() < 0.3 else 0.0
    schedule = Schedule([-1 if random.random() < death else random.randrange(6) for _ in range(200)])
    table.boundary = schedule.boundary
    workers = [_worker(random.randrange(2**32), xrefs, table) for _ in range(random.randrange(2, 4))]
    schedule.run(workers)
    table.boundary = lambda: None
    check(table)


def _worker(seed: int, xrefs: CrossReferences, table: MemoryTable) -> Callable[[], None]:
    random = Random(seed)  # noqa: S311 - a schedule, not a secret

    def work() -> None:
        for _ in range(random.randrange(1, 4)):
            with suppress(XrefError, StoreUnavailableError):
                _one(random, xrefs, table)

    return work


def _one(random: Random, xrefs: CrossReferences, table: MemoryTable) -> None:
    ids = random.sample(IDS, random.randrange(1, 4))
    things = sorted({pk.split("#")[2] for pk, sk in table.rows if sk == "REFS"}) or ["CU0000000000000000"]
    one, other = random.choice(things), random.choice(things)
    match random.randrange(7):
        case 0:
            before = {i: r.canonical for i, r in xrefs.references(KIND, ids).items()}
            found = xrefs.mint(KIND, ids)
            assert not before or found.canonical, before
        case 1:
            xrefs.attach([CrossReference(KIND, *i, one, random.choice([None, "buyer"])) for i in ids], strict=False)
        case 2:
            xrefs.end(KIND, ids[0], NOW + timedelta(days=random.randrange(-2, 3)))
        case 3 | 4:
            xrefs.merge(KIND, one, other, by="a", why="alike")
        case 5:
            into = table.rows.get((f"C#{KIND}#{one}", "REFS"), {}).get("into", other)
            xrefs.unmerge(KIND, one, into)
        case _:
            lines = [Wanted(n, CrossReference(KIND, *i, ""), "x") for n, i in enumerate(ids, 2)]
            Import(table).take(lines)


def check(table: MemoryTable) -> None:
    """Each id means one thing, which stands for itself and knows it; counts are true; merges are told both ways."""
    rows = table.rows
    things = {pk.split("#")[2]: row for (pk, sk), row in rows.items() if sk == "REFS"}
    lookups = {tuple(pk.split("#")[2:]): row for (pk, sk), row in rows.items() if sk == "ID"}
    backs = {
        tuple(sk.split("#")[1:]): (pk.split("#")[2], row) for (pk, sk), row in rows.items() if sk.startswith("SYS#")
    }
    assert sum(sk.startswith("SYS#") for _, sk in rows) == len(lookups), "a row of an id stands alone"
    for external, row in lookups.items():
        thing, back = backs[external]
        assert row["cid"] == thing, f"{external}: two meanings"
        assert "into" not in things[thing], f"{external} means {thing}, which was merged"
        names = ("role", "from", "to", "home")
        assert [row.get(n) for n in names] == [back.get(n) for n in names], f"{external}: its rows differ"
    for thing, guard in things.items():
        assert guard["n"] == sum(t == thing for t, _ in backs.values()), f"{thing} miscounts"
        merges = [pk for pk, sk in rows if sk == f"MERGE#{thing}"]
        expected = [f"C#{KIND}#{guard['into']}"] if "into" in guard else []
        assert merges == expected, f"{thing}: merged into {guard.get('into')}, told by {merges}"
        assert _ends(things, thing), f"{thing}: its merges go round"


def _ends(things: dict[str, Item], thing: str) -> bool:
    for _ in things:
        if "into" not in things[thing]:
            return True
        thing = things[thing]["into"]
    return False
