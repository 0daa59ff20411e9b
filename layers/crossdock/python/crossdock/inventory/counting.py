"""Keeping what a source counted, item by item, so that reconciliation has something to compare with."""

from collections.abc import Collection, Mapping

from crossdock.contracts.counts import CountReport
from crossdock.contracts.refusals import Refusal, Refuse, content_id, quoted, replay_mark
from crossdock.inventory.applying import ResolveItems
from crossdock.inventory.counts import CodeCount
from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import to_text

ROUTE = "counts"


class CountKeeper:
    """Takes count reports to the store."""

    def __init__(
        self,
        store: InventoryStore,
        resolve: ResolveItems,
        refuse: Refuse,
        owners: Mapping[str, str],
        observers: Mapping[str, Collection[str]],
    ) -> None:
        """`owners` and `observers` by warehouse: whose counts are kept, to heal by or only to compare."""
        self._store = store
        self._resolve = resolve
        self._refuse = refuse
        self._owners = owners
        self._observers = observers

    def keep(self, source: str, report: CountReport, event: Mapping[str, object]) -> tuple[int, int]:
        """Keeps the newest count of each code; gives back (kept, refused). Older counts are superseded.

        `event` is the whole event, from which a refused count can be replayed.
        Raises StoreUnavailableError; the same report may then be kept again.
        """
        owner = self._owners.get(report.warehouse)
        skus = self._resolve({(source, c.item) for c in report.counts})
        known = [(c, skus[source, c.item]) for c in report.counts if (source, c.item) in skus]
        refusals = [
            self._unknown(source, report, c.item, c.quantity, event)
            for c in report.counts
            if (source, c.item) not in skus
        ]
        if owner != source and source not in self._observers.get(report.warehouse, ()):
            self._refuse([self._not_owner(source, report, owner, event)])
            return 0, len(report.counts)
        at, cause = to_text(report.counted_at), str(event["correlationid"])
        kept = self._store.keep_counts(
            [
                CodeCount(source, report.warehouse, sku, c.item, c.quantity, report.position, at, cause)
                for c, sku in known
            ]
        )
        if refusals:
            self._refuse(refusals)
        return kept, len(refusals)

    def _unknown(
        self, source: str, report: CountReport, item: str, quantity: int, event: Mapping[str, object]
    ) -> Refusal:
        single = report.model_dump(mode="json") | {"counts": [{"item": item, "quantity": quantity}]}
        return Refusal(
            kind="unknown_item",
            source=source,
            subject=f"item/{item}",
            fact=f"count/{report.warehouse}/{report.position}/{item}={quantity}",
            detail=f"{source} counted an item {item!r} and no cross-reference says which item that is",
            remedy=f"crossdock xref add {source} {quoted(item)} <SKU>, then replay",
            route=ROUTE,
            message={**event, "data": {"source": source, "report": single}},
            pointer="/data/report/counts/0",
            correlation_id=str(event["correlationid"]),
            replay=replay_mark(event),
        )

    @staticmethod
    def _not_owner(source: str, report: CountReport, owner: str | None, event: Mapping[str, object]) -> Refusal:
        whose = f"it belongs to {owner}" if owner else "there is no such warehouse in the configuration"
        return Refusal(
            kind="not_the_owner" if owner else "unknown_warehouse",
            source=source,
            subject=f"warehouse/{report.warehouse}",
            fact=f"count/{report.warehouse}/{report.position}={content_id(report.model_dump(mode='json'))}",
            detail=f"counts of {report.warehouse} from {source} are not compared: {whose}",
            remedy="correct the warehouse, or change [warehouses.*] and deploy, then replay",
            route=ROUTE,
            message=dict(event),
            pointer="/data/report",
            correlation_id=str(event["correlationid"]),
            replay=replay_mark(event),
        )
