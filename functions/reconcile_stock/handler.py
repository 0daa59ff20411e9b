"""On a schedule and by hand: compares a source's counts with our balances, heals what drifted, hears who is silent."""

from dataclasses import asdict, dataclass
from typing import Any

from crossdock import config
from crossdock.exceptions.store import ExceptionsStore
from crossdock.flows.sequence_watch import SequenceWatch, sequences_of
from crossdock.flows.silence_watch import SilenceWatch
from crossdock.inventory.mending import Rebuilder
from crossdock.inventory.observing import Observers
from crossdock.inventory.rebuild_store import RebuildStore
from crossdock.inventory.reconciliation import Policy, StockReconciler
from crossdock.inventory.rhythm_store import RhythmStore
from crossdock.inventory.sequence_store import SequenceStore
from crossdock.inventory.store import InventoryStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.correlation import choose
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.metrics import happened, measured
from crossdock.platform.queues import Sender, dumps
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    exceptions_table: str
    movements_queue_url: str


@dataclass(frozen=True, slots=True)
class App:
    reconciler: StockReconciler
    observers: Observers
    watch: SequenceWatch
    silences: SilenceWatch
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    movements = Sender(clients.sqs(), values.movements_queue_url)
    settings = business.reconciliation
    exceptions = ExceptionsStore(Table(client, values.exceptions_table), system_clock)
    sequences = SequenceStore(Table(client, values.inventory_table), system_clock)
    inventory = Table(client, values.inventory_table)
    rebuilder = Rebuilder(RebuildStore(inventory, system_clock), system_clock, lambda _: None)
    reconciler = StockReconciler(
        store=InventoryStore(inventory, system_clock),
        send=lambda envelopes: movements.send([dumps(e) for e in envelopes]),
        refuse=exceptions.refuse,
        policy=Policy(settings.settle_seconds, settings.sightings, settings.heal_cap),
        clock=system_clock,
        # It does not wait: what is still on its way is looked at by the next run.
        rebuild=lambda sku, warehouse: rebuilder.rebuild(sku, warehouse, mend=True, patience_s=0),
    )
    observers = Observers(
        InventoryStore(inventory, system_clock),
        exceptions.refuse,
        Policy(settings.settle_seconds, settings.sightings, settings.heal_cap),
        system_clock,
    )
    watch = SequenceWatch(sequences, exceptions, system_clock, settings.gap_seconds)
    silences = SilenceWatch(RhythmStore(inventory, system_clock), exceptions, system_clock)
    return App(reconciler, observers, watch, silences, business)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """`{"source": "wms"}` → the report; `{"check": "silence"}` → who is silent.

    Raises ValueError for a source that reports no counts and for another check.
    """
    deadline.begin(context)
    correlation_id = choose(event.get("correlation_id"))
    if "check" in event:
        return _silences(event["check"], correlation_id)
    name = str(event.get("source", ""))
    source = app().business.sources.get(name)
    if source is None or not source.counts:
        known = ", ".join(s.name for s in app().business.sources.values() if s.counts) or "none"
        raise ValueError(f"source: {name!r} reports no counts; those that do: {known}")
    return _reconciled(name, correlation_id)


def _silences(check: object, correlation_id: str) -> dict[str, Any]:
    """Reconciles the sources of warehouses that have fallen silent and tells of them; a metric says it of each.

    Raises RuntimeError when a comparison failed, after all have been told of.
    """
    if check != "silence":
        raise ValueError(f"check: {check!r} is not known; write silence, or source instead to compare its counts")
    business = app().business
    checks = {s.name: lambda name: _reconciled(name, correlation_id) for s in business.sources.values() if s.counts}
    heard = app().silences.look(business.warehouses, checks, correlation_id)
    for warehouse in heard.judged:
        measured("WarehouseSilent", int(warehouse in heard.silent), "Count", warehouse=warehouse)
    passed("watched", "warehouses", [correlation_id], silent=heard.silent, told=heard.told, closed=heard.closed)
    if heard.unchecked:
        raise RuntimeError(f"not reconciled, although silent: {', '.join(heard.unchecked)}; the log says why")
    return {"correlation_id": correlation_id, **asdict(heard)}


def _reconciled(name: str, correlation_id: str) -> dict[str, Any]:
    report = app().reconciler.run(name, sorted(app().business.warehouses_of(name)), correlation_id)
    passed(
        "reconciled",
        "stock counts",
        [correlation_id],
        source=name,
        compared=report.compared,
        drifted=len(report.drifts),
        healed=report.healed,
        mended=len(report.mended),
    )
    happened(
        ("DriftFound", len(report.drifts), "Count"),
        ("DriftHealed", report.healed, "Count"),
        kind="stock",
    )
    gaps = app().watch.report(sequences_of(app().business))
    passed("watched", "sequences", [correlation_id], gaps=gaps.gaps, reported=gaps.reported, closed=gaps.closed)
    business = app().business
    owners = {w: business.warehouses[w].source for w in business.observed_by(name)}
    observed = app().observers.run(name, owners, correlation_id)
    return {"correlation_id": correlation_id, **report.document(), "observed": observed.document()}
