"""What reading the rules of a quote costs: 1, 50 and 500 lines, with 10 thousand, a million and ten million rules.

A cold process has read nothing yet; a warm one has read the same rows before, as they still are. A million rules are
loaded whole on request, otherwise only the rows that are asked for; ten million are on paper: the rows that would be
read, made by the stores' own code, with their sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from crossdock.platform import clients
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table, to_item
from crossdock.pricing.candidates import Ask, Candidates, Found
from tests.bench.figures import Aim, Figure, Report, Scenario
from tests.bench.meter import Count
from tests.bench.price_catalogue import KEY_ACCOUNT, PER_CUSTOMER, Catalogue, key_account_items, party, sku
from tests.bench.price_tables import load, rows
from tests.bench.sizes import item_size, read_units
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.rig import Rig

LINES: Final = 50
COUNTS: Final = (1, LINES, 500)
SOME: Final = Catalogue(10_000)
MANY: Final = Catalogue(1_000_000)
PAPER: Final = Catalogue(10_000_000)
DENSE: Final = Catalogue(1_000_000, segments=184)
"""A million rules on 5,000 items: two hundred to an item, most of them a segment's."""
CUSTOMER: Final = 7
CHANNEL: Final = "webshop"
_RCU: Final = Aim(60)
_TRIPS: Final = Aim(2)


@dataclass(frozen=True, slots=True)
class Place:
    """A table with the rules of a catalogue, or with those of them that are asked for."""

    rig: Rig
    catalogue: Catalogue
    table: str
    rows: int


@dataclass(frozen=True, slots=True)
class Read:
    """What was found, and what it took."""

    found: Found
    count: Count


def run(rig: Rig, step: Callable[[str], None], *, million: bool) -> tuple[Report, Place]:
    """Fills tables and reads; also gives the table of 10 thousand rules, which is all there."""
    report = Report()
    step("prices, 10 thousand rules")
    some = place(rig, SOME, "10k", range(SOME.items), range(SOME.customers), ledger=True)
    _say(report, some, "10k", f"10 thousand rules, {some.rows:,} rows")
    step("prices, a million rules")
    if million:
        many = place(rig, MANY, "1m", range(MANY.items), range(MANY.customers))
        _say(report, many, "1m", f"a million rules, {many.rows:,} rows without the ledger's")
    else:
        many = place(rig, MANY, "1m", _asked_for(MANY, max(COUNTS)), [CUSTOMER])
        _say(report, many, "1m", "a million rules by construction: the rows asked for, made as in the whole table")
    dense = place(rig, DENSE, "dense", items_of(DENSE, LINES), [CUSTOMER])
    cold, _ = read(dense, items_of(DENSE, LINES), party(CUSTOMER))
    what = f"{LINES} lines cold, a million rules on {DENSE.items:,} items, by construction"
    report.figures["quote50_rcu_1m_dense"] = Figure(cold.count.rru, "RCU", what, _RCU)
    report.counted[reads(LINES, "1m_dense")] = Scenario("quote", 1, {"candidates": cold.count})
    step("prices, ten million rules on paper")
    _on_paper(report)
    return report, some


def place(
    rig: Rig, catalogue: Catalogue, name: str, items: Sequence[int], customers: Sequence[int], *, ledger: bool = False
) -> Place:
    """A new table with the rules of these items and customers."""
    table = rig.new_table("pricing", f"quotes-{name}")
    found = rows(catalogue, items, customers, ledger=ledger)
    return Place(rig, catalogue, table, load(rig.target.dynamodb, table, found))


def items_of(catalogue: Catalogue, lines: int) -> list[int]:
    """Items to ask for: those with a contract of the customer, and the next ones."""
    first = CUSTOMER * PER_CUSTOMER
    return [(first + n) % catalogue.items for n in range(lines)]


def _asked_for(catalogue: Catalogue, lines: int) -> list[int]:
    return sorted({*items_of(catalogue, lines), *key_account_items(catalogue)[:LINES]})


