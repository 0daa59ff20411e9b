"""GET /v1/deliveries: what the partner's channels were told, item by item, and what became of it."""

from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.exchange.deliveries import Deliveries
from crossdock.exchange.shadow import ShadowStore
from crossdock.flows.delivery_answers import PATH, SCOPE, asked, document
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.cursors import Cursors
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm


@dataclass(frozen=True, slots=True)
class Env:
    exchange_table: str
    cursor_secret_prefix: str


@dataclass(frozen=True, slots=True)
class App:
    deliveries: Deliveries
    cursors: Cursors
    business: config.BusinessConfig


@warm
def app() -> App:
    values = env.read(Env)
    table = Table(clients.dynamodb(), values.exchange_table)
    cursors = Cursors(Secrets(clients.secrets(), values.cursor_secret_prefix))
    return App(Deliveries(table, ShadowStore(table, system_clock)), cursors, config.load())


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, read, max_body_bytes=0)


def read(request: Request) -> Response:
    """200 with a page; `next` and `Link` are the address of the page behind it. Only the partner's channels."""
    partner = request.caller()
    partner.require(SCOPE)
    wanted = asked(request.query, partner, app().business)
    if wanted.item is not None:
        found = [d for key in wanted.keys(app().business) for d in app().deliveries.of_item(wanted.views, key)]
        told, following = [d for d in found if wanted.state in {None, d.progress}], None
    else:
        place = app().cursors.place(request, PATH)
        page = app().deliveries.page(wanted.views, wanted.state, wanted.limit, place)
        told, following = list(page.deliveries), app().cursors.following(request, PATH, page.next)
    passed("read", "deliveries", [request.correlation_id], partner=partner.name, items=len(told))
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    return Response(200, {"deliveries": [document(d) for d in told], "next": following}, headers)
