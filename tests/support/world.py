"""The functions in this process, on the emulator: their environment, their events, and all that they have stored.

Handlers are called as Lambda calls them. Time stands still unless a test moves it, so that what is stored can be
compared to the last character.
"""

from __future__ import annotations

import base64
import importlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from crossdock.config import compile as config_compile
from crossdock.exchange import signatures
from crossdock.identity.references import Reference, References
from crossdock.inventory.store import InventoryStore
from crossdock.platform import clients, deadline
from crossdock.platform.bus import Bus
from crossdock.platform.dynamo import Item, Table, from_item
from crossdock.platform.queues import dumps
from crossdock.pricing.store import PricingStore
from tests.support import calls, conformance
from tests.support.engine import made
from tests.support.replays import Exceptions
from tests.support.tables import BESIDE, TABLES, create_tables, table_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pytest

    from crossdock.contracts.events import Event
    from crossdock_cli.target import Target

NOW: Final = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
NOW_TEXT: Final = "2026-11-21T08:00:00.000Z"
CORRELATION: Final = "cd-00000000test"
BODIES: Final = "crossdock-local-bodies"
TOKEN_ISSUER: Final = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_none"
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
QUEUES: Final = (
    "movements",
    "webhooks",
    "prices",
    "price-customers",
    "counts",
    "references",
    "supply",
    "reservations",
    "expiries",
    "price-cells",
    "accounts",
    "listings",
    "channel-webshop",
    "channel-marketplace",
    "channel-crm",
    "channel-erp",
)
FUNCTIONS: Final = (
    "announce_changes",
    "announce_customers",
    "apply_accounts",
    "compare_accounts",
    "apply_counts",
    "apply_movements",
    "apply_price_changes",
    "apply_price_customers",
    "apply_references",
    "apply_reservations",
    "apply_supply",
    "authorize_partner",
    "balance_hot_items",
    "change_customers",
    "change_price_rules",
    "change_reservation",
    "check_orders",
    "check_prices",
    "collect_dead_letters",
    "deliver_to_channel",
    "describe_api",
    "expire_reservations",
    "explain_prices",
    "digest_shadows",
    "import_price_rules",
    "list_deliveries",
    "map_webhooks",
    "measure_business",
    "project_balances",
    "quote_prices",
    "publish_prices",
    "read_availability",
    "read_customers",
    "read_price_book",
    "receive_movements",
    "receive_supply",
    "receive_webhook",
    "reconcile_channel",
    "reconcile_stock",
    "reserve_stock",
    "set_allocations",
    "show_exceptions",
    "spread_price_changes",
    "watch_channels",
    "watch_prices",
)
_clients_of: Final[list[str]] = []  # the emulator that the cached clients talk to
_streams_of: Final[dict[str, Any]] = {}
ALL_SCOPES: Final = "inventory:read inventory:write reservations:read reservations:write"


