"""On a schedule: which channels are down and what is parked for them; goes on with draining whose message was lost."""

import json
from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.exchange.breaker import Rules
from crossdock.exchange.health_store import HealthStore
from crossdock.exchange.park_store import ParkStore
from crossdock.flows.draining import Chain, Kept
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.correlation import choose
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.metrics import measured
from crossdock.platform.queues import Sender
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    exchange_table: str
    channel_queue_urls: str


@dataclass(frozen=True, slots=True)
class App:
    health: HealthStore
    parks: ParkStore
    queues: dict[str, Sender]
    business: config.BusinessConfig


@warm
def app() -> App:
    values = env.read(Env)
    exchange = Table(clients.dynamodb(), values.exchange_table)
    queues = {name: Sender(clients.sqs(), url) for name, url in json.loads(values.channel_queue_urls).items()}
    return App(HealthStore(exchange), ParkStore(exchange, system_clock), queues, config.load())


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """A metric for each channel says whether its breaker is open; the answer says what was found."""
    deadline.begin(context)
    correlation_id = choose(event.get("correlation_id"))
    found = {channel.name: _look(channel) for channel in app().business.channels.values()}
    down = sorted(name for name, one in found.items() if one["state"] == "open")
    revived = sorted(name for name, one in found.items() if one["revived"])
    passed("watched", "channels", [correlation_id], down=down, revived=revived)
    return {"correlation_id": correlation_id, "channels": found}


def _look(channel: config.Channel) -> dict[str, Any]:
    limits = channel.limits
    rules = Rules(limits.opens_after, rate=limits.requests_per_second, burst=limits.burst)
    queue = app().queues[channel.name]
    kept = Kept(app().health, app().parks, lambda body, seconds: queue.send_later([(body, seconds)]), system_clock)
    chain = Chain(channel.name, channel.publishes, rules, kept)
    revived = chain.revive()
    measured("ChannelOpen", int(chain.health.state == "open"), "Count", channel=channel.name)
    return {"state": chain.health.state, "revived": revived}
