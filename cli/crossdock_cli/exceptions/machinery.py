"""What works a replay run off from an operator's terminal: stores, queues, today's configuration and connectors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossdock import config
from crossdock.config.compile import ConfigError, compile_file
from crossdock.config.model import from_document
from crossdock.exceptions.run_store import RunStore
from crossdock.exchange.inbox import Inbox
from crossdock.exchange.shadow import ShadowStore
from crossdock.flows.replay_desk import Stores, replayer, sender
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
    from collections.abc import Sequence

    from crossdock.exceptions.replaying import Replayer, Send
    from crossdock_cli.target import Target


def runs_of(target: Target) -> RunStore:
    """The stage's replay runs."""
    return RunStore(table_of(target), system_clock, store_of(target))


def replayer_of(target: Target) -> Replayer:
    """What drafts, previews and works off the stage's runs."""
    identity = Table(target.dynamodb, target.name("identity"))
    inventory = Table(target.dynamodb, target.name("inventory"))
    exchange = Table(target.dynamodb, target.name("exchange"))
    stores = Stores(
        store_of(target),
        runs_of(target),
        References(identity),
        Items(identity),
        JournalStore(inventory, system_clock),
        SupplyStore(inventory, system_clock),
        PricingStore(Table(target.dynamodb, target.name("pricing")), system_clock),
        Inbox(exchange, system_clock, _Bodies(target)),
        ShadowStore(exchange, system_clock),
    )
    return replayer(stores, business_of(target), sender_of(target), system_clock)


def business_of(target: Target) -> config.BusinessConfig:
    """The stage's business configuration as this checkout has it; CROSSDOCK_CONFIG names a compiled one instead."""
    if "CROSSDOCK_CONFIG" in os.environ:
        return config.load()
    file = checkout() / "config" / ("demo.toml" if target.state is not None else "distributor.toml")
    try:
        return from_document(compile_file(Path(file)))
    except ConfigError as exc:
        raise CliError(str(exc), "set CROSSDOCK_CONFIG to the compiled configuration of this stage") from exc


def sender_of(target: Target) -> Send:
    """Puts messages on the queues of their routes, ten to a call, and events on the bus."""
    queues: dict[str, Sender] = {}

    def send(route: str, bodies: Sequence[str]) -> None:
        if route not in queues:
            queues[route] = Sender(target.sqs, target.queue_url(route))
        queues[route].send(bodies)

    def put(entries: list[dict[str, str]]) -> None:
        addressed: list[Any] = [{"EventBusName": target.event_bus, **entry} for entry in entries]
        answer = target.events.put_events(Entries=addressed)
        if answer["FailedEntryCount"]:
            raise CliError(
                f"the bus did not take {answer['FailedEntryCount']} events", "crossdock exceptions runs resume"
            )

    return sender(send, put)


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