@dataclass
class Context:
    """A Lambda context with some time left."""

    remaining_ms: int = 25_000
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@dataclass
class World:
    """One emptied emulator with our tables, queues, bus and secrets, and the handlers pointed at it."""

    target: Target
    patch: pytest.MonkeyPatch
    now: datetime = NOW
    urls: dict[str, str] = field(default_factory=dict)

    # -- the functions -----------------------------------------------------------------------------------------

    def call(self, function: str, event: Mapping[str, Any], context: Context | None = None) -> Any:
        """What the function's handler gives back for an event; an answer of the API has to be as its document says."""
        with calls.of(function):
            answer = importlib.import_module(f"functions.{function}.handler").handler(dict(event), context)
        conformance.check(function, event, answer)
        return answer

    def __post_init__(self) -> None:
        assert self.target.state is not None
        if _clients_of and _clients_of[0] != self.target.state.endpoint:
            clients._client.cache_clear()
            clients._session.cache_clear()
        _clients_of[:] = [self.target.state.endpoint]

    def clock(self) -> datetime:
        return self.now

    def back_to(self, now: datetime) -> None:
        """Makes it the time that it was, and forgets what stores remember."""
        self.now = now
        for name in ("inventory", "pricing", "exceptions"):
            self.__dict__.pop(name, None)
        self.forget_warm_state()

    def forget_warm_state(self) -> None:
        """What a cold start would not have: built objects, cached secrets and references.

        Clients are kept as long as the emulator is the same: reading the SDK's models takes longer than most tests.
        """
        deadline.begin(None)
        for function in FUNCTIONS:
            module = importlib.import_module(f"functions.{function}.handler")
            for name in ("app", "store", "partners"):
                if built := getattr(module, name, None):
                    built.cache_clear()

    # -- stores, as the handlers build them --------------------------------------------------------------------

    def table(self, name: str) -> Table:
        return Table(self.target.dynamodb, table_name(name))

    @cached_property
    def inventory(self) -> InventoryStore:
        return InventoryStore(self.table("inventory"), self.clock)

    @cached_property
    def pricing(self) -> PricingStore:
        return PricingStore(self.table("pricing"), self.clock)

    @cached_property
    def exceptions(self) -> Exceptions:
        return Exceptions(self.table("exceptions"), self.clock)

    def knows(self, *triples: tuple[str, str, str]) -> None:
        """Declares (system, code, sku) cross-references."""
        _, conflicts = References(self.table("identity")).declare([Reference(*t) for t in triples])
        assert not conflicts

    # -- what is stored and sent -------------------------------------------------------------------------------

    def rows(self, table: str) -> list[Item]:
        """Every item of a table as plain values, in the order of its keys.

        But for when a warehouse moved last: that is a mark which a death may lose, and has tests of its own.
        """
        found: list[Item] = []
        for page in self.target.dynamodb.get_paginator("scan").paginate(TableName=table_name(table)):
            found += [from_item(raw) for raw in page["Items"]]
        return sorted((r for r in found if not r["pk"].startswith("RHYTHM#")), key=lambda r: (r["pk"], r["sk"]))

    def dump(self) -> dict[str, list[Item]]:
        """Everything in all tables, but for what partners used of their shares."""
        return {table: self.rows(table) for table in TABLES if table not in BESIDE}

    def row(self, table: str, pk: str, sk: str) -> Item | None:
        return self.table(table).get((pk, sk), consistent=True)

    def take(self, queue: str) -> list[Any]:
        """Takes every visible message from a queue: its JSON documents."""
        return [json.loads(m["Body"]) for m in self._receive(queue, delete=True)]

    def _receive(self, queue: str, *, delete: bool) -> list[Any]:
        found: list[Any] = []
        while True:
            answer = self.target.sqs.receive_message(
                QueueUrl=self.urls[queue], MaxNumberOfMessages=10, WaitTimeSeconds=0, AttributeNames=["All"]
            )
            messages = answer.get("Messages", [])
            if not messages:
                return found
            found += messages
            if delete:
                for message in messages:
                    self.target.sqs.delete_message(QueueUrl=self.urls[queue], ReceiptHandle=message["ReceiptHandle"])

    # -- events ------------------------------------------------------------------------------------------------

    def queue_event(self, queue: str, messages: Iterable[Any], received: int = 1) -> dict[str, Any]:
        """An SQS event of documents (or of texts as they are)."""
        return {"Records": [sqs_record(queue, m, n, received) for n, m in enumerate(messages)]}

    def received_event(self, queue: str) -> dict[str, Any]:
        """An SQS event of the messages that are on a queue now, which stay there in flight."""
        return {
            "Records": [
                sqs_record(queue, m["Body"], 0) | {"messageId": m["MessageId"], "receiptHandle": m["ReceiptHandle"]}
                for m in self._receive(queue, delete=False)
            ]
        }

    @cached_property
    def _streams(self) -> Any:
        endpoint = self.target.options["endpoint_url"]
        if endpoint not in _streams_of:
            _streams_of[endpoint] = self.target.session.client("dynamodbstreams", **self.target.options)
        return _streams_of[endpoint]

    def stream(self, table: str) -> list[dict[str, Any]]:
        """All records of a table's stream since it was created, in order."""
        client = self._streams
        described = self.target.dynamodb.describe_table(TableName=table_name(table))
        arn = described["Table"]["LatestStreamArn"]
        found: list[dict[str, Any]] = []
        for shard in client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            at = client.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
            iterator = at["ShardIterator"]
            while iterator:
                answer = client.get_records(ShardIterator=iterator)
                found += [dict(r) for r in answer["Records"]]
                iterator = answer.get("NextShardIterator", "") if answer["Records"] else ""
        return found

    def project(self) -> None:
        """Lets the whole inventory stream be projected (again, as far as it was before)."""
        self.call("project_balances", {"Records": self.stream("inventory")})

    def balance(self, sku: str, warehouse: str = "MAIN") -> int | None:
        row = self.row("inventory", f"T#{sku}", f"A#{warehouse}")
        return None if row is None else int(row["oh"])


