"""Movements queue → journal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crossdock import config
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exceptions.unreadable import unreadable
from crossdock.identity.items import Items
from crossdock.identity.references import References
from crossdock.inventory.applying import MovementApplier, Rules
from crossdock.inventory.journal_store import JournalStore
from crossdock.inventory.messages import Envelope, read_envelope
from crossdock.inventory.reserving import Reservations
from crossdock.inventory.rhythm_store import RhythmStore
from crossdock.inventory.sequence_store import SequenceStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume
from crossdock.platform.dynamo import Table
from crossdock.platform.facts import Came, Facts
from crossdock.platform.logs import passed
from crossdock.platform.queues import Record
from crossdock.platform.startup import warm

if TYPE_CHECKING:
    from crossdock.contracts.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    identity_table: str
    exceptions_table: str


@dataclass(frozen=True, slots=True)
class App:
    applier: MovementApplier
    exceptions: ExceptionsStore


@warm
def app() -> App:
    values = env.read(Env)
    client, business = clients.dynamodb(), config.load()
    exceptions = ExceptionsStore(Table(client, values.exceptions_table), system_clock)
    inventory = Table(client, values.inventory_table)
    applier = MovementApplier(
        store=JournalStore(inventory, system_clock),
        find=References(Table(client, values.identity_table)).items,
        profiles=Items(Table(client, values.identity_table)).profiles,
        refuse=exceptions.refuse,
        rules=Rules(
            owners={w.id: w.source for w in business.warehouses.values()},
            leaves_with={w.id: w.leaves_with for w in business.warehouses.values()},
            sequences={s.name: s.sequence for s in business.sources.values()},
            clock_tolerance_s=business.limits.clock_tolerance_seconds,
        ),
        clock=system_clock,
        consume=Reservations(inventory, system_clock).consume,
        keep_sequences=SequenceStore(inventory, system_clock).record,
        moved=RhythmStore(inventory, system_clock).moved,
    )
    return App(applier, exceptions)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, apply, app().exceptions.settle)


def apply(records: Sequence[Record]) -> Iterable[str]:
    """Applies all movements of a batch of messages in as few round trips as they need."""
    with Facts("movements", system_clock) as facts:
        facts.took(records, _applied(records))
    return ()


def _applied(records: Sequence[Record]) -> Came:
    envelopes: list[Envelope] = []
    refusals: list[Refusal] = []
    for record in records:
        try:
            envelopes.append(read_envelope(record.message or {}))
        except ValueError as exc:
            refusals.append(unreadable("movements", record, exc))
    if refusals:
        app().exceptions.refuse(refusals)
    result = app().applier.apply(envelopes)
    refused = result.refused + len(refusals)
    passed(
        "applied",
        "movements",
        result.correlation_ids,
        applied=result.applied,
        duplicates=result.duplicates,
        refused=refused,
    )
    if result.unreserved:
        passed(
            "unreserved", "movements of holds that had nothing left", result.correlation_ids, count=result.unreserved
        )
    return Came(result.applied, refused, result.duplicates)
