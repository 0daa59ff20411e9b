"""Stream of golden records → events on the bus, dirty marks on the queues of the channels that hear of customers."""

import json
from dataclasses import dataclass
from typing import Any

from crossdock.exchange.dirty import Marks
from crossdock.flows.customer_announcing import events_of, moved
from crossdock.flows.customer_channels import CUSTOMER
from crossdock.platform import clients, deadline, env
from crossdock.platform.bus import Bus
from crossdock.platform.logs import passed
from crossdock.platform.queues import Sender
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    customer_queue_urls: str
    event_bus_name: str


@dataclass(frozen=True, slots=True)
class App:
    queues: dict[str, Sender]
    bus: Bus


@warm
def app() -> App:
    values = env.read(Env)
    urls: dict[str, str] = json.loads(values.customer_queue_urls)
    queues = {channel: Sender(clients.sqs(), url) for channel, url in urls.items()}
    return App(queues, Bus(clients.events(), values.event_bus_name))


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> None:
    """Raises when an event or a mark could not be sent: the stream delivers the batch again, and all is known then."""
    deadline.begin(context)
    found = [change for record in event["Records"] if (change := moved(record)) is not None]
    causes = {change.after.cause for change in found if change.after.cause}
    # Channels first: they are told what is true when they are told, so nothing of it can be too early.
    for name, queue in app().queues.items():
        marks = Marks(name)
        for change in found:
            marks.mark(CUSTOMER, change.after.id, [change.after.cause] if change.after.cause else [])
        if marks:
            queue.send(marks.messages())
    app().bus.put([said for change in found for said in events_of(change)])
    passed("announced", "customers", causes, records=len(event["Records"]), customers=len(found))
