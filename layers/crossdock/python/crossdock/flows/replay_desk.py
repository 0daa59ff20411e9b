"""What works replay runs off, put together from its stores: for an operator's terminal and the dashboard's widget."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crossdock.config import BusinessConfig
from crossdock.contracts.codes import Codes
from crossdock.exceptions.model import payload
from crossdock.exceptions.replaying import Replayer, Send
from crossdock.exceptions.run_store import RunStore
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.inbox import Inbox
from crossdock.exchange.shadow import ShadowStore
from crossdock.flows.foreseeing import Foreseeing
from crossdock.flows.remapping import Remapping
from crossdock.flows.replay_messages import Preparing
from crossdock.flows.replay_subscribers import BUS
from crossdock.flows.stored_versions import StoredVersions
from crossdock.flows.version_gate import VersionGate
from crossdock.identity.items import Items
from crossdock.identity.references import References
from crossdock.inventory.journal_store import JournalStore
from crossdock.inventory.supply_store import SupplyStore
from crossdock.platform.clock import Clock
from crossdock.pricing.store import PricingStore

# PutEvents takes ten entries and 256 KB to a call.
_BUS_ENTRIES: Final = 10
_BUS_BYTES: Final = 250_000

SendBodies = Callable[[str, Sequence[str]], None]
"""Puts bodies on the queue of a route, all of them or an error."""
PutEntries = Callable[[list[dict[str, str]]], None]
"""Puts entries (`Source`, `DetailType`, `Detail`) on the bus, all of them or an error."""


@dataclass(frozen=True, slots=True)
class Stores:
    """All that a replay looks at. Without an inbox nothing is mapped anew; without a shadow no delivery is lifted."""

    exceptions: ExceptionsStore
    runs: RunStore
    references: References
    items: Items
    journal: JournalStore
    supply: SupplyStore
    prices: PricingStore
    inbox: Inbox | None = None
    shadow: ShadowStore | None = None


def replayer(stores: Stores, business: BusinessConfig, send: Send, clock: Clock) -> Replayer:
    """What drafts, previews and works off a stage's runs, by this configuration and its connectors."""
    versions = StoredVersions(stores.prices.ledger, stores.supply, stores.references.skus)
    shadow, inbox = stores.shadow, stores.inbox
    preparing = Preparing(
        Remapping(inbox.find if inbox else _kept_nowhere, _mappings(business)),
        VersionGate(versions.by_route, lambda channel, kind, key: _shadow_version(shadow, channel, kind, key)),
        business,
    )
    foresee = Foreseeing(business, stores.references.items, stores.items.profiles, stores.journal, clock)
    return Replayer(stores.exceptions, stores.runs, preparing, send, clock, foresee)


def sender(send: SendBodies, put: PutEntries) -> Send:
    """Puts messages on the queues of their routes, and events on the bus, as many to a call as it takes."""

    def all_of(messages: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        by_route: dict[str, list[Mapping[str, Any]]] = {}
        for route, message in messages:
            by_route.setdefault(route, []).append(message)
        for route, some in by_route.items():
            if route != BUS:
                send(route, [payload(message) for message in some])
                continue
            for call in _bus_calls(some):
                put(call)

    return all_of


def _bus_calls(events: Sequence[Mapping[str, Any]]) -> Iterator[list[dict[str, str]]]:
    """The events as entries, as many to a call as the bus takes: one fact may be as large as a whole call."""
    call: list[dict[str, str]] = []
    size = 0
    for event in events:
        source, kind, detail = f"crossdock.{event.get('sourcesystem')}", str(event["type"]), payload(event)
        length = len(f"{source}{kind}{detail}".encode())
        if call and (len(call) == _BUS_ENTRIES or size + length > _BUS_BYTES):
            yield call
            call, size = [], 0
        call.append({"Source": source, "DetailType": kind, "Detail": detail})
        size += length
    if call:
        yield call


def _mappings(business: BusinessConfig) -> Callable[[str], tuple[str, Codes] | None]:
    def find(source: str) -> tuple[str, Codes] | None:
        configured = business.sources.get(source)
        return None if configured is None else (configured.connector, business.codes_of(source))

    return find


def _kept_nowhere(_source: str, _delivery: str) -> None:
    return None


def _shadow_version(shadow: ShadowStore | None, channel: str, kind: str, key: str) -> int | None:
    if shadow is None:
        return None
    state = shadow.read(channel, kind, [key]).get(key)
    return None if state is None else state.version
