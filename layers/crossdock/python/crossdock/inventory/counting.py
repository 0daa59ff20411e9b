"""Keeping what a source counted, item by item, so that reconciliation has something to compare with."""

from collections.abc import Collection, Mapping, Sequence

from crossdock.contracts.counts import Count, CountReport
from crossdock.contracts.refusals import Refusal, Refuse, content_id, quoted, replay_mark
from crossdock.inventory.applying import FindProfiles, ResolveItems
from crossdock.inventory.counts import CodeCount
from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import to_text
from crossdock.quantities import Quantity, places, to_json

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
        profiles: FindProfiles,
    ) -> None:
        """`owners` and `observers` by warehouse: whose counts are kept, to heal by or only to compare.

        `profiles` are asked for items that were counted in fractions.
        """
        self._store = store
        self._resolve = resolve
        self._refuse = refuse
        self._owners = owners
        self._observers = observers
        self._profiles = profiles

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
        unfit = self._unfit(known)
        refusals += [
            self._fraction(source, report, c, sku, unfit[sku], event) for c, sku in known if _fits_not(c, sku, unfit)
        ]
        known = [(c, sku) for c, sku in known if not _fits_not(c, sku, unfit)]
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

    def _unfit(self, known: Sequence[tuple[Count, str]]) -> dict[str, int]:
        """The places that the items may have which were counted in fractions. Profiles are read for those only."""
        skus = {sku for c, sku in known if places(c.quantity)}
        profiles = self._profiles(skus) if skus else {}
        return {sku: profiles[sku].places if sku in profiles else 0 for sku in skus}

    @staticmethod
    def _fraction(
        source: str, report: CountReport, count: Count, sku: str, allowed: int, event: Mapping[str, object]
    ) -> Refusal:
        quantity = to_json(count.quantity)
        single = report.model_dump(mode="json") | {"counts": [{"item": count.item, "quantity": quantity}]}
        return Refusal(
            kind="fraction_not_allowed",
            source=source,
            subject=f"item/{sku}",
            fact=f"count/{report.warehouse}/{report.position}/{count.item}={quantity}",
            detail=f"{source} counted {quantity} of {count.item!r}, and {sku} may have {allowed} decimal places",
            remedy=f"correct the quantity, or declare more places in the profile of {sku}; then replay",
            route=ROUTE,
            message={**event, "data": {"source": source, "report": single}},
            pointer="/data/report/counts/0",
            correlation_id=str(event["correlationid"]),
            replay=replay_mark(event),
        )

    def _unknown(
        self, source: str, report: CountReport, item: str, quantity: Quantity, event: Mapping[str, object]
    ) -> Refusal:
        single = report.model_dump(mode="json") | {"counts": [{"item": item, "quantity": to_json(quantity)}]}
        return Refusal(
            kind="unknown_item",
            source=source,
            subject=f"item/{item}",
            fact=f"count/{report.warehouse}/{report.position}/{item}={to_json(quantity)}",
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


def _fits_not(count: Count, sku: str, allowed: Mapping[str, int]) -> bool:
    return places(count.quantity) > allowed.get(sku, 0)
