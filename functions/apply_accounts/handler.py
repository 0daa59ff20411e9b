"""Accounts queue (from the bus) → customers: golden records, cross-references, what somebody has to decide."""

import json
from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.contracts.accounts import AccountsReported
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.dirty import Marks
from crossdock.flows.account_reports import ROUTE, take_accounts
from crossdock.flows.bus_events import take
from crossdock.flows.customer_channels import channels_of_system
from crossdock.identity.reporting import Reporting
from crossdock.identity.use_cases import customer_use_cases
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.consuming import consume
from crossdock.platform.dynamo import Table
from crossdock.platform.facts import UNREADABLE, Came, counted
from crossdock.platform.logs import passed
from crossdock.platform.queues import Record, Sender
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    identity_table: str
    exceptions_table: str
    customer_queue_urls: str


@dataclass(frozen=True, slots=True)
class App:
    reporting: Reporting
    exceptions: ExceptionsStore
    queues: dict[str, Sender]
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client = env.read(Env), clients.dynamodb()
    business = config.load()
    urls: dict[str, str] = json.loads(values.customer_queue_urls)
    return App(
        customer_use_cases(
            Table(client, values.identity_table), business.ownership, business.customers, system_clock
        ).reporting,
        ExceptionsStore(Table(client, values.exceptions_table), system_clock),
        {name: Sender(clients.sqs(), url) for name, url in urls.items()},
        business,
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, counted("customers", system_clock, report), app().exceptions.settle)


def report(record: Record) -> Came:
    """Takes one `customers.accounts.reported.v1` event in."""
    refuse = app().exceptions.refuse
    taken = take(record, ROUTE, AccountsReported, refuse)
    if taken is None:
        return UNREADABLE
    at = to_text(system_clock())
    result = take_accounts(app().reporting, refuse, _tell_again, taken.data, taken.message, at)
    passed(
        "applied",
        "accounts",
        [taken.correlation_id],
        source=taken.data.source,
        changed=result.changed,
        unchanged=result.unchanged,
        echoes=result.echoes,
        reverted=result.reverted,
        refused=result.refused,
    )
    return Came(result.changed, result.refused, result.unchanged)


def _tell_again(system: str, customer: str, correlation_id: str) -> None:
    """Marks the customer for the system's channel, whatever the channel acknowledged last."""
    for channel in channels_of_system(app().business, system):
        marks = Marks(channel.name)
        marks.mark("customer", customer, [correlation_id], above=0)
        app().queues[channel.name].send(marks.messages())
