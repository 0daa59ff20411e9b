"""Finding and healing drift between our balances and what a source counted.

A count is true *as of* a position of its source, while movements go on. It is therefore compared with the balance at
that position: everything the journal holds up to it, and nothing later.

    movements      … 40   41   42 │ 43   44
    count says                    │ as of position 42
    compared with  ───── Σ ──────▶│

Healing adds one adjusting movement on the normal path, at the count's position. Its id is made from the count, so two
reconciliations that run at once write the same movement and the journal keeps it once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

from crossdock.contracts.refusals import Refusal, Refuse
from crossdock.inventory.availability import WarehouseStock
from crossdock.inventory.counts import ItemCount
from crossdock.inventory.journal import OWN_SOURCE, JournalEntry
from crossdock.inventory.mending import Rebuilt
from crossdock.inventory.messages import ROUTE, envelope
from crossdock.inventory.store import InventoryStore, Sighting
from crossdock.platform.clock import Clock, from_text
from crossdock.quantities import Quantity, to_json, whole

_EVIDENCE = 5
"""Journal entries a drift report shows of an item."""

DRIFTS_LISTED = 1000
"""Drifts a report lists: an invocation that answers more than 6 MB counts as failed, and is run again."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When drift is believed: counts older than `settle_seconds`, seen in `sightings` runs, `heal_cap` a run."""

    settle_seconds: int
    sightings: int
    heal_cap: int


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference, in base units: `difference` = counted − balance at the count's position."""

    sku: str
    warehouse: str
    counted: Quantity
    balance: Quantity
    position: int
    seen: int
    action: str
    evidence: tuple[Mapping[str, Any], ...] = ()

    @property
    def difference(self) -> Quantity:
        return self.counted - self.balance


@dataclass(slots=True)
class Report:
    """What one run compared, found and did."""

    source: str
    compared: int = 0
    equal: int = 0
    settling: int = 0
    drifts: list[Drift] = field(default_factory=list)
    mended: list[Rebuilt] = field(default_factory=list)

    @property
    def healed(self) -> int:
        return sum(d.action == "healed" for d in self.drifts)

    def document(self) -> dict[str, Any]:
        """The report for people and programs: every drift counted, the first 1,000 listed."""
        return {
            "source": self.source,
            "compared": self.compared,
            "equal": self.equal,
            "settling": self.settling,
            "drifted": len(self.drifts),
            "healed": self.healed,
            "balances_mended": len(self.mended),
            "mended": [m.document() for m in self.mended[:DRIFTS_LISTED]],
            "drifts": [_document(d) for d in self.drifts[:DRIFTS_LISTED]],
        }


