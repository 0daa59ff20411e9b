"""A channel's queue → the channel: current values while it takes them; parked while it does not, and told later."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from crossdock import config
from crossdock.connectors import channel_connector
from crossdock.contracts.deliveries import Answer, Batch, HttpAnswer, Post
from crossdock.exceptions.model import line
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exceptions.unreadable import unreadable
from crossdock.exchange import backoff, dirty
from crossdock.exchange.breaker import Rules
from crossdock.exchange.delivery import Deliver, Dirty, Teller, Told
from crossdock.exchange.health_store import HealthStore
from crossdock.exchange.park_store import ParkStore
from crossdock.exchange.pending import PendingStore
from crossdock.exchange.refused import rejections
from crossdock.exchange.shadow import ShadowStore
from crossdock.exchange.suspect_store import SuspectStore
from crossdock.flows.channel_targets import Reach
from crossdock.flows.channel_views import publication
from crossdock.flows.current_values import reader
from crossdock.flows.customer_channels import CUSTOMER, customer_reader, noting
from crossdock.flows.delivering import Attempt, Outlet, Ports
from crossdock.flows.delivery_figures import Deliveries
from crossdock.flows.draining import Kept, hop_of
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.learning import Learning
from crossdock.identity.references import References
from crossdock.identity.xrefs import CrossReferences
from crossdock.inventory.standing_store import StandingStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import from_text, system_clock, to_text
from crossdock.platform.consuming import consume
from crossdock.platform.drops import Drops
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import NotConfiguredError
from crossdock.platform.logs import passed
from crossdock.platform.metrics import happened
from crossdock.platform.outbound import Http
from crossdock.platform.queues import Record, Sender, hide
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm
from crossdock.pricing.cell_store import CellStore

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# A message that came so often is parked, whatever the reason: before its queue gives it up (infra/stages.py).
PARKED_AT: Final = 8
# One whose deliveries failed so often: parked items are told apart (`flows/isolating.py`), those of a message are not.
FAILED_AT: Final = 3
# The answers that ask for patience (RFC 6585, 4; RFC 9110, 15.6.4).
_TOO_MANY: Final = 429
_ASK: Final = frozenset({_TOO_MANY, 503})


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    pricing_table: str
    exchange_table: str
    exceptions_table: str
    identity_table: str
    channel_secret_prefix: str
    channel_queue_urls: str
    stage: str
    drops_bucket: str = ""
    retry_cap_seconds: str = "900"


@dataclass(frozen=True, slots=True)
class App:
    standings: StandingStore
    cells: CellStore
    pending: PendingStore
    health: HealthStore
    parks: ParkStore
    suspects: SuspectStore
    shadow: ShadowStore
    customers: CustomerStore
    learning: Learning
    exceptions: ExceptionsStore
    reach: Reach
    sqs: "SQSClient"
    queue_urls: dict[str, str]
    business: config.BusinessConfig
    retry_cap_s: int
    queue_prefix: str


def _reach(values: Env, identity: Table, *, local: bool) -> Reach:
    return Reach(
        secrets=Secrets(clients.secrets(), values.channel_secret_prefix, max_age=2 if local else 60),
        references=References(identity),
        store=Drops(clients.s3, values.drops_bucket).write,
        http=Http(allow_plain=local),
        clock=system_clock,
    )


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    local, identity = values.stage == "local", Table(client, values.identity_table)
    return App(
        standings=StandingStore(Table(client, values.inventory_table)),
        cells=CellStore(Table(client, values.pricing_table)),
        pending=PendingStore(Table(client, values.exchange_table)),
        health=HealthStore(Table(client, values.exchange_table)),
        parks=ParkStore(Table(client, values.exchange_table), system_clock),
        suspects=SuspectStore(Table(client, values.exchange_table)),
        shadow=ShadowStore(Table(client, values.exchange_table), system_clock),
        customers=CustomerStore(identity),
        learning=Learning(CustomerStore(identity), CrossReferences(identity, system_clock)),
        exceptions=ExceptionsStore(Table(client, values.exceptions_table), system_clock),
        reach=_reach(values, identity, local=local),
        sqs=clients.sqs(),
        queue_urls=json.loads(values.channel_queue_urls),
        business=config.load(),
        retry_cap_s=int(values.retry_cap_seconds),
        queue_prefix=f"crossdock-{values.stage}-",
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, tell, app().exceptions.settle)


@dataclass(slots=True)
class _Work:
    """The marks of one kind and segment, and the records they came in: they are delivered together."""

    marks: list[Dirty] = field(default_factory=list)
    records: list[tuple[Record, set[str]]] = field(default_factory=list)


@dataclass(slots=True)
class _Share:
    """One channel's part of a batch: work by kind and segment, and the messages that drain what is parked."""

    work: dict[tuple[str, str], _Work] = field(default_factory=dict)
    hops: list[int] = field(default_factory=list)


