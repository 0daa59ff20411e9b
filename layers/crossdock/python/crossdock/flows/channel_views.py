"""A channel as its reconciliation sees it: how to ask it, what is true for it, and what there is."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from crossdock.config import Channel
from crossdock.connectors import digest_connector
from crossdock.contracts.digests import Asked, Get, NoDigestError
from crossdock.contracts.price_keys import price_key
from crossdock.exchange.channel_reconciliation import Ask, View
from crossdock.exchange.delivery import ReadCurrent
from crossdock.exchange.publication import Publication
from crossdock.exchange.signatures import sign_with_all
from crossdock.identity.references import CUSTOMER as CUSTOMERS
from crossdock.identity.references import ITEM as ITEMS
from crossdock.platform.clock import Clock
from crossdock.platform.errors import NotConfiguredError
from crossdock.platform.secrets import Secrets
from crossdock.pricing.cells import from_now, without_rules
from crossdock.pricing.instants import instant_text


def view(kind: str, channel: Channel, ask: Ask | None, read_current: ReadCurrent, clock: Clock) -> View:
    """One channel and kind."""
    return View(
        channel=channel.name,
        kind=kind,
        ask=ask,
        read_current=read_current,
        publication=publication(channel),
        still=still(clock),
    )


def keys(kind: str, channel: Channel, things: Iterable[str]) -> list[str]:
    """What the channel may hold of some items and customers, by their partitions: of prices one for each class."""
    prefix = CUSTOMERS if kind == "customer" else ITEMS
    found = [thing.removeprefix(prefix) for thing in things if thing.startswith(prefix)]
    return [price_key(name, sku) for sku in found for name in channel.price_classes] if kind == "price" else found


def publication(channel: Channel) -> Publication:
    """Which changes the channel is told."""
    return Publication(channel.threshold, channel.exact_below, channel.restock_at)


def asking(channel: Channel, secrets: Secrets, get: Get, clock: Clock) -> Ask | None:
    """How to ask a channel what it holds, or None when it is not to be asked or its kind of system cannot be."""
    connector = digest_connector(channel.connector) if channel.digest else None
    if connector is None:
        return None

    def asked() -> Asked:
        remedy = f"run: crossdock channels set {channel.name} --url URL --new-secret"
        try:
            secret = secrets.get(channel.name, remedy)
        except NotConfiguredError as exc:
            raise NoDigestError(str(exc)) from exc
        message_id = f"msg_{uuid.uuid4().hex}"
        return Asked(
            secret["url"], get, lambda query: sign_with_all(secret["signing_secrets"], message_id, clock(), query)
        )

    return Ask(lambda kind: connector.leaves(kind, asked()), lambda kind, leaf: connector.leaf(kind, leaf, asked()))


def still(clock: Clock) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """A price window that begins or ends by itself is no news: the channel was told when it would.

    Nor are the rules behind equal prices: what was published names those of its time.
    """

    def said(fields: Mapping[str, Any]) -> Mapping[str, Any]:
        return without_rules(from_now(fields, instant_text(clock()))) if "windows" in fields else fields

    return said