def sqs_record(queue: str, message: Any, number: int = 0, received: int = 1) -> dict[str, Any]:
    """One record of an SQS event; a text stands for itself, everything else for its JSON."""
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": message if isinstance(message, str) else json.dumps(message),
        "attributes": {"ApproximateReceiveCount": str(received)},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:crossdock-local-{queue}",
    }


def movement(id_: str, quantity: int | str = 5, /, **fields: Any) -> dict[str, Any]:
    """A movement as a source sends it: a receipt of A1 into MAIN unless told otherwise."""
    return {
        "id": id_,
        "item": "A1",
        "warehouse": "MAIN",
        "type": "receipt",
        "quantity": quantity,
        "occurred_at": "2026-11-21T07:00:00Z",
        **fields,
    }


def movements_message(*movements: Any, source: str = "wms", **fields: Any) -> dict[str, Any]:
    """A message of the movements queue."""
    return {
        "v": 1,
        "kind": "movements",
        "source": source,
        "correlation_id": CORRELATION,
        "movements": list(movements),
        "replay": None,
        **fields,
    }


def bus_event(event_type: str, data: Mapping[str, Any], source: str, **fields: Any) -> dict[str, Any]:
    """A canonical event as the domain queues get it from the bus."""
    return {
        "specversion": "1.0",
        "id": f"{source}:d1",
        "source": f"crossdock/{source}",
        "type": event_type,
        "subject": "test/test",
        "time": NOW_TEXT,
        "datacontenttype": "application/json",
        "correlationid": CORRELATION,
        "causationid": f"{source}:d1",
        "sourcesystem": source,
        "dedupekey": f"{source}:d1",
        "data": dict(data),
        **fields,
    }


def price(rule: str, version: int, unit_price: str = "2.55", /, **fields: Any) -> dict[str, Any]:
    """A price rule as the ERP sends it."""
    return {
        "rule_id": rule,
        "version": version,
        "item": "E1",
        "currency": "GBP",
        "tiers": [{"min_quantity": 1, "unit_price": unit_price}],
        "valid_from": "2026-01-01T00:00:00Z",
        **fields,
    }


