"""A channel as its reconciliation sees it: how to ask it, what is true for it, and which items there are."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from crossdock.config import Channel
from crossdock.connectors import digest_connector
from crossdock.contracts.digests import Asked, Get, NoDigestError
from crossdock.exchange.channel_reconciliation import Ask, View
from crossdock.exchange.publication import Publication
from crossdock.exchange.signatures import sign_with_all
from crossdock.flows.current_values import reader
from crossdock.inventory.standing_store import StandingStore
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.errors import NotConfiguredError
from crossdock.platform.secrets import Secrets
from crossdock.pricing.store import PricingStore


def view(
    kind: str, channel: Channel, ask: Ask | None, stores: tuple[StandingStore, PricingStore], clock: Clock
) -> View:
    """One channel and kind."""
    inventory, pricing = stores
    return View(
        channel=channel.name,
        kind=kind,
        ask=ask,
        read_current=reader(kind, channel, inventory, pricing, clock),
        publication=publication(channel),
        still=_without_ended_windows(clock),
    )


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


def _without_ended_windows(clock: Clock) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """A price window that ends by itself is no news: the channel was told when it would."""

    def still(fields: Mapping[str, Any]) -> Mapping[str, Any]:
        if "windows" not in fields:
            return fields
        now = to_text(clock())
        left = [w for w in fields["windows"] if w["to"] is None or w["to"] > now]
        return {**fields, "windows": left, "unit": fields.get("unit") if left else None}

    return still
