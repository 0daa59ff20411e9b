"""Listings queue (from the bus) → what systems hold of customers, beside what is believed; what drifted is healed."""

import json
from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.contracts.listings import AccountsListed
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.dirty import Marks
from crossdock.exchange.drift import Policy
from crossdock.exchange.listing_store import ListingStore
from crossdock.flows.account_listings import ROUTE, Comparing, Ports
from crossdock.flows.bus_events import take
from crossdock.flows.customer_channels import CUSTOMER, channels_of_system
from crossdock.flows.listing_judging import Judge, Judging, judge_of
from crossdock.identity.use_cases import customer_use_cases
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.consuming import consume, one_by_one
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.metrics import happened
from crossdock.platform.queues import Record, Sender, dumps
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    identity_table: str
    exchange_table: str
    exceptions_table: str
    customer_queue_urls: str
    listings_queue_url: str


@dataclass(frozen=True, slots=True)
class App:
    comparing: Comparing
    judging: Judging
    exceptions: ExceptionsStore
    channels: dict[str, Sender]
    again: Sender
    business: config.BusinessConfig


def _channel_of(system: str) -> str | None:
    """The first of the channels by which a system hears of customers."""
    return next((c.name for c in channels_of_system(app().business, system)), None)


def _tell_again(system: str, customer: str, correlation_id: str) -> None:
    """Marks the customer for the system's channels, whatever they acknowledged last."""
    for channel in channels_of_system(app().business, system):
        marks = Marks(channel.name)
        marks.mark(CUSTOMER, customer, [correlation_id], above=0)
        app().channels[channel.name].send(marks.messages())


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    urls: dict[str, str] = json.loads(values.customer_queue_urls)
    exceptions = ExceptionsStore(Table(client, values.exceptions_table), system_clock)
    identity = Table(client, values.identity_table)
    uses = customer_use_cases(identity, business.ownership, business.customers, system_clock)
    lists = ListingStore(Table(client, values.exchange_table), system_clock)
    ports = Ports(exceptions.refuse, _tell_again, _channel_of)
    settings = business.reconciliation
    policy = Policy(settings.settle_seconds, settings.sightings, settings.heal_cap)
    return App(
        Comparing(uses, lists, ports, settings.settle_seconds, system_clock),
        Judging(uses, lists, ports, policy, system_clock),
        exceptions,
        {name: Sender(clients.sqs(), url) for name, url in urls.items()},
        Sender(clients.sqs(), values.listings_queue_url),
        business,
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return consume(event, context, one_by_one(compare), app().exceptions.settle)


def compare(record: Record) -> None:
    """Compares a part of a list, or judges a list that is whole."""
    judge = judge_of(record.message)
    if judge is not None:
        _judge(judge)
        return
    taken = take(record, ROUTE, AccountsListed, app().exceptions.refuse)
    if taken is None:
        return
    counts, whole = app().comparing.part(taken.data, taken.message)
    source, listing = taken.data.source, taken.data.listing
    passed("compared", f"accounts of {source}", [taken.correlation_id], source=source, listing=listing, **counts)
    if whole:
        _send(Judge(source, listing, taken.correlation_id))


def _judge(judge: Judge) -> None:
    came = app().judging.judge(judge)
    if isinstance(came, Judge):
        _send(came)
    elif came is not None:
        about = f"customers with {judge.system}"
        happened(
            ("DriftFound", came["told_again"] + came["raised"], "Count"),
            ("DriftHealed", came["told_again"], "Count"),
            kind="customers",
        )
        passed("reconciled", about, [judge.correlation_id], source=judge.system, listing=judge.listing, **came)


def _send(judge: Judge) -> None:
    app().again.send([dumps(judge.document())])
