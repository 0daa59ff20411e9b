"""Invoked by the command line, never by an event: how a price that was told came about."""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from crossdock import config
from crossdock.contracts.price_explaining import ItemExplained, QuoteExplained
from crossdock.exceptions.store import ExceptionsStore
from crossdock.exchange.pending import PendingStore
from crossdock.exchange.shadow import ShadowStore
from crossdock.flows.cell_explaining import CellExplaining, Stores
from crossdock.flows.quote_explaining import QuoteExplaining
from crossdock.flows.quote_today import Today
from crossdock.flows.quoting import Pricing
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.correlation import choose
from crossdock.platform.dynamo import Table
from crossdock.platform.problems import FieldError, Problem, from_validation
from crossdock.platform.queues import dumps
from crossdock.platform.startup import warm
from crossdock.pricing.candidates import Candidates
from crossdock.pricing.cell_store import CellStore
from crossdock.pricing.ledger import Ledger
from crossdock.pricing.quote_store import QuoteStore

_Wanted = QuoteExplained | ItemExplained
_READ: TypeAdapter[_Wanted] = TypeAdapter(_Wanted)
# A function's answer ends at 6 MB, and letters beyond ASCII take more bytes than here.
_MOST_BYTES: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Env:
    pricing_table: str
    exchange_table: str
    exceptions_table: str


@dataclass(frozen=True, slots=True)
class App:
    quotes: QuoteExplaining
    cells: CellExplaining


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    table, exchange = Table(client, values.pricing_table), Table(client, values.exchange_table)
    candidates, ledger = Candidates(table, system_clock), Ledger(table, system_clock)
    today = Today(candidates, Pricing(candidates, business, system_clock), system_clock)
    stores = Stores(
        CellStore(table),
        ShadowStore(exchange, system_clock),
        PendingStore(exchange),
        ExceptionsStore(Table(client, values.exceptions_table), system_clock),
        ledger,
    )
    return App(
        QuoteExplaining(QuoteStore(table), ledger, today, system_clock),
        CellExplaining(business, stores, candidates, system_clock),
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """`{"action": "quote" | "item", …}` → the whole chain; a mistake of the operator's under `refused`.

    Changes nothing.
    """
    deadline.begin(context)
    correlation_id = choose(None)
    try:
        wanted = _READ.validate_json(dumps(event))
        return _explain(wanted)
    except ValidationError as exc:
        return {"refused": from_validation(exc).document(correlation_id)}
    except Problem as problem:
        return {"refused": problem.document(correlation_id)}


def _explain(wanted: _Wanted) -> dict[str, Any]:
    if isinstance(wanted, ItemExplained):
        return app().cells.explain(wanted.channel, wanted.key)
    document = app().quotes.explain(wanted.quote, wanted.line, today=wanted.today)
    if len(dumps(document)) > _MOST_BYTES:
        remedy = "name one of its lines: --line"
        problem = f"what there is to say of {len(document['lines'])} lines is too long for one answer"
        raise Problem(413, "too-long", problem, [FieldError("line", "missing", remedy)])
    return document
