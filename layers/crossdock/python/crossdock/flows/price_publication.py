"""Publishing prices: from a changed row to the cells of the classes it concerns (pricing rule 10).

stream ──▶ affected cells ──▶ price-cells ──▶ compute, write what moved ──▶ stream ──▶ marks ──▶ channels
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final

from crossdock import config
from crossdock.platform.clock import Clock
from crossdock.pricing import cell_messages
from crossdock.pricing.affected import ALL_ITEMS, Affected, ChangedRule
from crossdock.pricing.cell_messages import Opening, Spread
from crossdock.pricing.cell_store import CellStore
from crossdock.pricing.changes import Change
from crossdock.pricing.context import Context, ItemFacts
from crossdock.pricing.facts import CustomerFacts, parts
from crossdock.pricing.instants import instant_text
from crossdock.pricing.publishing import Job, Published, Publisher
from crossdock.pricing.sensitivity import EVERYTHING

PAGE: Final = 2000
"""Items that one invocation spreads before it leaves the rest to another."""

Send = Callable[[list[dict[str, Any]]], None]
"""Puts messages on the queue `price-cells`."""

_NOBODY: Final = CustomerFacts("")


def buyers(
    classes: Mapping[str, config.PriceClass], profiles: Mapping[str, CustomerFacts], at: str
) -> dict[str, Context]:
    """Who stands for each class. A class of one customer has what is known of it, but for what it names itself."""
    found = {}
    for name, said in classes.items():
        known = profiles.get(said.customer or "", _NOBODY)
        found[name] = Context(
            at=at,
            currency=said.currency,
            customer=said.customer,
            parents=known.parents,
            segments=said.segments or known.segments,
            branch=said.branch or known.branch,
            region=said.region or known.region,
            channel=said.channel,
        )
    return found


def affected(
    changes: Iterable[Change],
    joined: Iterable[str],
    classes: Mapping[str, config.PriceClass],
    who: Mapping[str, Context],
    now: str,
) -> Affected:
    """The cells that changed rows may have moved. `joined` are items that came into a family."""
    found = Affected()
    for change in changes:
        found.rules(_changed_rules(change), who, now)
        if not change.facts_changed:
            continue
        if change.kind == "item" and _priced_alike(change) is False:
            for name in classes:
                found.item(name, change.subject)
        if change.kind == "customer" and _buys_alike(change) is False:
            for name, said in classes.items():
                if said.customer == change.subject:
                    found.family(name, ALL_ITEMS)
    for sku in joined:
        for name in classes:
            found.item(name, sku)
    return found


def _changed_rules(change: Change) -> list[ChangedRule]:
    return [ChangedRule(change.before.get(name), rule) for name, rule in change.after.items()]


def _priced_alike(change: Change) -> bool:
    before, after = change.facts_before, change.facts_after
    return _of_item(before) == _of_item(after)


def _of_item(facts: ItemFacts | CustomerFacts | None) -> tuple[Any, ...] | None:
    """What of an item a published price hangs on; which items may stand in for it does not."""
    if not isinstance(facts, ItemFacts):
        return None
    return facts.unit, dict(facts.units), set(facts.families), set(facts.mix_groups)


def _buys_alike(change: Change) -> bool:
    before, after = change.facts_before, change.facts_after
    return _of_customer(before) == _of_customer(after)


def _of_customer(facts: ItemFacts | CustomerFacts | None) -> tuple[Any, ...] | None:
    if not isinstance(facts, CustomerFacts):
        return None
    return set(facts.segments), facts.parents, facts.branch, facts.region


class Publication:
    """Does what the messages of `price-cells` ask for."""

    def __init__(
        self,
        store: CellStore,
        publisher: Publisher,
        buyer: Callable[[str], Context | None],
        send: Send,
        clock: Clock,
    ) -> None:
        """`buyer` gives who stands for a class, None for a class that is no more; `send` puts messages on the queue."""
        self._store = store
        self._publisher = publisher
        self._buyer = buyer
        self._send = send
        self._clock = clock

    def do(self, asked: cell_messages.Message) -> Published | None:
        """Does one message; gives back what became of cells, None where there were none to compute.

        Raises StoreUnavailableError, or what the outside does: then it may be done again.
        """
        match asked:
            case Job():
                buyer = self._buyer(asked.price_class)
                return self._publisher.publish(asked, buyer) if buyer else None
            case Spread():
                self._spread(asked)
            case Opening():
                self._open(asked)
            case None:
                open_due(self._store, instant_text(self._clock()), self._send)
        return None

    def _spread(self, spread: Spread) -> None:
        skus, left = self._page(spread.groups, spread.after, lambda g, a: ((s, s) for s in self._members(spread, g, a)))
        documents = cell_messages.of_page(spread, skus)
        if left is not None:
            groups, after = left
            rest = Spread(spread.family, groups, spread.classes, spread.since, spread.correlation_ids, after)
            documents.append(rest.document())
        self._send(documents)

    def _members(self, spread: Spread, group: str, after: str | None) -> Iterable[str]:
        return self._store.members(spread.family, group, after)

    def _open(self, opening: Opening) -> None:
        cells, left = self._page(
            opening.groups,
            opening.after,
            lambda g, a: (((name, sku), at) for name, sku, at in self._store.window(opening.instant, g, a)),
        )
        documents = cell_messages.of_window(cells, instant_text(self._clock()))
        if left is not None:
            documents.append(Opening(opening.instant, *left).document())
        self._send(documents)
        if left is None:
            self._store.close(opening.instant)

    @staticmethod
    def _page(
        groups: tuple[str, ...], after: str | None, read: Callable[[str, str | None], Iterable[tuple[Any, str]]]
    ) -> tuple[list[Any], tuple[tuple[str, ...], str | None] | None]:
        """Up to PAGE things of some parts, and where to go on; None when that was all."""
        found: list[Any] = []
        for n, group in enumerate(groups):
            room = PAGE - len(found)
            if not room:
                return found, (groups[n:], None)
            page = list(islice(read(group, after if not n else None), room))
            found += [thing for thing, _ in page]
            if len(page) == room:
                return found, (groups[n:], page[-1][1])
        return found, None


def open_due(store: CellStore, now: str, send: Send) -> int:
    """Sends on what the instants that have come ask for; how many there were."""
    due = store.due(now)
    send([Opening(instant, tuple(parts())).document() for instant in due])
    return len(due)


def republishing(classes: Iterable[str], now: datetime, correlation_id: str) -> list[dict[str, Any]]:
    """Every cell of some classes: one that is new, or after a change of how prices are resolved."""
    return [_all_of(classes, group, now, correlation_id).document() for group in parts()]


def checking(classes: Iterable[str], now: datetime, correlation_id: str) -> list[dict[str, Any]]:
    """The cells of the part whose hour it is: in sixteen hours each is computed, whatever changed or did not."""
    group = parts()[int(now.timestamp()) // 3600 % len(parts())]
    return [_all_of(classes, group, now, correlation_id).document()]


def _all_of(classes: Iterable[str], group: str, now: datetime, correlation_id: str) -> Spread:
    whole = dict.fromkeys(classes, EVERYTHING)
    return Spread(ALL_ITEMS, (group,), whole, instant_text(now), (correlation_id,))
