"""What works a replay run off from an operator's terminal: stores, queues, today's configuration and connectors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crossdock import config
from crossdock.config.compile import ConfigError, compile_file
from crossdock.config.model import from_document
from crossdock.exceptions.model import payload
from crossdock.exceptions.replaying import Replayer
from crossdock.exceptions.run_store import RunStore
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
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.objects import Bucket
from crossdock.platform.queues import Sender
from crossdock.pricing.store import PricingStore
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import store_of, table_of
from crossdock_cli.local.paths import checkout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from crossdock.contracts.codes import Codes
    from crossdock_cli.target import Target

# PutEvents takes ten entries and 256 KB to a call.
_BUS_ENTRIES: Final = 10
_BUS_BYTES: Final = 250_000


def runs_of(target: Target) -> RunStore:
    """The stage's replay runs."""
    return RunStore(table_of(target), system_clock, store_of(target))


def replayer_of(target: Target) -> Replayer:
    """What drafts, previews and works off the stage's runs."""
    business = business_of(target)
    references = References(Table(target.dynamodb, target.name("identity")))
    inventory = Table(target.dynamodb, target.name("inventory"))
    pricing = PricingStore(Table(target.dynamodb, target.name("pricing")), system_clock)
    exchange = Table(target.dynamodb, target.name("exchange"))
    stored = StoredVersions(pricing.ledger, SupplyStore(inventory, system_clock), references.skus)
    shadow = ShadowStore(exchange, system_clock)
    foresee = Foreseeing(
        business,
        references.items,
        Items(Table(target.dynamodb, target.name("identity"))).profiles,
        JournalStore(inventory, system_clock),
        system_clock,
    )
    preparing = Preparing(
        Remapping(Inbox(exchange, system_clock, _Bodies(target)).find, _mappings(business)),
        VersionGate(stored.by_route, lambda channel, kind, key: _shadow_version(shadow, channel, kind, key)),
        business,
    )
    return Replayer(store_of(target), runs_of(target), preparing, sender_of(target), system_clock, foresee)


def business_of(target: Target) -> config.BusinessConfig:
    """The stage's business configuration as this checkout has it; CROSSDOCK_CONFIG names a compiled one instead."""
    if "CROSSDOCK_CONFIG" in os.environ:
        return config.load()
    file = checkout() / "config" / ("demo.toml" if target.state is not None else "distributor.toml")
    try:
        return from_document(compile_file(Path(file)))
    except ConfigError as exc:
        raise CliError(str(exc), "set CROSSDOCK_CONFIG to the compiled configuration of this stage") from exc


def sender_of(target: Target) -> Callable[[Sequence[tuple[str, Mapping[str, Any]]]], None]:
    """Puts messages on the queues of their routes, ten to a call, and events on the bus."""
    queues: dict[str, Sender] = {}

    def send(messages: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        by_route: dict[str, list[Mapping[str, Any]]] = {}
        for route, message in messages:
            by_route.setdefault(route, []).append(message)
        for route, some in by_route.items():
            if route == BUS:
                _publish(target, some)
                continue
            if route not in queues:
                queues[route] = Sender(target.sqs, target.queue_url(route))
            queues[route].send([payload(message) for message in some])

    return send


def _publish(target: Target, events: Sequence[Mapping[str, Any]]) -> None:
    """Puts events on the bus with their marks. Raises CliError when it does not take them all."""
    for call in _bus_calls(target, events):
        answer = target.events.put_events(Entries=call)
        if answer["FailedEntryCount"]:
            raise CliError(
                f"the bus did not take {answer['FailedEntryCount']} events", "crossdock exceptions runs resume"
            )


def _bus_calls(target: Target, events: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    """The events as entries, as many to a call as the bus takes: one fact may be as large as a whole call."""
    call: list[Any] = []
    size = 0
    for event in events:
        source, kind, detail = f"crossdock.{event.get('sourcesystem')}", str(event["type"]), payload(event)
        length = len(f"{source}{kind}{detail}".encode())
        if call and (len(call) == _BUS_ENTRIES or size + length > _BUS_BYTES):
            yield call
            call, size = [], 0
        call.append({"EventBusName": target.event_bus, "Source": source, "DetailType": kind, "Detail": detail})
        size += length
    if call:
        yield call


class _Bodies:
    """The bucket of large bodies, whose name is asked for when the first of them is needed."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def put(self, name: str, body: bytes) -> None:
        self._bucket.put(name, body)

    def get(self, name: str) -> bytes | None:
        return self._bucket.get(name)

    @property
    def _bucket(self) -> Bucket:
        return Bucket(lambda: self._target.s3, self._target.bodies_bucket)


def _mappings(business: config.BusinessConfig) -> Callable[[str], tuple[str, Codes] | None]:
    def find(source: str) -> tuple[str, Codes] | None:
        configured = business.sources.get(source)
        return None if configured is None else (configured.connector, business.codes_of(source))

    return find


def _shadow_version(shadow: ShadowStore, channel: str, kind: str, key: str) -> int | None:
    state = shadow.read(channel, kind, [key]).get(key)
    return None if state is None else state.version
