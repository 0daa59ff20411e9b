"""An item's, a price's and a customer's story, and what channels were told: read by what the commands read it by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.price_keys import price_key
from crossdock.exchange.deliveries import PROGRESS, Deliveries
from crossdock.exchange.shadow import ShadowStore
from crossdock.flows.delivery_answers import document as delivery_document
from crossdock.inventory.availability import in_transit
from crossdock.inventory.store import InventoryStore
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock_cli import channel_states
from crossdock_cli.console.guard import RefusedError
from crossdock_cli.console.reading import required
from crossdock_cli.customers.common import desk_of
from crossdock_cli.customers.showing import document as customer_document
from crossdock_cli.exceptions.machinery import business_of
from crossdock_cli.inventory import account, account_document, stock_or_refusal
from crossdock_cli.price_explain import item_explained
from crossdock_cli.reservations import holds_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossdock.exchange.deliveries import Delivery
    from crossdock_cli.target import Target

_MOVEMENTS: Final = 15
_PAGE: Final = 50
_PAGES_AT_MOST: Final = 40


@dataclass(frozen=True)
class Stories:
    """Reads one stage."""

    target: Target
    by: str

    def item(self, sku: str) -> dict[str, Any]:
        """Balances, the movements behind them, holds, and what each channel was told."""
        inventory = Table(self.target.dynamodb, self.target.name("inventory"))
        stock = stock_or_refusal(InventoryStore(inventory, system_clock), sku)
        under_way = in_transit(stock)
        accounts = [account_document(account(inventory, w), under_way, _MOVEMENTS) for w in stock.warehouses]
        return {
            "at": to_text(system_clock()),
            "sku": sku,
            "warehouses": accounts,
            "holds": [held.document() for held in holds_of(self.target, sku, None)],
            "told": self._told(sku),
        }

    def _told(self, sku: str) -> list[dict[str, Any]]:
        channels = business_of(self.target).channels
        found = []
        for name, channel in sorted(channels.items()):
            for kind in sorted({"availability", "price"} & set(channel.publishes)):
                keys = [price_key(c, sku) for c in channel.price_classes] if kind == "price" else [sku]
                for key in dict.fromkeys(keys):
                    found += self._deliveries().of_item([(name, kind)], key)
        return [_told(d) for d in found]

    def price(self, channel: str, key: str) -> dict[str, Any]:
        """From the rules to the channel's acknowledgement, for an item (`SKU`, or `SKU@class`) at a channel."""
        if not channel or not key:
            raise RefusedError(400, "channel and item: both are needed", "for example webshop and 85123A@gold")
        return {"at": to_text(system_clock()), **item_explained(self.target, channel, key)}

    def price_places(self) -> dict[str, Any]:
        """The channels that are told prices, with their classes: what may be asked for."""
        channels = business_of(self.target).channels_for("price")
        return {"channels": {c.name: list(c.price_classes) for c in channels}}

    def customer(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A golden record, covered; that somebody looks is kept, and why."""
        desk = desk_of(self.target)
        kept = desk.kept(required(given, "customer"))
        desk.look("show", [kept.customer.id], self.by, required(given, "why"))
        return customer_document(kept, unmask=False)

    # -- channels ----------------------------------------------------------------------------------------------

    def channels(self) -> dict[str, Any]:
        """How each channel is, and what is parked for it."""
        found = channel_states.status(self.target, self.target.secret_names("channels"))
        published = {name: list(c.publishes) for name, c in business_of(self.target).channels.items()}
        return {
            "at": to_text(system_clock()),
            "channels": [{**c, "publishes": published.get(c["channel"], [])} for c in found],
        }

    def deliveries(self, query: Mapping[str, str]) -> dict[str, Any]:
        """A page of what a channel was told, by what became of it."""
        name, state = query.get("channel", ""), query.get("state") or None
        channel = business_of(self.target).channels.get(name)
        if channel is None:
            raise RefusedError(404, f"there is no channel '{name[:40]}'")
        if state is not None and state not in PROGRESS:
            raise RefusedError(400, f"state: '{state[:40]}' is none", f"one of {', '.join(PROGRESS)}")
        views = [(name, kind) for kind in sorted(channel.publishes)]
        found: list[Delivery] = []
        place = None
        for _ in range(_PAGES_AT_MOST):  # a page may be empty where a filter leaves nothing of what it read
            page = self._deliveries().page(views, state, _PAGE - len(found), place)
            found += page.deliveries
            place = page.next
            if place is None or len(found) >= _PAGE:
                break
        return {"at": to_text(system_clock()), "deliveries": [_told(d) for d in found], "more": place is not None}

    def pause(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Stops telling a channel."""
        channel_states.pause(self.target, name, f"{required(given, 'why')} ({self.by})")
        return {"channel": name, "state": "paused"}

    def resume(self, name: str) -> dict[str, Any]:
        """Tells a channel again."""
        return {"channel": name, "state": "half", "parked": channel_states.resume(self.target, name)}

    def _deliveries(self) -> Deliveries:
        table = Table(self.target.dynamodb, self.target.name("exchange"))
        return Deliveries(table, ShadowStore(table, system_clock))


def _told(delivery: Delivery) -> dict[str, Any]:
    """A delivery with the value itself: of items only, for a customer's is personal."""
    shown = delivery_document(delivery)
    if delivery.kind != "availability":
        return shown
    return {**shown, "value": delivery.state.value, "acknowledged_value": delivery.state.acknowledged_value}
