"""Keeping what is said about expected supply: the newest statement of each kind, refusing what is not theirs to say."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crossdock.contracts.items import ItemProfile
from crossdock.contracts.refusals import Refusal, Refuse, content_id, quoted, replay_mark
from crossdock.contracts.supply import SupplyStatement
from crossdock.inventory.applying import ResolveItems
from crossdock.inventory.supply import Confirmation, Order, Part, SupplyLine
from crossdock.inventory.supply_store import Kept, SupplyStore
from crossdock.quantities import places

ROUTE = "supply"

FindProfiles = Callable[[Iterable[str]], Mapping[str, ItemProfile]]
"""The profiles of those items that have one."""


@dataclass(slots=True)
class Outcome:
    """What became of an event's statements, counted."""

    kept: int = 0
    superseded: int = 0
    duplicates: int = 0
    refused: int = 0


class SupplyKeeper:
    """Takes supply statements to the store."""

    def __init__(
        self,
        store: SupplyStore,
        resolve: ResolveItems,
        profiles: FindProfiles,
        refuse: Refuse,
        owners: Mapping[str, str],
        suppliers: frozenset[str],
    ) -> None:
        """`owners` maps each warehouse to the source that owns its stock; `suppliers` may speak for every warehouse."""
        self._store = store
        self._resolve = resolve
        self._profiles = profiles
        self._refuse = refuse
        self._owners = owners
        self._suppliers = suppliers

    def keep(self, source: str, supply: Sequence[SupplyStatement], event: Mapping[str, object]) -> Outcome:
        """Keeps each statement that is newer than its kind's last one; what cannot be kept holds up nothing else.

        `event` is the whole event, from which a refused statement can be replayed.
        Raises StoreUnavailableError; the same event may then be kept again.
        """
        skus = self._resolve({(source, s.item) for s in supply})
        allowed = self._places_allowed(source, supply, skus)
        refusals: list[Refusal] = []
        known: list[tuple[SupplyStatement, SupplyLine]] = []
        for statement in supply:
            refusal = self._judge(source, statement, skus, event) or _too_fine(source, statement, allowed, event)
            if refusal:
                refusals.append(refusal)
            else:
                known.append((statement, _line(skus[source, statement.item], statement)))
        outcome = Outcome()
        correlation_id = str(event["correlationid"])
        for (statement, _), kept in zip(known, self._store.keep([x for _, x in known], correlation_id), strict=True):
            match kept:
                case Kept.CURRENT:
                    outcome.kept += 1
                case Kept.SUPERSEDED:
                    outcome.superseded += 1
                case Kept.DUPLICATE:
                    outcome.duplicates += 1
                case Kept.CONFLICT:
                    refusals.append(_conflict(source, statement, event))
        if refusals:
            self._refuse(refusals)
        outcome.refused = len(refusals)
        return outcome

    def _places_allowed(
        self, source: str, supply: Sequence[SupplyStatement], skus: Mapping[tuple[str, str], str]
    ) -> dict[str, int]:
        """How many decimal places a quantity of an item may have, by the source's code; only fractions need a look."""
        fine = {s.item: skus[source, s.item] for s in supply if _places(s) and (source, s.item) in skus}
        profiles = self._profiles(set(fine.values())) if fine else {}
        return {item: profiles[sku].places for item, sku in fine.items() if sku in profiles}

    def _judge(
        self,
        source: str,
        statement: SupplyStatement,
        skus: Mapping[tuple[str, str], str],
        event: Mapping[str, object],
    ) -> Refusal | None:
        owner = self._owners.get(statement.warehouse)
        if owner is None:
            return _unknown_warehouse(source, statement, event)
        if owner != source and source not in self._suppliers:
            return _not_theirs(source, statement, owner, event)
        if (source, statement.item) not in skus:
            return _unknown_item(source, statement, event)
        return None


def _places(said: SupplyStatement) -> int:
    quantities = [p.quantity for p in said.parts or ()] + [q for q in (said.quantity,) if q is not None]
    return max(places(q) for q in quantities)


def _too_fine(
    source: str, said: SupplyStatement, allowed: Mapping[str, int], event: Mapping[str, object]
) -> Refusal | None:
    if _places(said) <= allowed.get(said.item, 0):
        return None
    return _refusal(
        source,
        said,
        event,
        kind="fraction_not_allowed",
        subject=f"item/{said.item}",
        detail=f"{said.item!r} is expected in fractions and may have {allowed.get(said.item, 0)} decimal places",
        remedy="correct the quantity; or declare more places in the item's profile; then replay",
    )


def _line(sku: str, said: SupplyStatement) -> SupplyLine:
    """The statement alone, as a line of which nothing else is known."""
    if said.parts is not None:
        parts = tuple(Part(p.quantity, p.expected_on) for p in said.parts)
        return SupplyLine(sku, said.warehouse, said.id, confirmation=Confirmation(parts, said.version, said.partial))
    if said.quantity is None or said.expected_on is None:
        raise ValueError("quantity, expected_on: missing")  # the contract lets no order through without them
    order = Order(said.quantity, said.expected_on, said.version, transfer=said.kind == "transfer")
    return SupplyLine(sku, said.warehouse, said.id, order=order)


def _unknown_item(source: str, statement: SupplyStatement, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        statement,
        event,
        kind="unknown_item",
        subject=f"item/{statement.item}",
        detail=f"{source} expects an item {statement.item!r} and no cross-reference says which item that is",
        remedy=f"crossdock xref add {source} {quoted(statement.item)} <SKU>, then replay",
    )


def _unknown_warehouse(source: str, statement: SupplyStatement, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        statement,
        event,
        kind="unknown_warehouse",
        subject=f"warehouse/{statement.warehouse}",
        detail=f"there is no warehouse {statement.warehouse!r} in the configuration",
        remedy="add it under [warehouses.*] and deploy, or correct the warehouse, then replay",
    )


def _not_theirs(source: str, statement: SupplyStatement, owner: str, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        statement,
        event,
        kind="not_the_owner",
        subject=f"warehouse/{statement.warehouse}",
        detail=f"{source} may not report supply for {statement.warehouse}: it belongs to {owner}",
        remedy=f"send it through {owner}, or set supply = true in [sources.{source}] and deploy, then replay",
    )


def _conflict(source: str, statement: SupplyStatement, event: Mapping[str, object]) -> Refusal:
    return _refusal(
        source,
        statement,
        event,
        kind="conflicting_supply",
        subject=f"supply/{statement.id}",
        detail=f"version {statement.version} of {statement.kind} {statement.id} was said before, with other content",
        remedy="a version is never changed: correct the version to a new one and replay",
    )


def _refusal(
    source: str,
    statement: SupplyStatement,
    event: Mapping[str, object],
    *,
    kind: str,
    subject: str,
    detail: str,
    remedy: str,
) -> Refusal:
    said = statement.model_dump(mode="json", exclude_none=True)
    return Refusal(
        kind=kind,
        source=source,
        subject=subject,
        fact=f"{statement.id}@{statement.version}={content_id(said)}",
        detail=detail,
        remedy=remedy,
        route=ROUTE,
        message={**event, "data": {"source": source, "supply": [said]}},
        pointer="/data/supply/0",
        correlation_id=str(event["correlationid"]),
        replay=replay_mark(event),
    )
