"""Header, reservation and price sheet streams → dirty marks on each channel's queue, looks at holds to come."""

import json
from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.exchange.dirty import Marks, coalescing_delay
from crossdock.inventory import hold_stream
from crossdock.inventory.crossing import may_cross_zero
from crossdock.inventory.store import changed_header
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.logs import passed
from crossdock.platform.queues import Sender, dumps
from crossdock.platform.startup import warm
from crossdock.pricing.store import changed_sheet


@dataclass(frozen=True, slots=True)
class Env:
    channel_queue_urls: str
    expiries_queue_url: str


@dataclass(frozen=True, slots=True)
class App:
    queues: dict[str, Sender]
    expiries: Sender
    business: config.BusinessConfig


@warm
def app() -> App:
    values = env.read(Env)
    urls: dict[str, str] = json.loads(values.channel_queue_urls)
    queues = {channel: Sender(clients.sqs(), url) for channel, url in urls.items()}
    return App(queues, Sender(clients.sqs(), values.expiries_queue_url), config.load())


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
    passed(
        "announced", "changes", causes, records=len(event["Records"]), items={n: len(m) for n, m in marks.items() if m}
    )


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
    pk = record["dynamodb"]["Keys"]["pk"]["S"]
    if pk.startswith("T#"):
        changed = changed_header(record)
        if changed is None:
            return []
        sku, warehouse, causes = changed
        channels = [c for c in app().business.channels_for("availability") if warehouse in c.warehouses]
        kind = "availability"
    elif pk.startswith("I#"):
        sku, causes = changed_sheet(record)
        channels = app().business.channels_for("price")
        kind = "price"
    else:
        return []
    for channel in channels:
        urgent = kind == "availability" and may_cross_zero(
            record["dynamodb"], channel.name, channel.buffer, channel.restock_at
        )
        marks[channel.name].mark(kind, sku, causes, urgent=urgent)
    return causes
