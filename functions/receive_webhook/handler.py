"""POST /webhooks/{source}: proves a delivery's origin, keeps it, and sends it on, before the 2xx."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from crossdock import config
from crossdock.exchange.inbox import Inbox
from crossdock.exchange.schemes import Incoming
from crossdock.flows.forwarding import Forwarding
from crossdock.flows.receiving import Receiving
from crossdock.platform import clients, deadline, env
from crossdock.platform.bus import Bus
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.objects import Bucket
from crossdock.platform.queues import Sender
from crossdock.platform.secrets import Secrets
from crossdock.platform.startup import warm

# A handshake's token is echoed: nobody may take it for a page.
_AS_IT_IS = {"X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Env:
    bodies_bucket: str
    exchange_table: str
    movements_queue_url: str
    webhooks_queue_url: str
    event_bus_name: str
    source_secret_prefix: str
    stage: str


@warm
def app() -> Receiving:
    values = env.read(Env)
    secrets = Secrets(clients.secrets(), values.source_secret_prefix, max_age=2 if values.stage == "local" else 60)
    return Receiving(
        business=config.load(),
        inbox=Inbox(
            Table(clients.dynamodb(), values.exchange_table), system_clock, Bucket(clients.s3, values.bodies_bucket)
        ),
        forwarding=Forwarding(
            Sender(clients.sqs(), values.movements_queue_url),
            Bus(clients.events(), values.event_bus_name),
            system_clock,
        ),
        deferred=Sender(clients.sqs(), values.webhooks_queue_url),
        secrets=lambda name, max_age: secrets.get(name, f"run: crossdock sources rotate {name}", max_age)[
            "signing_secrets"
        ],
        clock=system_clock,
    )


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(
        event, context, lambda request: accept(request, event), max_body_bytes=app().business.limits.webhook_bytes
    )


def accept(request: Request, event: Mapping[str, Any]) -> Response:
    """What the source's vendor wants to hear, after the inbox write and what follows it."""
    incoming = Incoming.of(str(event.get("httpMethod", "")), _url(event), _headers(event), request.body)
    reply = app().receive(request.path.get("source", ""), incoming, request.correlation_id)
    if reply.document is not None:
        return Response(reply.status, reply.document)
    return Response(reply.status, text=reply.text, headers={"Content-Type": reply.content_type, **_AS_IT_IS})


def _headers(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every value of every header: one that came twice must not be taken for one."""
    several = event.get("multiValueHeaders") or {}
    for name, values in several.items():
        yield from ((name, value) for value in values or () if value is not None)
    for name, value in (event.get("headers") or {}).items():
        if name not in several and value is not None:
            yield name, value


def _url(event: Mapping[str, Any]) -> str:
    """The address that was called. The gateway gives the query decoded, so it is encoded as most senders do."""
    context = event.get("requestContext") or {}
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    host = headers.get("host") or context.get("domainName") or ""
    path = context.get("path") or event.get("path") or ""
    several = event.get("multiValueQueryStringParameters") or {}
    single = {n: [v] for n, v in (event.get("queryStringParameters") or {}).items() if n not in several}
    pairs = [(n, v) for n, vs in {**several, **single}.items() for v in vs or ()]
    query = urlencode(pairs, quote_via=quote, safe="", errors="surrogatepass")
    return f"{headers.get('x-forwarded-proto') or 'https'}://{host}{path}{'?' + query if query else ''}"