def tell(records: Sequence[Record]) -> Iterable[str]:
    """Tells each channel what is dirty; gives back the records with items that must wait, after spacing them out."""
    again: list[str] = []
    for channel, share in _sorted(records).items():
        figures = Deliveries(channel, system_clock)
        try:
            if share.work:
                again += _live(channel, share, figures)
            for hop in share.hops:
                done = _outlet(channel, figures).drain(hop)
                passed("drained", f"items parked for {channel}", (), channel=channel, hop=hop, told=done)
        finally:
            figures.say()
    return again


def _sorted(records: Sequence[Record]) -> dict[str, _Share]:
    """The records by channel; one that is no mark becomes an exception."""
    shares: dict[str, _Share] = {}
    for record in records:
        try:
            drains = hop_of(record.message)
            channel, by_kind = (drains[0], {}) if drains else dirty.read(record.message)
            if channel not in app().business.channels:
                raise ValueError(f"channel: {channel!r} is not in the configuration")  # noqa: TRY301
        except ValueError as exc:
            app().exceptions.refuse([unreadable(record.queue.removeprefix(app().queue_prefix), record, exc)])
            continue
        share = shares.setdefault(channel, _Share())
        if drains:
            share.hops.append(drains[1])
        for kind, marks in by_kind.items():
            item = share.work.setdefault((kind, dirty.segment(record.message)), _Work())
            sent = "" if record.sent_at is None else to_text(record.sent_at)
            item.marks += [replace(mark, since=sent) for mark in marks]
            item.records.append((record, {m.key for m in marks}))
    return shares


def _live(channel: str, share: _Share, figures: Deliveries) -> list[str]:
    """Tells or parks what is dirty; gives back the records that have to come again."""
    outlet = _outlet(channel, figures)
    outlet.look()
    again: dict[str, Record] = {}
    parked: dict[str, Record] = {}
    for (kind, segment), work in share.work.items():
        lived = outlet.live(kind, work.marks, segment)
        causes = {m.key: m.correlation_ids[0] for m in work.marks if m.correlation_ids}
        left = set(lived.parked)
        for record, keys in work.records:
            rejected = {k: why for k, why in lived.rejected.items() if k in keys}
            if rejected:
                app().exceptions.refuse(rejections(channel, kind, rejected, causes, record.replay))
            waiting = keys & lived.again.keys()
            if waiting and record.receive_count >= (FAILED_AT if lived.failed else PARKED_AT):
                outlet.park(kind, [m for m in work.marks if m.key in waiting], segment)
                left |= waiting
            elif waiting:
                again[record.id] = record
            if keys & left:
                parked[record.id] = record
        _said_parked(outlet, kind, [m for m in work.marks if m.key in left])
    done = {r.id: r for work in share.work.values() for r, _ in work.records if r.id not in again}
    notes = [found.row for i, r in parked.items() if i in done and (found := dirty.announced(r.message))]
    outlet.after_parking(notes)
    for record in again.values():
        _space_out(channel, record, outlet.wait_s())
    _settle([r for i, r in done.items() if i not in parked])
    return list(again)


def _said_parked(outlet: Outlet, kind: str, marks: Sequence[Dirty]) -> None:
    if marks:
        passed(
            "parked",
            f"{kind} for {outlet.channel}",
            {c for m in marks for c in m.correlation_ids},
            channel=outlet.channel,
            kind=kind,
            items=len({m.key for m in marks}),
            breaker=outlet.health.state,
            reason=outlet.health.error or None,
        )


