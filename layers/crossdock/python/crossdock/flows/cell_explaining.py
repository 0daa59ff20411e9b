"""Why a channel shows a price: the rules, the published cell, its delivery, and what the channel acknowledged."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from crossdock.config import BusinessConfig, Channel
from crossdock.contracts.price_keys import price_key, read_key
from crossdock.exceptions.model import fingerprint
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.pending import PendingStore
from crossdock.exchange.refused import rejections
from crossdock.exchange.shadow import ShadowStore, State, canonical
from crossdock.flows.channel_views import still
from crossdock.flows.current_values import prices
from crossdock.flows.explained_lines import cost_used, rejected, rules_of
from crossdock.flows.price_reading import BuyerOf, reading
from crossdock.flows.rule_histories import histories
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.problems import FieldError, Problem
from crossdock.pricing.candidates import Candidates
from crossdock.pricing.cell_store import CellStore, Stored
from crossdock.pricing.cells import compute, from_now, price_hash
from crossdock.pricing.context import Context, ItemFacts, Line
from crossdock.pricing.ledger import Ledger
from crossdock.pricing.publishing import Found
from crossdock.pricing.resolving import resolve
from crossdock.pricing.settings import Settings
from crossdock.quantities import Quantity, parse, whole

_KIND: Final = "price"
_PENDING: Final = 200
"""Messages of a channel and class that are looked through for the item."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What a channel's price can be followed through."""

    cells: CellStore
    shadow: ShadowStore
    pending: PendingStore
    exceptions: ExceptionsStore
    ledger: Ledger


class CellExplaining:
    """Explains what channels hold."""

    def __init__(self, business: BusinessConfig, stores: Stores, candidates: Candidates, clock: Clock) -> None:
        self._business = business
        self._stores = stores
        self._candidates = candidates
        self._clock = clock
        self._settings = Settings.read(business.pricing.settings)

    def explain(self, channel: str, key: str) -> dict[str, Any]:
        """The whole chain as a document. Raises a 404 problem for a channel, class or item that there is none of."""
        of, (price_class, sku) = self._channel(channel), read_key(key)
        if price_class not in of.price_classes:
            raise _unknown_class(of, sku, price_class)
        key = price_key(price_class, sku)
        cell = self._stores.cells.read_keys([(price_class, sku)]).get((price_class, sku))
        buyer = BuyerOf(self._business.price_classes, self._candidates, self._clock)(price_class)
        if buyer is None:  # the configuration refuses a channel with a class that there is none of
            raise _unknown_class(of, sku, price_class)
        found = reading(self._candidates)(buyer, [sku])
        delivery = self._delivery(of, price_class, key)
        if cell is None and delivery["state"] == "never told" and not _is_known(sku, found):
            raise _unknown_item(of, key, sku)
        price = self._price(buyer, sku, found, cell)
        windows = cell.document["windows"] if cell else []
        rules = dict.fromkeys([*rules_of([price]), *(rule for w in windows for rule in w["rules"])])
        return {
            "channel": of.name,
            "key": key,
            "item": sku,
            "price_class": price_class,
            "explained_at": to_text(self._clock()),
            "price": price,
            "published": _published(cell),
            "recomputed": self._recomputed(buyer, sku, found, cell),
            "delivery": delivery,
            "rules": histories(self._stores.ledger, rules),
        }

    def _channel(self, name: str) -> Channel:
        known = {c.name: c for c in self._business.channels_for(_KIND)}
        if name in known:
            return known[name]
        said = "holds no prices" if name in self._business.channels else "is not there"
        remedy = f"these hold prices: {', '.join(known) or 'none'}"
        problem = f"the channel {name!r} {said}"
        raise Problem(404, "no-such-channel", problem, [FieldError("channel", said, remedy)])

    def _price(self, buyer: Context, sku: str, found: Found, cell: Stored | None) -> dict[str, Any]:
        """What the class pays now, at the least quantity that is published, and why."""
        item = found.items.get(sku) or ItemFacts(sku)
        line = Line("1", sku, _least(cell, buyer.at))
        resolution = resolve(buyer, line, item, found.rules.get(sku, ()), self._settings)
        document = resolution.document(show=("trace",))
        trace = document.pop("trace")
        explained = {"rejected": rejected(trace), "explanation": resolution.explain().splitlines()}
        return document | explained | cost_used(resolution)

    def _recomputed(self, buyer: Context, sku: str, found: Found, cell: Stored | None) -> dict[str, Any]:
        """Whether the rules as they are make what is published, from now on."""
        item = found.items.get(sku) or ItemFacts(sku)
        fresh = compute(buyer, item, found.rules.get(sku, ()), self._settings).document()
        stands = price_hash(from_now(cell.document, buyer.at)) if cell else None
        equal = stands == price_hash(from_now(fresh, buyer.at)) if cell else not fresh["windows"]
        return {"equal": equal} if equal else {"equal": False, "windows": fresh["windows"]}

    def _delivery(self, channel: Channel, price_class: str, key: str) -> dict[str, Any]:
        """How far the channel is: what it was told, under which version, and what it acknowledged when."""
        state = self._stores.shadow.read(channel.name, _KIND, [key]).get(key)
        true = prices(channel, self._stores.cells, self._clock, [key]).get(key)
        document: dict[str, Any] = {"state": self._state(state, true)}
        if state is not None:
            document |= {"version": state.version, "claimed_at": state.claimed_at}
        if state is not None and state.acknowledged_value is not None:
            document |= {
                "acknowledged_version": state.acknowledged,
                "acknowledged_at": state.acknowledged_at,
                "holds": json.loads(state.acknowledged_value),
            }
        waiting = [p for p in self._stores.pending.oldest(channel.name, price_class, _PENDING) if key in p.keys]
        if waiting:
            document["waiting_since"] = waiting[0].since
        return document | self._refused(channel, key)

    def _state(self, state: State | None, true: Mapping[str, Any] | None) -> str:
        if state is None:
            return "never told"
        if state.leased_until > to_text(self._clock()):
            return "being told"
        if not state.current or state.acknowledged_value is None:
            return "not acknowledged"
        said = still(self._clock)
        held = canonical(said(json.loads(state.acknowledged_value)))
        return "acknowledged" if true is not None and held == canonical(said(true)) else "outdated"

    def _refused(self, channel: Channel, key: str) -> dict[str, Any]:
        """The open exception that says why the channel does not take it, if there is one."""
        (refusal,) = rejections(channel.name, _KIND, {key: ""}, {}, None)
        group = self._stores.exceptions.group(fingerprint(refusal))
        if group is None or not group.open:
            return {}
        return {"refused": {"exception": group.id, "detail": group.detail, "last_seen": group.last_seen}}


