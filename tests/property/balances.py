"""Balances with every kind of movement: after each step of anybody, a header is the fold of what it has counted.

The fold here shares nothing with the library: it moves units between places, and reads the balance off them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossdock.inventory.balances import deltas, padded
from crossdock.inventory.journal import JournalEntry
from crossdock.inventory.journal_rows import from_row
from crossdock.inventory.store import InventoryStore, record_of
from tests.property.properties import chopped, some_choices, some_cuts, stream_records
from tests.support.interleaving import Schedule
from tests.support.memory import MemoryTable
from tests.support.world import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

WAREHOUSES = ("MAIN", "NORTH-2", "s.3")
_STATUSES = (None, "available", "quality_hold", "damaged")


def some_movements(random: Random) -> list[JournalEntry]:
    """Movements of every kind, of an item in pieces and one in kilograms, in three warehouses."""
    return [_movement(random, f"m{n}") for n in range(random.randrange(30))]


def _movement(random: Random, id_: str) -> JournalEntry:
    sku = random.choice(["A", "A", "A", "KG"])
    amount = random.randint(1, 5) if sku == "A" else random.randint(1, 9) * Decimal("0.5")
    warehouse = random.choice(WAREHOUSES)
    values: dict[str, Any] = {"status": random.choice(_STATUSES), "lot": random.choice([None, None, "L1"])}
    values["bin"] = random.choice([None, "B1", "B2"])
    kind = random.choice(
        ["receipt", "adjustment", "putaway", "pick", "pack", "shipment", "transfer_out", "transfer_in", "status_change"]
    )
    effect = amount
    match kind:
        case "adjustment":
            effect = random.choice([amount, -amount])
        case "putaway":
            effect, values["magnitude"], values["to_bin"] = 0, amount, random.choice(["B1", "B2"])
        case "pick" | "shipment" if random.random() < 0.5:
            effect, values["magnitude"] = 0, amount
        case "pick" | "shipment":
            effect = -amount
        case "pack":
            effect, values["magnitude"] = 0, amount
        case "transfer_out":
            effect, values["destination"] = -amount, random.choice(WAREHOUSES)
        case "status_change":
            effect, values["magnitude"] = 0, amount
            values["to_status"] = random.choice(_STATUSES[1:])
    if effect < 0 and random.random() < 0.4:
        values["consumed"] = random.choice([amount, amount / 2 if sku == "KG" else 1])
    cause = f"cd-{random.randrange(3)}"
    return JournalEntry(sku, warehouse, "wms", id_, kind, effect, "2026-11-21T07:00:00.000Z", None, cause, **values)


def fold(entries: Sequence[JournalEntry]) -> tuple[dict[str, Any], dict[tuple[str, str, str], Any]]:
    """(header attributes that are not 0, details that are not 0) after these movements of one item and warehouse."""
    units: Counter[Any] = Counter()
    header: Counter[str] = Counter()
    for e in entries:
        here = (e.lot or "", e.bin or "", e.status or "available")
        header["n"] += 1
        if e.quantity:
            units[here] += e.quantity
        elif e.type in {"putaway", "pick"}:
            units[here] -= e.magnitude
            units[e.lot or "", e.to_bin or "", here[2]] += e.magnitude
        elif e.type == "status_change":
            units[here] -= e.magnitude
            units[here[0], here[1], e.to_status] += e.magnitude
        if e.type == "transfer_out":
            header[f"ox_{e.destination}"] -= e.quantity
        if e.type == "transfer_in":
            header["ix"] += e.quantity
        header["cu"] += e.consumed or 0
    header["oh"] = sum(units.values())
    header["qc"] = sum(q for place, q in units.items() if place[2] == "quality_hold")
    header["dmg"] = sum(q for place, q in units.items() if place[2] == "damaged")
    header["cm"] = -header["cu"]
    header["av"] = header["pl"] = header["oh"] - header["qc"] - header["dmg"] - header["cm"]
    named = {place: q for place, q in units.items() if q and place != ("", "", "available")}
    return {name: amount for name, amount in header.items() if amount}, named


_FOLDED = ("oh", "qc", "dmg", "cm", "cu", "av", "pl", "n", "ix")


def check_what_is_counted(table: Any) -> None:
    """Each row is the fold of exactly the records up to its own `seq`, and no unit in transit is lost or seen twice."""
    partitions: dict[tuple[str, str], list[tuple[str, JournalEntry]]] = defaultdict(list)
    for record in table.records:
        entry = from_row(record["row"])
        partitions[entry.sku, entry.warehouse].append((padded(record["sequence"]), entry))
    conserved: Counter[str] = Counter()
    for (pk, sk), row in table.rows.items():
        if not pk.startswith("T#"):
            continue
        sku, (kind, warehouse, *detail) = pk.removeprefix("T#"), sk.split("#")
        counted = [e for sequence, e in partitions[sku, warehouse] if sequence <= row["seq"]]
        header, details = fold(counted)
        if kind == "D":
            assert row["q"] == details.get(tuple(detail), 0), (sk, row)  # type: ignore[call-overload]
            continue
        shown = {k: v for k, v in row.items() if (k in _FOLDED or k.startswith("ox_")) and v}
        assert shown == header, (sk, row)
        sent = sum(v for k, v in row.items() if k.startswith("ox_"))
        conserved[sku] += row["oh"] + sent - row.get("ix", 0)
        conserved[sku] -= sum(e.quantity for e in counted if not e.type.startswith("transfer"))
    assert not any(conserved.values()), "a transfer made or lost units"


def check_every_kind(random: Random) -> None:
    """Batches overlap, are handled by up to three invocations at once, die and come again; judged after each step."""
    schedule = Schedule(some_choices(random))
    table = MemoryTable(schedule.boundary)
    store = InventoryStore(table, lambda: NOW)
    for batch in chopped(some_movements(random), some_cuts(random)):
        store.journal(batch)
    if random.random() < 0.5:
        store.ensure_headers([("A", "MAIN"), ("KG", "s.3")])

    def boundary() -> None:
        check_what_is_counted(table)
        schedule.boundary()

    table.boundary = boundary
    records, done = stream_records(table), 0
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
    check_what_is_counted(table)
    check_all_counted(table)


def check_all_counted(table: Any) -> None:
    """Every header and every detail that the journal asks for is there, and nothing of it is uncounted."""
    entries: dict[tuple[str, str], list[JournalEntry]] = defaultdict(list)
    for record in table.records:
        entry = from_row(record["row"])
        entries[entry.sku, entry.warehouse].append(entry)
    for (sku, warehouse), found in entries.items():
        header, details = fold(found)
        assert table.rows[f"T#{sku}", f"A#{warehouse}"]["n"] == header["n"]
        for detail, quantity in details.items():
            row = table.rows.get((f"T#{sku}", "#".join((f"D#{warehouse}", *detail))), {})
            assert row.get("q") == quantity, detail