def read(place: Place, items: Sequence[int], customer: str) -> tuple[Read, Read]:
    """What a new process reads, and the same one when it is asked again."""
    candidates = Candidates(Table(clients.dynamodb(), place.table), system_clock)
    ask = Ask(tuple(map(sku, items)), customer=customer, channel=CHANNEL)
    reads = []
    for _ in range(2):
        with place.rig.meter.measure() as count:
            found = candidates.read(ask)
        if len(found.items) != len(items) or found.profile is None:
            raise RuntimeError(f"{len(found.items)} of {len(items)} items are known, the customer is {found.profile}")
        reads.append(Read(found, count))
    cold, warm = reads
    return cold, warm


def _say(report: Report, place: Place, name: str, what: str) -> None:
    for lines in COUNTS:
        cold, warm = read(place, items_of(place.catalogue, lines), party(CUSTOMER))
        report.counted[reads(lines, name)] = Scenario("quote", 1, {"candidates": cold.count})
        named, is_main = f"quote{lines}", lines == LINES
        size = _said(lines)
        report.figures |= {
            f"{named}_rcu_{name}": Figure(cold.count.rru, "RCU", f"{size} cold, {what}", _RCU if is_main else None),
            f"{named}_rcu_{name}_warm": Figure(warm.count.rru, "RCU", f"{size}, these rows read before"),
        }
        if name == "10k":
            _trips(report, lines, size, cold, warm)
    cold, _ = read(place, key_account_items(place.catalogue)[:LINES], KEY_ACCOUNT)
    text = f"{LINES} lines cold, a customer with contracts on 500 items, one for each line, {what}"
    report.figures[f"quote{LINES}_rcu_{name}_key_account"] = Figure(cold.count.rru, "RCU", text, _RCU)
    report.counted[reads(LINES, f"{name}_key_account")] = Scenario("quote", 1, {"candidates": cold.count})


def _trips(report: Report, lines: int, size: str, cold: Read, warm: Read) -> None:
    """What somebody waits for, and how many rows are asked for."""
    trips = Figure(cold.found.trips, "round trips", f"{size} cold, one after the other", _TRIPS)
    report.figures |= {
        f"quote{lines}_round_trips": trips,
        f"quote{lines}_round_trips_warm": Figure(warm.found.trips, "round trips", f"{size} warm"),
        f"quote{lines}_keys": Figure(len(cold.found.versions), "keys", f"{size}: rows asked for, there or not"),
    }
    report.sizes |= {
        f"quote{lines}_round_trips": cold.found.trips,
        f"quote{lines}_round_trips_warm": warm.found.trips,
        f"quote{lines}_keys": len(cold.found.versions),
    }


def _on_paper(report: Report) -> None:
    """The rows of so many items among half a million, read from a table in memory, their units by their sizes."""
    for lines in COUNTS:
        items, table = items_of(PAPER, lines), MemoryTable()
        for row in rows(PAPER, items, [CUSTOMER]):
            table.rows[row["pk"], row["sk"]] = row
        ask = Ask(tuple(map(sku, items)), customer=party(CUSTOMER), channel=CHANNEL)
        found = Candidates(table, system_clock).read(ask)
        sizes = [item_size(to_item(row)) if (row := table.rows.get(_key(name))) else 0 for name in found.versions]
        units = sum(read_units(size, consistent=False) for size in sizes)
        what = f"{_said(lines)} cold, ten million rules on paper: {len(sizes)} keys, {found.trips} round trips"
        report.figures[f"quote{lines}_rcu_10m"] = Figure(units, "RCU", what, _RCU if lines == LINES else None)
        report.counted[reads(lines, "10m")] = Scenario("quote", 1, {"candidates": Count(rru=units)})


def reads(lines: int, rules: str) -> str:
    """The name of the scenario that counts what a cold quote of so many lines reads."""
    return f"quote_reads.{rules}_{lines}"


def _said(lines: int) -> str:
    return f"{lines} line{'s' * (lines > 1)}"


def _key(name: str) -> tuple[str, str]:
    pk, _, sk = name.partition("/")
    return pk, sk
