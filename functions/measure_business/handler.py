"""On a schedule: what cannot be seen from a single event, measured: how quiet, how far behind, how many, how old."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crossdock import config
from crossdock.exceptions.figures import SPAN, figures_of
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.park_store import ParkStore
from crossdock.exchange.pending import PendingStore
from crossdock.inventory.rhythm_store import RhythmStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import from_text, system_clock, to_text
from crossdock.platform.correlation import choose
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.metrics import measured, measured_together
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    exchange_table: str
    exceptions_table: str


@dataclass(frozen=True, slots=True)
class App:
    rhythms: RhythmStore
    parks: ParkStore
    pending: PendingStore
    exceptions: ExceptionsStore
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    exchange = Table(client, values.exchange_table)
    return App(
        RhythmStore(Table(client, values.inventory_table), system_clock),
        ParkStore(exchange, system_clock),
        PendingStore(exchange),
        ExceptionsStore(Table(client, values.exceptions_table), system_clock),
        config.load(),
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """Measures, and answers what it found; changes nothing."""
    deadline.begin(context)
    correlation_id, now = choose(event.get("correlation_id")), system_clock()
    found = {"quiet": _warehouses(now), "behind": _channels(now), "exceptions": _exceptions(now)}
    passed("measured", "business", [correlation_id], **found)
    return {"correlation_id": correlation_id, **found}


def _warehouses(now: datetime) -> dict[str, int]:
    """Seconds since anything moved, of warehouses in which anything ever did. 1 read unit each."""
    rhythms = app().rhythms.rhythms(app().business.warehouses)
    quiet = {name: max(0, int(now.timestamp()) - rhythm.last) for name, rhythm in sorted(rhythms.items())}
    for name, seconds in quiet.items():
        measured("StockQuiet", seconds, "Seconds", warehouse=name)
    return quiet


def _channels(now: datetime) -> dict[str, int]:
    """Seconds that the oldest waits which is parked or a price without an answer. Half a read unit a kind and class."""
    behind = {channel.name: _behind(channel, now) for channel in app().business.channels.values()}
    for name, seconds in behind.items():
        measured("ChannelBehind", seconds, "Seconds", channel=name)
    return behind


def _behind(channel: config.Channel, now: datetime) -> int:
    since = [app().parks.oldest(channel.name, kind) for kind in channel.publishes]
    classes = channel.price_classes if "price" in channel.publishes else ()
    for name in classes:
        since += [p.since for p in app().pending.oldest(channel.name, name, 1, consistent=False)]
    waiting = [from_text(text) for text in since if text]
    return max(0, (now - min(waiting)) // timedelta(seconds=1)) if waiting else 0


def _exceptions(now: datetime) -> dict[str, Any]:
    """The list in figures; 0 for each class that has none: so alarms end. Half a read unit for some five groups."""
    business, store = app().business, app().exceptions
    currencies = sorted({business.currency, *(c.currency for c in business.price_classes.values())})
    figures = figures_of(store.standing(), store.ended(to_text(now - SPAN)), now, currencies)
    for name, one in figures.classes.items():
        measured_together(
            ("ExceptionsOpen", one.open, "Count"),
            ("ExceptionsOldest", one.oldest_s, "Seconds"),
            **{"class": name},
        )
    measured("ExceptionsOverdue", figures.overdue, "Count")
    if figures.resolved_s is not None:
        measured("TimeToResolve", figures.resolved_s, "Seconds")
    for currency, amount in figures.money.items():
        measured("MoneyHeldUp", amount, "None", currency=currency)
    return {
        "open": {name: one.open for name, one in figures.classes.items() if one.open},
        "overdue": figures.overdue,
        "money": dict(figures.money),
        "resolved_s": figures.resolved_s,
    }
