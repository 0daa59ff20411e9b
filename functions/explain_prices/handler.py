"""Invoked by the command line, never by an event: how a price that was told came about."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from crossdock import config
from crossdock.contracts.price_explaining import QuoteExplained
from crossdock.flows.quote_explaining import QuoteExplaining
from crossdock.flows.quote_today import Today
from crossdock.flows.quoting import Pricing
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.correlation import choose
from crossdock.platform.dynamo import Table
from crossdock.platform.problems import Problem, from_validation
from crossdock.platform.queues import dumps
from crossdock.platform.startup import warm
from crossdock.pricing.candidates import Candidates
from crossdock.pricing.ledger import Ledger
from crossdock.pricing.quote_store import QuoteStore


@dataclass(frozen=True, slots=True)
class Env:
    pricing_table: str


@dataclass(frozen=True, slots=True)
class App:
    quotes: QuoteExplaining


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    table = Table(client, values.pricing_table)
    candidates = Candidates(table, system_clock)
    today = Today(candidates, Pricing(candidates, business, system_clock), system_clock)
    return App(QuoteExplaining(QuoteStore(table), Ledger(table, system_clock), today, system_clock))


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """`{"action": "quote", …}` → the whole chain; a mistake of the operator's under `refused`. Changes nothing."""
    deadline.begin(context)
    correlation_id = choose(None)
    try:
        wanted = QuoteExplained.model_validate_json(dumps(event))
        return app().quotes.explain(wanted.quote, wanted.line, today=wanted.today)
    except ValidationError as exc:
        return {"refused": from_validation(exc).document(correlation_id)}
    except Problem as problem:
        return {"refused": problem.document(correlation_id)}
