"""Counts of a system that does not own a warehouse's stock: compared with ours, reported, never healed by.

An observer's positions are of its own sequence and say nothing about the owner's movements. So its count is compared
with what had happened by the instant of counting. Systems lag behind each other: a difference is told when two runs
running saw the same one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from crossdock.contracts.refusals import Refusal, Refuse
from crossdock.inventory.availability import WarehouseStock
from crossdock.inventory.count_store import Sighting
from crossdock.inventory.counts import ItemCount
from crossdock.inventory.journal import JournalEntry
from crossdock.inventory.reconciliation import DRIFTS_LISTED, Policy
from crossdock.platform.clock import Clock, from_text
from crossdock.quantities import Quantity, to_json, whole

_EVIDENCE = 5


class Store(Protocol):
    """What is kept of counts, balances and movements."""

    def counts(self, source: str, warehouse: str) -> Iterable[ItemCount]: ...

    def headers(
        self, keys: Iterable[tuple[str, str]], *, consistent: bool
    ) -> Mapping[tuple[str, str], WarehouseStock]: ...

    def entries(self, sku: str, warehouse: str) -> Iterable[JournalEntry]: ...

    def sightings(self, source: str, warehouse: str) -> Mapping[str, Sighting]: ...

    def saw(self, source: str, warehouse: str, sighting: Sighting) -> None: ...

    def forget(self, source: str, warehouse: str, sku: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One difference, in base units: what the observer counted, what our journal held then, what the owner counted."""

    sku: str
    warehouse: str
    observed: Quantity
    balance: Quantity
    owner_counted: Quantity | None
    counted_at: str
    seen: int
    action: str

    def document(self) -> dict[str, Any]:
        owned = None if self.owner_counted is None else to_json(self.owner_counted)
        return {
            "sku": self.sku,
            "warehouse": self.warehouse,
            "observed": to_json(self.observed),
            "balance": to_json(self.balance),
            "owner_counted": owned,
            "counted_at": self.counted_at,
            "seen": self.seen,
            "action": self.action,
        }


@dataclass(slots=True)
class ObserverReport:
    """What one run compared and found."""

    compared: int = 0
    settling: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return {
            "compared": self.compared,
            "settling": self.settling,
            "disagreements": [d.document() for d in self.disagreements[:DRIFTS_LISTED]],
        }


class Observers:
    """Compares observers' counts with our journal."""

    def __init__(self, store: Store, refuse: Refuse, policy: Policy, clock: Clock) -> None:
        self._store = store
        self._refuse = refuse
        self._policy = policy
        self._clock = clock

    def run(self, source: str, owners: Mapping[str, str], correlation_id: str) -> ObserverReport:
        """Compares `source` in each warehouse that it observes; `owners` says whose stock each is.

        On data that agrees it writes nothing, and reads no journal of an item that rested since it was counted.
        """
        report = ObserverReport()
        for warehouse in sorted(owners):
            self._compare(source, warehouse, owners[warehouse], report, correlation_id)
        return report

    def _compare(self, source: str, warehouse: str, owner: str, report: ObserverReport, correlation_id: str) -> None:
        latest = self._clock() - timedelta(seconds=self._policy.settle_seconds)
        counts = list(self._store.counts(source, warehouse))
        settled = [c for c in counts if from_text(c.counted_at) <= latest]
        report.settling += len(counts) - len(settled)
        headers = self._store.headers(((c.sku, warehouse) for c in settled), consistent=False)
        earlier = self._store.sightings(source, warehouse)
        refusals: list[Refusal] = []
        owned: dict[str, ItemCount] | None = None
        for count in settled:
            report.compared += 1
            journal: list[JournalEntry] = []
            if not _rests(count, headers.get((count.sku, warehouse))):
                journal = [e for e in self._store.entries(count.sku, warehouse) if e.occurred_at <= count.counted_at]
                balance = whole(sum((e.quantity for e in journal), start=0))
                if balance != count.quantity:
                    if owned is None:
                        owned = {c.sku: c for c in self._store.counts(owner, warehouse)}
                    found = self._judge(count, balance, owned.get(count.sku), earlier.get(count.sku))
                    report.disagreements.append(found)
                    if found.action == "raised":
                        refusals.append(_disagree(source, owner, found, journal, correlation_id))
                    continue
            if count.sku in earlier:
                self._store.forget(source, warehouse, count.sku)
        if refusals:
            self._refuse(refusals)

    def _judge(
        self, count: ItemCount, balance: Quantity, owned: ItemCount | None, earlier: Sighting | None
    ) -> Disagreement:
        difference = whole(count.quantity - balance)
        same = earlier is not None and earlier.difference == difference
        seen = earlier.times + 1 if earlier is not None and same else 1
        # Once it is raised nothing changes any more, and nothing has to be written.
        if not same or seen <= self._policy.sightings:
            sighting = Sighting(count.sku, difference, count.position, min(seen, self._policy.sightings))
            self._store.saw(count.source, count.warehouse, sighting)
        return Disagreement(
            count.sku,
            count.warehouse,
            count.quantity,
            balance,
            owned.quantity if owned else None,
            count.counted_at,
            seen,
            "raised" if seen >= self._policy.sightings else "seen",
        )


def _rests(count: ItemCount, header: WarehouseStock | None) -> bool:
    """The cheap comparison: nothing was recorded since the count, and the balance is what was counted."""
    return header is not None and header.on_hand == count.quantity and header.as_of <= count.counted_at


def _disagree(
    source: str, owner: str, found: Disagreement, journal: Sequence[JournalEntry], correlation_id: str
) -> Refusal:
    owned = "has not counted it" if found.owner_counted is None else f"last counted {to_json(found.owner_counted)}"
    newest = sorted(journal, key=lambda e: (e.occurred_at, e.id))[-_EVIDENCE:]
    moved = [f"{e.source} {e.type} {to_json(e.quantity)} ({e.id})" for e in newest]
    return Refusal(
        kind="sources_disagree",
        source=source,
        subject=f"warehouse/{found.warehouse}",
        fact=f"{found.sku}/{to_json(found.observed)}/{to_json(found.balance)}",
        detail=(
            f"{found.sku} in {found.warehouse} at {found.counted_at}: {source} says {to_json(found.observed)}, the "
            f"movements add up to {to_json(found.balance)}, {owner} {owned}; last movements: "
            + ("; ".join(moved) or "none")
        ),
        remedy=f"find out which is right and correct it in {source} or in {owner}; then close this",
        route="",
        message={"evidence": found.document(), "movements": moved},
        pointer="",
        correlation_id=correlation_id,
    )
