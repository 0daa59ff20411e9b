"""On a schedule: opens price windows that a lost schedule left, tells of late prices, computes a part of all cells."""

from dataclasses import asdict, dataclass
from typing import Any

from crossdock import config
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.pending import PendingStore
from crossdock.exchange.shadow import ShadowStore
from crossdock.flows.channel_views import still
from crossdock.flows.current_values import prices
from crossdock.flows.price_publication import checking, open_due, republishing
from crossdock.flows.price_watch import PriceWatch
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.correlation import choose
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.metrics import measured
from crossdock.platform.queues import Sender, dumps
from crossdock.platform.startup import warm
from crossdock.pricing.cell_store import CellStore
from crossdock.pricing.instants import instant_text


@dataclass(frozen=True, slots=True)
class Env:
    pricing_table: str
    exchange_table: str
    exceptions_table: str
    price_cells_queue_url: str


@dataclass(frozen=True, slots=True)
class App:
    cells: CellStore
    watch: PriceWatch
    queue: Sender
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    cells, exchange = CellStore(Table(client, values.pricing_table)), Table(client, values.exchange_table)
    watch = PriceWatch(
        PendingStore(exchange),
        ShadowStore(exchange, system_clock),
        ExceptionsStore(Table(client, values.exceptions_table), system_clock),
        lambda channel: lambda keys: prices(channel, cells, system_clock, keys),
        still(system_clock),
        system_clock,
    )
    return App(cells, watch, Sender(clients.sqs(), values.price_cells_queue_url), config.load())


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """`{"check": "late"}`, `{"check": "cells"}` (the part whose turn it is), or `{"publish": ["gold"]}` (a new class).

    Raises ValueError for anything else.
    """
    deadline.begin(context)
    correlation_id = choose(event.get("correlation_id"))
    match event:
        case {"check": "late"}:
            return _late(correlation_id)
        case {"check": "cells"}:
            return _send(checking(app().business.price_classes, system_clock(), correlation_id), correlation_id)
        case {"publish": [*names]}:
            return _publish([str(name) for name in names], correlation_id)
        case _:
            raise ValueError('send {"check": "late"}, {"check": "cells"} or {"publish": [names of price classes]}')


def _late(correlation_id: str) -> dict[str, Any]:
    """Opens what is due; a metric says of each class how old the oldest price is that is not acknowledged."""
    waiting = app().queue.waiting()
    opened = open_due(app().cells, instant_text(system_clock()), _put)
    watched = app().watch.look(app().business, computed=not waiting and not opened, correlation_id=correlation_id)
    for name in app().business.price_classes:
        worst = max((lag.seconds for lag in watched.lags if lag.price_class == name), default=0)
        measured("PriceLag", worst, "Seconds", price_class=name)
    passed("watched", "prices", [correlation_id], opened=opened, told=watched.told, closed=watched.closed)
    return {"correlation_id": correlation_id, "opened": opened, "waiting": waiting, **asdict(watched)}


def _publish(names: list[str], correlation_id: str) -> dict[str, Any]:
    """Computes every cell of these classes."""
    classes = app().business.price_classes
    unknown = [name for name in names if name not in classes]
    if unknown or not names:
        raise ValueError(f"publish: {unknown or 'nothing'} is no price class; there are: {', '.join(sorted(classes))}")
    return _send(republishing(names, system_clock(), correlation_id), correlation_id)


def _send(messages: list[dict[str, Any]], correlation_id: str) -> dict[str, Any]:
    _put(messages)
    passed("asked", "price cells", [correlation_id], messages=len(messages))
    return {"correlation_id": correlation_id, "messages": len(messages)}


def _put(messages: list[dict[str, Any]]) -> None:
    app().queue.send([dumps(m) for m in messages])
