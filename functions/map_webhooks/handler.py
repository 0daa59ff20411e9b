"""Webhooks queue → what a kept delivery says, sent on: for large ones, and for those whose mapping failed at first."""

from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.inbox import Inbox
from crossdock.flows.forwarding import Forwarding
from crossdock.flows.mapping_deliveries import DeliveryMapper
from crossdock.platform import clients, deadline, env
from crossdock.platform.bus import Bus
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume, one_by_one
from crossdock.platform.dynamo import Table
from crossdock.platform.objects import Bucket
from crossdock.platform.queues import Sender
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    bodies_bucket: str
    event_bus_name: str
    exceptions_table: str
    exchange_table: str
    movements_queue_url: str


@dataclass(frozen=True, slots=True)
class App:
    mapper: DeliveryMapper
    exceptions: ExceptionsStore


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    exceptions = ExceptionsStore(Table(client, values.exceptions_table), system_clock)
    mapper = DeliveryMapper(
        business=config.load(),
        inbox=Inbox(Table(client, values.exchange_table), system_clock, Bucket(clients.s3, values.bodies_bucket)),
        forwarding=Forwarding(
            Sender(clients.sqs(), values.movements_queue_url),
            Bus(clients.events(), values.event_bus_name),
            system_clock,
        ),
        refuse=exceptions.refuse,
    )
    return App(mapper, exceptions)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, one_by_one(app().mapper.map), app().exceptions.settle)
