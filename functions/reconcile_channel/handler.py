"""On a schedule and by hand: compares what a channel holds, acknowledged and should hold, and heals what drifted."""

import json
from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.channel_reconciliation import ChannelReconciler
from crossdock.exchange.delivery import ReadCurrent
from crossdock.exchange.digest_store import DigestStore
from crossdock.exchange.drift import KindReport, Policy
from crossdock.exchange.drift_store import DriftStore
from crossdock.exchange.pending import PendingStore
from crossdock.exchange.shadow import ShadowStore
from crossdock.flows.channel_views import asking, keys, view
from crossdock.flows.current_values import reader
from crossdock.flows.customer_channels import CUSTOMER, customer_reader
from crossdock.flows.price_drift import in_money
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.references import References
from crossdock.inventory.standing_store import StandingStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.correlation import choose
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.metrics import happened
from crossdock.platform.outbound import Http
from crossdock.platform.queues import Sender
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm
from crossdock.pricing.cell_store import CellStore
from crossdock.pricing.instants import instant_text

_MEASURED_AS = {"availability": "channel", "price": "prices", CUSTOMER: "customers"}


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    pricing_table: str
    identity_table: str
    exchange_table: str
    exceptions_table: str
    channel_secret_prefix: str
    channel_queue_urls: str
    stage: str


@dataclass(frozen=True, slots=True)
class App:
    tables: tuple[Table, ...]
    inventory: StandingStore
    cells: CellStore
    pending: PendingStore
    customers: CustomerStore
    references: References
    memory: DriftStore
    reconciler: ChannelReconciler
    secrets: Secrets
    http: Http
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    local = values.stage == "local"
    names = (values.inventory_table, values.pricing_table, values.identity_table, values.exchange_table)
    tables = tuple(Table(client, name, metered=True) for name in names)
    inventory, pricing, identity, exchange = tables
    queues = {name: Sender(clients.sqs(), url) for name, url in json.loads(values.channel_queue_urls).items()}
    settings = business.reconciliation
    return App(
        tables=tables,
        inventory=StandingStore(inventory),
        cells=CellStore(pricing),
        pending=PendingStore(exchange),
        customers=CustomerStore(identity),
        references=References(identity),
        memory=DriftStore(exchange),
        reconciler=ChannelReconciler(
            shadow=ShadowStore(exchange, system_clock),
            digests=DigestStore(exchange),
            memory=DriftStore(exchange),
            send=lambda channel, bodies: queues[channel].send(bodies),
            refuse=ExceptionsStore(Table(client, values.exceptions_table), system_clock).refuse,
            policy=Policy(settings.settle_seconds, settings.sightings, settings.heal_cap),
            clock=system_clock,
        ),
        secrets=Secrets(clients.secrets(), values.channel_secret_prefix, max_age=2 if local else 60),
        http=Http(allow_plain=local),
        business=business,
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """`{"channel": "webshop", "full": false, "kind": "price"}` → the report. Without a kind: all that it publishes.

    Raises ValueError for a channel that is none, or a kind that it does not publish.
    """
    deadline.begin(context)
    name = str(event.get("channel", ""))
    channel = app().business.channels.get(name)
    if channel is None:
        raise ValueError(
            f"channel: {name!r} is none; there are: {', '.join(sorted(app().business.channels)) or 'none'}"
        )
    kinds = channel.publishes if event.get("kind") is None else (str(event["kind"]),)
    if not set(kinds) <= set(channel.publishes):
        raise ValueError(f"kind: {name} does not publish {kinds[0]!r}; it does: {', '.join(channel.publishes)}")
    correlation_id = choose(event.get("correlation_id"))
    for table in app().tables:
        table.read_units = 0.0
    page = app().references.things
    if event.get("full") is True:
        things = app().memory.everything(page)
    else:
        things = app().memory.next_part(name, page, app().business.reconciliation.rotation)
    ask = asking(channel, app().secrets, app().http.get, system_clock)
    reports = [
        app().reconciler.run(
            view(kind, channel, ask, _current(kind, channel), system_clock), keys(kind, channel, things), correlation_id
        )
        for kind in kinds
    ]
    return _report(channel, reports, correlation_id)


def _current(kind: str, channel: config.Channel) -> ReadCurrent:
    """What is true for the channel now, by kind."""
    if kind == CUSTOMER:
        return customer_reader(channel, app().customers, app().business.ownership)
    return reader(kind, channel, app().inventory, app().cells, system_clock)


def _report(channel: config.Channel, reports: list[KindReport], correlation_id: str) -> dict[str, Any]:
    read_units = sum(table.read_units for table in app().tables)
    _measure(channel, reports)
    passed(
        "reconciled",
        f"channel {channel.name}",
        [correlation_id],
        channel=channel.name,
        drifted=sum(len(r.drifts) for r in reports),
        healed=sum(r.count("healed") for r in reports),
        read_units=read_units,
    )
    return {
        "correlation_id": correlation_id,
        "channel": channel.name,
        "read_units": read_units,
        "kinds": [{**r.document(), **(_prices(channel, r) if r.kind == "price" else {})} for r in reports],
    }


def _measure(channel: config.Channel, reports: list[KindReport]) -> None:
    for report in reports:
        found = len(report.drifts)
        happened(
            ("DriftFound", found, "Count"),
            ("DriftHealed", report.count("healed"), "Count"),
            kind=_MEASURED_AS[report.kind],
        )
        if report.kind == "price":
            happened(
                ("PricesCompared", report.compared, "Count"),
                ("PricesWrong", found, "Count"),
                channel=channel.name,
            )


def _prices(channel: config.Channel, report: KindReport) -> dict[str, Any]:
    """The drift in money, and until when each class's prices have been acknowledged."""
    money = in_money([d.found for d in report.drifts], instant_text(system_clock()))
    return {
        "money": [m.document() for m in money],
        "acknowledged_until": {c: app().pending.watermark(channel.name, c) for c in channel.price_classes},
    }
