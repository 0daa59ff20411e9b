"""Stream of price rules, items and customers → the published cells that they may have moved, as messages."""

from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.flows.price_publication import affected
from crossdock.flows.price_reading import BuyerOf
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.queues import Sender, dumps
from crossdock.platform.startup import warm
from crossdock.pricing.candidates import Candidates
from crossdock.pricing.cell_messages import messages
from crossdock.pricing.changes import changed, joined_items
from crossdock.pricing.instants import instant_text


@dataclass(frozen=True, slots=True)
class Env:
    pricing_table: str
    price_cells_queue_url: str


@dataclass(frozen=True, slots=True)
class App:
    buyer_of: BuyerOf
    queue: Sender
    business: config.BusinessConfig


@warm
def app() -> App:
    values, business = env.read(Env), config.load()
    candidates = Candidates(Table(clients.dynamodb(), values.pricing_table), system_clock)
    return App(
        BuyerOf(business.price_classes, candidates, system_clock),
        Sender(clients.sqs(), values.price_cells_queue_url),
        business,
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> None:
    """Raises when a message could not be sent: the stream delivers the batch again; cells may be computed twice."""
    deadline.begin(context)
    records = event["Records"]
    changes = [c for c in map(changed, records) if c is not None and not c.is_empty]
    classes, now = app().business.price_classes, instant_text(system_clock())
    who = {name: buyer for name in classes if (buyer := app().buyer_of(name))}
    joined = joined_items(records)
    found = affected(changes, joined, classes, who, now)
    causes = dict.fromkeys(c for ids in (*(c.correlation_ids for c in changes), *joined.values()) for c in ids)
    asked = messages(found, now, causes)
    app().queue.send([dumps(message) for message in asked])
    passed(
        "spread",
        "price changes",
        causes,
        records=len(records),
        cells=len(found.items),
        families=len(found.families),
        messages=len(asked),
    )
