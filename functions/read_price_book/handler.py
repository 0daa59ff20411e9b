"""GET /v1/price-books/{class}: a price class's whole book, a page at a time, as JSON or as JSON lines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crossdock import config
from crossdock.flows.price_books import asked_limit, path_of, readable
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.cursors import Cursors
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm
from crossdock.pricing.books import Books, Page

_LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Env:
    pricing_table: str
    cursor_secret_prefix: str


@dataclass(frozen=True, slots=True)
class App:
    books: Books
    cursors: Cursors
    business: config.BusinessConfig


@warm
def app() -> App:
    values = env.read(Env)
    cursors = Cursors(Secrets(clients.secrets(), values.cursor_secret_prefix))
    return App(Books(Table(clients.dynamodb(), values.pricing_table)), cursors, config.load())


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, read, max_body_bytes=0)


def read(request: Request) -> Response:
    """200 with a page and a strong ETag over it; `next` is the address of the page behind it, and so is `Link`."""
    partner = request.caller()
    partner.require("prices:read")
    known = readable(request.path.get("class", ""), partner, app().business)
    path, limit = path_of(known.name), asked_limit(request.query)
    page = app().books.page(known.name, app().cursors.place(request, path), limit, system_clock())
    passed("read", "price book", [request.correlation_id], price_class=known.name, items=len(page.entries))
    following = app().cursors.following(request, path, page.next)
    headers = {"Link": f'<{following}>; rel="next"'} if following else {}
    if _LINES in request.headers.get("accept", ""):
        return _as_lines(page, headers)
    document = {
        "class": known.name,
        "currency": known.currency,
        "items": list(page.entries),
        "next": following,
        "changes_at": page.changes_at,
    }
    return Response(200, document, headers, revalidate=True)


def _as_lines(page: Page, headers: Mapping[str, str]) -> Response:
    text = "".join(json.dumps(e, separators=(",", ":"), ensure_ascii=False) + "\n" for e in page.entries)
    return Response(200, headers={**headers, "Content-Type": _LINES}, text=text)
