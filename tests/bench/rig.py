"""The place measured in: an engine of our own, our tables and queues, and the handlers called in this process."""

from __future__ import annotations

import base64
import gc
import importlib
import json
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from crossdock.config.compile import compile_file
from crossdock.platform.secrets import Secrets
from crossdock_cli.local.paths import checkout
from crossdock_cli.local.state import REGION
from tests.bench.meter import Count, Meter, billed_chunks
from tests.bench.streams import Stream
from tests.support.engine import bare_engine, start_afresh
from tests.support.tables import STAGE, create_table_request, table_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import ModuleType

    from crossdock_cli.target import Target

ROOT: Final = checkout()
SIGNING_SECRET: Final = "whsec_" + base64.b64encode(b"only for measuring, 32 bytes long").decode()
WAREHOUSES: Final = ("MAIN", "NORTH")
CHANNELS: Final = ("webshop", "marketplace")
PARTNER: Final = "bench"
MESSAGES_PER_INVOCATION: Final = 10
_SECRETS_KEPT_S: Final = 3600
_ACCOUNT: Final = f"arn:aws:sqs:{REGION}:000000000000:"


@dataclass(slots=True)
class _Channel:
    """An endpoint that takes everything."""

    url: str
    posts: int = 0


class Rig:
    """Invokes handlers and counts what they ask for."""

    def __init__(self, target: Target, channel: _Channel) -> None:
        self.target = target
        self.meter = Meter(target.dynamodb)
        self._channel = channel

    # -- calling handlers --------------------------------------------------------------------------------------

    def module(self, function: str) -> ModuleType:
        """The handler module of a folder under functions/."""
        return importlib.import_module(f"functions.{function}.handler")

    def restart(self, function: str, **environment: str) -> None:
        """Forgets what the function built, as a new execution environment does, and changes its environment."""
        os.environ.update(environment)
        for built in vars(self.module(function)).values():
            if hasattr(built, "cache_clear") and getattr(built, "__module__", "") == self.module(function).__name__:
                built.cache_clear()

    def keep_secrets(self, function: str) -> None:
        """Lets the function read each secret once, so that counts do not depend on how long measuring takes."""
        self.module(function).app()
        for kept in (one for one in gc.get_objects() if isinstance(one, Secrets)):
            kept._max_age = _SECRETS_KEPT_S

    def invoke(self, function: str, event: dict[str, Any]) -> tuple[Any, Count]:
        """One invocation: what it answered, and what it asked for."""
        handler = self.module(function).handler
        posts = self._channel.posts
        with self.meter.measure() as count:
            answer = handler(event, None)
        count.invocations = 1
        count.posts = self._channel.posts - posts
        return answer, count

    def call(self, function: str, event: dict[str, Any], status: int) -> Count:
        """One API call that must be answered with this status."""
        answer, count = self.invoke(function, event)
        if answer["statusCode"] != status:
            raise RuntimeError(f"{function} answered {answer['statusCode']}: {answer['body']}")
        return count

    def consume(self, function: str, queue: str, bodies: Sequence[str]) -> Count:
        """Feeds messages as the Lambda service does, ten to an invocation; receiving and deleting are counted too."""
        total = Count()
        for start in range(0, len(bodies), MESSAGES_PER_INVOCATION):
            part = bodies[start : start + MESSAGES_PER_INVOCATION]
            answer, count = self.invoke(function, sqs_event(queue, part))
            if answer["batchItemFailures"]:
                raise RuntimeError(f"{function} gave messages back: {answer}")
            count.received_units = billed_chunks(sum(len(b.encode()) for b in part))
            count.deleted_units = 1
            total.add(count)
        return total

    def follow(self, function: str, records: Sequence[dict[str, Any]], batch: int) -> Count:
        """Feeds stream records in batches; reading a stream is free for Lambda."""
        total = Count()
        for start in range(0, len(records), batch):
            _, count = self.invoke(function, {"Records": list(records[start : start + batch])})
            total.add(count)
        return total

    # -- tables ------------------------------------------------------------------------------------------------

    def new_table(self, like: str, label: str) -> str:
        """An empty table with the layout of one of ours, under a name of its own."""
        request = create_table_request(like)
        request["TableName"] = f"{request['TableName']}-{label}"
        self.target.dynamodb.create_table(**request)
        return str(request["TableName"])

    def stream(self, table: str) -> list[dict[str, Any]]:
        """Everything on a table's stream, oldest first."""
        return Stream(self.target, table).read()


def sqs_event(queue: str, bodies: Iterable[str]) -> dict[str, Any]:
    """An event as the Lambda service builds it from messages."""
    return {
        "Records": [
            {
                "messageId": f"m{n}",
                "receiptHandle": f"r{n}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"{_ACCOUNT}crossdock-{STAGE}-{queue}",
            }
            for n, body in enumerate(bodies)
        ]
    }