def _settle(records: Sequence[Record]) -> None:
    """Notes that what these records asked for is done, and how long after each change it was."""
    announced = {r.id: found for r in records if (found := dirty.announced(r.message))}
    app().pending.settle([a.row for a in announced.values()])
    lags: dict[str, list[int]] = {}
    for one in announced.values():
        lag = max(0, int((system_clock() - from_text(one.since)).total_seconds()))
        lags.setdefault(one.price_class, []).append(lag)
    for name, seconds in lags.items():
        happened(("PriceLag", seconds, "Seconds"), price_class=name)


def _outlet(name: str, figures: Deliveries) -> Outlet:
    channel = app().business.channels[name]
    limits = channel.limits
    rules = Rules(limits.opens_after, app().retry_cap_s, limits.requests_per_second, limits.burst)
    sender = Sender(app().sqs, app().queue_urls[name])
    kept = Kept(app().health, app().parks, lambda body, seconds: sender.send_later([(body, seconds)]), system_clock)
    ports = Ports(
        tell=lambda kind, marks, deliver: _tell(channel, kind, marks, deliver, figures),
        attempt=lambda batch: _attempt(channel, batch, figures),
        refuse=lambda kind, rejected, causes: app().exceptions.refuse(rejections(name, kind, rejected, causes, None)),
        settle=app().pending.settle,
    )
    return Outlet(name, channel.publishes, channel.max_batch, rules, kept, ports, app().suspects)


def _tell(channel: config.Channel, kind: str, marks: Sequence[Dirty], deliver: Deliver, figures: Deliveries) -> Told:
    if kind == CUSTOMER and kind in channel.publishes:
        read_current = customer_reader(channel, app().customers, app().business.ownership)
        deliver = noting(channel, app().customers, app().learning, system_clock, deliver)
    else:
        read_current = reader(kind, channel, app().standings, app().cells, system_clock)
    largest = channel.limits.max_body_bytes
    teller = Teller(app().shadow, read_current, deliver, system_clock, publication(channel), largest)
    told = teller.tell(channel.name, kind, marks, channel.max_batch)
    figures.told(marks, told)
    passed(
        "acknowledged" if told.acknowledged else "told",
        f"{kind} to {channel.name}",
        {c for m in marks for c in m.correlation_ids},
        channel=channel.name,
        kind=kind,
        acknowledged=len(told.acknowledged),
        unchanged=len(told.unchanged),
        held_back=len(told.held_back),
        rejected=len(told.rejected),
        waiting=len(told.waiting),
        reason=next(iter(told.waiting.values()), None),
    )
    return told


def _attempt(channel: config.Channel, batch: Batch, figures: Deliveries) -> Attempt:
    attempt = _attempted(channel, batch)
    figures.attempted(batch, attempt.answer)
    return attempt


def _attempted(channel: config.Channel, batch: Batch) -> Attempt:
    """One delivery: however many requests its connector makes of it, and the longest wait that any answer asked for."""
    connector = channel_connector(channel.connector)
    try:
        target = app().reach.target(channel, connector.NEEDS)
    except NotConfiguredError as exc:
        return Attempt(Answer("unavailable", str(exc)))
    waits: list[int] = []
    throttled = False

    def seen(call: Post) -> Post:
        def called(url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
            nonlocal throttled
            answer = call(url, headers, body)
            throttled = throttled or answer.status == _TOO_MANY
            waits.append((answer.retry_after_s or 0) if answer.status in _ASK else 0)
            return answer

        return called

    def asked(url: str, headers: Mapping[str, str]) -> HttpAnswer:
        return seen(lambda where, heads, _: target.get(where, heads))(url, headers, b"")

    reached = replace(target, post=seen(target.post), put=seen(target.put), patch=seen(target.patch), get=asked)
    answer = _printable(connector.deliver(batch, reached))
    return Attempt(answer, len(waits), max([*waits, answer.retry_after_s or 0]), throttled)


def _printable(answer: Answer) -> Answer:
    """A channel's words go into rows, logs and terminals: no table keeps half a letter of them, and none steers."""
    rejected = {key: line(why) for key, why in answer.rejected.items()}
    later = {key: line(why) for key, why in answer.later.items()}
    return replace(answer, detail=line(answer.detail), rejected=rejected, later=later)


def _space_out(channel: str, record: Record, asked_s: int) -> None:
    """Hides a record longer each time it comes, and at least for as long as the channel asked for."""
    url = app().queue_urls.get(channel)
    if url:
        hide(app().sqs, url, record, max(asked_s, backoff.delay_seconds(record.receive_count, app().retry_cap_s)))
