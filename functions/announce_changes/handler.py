"""Header, reservation and price cell streams → dirty marks on each channel's queue, looks at holds to come."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.exchange.dirty import Marks, coalescing_delay
from crossdock.exchange.pending import PendingStore
from crossdock.flows.price_announcing import messages, moved_cell
from crossdock.inventory import hold_stream
from crossdock.inventory.crossing import may_cross_zero
from crossdock.inventory.overselling import oversold
from crossdock.inventory.store import changed_header
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import logger, passed
from crossdock.platform.metrics import happened
from crossdock.platform.queues import Sender, dumps
from crossdock.platform.startup import warm
from crossdock.pricing.instants import instant_text


@dataclass(frozen=True, slots=True)
class Env:
    channel_queue_urls: str
    exchange_table: str
    expiries_queue_url: str


@dataclass(frozen=True, slots=True)
class App:
    queues: dict[str, Sender]
    expiries: Sender
    pending: PendingStore
    business: config.BusinessConfig


@warm
def app() -> App:
    values = env.read(Env)
    urls: dict[str, str] = json.loads(values.channel_queue_urls)
    queues = {channel: Sender(clients.sqs(), url) for channel, url in urls.items()}
    pending = PendingStore(Table(clients.dynamodb(), values.exchange_table))
    return App(queues, Sender(clients.sqs(), values.expiries_queue_url), pending, config.load())


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> None:
    """Raises when a mark could not be sent: the stream delivers the batch again, and a mark sent twice is harmless."""
    deadline.begin(context)
    # A shard of a stream serves two readers, and the projection is the other one: so holds are watched over from here.
    holds = hold_stream.messages(event["Records"], system_clock())
    app().expiries.send_later([(dumps(message), seconds) for message, seconds in holds])
    marks = {name: Marks(name) for name in app().queues}
    causes: set[str] = set()
    for record in event["Records"]:
        causes.update(_mark(record, marks))
    for name, found in marks.items():
        _send(name, found)
    prices = _announce_prices(event["Records"], causes)
    items = {n: len(m) + prices.get(n, 0) for n, m in marks.items() if m or n in prices}
    _look_for_oversold(event["Records"])
    passed("announced", "changes", causes, records=len(event["Records"]), items=items)


def _look_for_oversold(records: Sequence[Mapping[str, Any]]) -> None:
    """Must never be. A figure has no items for dimensions: the line names them, for whoever is woken by it."""
    found = [record["dynamodb"] for record in records if oversold(record["dynamodb"])]
    happened(("Oversold", len(found), "Count"))
    if found:
        logger().error("oversold", items=sorted({change["Keys"]["pk"]["S"].split("#")[1] for change in found}))


def _send(channel: str, marks: Marks) -> None:
    """What may have sold out or come back at once, everything else when the channel's window ends."""
    queue, window = app().queues[channel], app().business.channels[channel].coalesce_seconds
    urgent, ordinary = marks.messages(urgent=True), marks.messages(urgent=False)
    if not window:
        urgent, ordinary = urgent + ordinary, []
    if urgent:
        queue.send(urgent)
    if ordinary:
        delay = coalescing_delay(system_clock(), window)
        queue.send_later([(body, delay) for body in ordinary])


def _mark(record: dict[str, Any], marks: dict[str, Marks]) -> list[str]:
    if record["eventName"] == "REMOVE":
        return []
    if not record["dynamodb"]["Keys"]["pk"]["S"].startswith("T#"):
        return []
    changed = changed_header(record)
    if changed is None:
        return []
    sku, warehouse, causes = changed
    channels = [c for c in app().business.channels_for("availability") if warehouse in c.warehouses]
    for channel in channels:
        urgent = may_cross_zero(record["dynamodb"], channel.name, channel.buffer, channel.restock_at)
        marks[channel.name].mark("availability", sku, causes, urgent=urgent)
    return causes


def _announce_prices(records: list[dict[str, Any]], causes: set[str]) -> dict[str, int]:
    """How many prices each channel is told of. What is to be acknowledged is noted before it is sent."""
    now = instant_text(system_clock())
    cells = [cell for r in records if (cell := moved_cell(r, now))]
    if not cells:
        return {}
    causes.update(c for cell in cells for c in cell.stored.correlation_ids)
    found = messages(cells, app().business.channels_for("price"))
    app().pending.note([m.pending for listed in found.values() for m in listed])
    for name, listed in found.items():
        delay = coalescing_delay(system_clock(), app().business.channels[name].coalesce_seconds)
        app().queues[name].send_later([(m.body, delay) for m in listed])
    return {name: sum(len(m.pending.keys) for m in listed) for name, listed in found.items()}