def api_event(body: bytes, *, headers: dict[str, str] | None = None, route: str = "", **path: str) -> dict[str, Any]:
    """An event as API Gateway builds it: body in base64, the partner as the authorizer found it.

    `route` is method and resource: `POST /v1/availability`.
    """
    method, _, resource = route.partition(" ")
    return {
        "httpMethod": method,
        "resource": resource,
        "headers": headers or {},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
        "pathParameters": path,
        "queryStringParameters": None,
        "requestContext": {
            "authorizer": {
                "partner": PARTNER,
                "scopes": "inventory:read inventory:write reservations:read reservations:write",
                "sources": "wms",
                "channels": " ".join(CHANNELS),
            }
        },
    }


@contextmanager
def rig(home: Path) -> Iterator[Rig]:
    """An engine with our tables, queues, bus and secrets, and the environment the handlers expect."""
    with bare_engine(home / "engine") as target, _channel() as channel:
        start_afresh(target)
        target.events.create_event_bus(Name=target.event_bus)
        for kind, names in {"sources": ("wms", "erp"), "channels": CHANNELS}.items():
            document = json.dumps({"url": channel.url, "signing_secrets": [SIGNING_SECRET]})
            for name in names:
                target.secrets.create_secret(Name=target.secret_name(kind, name), SecretString=document)
        yield attached(target, home, channel)


def attached(target: Target, home: Path, channel: _Channel | None = None) -> Rig:
    """The handlers on an engine that runs already and has our tables: their environment, their clients watched."""
    business = home / "business.json"
    business.write_text(json.dumps(_two_warehouses(compile_file(ROOT / "config" / "demo.toml"))))
    os.environ.update(_environment(target, business))
    return Rig(target, channel or _Channel(""))


def _two_warehouses(document: dict[str, Any]) -> dict[str, Any]:
    """The demo's configuration with a second warehouse that the web shop sells from too."""
    document["warehouses"][WAREHOUSES[1]] = document["warehouses"][WAREHOUSES[0]]
    document["channels"][CHANNELS[0]]["warehouses"] = list(WAREHOUSES)
    return document


def _environment(target: Target, business: Path) -> dict[str, str]:
    assert target.state is not None
    queues = ("movements", "webhooks", "expiries", "reservations", "price-cells", *_channel_queues())
    urls = {q: target.sqs.create_queue(QueueName=target.name(q))["QueueUrl"] for q in queues}
    return {
        **LAMBDA_LIKE,
        "AWS_ENDPOINT_URL": target.state.endpoint,
        "NO_PROXY": "127.0.0.1,localhost",
        "CROSSDOCK_CONFIG": str(business),
        "MOVEMENTS_QUEUE_URL": urls["movements"],
        "WEBHOOKS_QUEUE_URL": urls["webhooks"],
        "BODIES_BUCKET": f"crossdock-{STAGE}-bodies",
        "EXPIRIES_QUEUE_URL": urls["expiries"],
        "RESERVATIONS_QUEUE_URL": urls["reservations"],
        "PRICE_CELLS_QUEUE_URL": urls["price-cells"],
        "CHANNEL_QUEUE_URLS": json.dumps({c: urls[f"channel-{c}"] for c in CHANNELS}),
    }


def _channel_queues() -> list[str]:
    return [f"channel-{c}" for c in CHANNELS]


LAMBDA_LIKE: Final = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",  # the engine's, worth nothing
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "STAGE": STAGE,
    "LOG_LEVEL": "INFO",
    "POWERTOOLS_SERVICE_NAME": "apply_movements",
    "POWERTOOLS_METRICS_NAMESPACE": "crossdock",
    "EVENT_BUS_NAME": f"crossdock-{STAGE}",
    "SOURCE_SECRET_PREFIX": f"crossdock/{STAGE}/sources/",
    "CHANNEL_SECRET_PREFIX": f"crossdock/{STAGE}/channels/",
    "QUOTE_SECRET_PREFIX": f"crossdock/{STAGE}/quotes/",
    "CURSOR_SECRET_PREFIX": f"crossdock/{STAGE}/cursors/",
    "TOKEN_ISSUER": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_bench",
    "PRICE_CELLS_QUEUE_ARN": f"{_ACCOUNT}crossdock-{STAGE}-price-cells",
    "PRICE_SCHEDULE_GROUP": f"crossdock-{STAGE}-price-windows",
    "PRICE_SCHEDULE_ROLE_ARN": "arn:aws:iam::000000000000:role/opener",
    **{f"{t.upper()}_TABLE": table_name(t) for t in ("inventory", "pricing", "identity", "exchange", "exceptions")},
}
"""The environment of every function at once; queue addresses and the endpoint are added when there is an engine."""


@contextmanager
def _channel() -> Iterator[_Channel]:
    channel = _Channel("")

    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            channel.posts += 1
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Says nothing: the report is all that is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    channel.url = f"http://127.0.0.1:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield channel
    finally:
        server.shutdown()
        server.server_close()
