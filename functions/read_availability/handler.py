"""What is there and what may be promised: of one item, of a list of items, and by date.

GET  /v1/items/{sku}/availability · POST /v1/availability · GET /v1/items/{sku}/atp
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from crossdock import config
from crossdock.contracts.names import SKU
from crossdock.flows.asking import about_many, about_one, wants_supply
from crossdock.flows.stock_answers import StockAnswers
from crossdock.identity.items import Items
from crossdock.inventory.standing_store import StandingStore
from crossdock.inventory.supply_store import SupplyStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import FieldError, Problem
from crossdock.platform.startup import warm

# 500 items with names of 64 letters, quantities and selectors.
_BODY_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Env:
    inventory_table: str
    identity_table: str


@dataclass(frozen=True, slots=True)
class App:
    stock: StockAnswers
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    inventory = Table(client, values.inventory_table)
    stock = StockAnswers(
        standings=StandingStore(inventory),
        supplies=SupplyStore(inventory, system_clock),
        profiles=Items(Table(client, values.identity_table)).profiles,
        warehouses=tuple(business.warehouses),
    )
    return App(stock, business)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, read, max_body_bytes=_BODY_BYTES)


def read(request: Request) -> Response:
    """200 with a strong ETag, so that who has the answer already may be told so (304)."""
    request.caller().require("inventory:read")
    if request.route == "POST /v1/availability":
        return _many(request)
    if request.route == "GET /v1/items/{sku}/atp":
        return _by_date(request)
    return _availability(request)


def _availability(request: Request) -> Response:
    sku = _sku(request)
    question = about_one(request.query, app().business, request.caller(), system_clock(), "expected")
    # What is no name of ours is not looked up: a key ends at 2 KB, and then the store would seem to be down.
    with_supply = wants_supply(request.query)
    found = app().stock.availability(sku, question, with_supply=with_supply) if re.fullmatch(SKU, sku) else None
    return _answer(request, "availability", sku, found)


def _by_date(request: Request) -> Response:
    sku = _sku(request)
    question = about_one(request.query, app().business, request.caller(), system_clock())
    found = app().stock.by_date(sku, question) if re.fullmatch(SKU, sku) else None
    return _answer(request, "availability by date", sku, found)


def _many(request: Request) -> Response:
    asked = about_many(request.body, app().business, request.caller(), system_clock())
    found = app().stock.many(asked)
    unknown = sum("error" in document for document in found)
    passed("read", "availability", [request.correlation_id], items=len(found), unknown=unknown)
    return Response(200, {"items": found}, revalidate=True)


def _sku(request: Request) -> str:
    return unquote(request.path.get("sku", ""))


def _answer(request: Request, what: str, sku: str, found: dict[str, Any] | None) -> Response:
    """The document, or a 404 problem when nothing was ever recorded of the item."""
    passed("read", what, [request.correlation_id], sku=sku[:80], found=found is not None)
    if found is None:
        raise Problem(
            404,
            "no-stock-record",
            f"Nothing was ever recorded of the item {sku[:80]!r}.",
            [FieldError("sku", "unknown", "use our item code, not your own; an item appears with its first movement")],
        )
    return Response(200, found, revalidate=True)