class StockReconciler:
    """Compares one source's counts with our balances, warehouse by warehouse."""

    def __init__(
        self,
        store: InventoryStore,
        send: Callable[[Sequence[Mapping[str, Any]]], None],
        refuse: Refuse,
        policy: Policy,
        clock: Clock,
        rebuild: Callable[[str, str], Rebuilt],
    ) -> None:
        """`send` puts movement envelopes on the movements queue; `rebuild` mends a balance from its journal."""
        self._store = store
        self._send = send
        self._refuse = refuse
        self._policy = policy
        self._clock = clock
        self._rebuild = rebuild

    def run(self, source: str, warehouses: Sequence[str], correlation_id: str) -> Report:
        """Compares, reports and heals. On consistent data it writes nothing.

        A drift is healed when it was seen the same in `sightings` runs running; beyond `heal_cap` in one run the rest
        become exceptions, because so much drift at once is a fault to be understood and not to be written over.
        """
        report = Report(source)
        for warehouse in warehouses:
            self._compare(source, warehouse, report, correlation_id)
        return report

    def _compare(self, source: str, warehouse: str, report: Report, correlation_id: str) -> None:
        settled = self._settled(source, warehouse, report)
        # A moment old is good enough: only agreement is taken from a header, and what it hides the next run sees.
        headers = self._store.headers(((c.sku, warehouse) for c in settled), consistent=False)
        earlier = self._store.sightings(source, warehouse)
        for count in settled:
            report.compared += 1
            if _agrees(count, headers.get((count.sku, warehouse))):
                drift = None
            else:
                header = headers.get((count.sku, warehouse))
                drift = self._judge(count, header, earlier.get(count.sku), report, correlation_id)
            if drift is not None:
                report.drifts.append(drift)
                continue
            report.equal += 1
            if count.sku in earlier:
                self._store.forget(source, warehouse, count.sku)

    def _settled(self, source: str, warehouse: str, report: Report) -> list[ItemCount]:
        """The counts old enough that what they know of should have arrived here."""
        latest = self._clock() - timedelta(seconds=self._policy.settle_seconds)
        settled = []
        for count in self._store.counts(source, warehouse):
            if from_text(count.counted_at) <= latest:
                settled.append(count)
            else:
                report.settling += 1
        return settled

    def _judge(
        self,
        count: ItemCount,
        header: WarehouseStock | None,
        earlier: Sighting | None,
        report: Report,
        correlation_id: str,
    ) -> Drift | None:
        """Folds the item's journal up to the count's position; None when that agrees, else what was done about it."""
        journal = list(self._store.entries(count.sku, count.warehouse))
        if not _holds(header, journal):
            # Our own balance against our own journal, since that is read anyway: a stream batch may have been lost.
            rebuilt = self._rebuild(count.sku, count.warehouse)
            if rebuilt.mended:
                report.mended.append(rebuilt)
        balance = whole(sum((e.quantity for e in journal if _known_to(count, e)), start=0))
        difference = whole(count.quantity - balance)
        if difference == 0:
            return None
        seen = earlier.times + 1 if earlier and earlier.difference == difference else 1
        found = Drift(
            count.sku,
            count.warehouse,
            count.quantity,
            balance,
            count.position,
            seen,
            "seen",
            tuple(_extract(e) for e in journal[-_EVIDENCE:]),
        )
        if seen < self._policy.sightings:
            self._store.saw(count.source, count.warehouse, Sighting(count.sku, difference, count.position, seen))
            return found
        adjustment = self._adjustment(count, difference, journal, correlation_id)
        if report.healed >= self._policy.heal_cap:
            self._refuse([_above_cap(found, count, adjustment, correlation_id)])
            return replace(found, action="raised")
        self._send([adjustment])
        self._store.forget(count.source, count.warehouse, count.sku)
        return replace(found, action="healed")

    @staticmethod
    def _adjustment(
        count: ItemCount, difference: Quantity, journal: Sequence[JournalEntry], correlation_id: str
    ) -> dict[str, Any]:
        """One adjusting movement of our own, at the count's position."""
        # A movement that arrives late can make a healed count differ again; the ordinal gives that its own id.
        stem = f"count:{count.position}:{count.sku}:"
        ordinal = sum(e.source == OWN_SOURCE and e.id.startswith(stem) for e in journal)
        movement = {
            "id": f"{stem}{ordinal}",
            "item": count.sku,
            "warehouse": count.warehouse,
            "type": "adjustment",
            "quantity": to_json(difference),
            "occurred_at": count.counted_at,
            "sequence": count.position,
            "reference": count.source,  # whose sequence that is a position in
            "reason": f"counted {to_json(count.quantity)} by {count.source}",
        }
        return envelope(OWN_SOURCE, correlation_id, [movement])


def _agrees(count: ItemCount, header: WarehouseStock | None) -> bool:
    """The cheap comparison, for items that have not moved since they were counted: no journal is read.

    A header may lag behind its journal, so only agreement is taken from it; a difference is always folded.
    """
    if header is None:
        return False
    return header.position <= count.position and header.on_hand == count.quantity


def _holds(header: WarehouseStock | None, journal: Sequence[JournalEntry]) -> bool:
    """Whether a balance has counted the whole journal, which it may not have for a moment, and holds its sum."""
    if header is None:
        return not journal
    return header.counted == len(journal) and header.on_hand == sum(e.quantity for e in journal)


def _known_to(count: ItemCount, entry: JournalEntry) -> bool:
    """Whether a count knows of an entry: one without a position, or of another sequence, was there before every count.

    Positions compare within one source's sequence only. When a warehouse gets another system, that one's counts begin
    at 1, and all that the old system reported is in them.
    """
    sequence_of = entry.reference if entry.source == OWN_SOURCE else entry.source
    return sequence_of != count.source or entry.position is None or entry.position <= count.position


def _above_cap(drift: Drift, count: ItemCount, adjustment: Mapping[str, Any], correlation_id: str) -> Refusal:
    return Refusal(
        kind="drift_above_cap",
        source=count.source,
        subject=f"warehouse/{count.warehouse}",
        fact=f"{count.sku}/{adjustment['movements'][0]['id']}",
        detail=f"{count.sku} in {count.warehouse}: counted {to_json(count.quantity)}, balance {to_json(drift.balance)}",
        remedy="find out why so much drifted at once; replay heals this item by its count",
        route=ROUTE,
        message=adjustment,
        pointer="/movements/0",
        correlation_id=correlation_id,
    )


def _document(drift: Drift) -> Mapping[str, Any]:
    quantities = {"counted": drift.counted, "balance": drift.balance, "difference": drift.difference}
    return {**asdict(drift), **{name: to_json(quantity) for name, quantity in quantities.items()}}


def _extract(entry: JournalEntry) -> Mapping[str, Any]:
    return {
        "source": entry.source,
        "id": entry.id,
        "type": entry.type,
        "quantity": to_json(entry.quantity),
        "position": entry.position,
    }