def prices_event(*prices: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return bus_event("pricing.rules.changed.v1", {"source": "erp", "prices": list(prices)}, "erp", **fields)


def counts_event(counts: Mapping[str, int | str], position: int = 10, **fields: Any) -> dict[str, Any]:
    report = {
        "warehouse": "MAIN",
        "position": position,
        "counted_at": "2026-11-21T07:30:00Z",
        "counts": [{"item": item, "quantity": q} for item, q in counts.items()],
        **fields,
    }
    return bus_event("inventory.counts.reported.v1", {"source": "wms", "report": report}, "wms")


def references_event(items: Mapping[str, Sequence[tuple[str, str]]], **fields: Any) -> dict[str, Any]:
    declared = [{"sku": sku, "codes": [{"system": s, "code": c} for s, c in codes]} for sku, codes in items.items()]
    return bus_event("identity.references.declared.v1", {"source": "erp", "items": declared}, "erp", **fields)


def dirty_message(
    channel: str, *keys: tuple[str, str], replay: Mapping[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """A message of a channel's queue that marks (kind, sku) pairs; `more` is said of each mark."""
    marks = [{"kind": kind, "key": key, "correlation_ids": [CORRELATION], **more} for kind, key in keys]
    return {"v": 1, "kind": "dirty", "channel": channel, "keys": marks, "replay": replay}


def api_event(
    body: Any = None,
    *,
    headers: Mapping[str, str] | None = None,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    route: str = "",
    sources: str = "wms",
    scopes: str = ALL_SCOPES,
    channels: str = "",
    partner: str = "acme",
    customers: str = "",
) -> dict[str, Any]:
    """An API Gateway proxy event as the authorizer has let it through; bytes are sent as they are.

    `route` is method and resource, `GET /v1/items/{sku}/availability`: only functions that serve several look at it.
    """
    method, _, resource = route.partition(" ")
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return {
        "headers": {"X-Correlation-Id": CORRELATION, **(headers or {})},
        "pathParameters": dict(path) if path else None,
        "queryStringParameters": dict(query) if query else None,
        "httpMethod": method,
        "resource": resource,
        "body": base64.b64encode(raw).decode(),
        "isBase64Encoded": True,
        "requestContext": {
            "authorizer": {
                "partner": partner,
                "scopes": scopes,
                "sources": sources,
                "channels": channels,
                "customers": customers,
            }
        },
    }


def webhook_event(
    body: Any,
    *,
    source: str = "wms",
    delivery: str = "msg_1",
    secret: str = SECRET,
    at: datetime = NOW,
    **headers: str,
) -> dict[str, Any]:
    """A signed webhook; `headers` (`webhook_id=…`) replace the right ones afterwards."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    right = signatures.sign(secret, delivery, at, raw)
    wrong = {k.replace("_", "-"): v for k, v in headers.items()}
    event = api_event(raw, headers={**right, **wrong}, path={"source": source})
    return {**event, "requestContext": {}}


def moved(*movements: Any) -> dict[str, Any]:
    """The body of a `stock.moved` webhook."""
    return {"type": "stock.moved", "timestamp": "2026-11-21T07:59:00Z", "data": {"movements": list(movements)}}


def build(target: Target, folder: Path, patch: pytest.MonkeyPatch) -> World:
    """Emptied tables, queues, bus and secrets; environment and clock for the handlers.

    What goes over the bus has to be as its document says.
    """
    made(target, "world", _create)
    calls.watch()
    put = getattr(Bus.put, "undescribed", Bus.put)  # a test may build several worlds

    def described(bus: Bus, events: Sequence[Event]) -> None:
        for event in events:
            conformance.check_event(json.loads(dumps(event.document())))
        put(bus, events)

    described.undescribed = put  # type: ignore[attr-defined]  # for the next world
    patch.setattr(Bus, "put", described)
    world = World(target, patch)
    address = f"{target.options['endpoint_url']}/000000000000/crossdock-local-"
    world.urls = {queue: f"{address}{queue}" for queue in QUEUES}
    for name, value in _environment(world, folder).items():
        patch.setenv(name, value)
    patch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    for function in FUNCTIONS:
        module = importlib.import_module(f"functions.{function}.handler")
        if hasattr(module, "system_clock"):
            patch.setattr(module, "system_clock", world.clock)
    world.forget_warm_state()
    return world


def _create(target: Target) -> None:
    create_tables(target.dynamodb)
    for queue in QUEUES:
        target.sqs.create_queue(QueueName=f"crossdock-local-{queue}")
    target.s3.create_bucket(Bucket=BODIES)
    target.events.create_event_bus(Name="crossdock-local")
    schedules = target.session.client("scheduler", **target.options)
    schedules.create_schedule_group(Name="crossdock-local-price-windows")
    rules = {
        "pricing.rules.changed.v1": "prices",
        "pricing.customers.changed.v1": "price-customers",
        "inventory.counts.reported.v1": "counts",
        "identity.references.declared.v1": "references",
        "inventory.supply.reported.v1": "supply",
        "customers.accounts.listed.v1": "listings",
        "customers.accounts.reported.v1": "accounts",
    }
    for event_type, queue in rules.items():
        target.events.put_rule(
            Name=queue, EventBusName="crossdock-local", EventPattern=json.dumps({"detail-type": [event_type]})
        )
        arn = f"arn:aws:sqs:us-east-1:000000000000:crossdock-local-{queue}"
        target.events.put_targets(
            Rule=queue, EventBusName="crossdock-local", Targets=[{"Id": "q", "Arn": arn, "InputPath": "$.detail"}]
        )
    for source in ("wms", "erp", "crm"):
        write_secret(target, f"sources/{source}", {"signing_secrets": [SECRET]})
    write_secret(target, "cursors/key", {"k1": "a key of cursors that tests know"})
    write_secret(target, "quotes/key", {"seals_with": "k1", "k1": "a key of quotes that tests know"})
    for channel in ("webshop", "marketplace", "crm"):
        write_secret(
            target, f"channels/{channel}", {"url": f"http://{channel}.invalid/hooks", "signing_secrets": [SECRET]}
        )
    write_secret(target, "channels/erp", {"url": "http://erp.invalid/api", "token": "erp-token-of-a-demo"})


def set_secret(world: World, name: str, document: Mapping[str, Any]) -> None:
    """Writes a secret, new or not."""
    write_secret(world.target, name, document)


def write_secret(target: Target, name: str, document: Mapping[str, Any]) -> None:
    """Writes a secret, new or not."""
    full, text = f"crossdock/local/{name}", json.dumps(document)
    try:
        target.secrets.create_secret(Name=full, SecretString=text)
    except target.secrets.exceptions.ResourceExistsException:
        target.secrets.put_secret_value(SecretId=full, SecretString=text)


def _environment(world: World, folder: Path) -> dict[str, str]:
    state = world.target.state
    assert state is not None
    channels = {c: world.urls[f"channel-{c}"] for c in ("webshop", "marketplace", "crm", "erp")}
    return {
        "AWS_ENDPOINT_URL": state.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": state.region,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "CROSSDOCK_CONFIG": str(configuration(folder)),
        "STAGE": "local",
        "POWERTOOLS_SERVICE_NAME": "test",
        **{f"{t.upper()}_TABLE": table_name(t) for t in TABLES},
        "MOVEMENTS_QUEUE_URL": world.urls["movements"],
        "WEBHOOKS_QUEUE_URL": world.urls["webhooks"],
        "BODIES_BUCKET": BODIES,
        "RESERVATIONS_QUEUE_URL": world.urls["reservations"],
        "LISTINGS_QUEUE_URL": world.urls["listings"],
        "EXPIRIES_QUEUE_URL": world.urls["expiries"],
        "EVENT_BUS_NAME": "crossdock-local",
        "PRICE_CELLS_QUEUE_URL": world.urls["price-cells"],
        "PRICE_CELLS_QUEUE_ARN": "arn:aws:sqs:us-east-1:000000000000:crossdock-local-price-cells",
        "PRICE_SCHEDULE_GROUP": "crossdock-local-price-windows",
        "PRICE_SCHEDULE_ROLE_ARN": "arn:aws:iam::000000000000:role/opener",
        "SOURCE_SECRET_PREFIX": "crossdock/local/sources/",
        "CHANNEL_SECRET_PREFIX": "crossdock/local/channels/",
        "QUOTE_SECRET_PREFIX": "crossdock/local/quotes/",
        "CURSOR_SECRET_PREFIX": "crossdock/local/cursors/",
        "TOKEN_ISSUER": TOKEN_ISSUER,
        "QUEUE_URLS": json.dumps(world.urls),
        "CHANNEL_QUEUE_URLS": json.dumps(channels),
        "CUSTOMER_QUEUE_URLS": json.dumps({c: u for c, u in channels.items() if c != "marketplace"}),
    }


def configuration(folder: Path, **changes: Mapping[str, Any]) -> Path:
    """The demo's business configuration, compiled into a file; `changes` replace values by section.

    A value that is itself a table (`channels={"webshop": {…}}`) changes the one that is there, or is a new one.
    """
    document = json.loads(_compiled())
    for section, values in changes.items():
        kept = document.get(section) or {}
        document[section] = {
            **kept,
            **{n: {**kept.get(n, {}), **v} if isinstance(v, dict) else v for n, v in values.items()},
        }
    path = folder / "business.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@cache
def _compiled() -> str:
    from crossdock_cli.local.paths import checkout

    return json.dumps(config_compile.compile_file(checkout() / "config" / "demo.toml"))


def later(seconds: float) -> datetime:
    """An instant after NOW."""
    return NOW + timedelta(seconds=seconds)
