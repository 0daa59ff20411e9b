"""Every dead-letter queue → the exceptions list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.exceptions.dead_letters import refusal_of
from crossdock.exceptions.store import ExceptionsStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.queues import Record
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    exceptions_table: str
    stage: str


@dataclass(frozen=True, slots=True)
class App:
    exceptions: ExceptionsStore
    queue_prefix: str
    relays: dict[str, str]


@warm
def app() -> App:
    values = env.read(Env)
    exceptions = ExceptionsStore(Table(clients.dynamodb(), values.exceptions_table), system_clock)
    relays = {s.event_source: name for name, s in config.load().sources.items() if s.event_source}
    return App(exceptions, f"crossdock-{values.stage}-", relays)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    # A dead letter that is collected is not settled: its replay, if it was one, has just failed.
    return consume(event, context, collect, lambda _: None)


def collect(records: Sequence[Record]) -> Iterable[str]:
    """Puts each dead letter on the list."""
    refusals = [refusal_of(r, app().queue_prefix, app().relays) for r in records]
    app().exceptions.refuse(refusals)
    passed("collected", "dead letters", {r.correlation_id for r in refusals}, letters=len(refusals))
    return ()