def _is_known(sku: str, found: Found) -> bool:
    """Whether anybody ever named the item: rules for all items are about any name."""
    return sku in found.items or any(rule.scope.item == sku for rule in found.rules.get(sku, ()))


def _published(cell: Stored | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    return {
        **cell.document,
        "hash": cell.price_hash,
        "changed_at": cell.since,
        "next_change_at": cell.next_edge,
        "correlation_ids": list(cell.correlation_ids),
    }


def _least(cell: Stored | None, now: str) -> Quantity:
    """The least quantity from one base unit on that has a price now; 1 where there is none."""
    windows = from_now(cell.document, now)["windows"] if cell else []
    begins = [parse(tier["min_quantity"]) for w in windows if w["from"] is None for tier in w["tiers"]]
    return whole(max(Decimal(1), min(map(Decimal, begins), default=Decimal(1))))


def _unknown_class(channel: Channel, sku: str, price_class: str) -> Problem:
    named = ", ".join(price_key(name, sku) for name in channel.price_classes) or "none"
    problem = f"{channel.name} holds no prices of the class {price_class!r}"
    error = FieldError("key", "unknown class", f"it holds: {named}")
    return Problem(404, "no-such-price-class", problem, [error])


def _unknown_item(channel: Channel, key: str, sku: str) -> Problem:
    problem = f"nothing is known of the item {sku!r}, and {channel.name} was never told a price of {key!r}"
    remedy = "name our item, not a system's code: crossdock xref find <system> <code> says which it is"
    return Problem(404, "no-such-price", problem, [FieldError("key", "unknown", remedy)])
