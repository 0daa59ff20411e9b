"""The deployed system as its neighbours see it: a partner, two source systems, two channels, an operator.

Everything goes in by the public doors and is looked at from outside: HTTP answers, what the channels hold, and whole
tables and queues. Tests share one deployment, so each uses item codes and movement ids of its own.
"""

from __future__ import annotations

import io
import json
import os
import secrets as random
import sys
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import httpx
from standardwebhooks import Webhook

from crossdock.exchange.shadow import PREFIX, row_key
from crossdock.platform.dynamo import from_item
from crossdock_cli.demo.receiver import Channel
from crossdock_cli.local.paths import LOCAL_DIR_VARIABLE
from crossdock_cli.main import run
from crossdock_cli.secrets import signing_secrets
from tests.support.demo_customers import customers_are_told
from tests.support.tables import BESIDE, TABLES, table_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from crossdock_cli.target import Target

CHANNELS: Final = ("webshop", "marketplace")
# Systems that hear of customers, and of nothing else.
SYSTEMS: Final = ("crm", "erp")
WORK: Final = (
    "accounts",
    "listings",
    "movements",
    "prices",
    "price-customers",
    "counts",
    "references",
    "supply",
    "reservations",
    "webhooks",
    *(f"channel-{c}" for c in (*CHANNELS, *SYSTEMS)),
)
# The messages of the expiries wait until a hold's time is over: a system at rest may have some.
HELD_BACK: Final = "expiries"
QUEUES: Final = (*WORK, *(f"{queue}-dlq" for queue in (*WORK, HELD_BACK)), "failures")
MOVEMENTS: Final = "/v1/inventory/movements"
MOVED_AT: Final = "2026-11-21T08:00:00Z"
_PATIENCE_S: Final = 45.0
_POLL_S: Final = 0.05


def _is_header(row: Mapping[str, Any]) -> bool:
    """Whether an inventory row is an item's header: no detail, no expected supply, no shard."""
    return row["pk"].startswith("T#") and row["sk"].startswith("A#") and row["pk"].count("#") == 1


def movement(id_: str, item: str, quantity: int, type_: str = "receipt", **more: Any) -> dict[str, Any]:
    """One movement in the form of the API. `item` is our item; on the wire stands what the warehouse calls it."""
    return {
        "id": id_,
        "item": wms_code(item),
        "warehouse": "MAIN",
        "type": type_,
        "quantity": quantity,
        "occurred_at": MOVED_AT,
        **more,
    }


def wms_code(sku: str) -> str:
    """What the warehouse system calls an item."""
    return f"wms {sku}"


def erp_code(sku: str) -> str:
    """What the ERP calls an item."""
    return f"ERP/{sku}"


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What `--json` printed."""
        assert self.code == 0, self.err
        return json.loads(self.out)


@dataclass
class System:
    """One deployment and everybody around it."""

    target: Target
    home: Path
    channels: dict[str, Channel]
    crm: Channel = field(default_factory=lambda: Channel("crm", []))
    _secrets: dict[str, str] = field(default_factory=dict)

    @cached_property
    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.target.api_url, timeout=30, trust_env=False)

    @property
    def key(self) -> str:
        """The demo partner's API key."""
        assert self.target.state is not None
        return self.target.state.partner_key

    # -- what goes in ------------------------------------------------------------------------------------------

    def post(self, body: Any, path: str = MOVEMENTS, **headers: str) -> httpx.Response:
        """A partner's request; bytes go as they are. Headers: `x_api_key="…"`; an empty one is left out."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"x-api-key": self.key, "content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.http.post(path, content=raw, headers={k: v for k, v in given.items() if v})

    def send(self, *movements: dict[str, Any], **headers: str) -> str:
        """A batch that must be accepted; gives back its correlation id."""
        answer = self.post({"movements": movements}, **headers)
        assert (answer.status_code, answer.json()["accepted"]) == (202, len(movements)), answer.text
        return str(answer.json()["correlation_id"])

    def webhook(self, source: str, type_: str, data: Any, **changes: Any) -> httpx.Response:
        """A source's signed webhook: `{"type", "timestamp", "data"}`; `changes` are those of `signed`."""
        return self.deliver(source, {"type": type_, "timestamp": MOVED_AT, "data": data}, **changes)

    def deliver(self, source: str, body: Any, **changes: Any) -> httpx.Response:
        """Any body as a source's signed webhook."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post(f"/webhooks/{source}", content=raw, headers=self.signed(source, raw, **changes))

    def signed(
        self, source: str, body: bytes, *, secret: str = "", delivery: str = "", age_s: int = 0
    ) -> dict[str, str]:
        """The headers that a sender using the official library sets; `age_s` seconds ago."""
        if not secret:
            secret = self._secrets.get(source) or signing_secrets(self.target.secret_document("sources", source))[0]
            self._secrets[source] = secret
        at = datetime.fromtimestamp(int(time.time()) - age_s, UTC)
        delivery = delivery or f"msg_{random.token_hex(12)}"
        return {
            "content-type": "application/json",
            "webhook-id": delivery,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": _sign(secret, delivery, at, body),
        }

    def forget_secrets(self) -> None:
        """Sources that were given other secrets by a test use the newest from now on."""
        self._secrets.clear()

    def knows(self, *skus: str) -> None:
        """Declares items, as the ERP does, and waits until both systems' codes are known."""
        items = [
            {"sku": s, "codes": [{"system": "wms", "code": wms_code(s)}, {"system": "erp", "code": erp_code(s)}]}
            for s in skus
        ]
        assert self.webhook("erp", "items.declared", {"items": items}).status_code == 202
        last = f"X#item#erp#{erp_code(skus[-1])}"
        self.until("the items are known", lambda: self.row("identity", last, "ID") is not None)

    # -- what comes out ----------------------------------------------------------------------------------------

    def availability(self, sku: str) -> Any:
        """The public answer about an item's stock, or None while there is no record of it."""
        answer = self.http.get(f"/v1/items/{sku}/availability", headers={"X-Api-Key": self.key})
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def on_hand(self, sku: str) -> int | None:
        found = self.availability(sku)
        return None if found is None else int(found["on_hand"])

    def held(self, channel: str, sku: str, kind: str = "availability") -> Any:
        """What a channel holds of an item: the available quantity or the price windows; None when nothing."""
        found = self.channels[channel].held(kind, sku)
        return None if found is None else found.value

    def acknowledged(self, channel: str, sku: str, kind: str = "availability") -> Any:
        """What the channel has acknowledged according to our shadow, when that is the newest; else None."""
        row = self.row("exchange", *row_key(channel, kind, sku))
        return json.loads(row["ackval"]) if row and row["ack"] == row["ver"] else None

    def told(self, sku: str, webshop: int, marketplace: int) -> bool:
        """Whether both channels hold these quantities and we know that they do."""
        wanted = {"webshop": webshop, "marketplace": marketplace}
        return all(
            self.held(c, sku) == quantity and self.acknowledged(c, sku) == {"available": quantity}
            for c, quantity in wanted.items()
        )

    # -- what is stored ----------------------------------------------------------------------------------------

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table, in the order of its keys."""
        pages = self.target.dynamodb.get_paginator("scan").paginate(TableName=table_name(table), ConsistentRead=True)
        found = [from_item(raw) for page in pages for raw in page["Items"]]
        return sorted(found, key=lambda row: (row["pk"], row["sk"]))

    def row(self, table: str, pk: str, sk: str) -> dict[str, Any] | None:
        key: Any = {"pk": {"S": pk}, "sk": {"S": sk}}
        raw = self.target.dynamodb.get_item(TableName=table_name(table), Key=key, ConsistentRead=True).get("Item")
        return from_item(raw) if raw else None

    def journal(self, sku: str) -> dict[str, int]:
        """The signed quantities in an item's journal by movement id."""
        rows = [r for r in self.rows("inventory") if r["pk"] == f"M#{sku}#MAIN"]
        return {r["sk"].split("#", 1)[1]: r["q"] for r in rows}

    def depths(self) -> dict[str, int]:
        """The messages on every queue: visible, under way and delayed."""
        return {queue: self._depth(queue) for queue in QUEUES}

    def _depth(self, queue: str) -> int:
        kinds: Any = ("", "NotVisible", "Delayed")
        names: Any = [f"ApproximateNumberOfMessages{kind}" for kind in kinds]
        answer = self.target.sqs.get_queue_attributes(QueueUrl=self.url(queue), AttributeNames=names)
        return sum(map(int, answer["Attributes"].values()))

    def url(self, queue: str) -> str:
        if queue not in self._urls:
            self._urls[queue] = self.target.queue_url(queue)
        return self._urls[queue]

    @cached_property
    def _urls(self) -> dict[str, str]:
        return {}

    def dump(self) -> dict[str, Any]:
        """Everything there is: all rows of all tables, and the depth of all queues.

        But for what a schedule moves on by itself: until when prices are acknowledged, every five minutes.
        """
        found: dict[str, Any] = {table: self.rows(table) for table in TABLES if table not in BESIDE}
        found["exchange"] = [row for row in found["exchange"] if not row["pk"].startswith("WM#")]
        return {**found, "queues": self.depths()}

    # -- waiting -----------------------------------------------------------------------------------------------

    @staticmethod
    def until(what: str, condition: Callable[[], Any], seconds: float = _PATIENCE_S) -> Any:
        """Waits for a condition and gives back what it found."""
        give_up = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < give_up, f"waited {seconds} s in vain until {what}"
            time.sleep(_POLL_S)
        return found

    def at_rest(self) -> dict[str, Any]:
        """Waits until nothing is under way any more; gives back everything there is."""
        found: list[dict[str, Any]] = []

        def still() -> bool:
            found.append(self.dump())
            rests = len(found) > 1 and found[-1] == found[-2] and not any(found[-1]["queues"].values())
            told = self._channels_are_told(found[-1]) and customers_are_told(found[-1])
            return rests and told and self._balances_are_projected(found[-1])

        self.until("the system is at rest", still)
        return found[-1]

    @staticmethod
    def _balances_are_projected(found: dict[str, Any]) -> bool:
        balances: dict[str, int] = {}
        for row in found["inventory"]:
            kind, _, rest = row["pk"].partition("#")
            sku = rest.partition("#")[0]
            if kind == "M" or _is_header(row):
                balances[sku] = balances.get(sku, 0) + (row["q"] if kind == "M" else -row["oh"])
        return not any(balances.values())

    @staticmethod
    def _channels_are_told(found: dict[str, Any]) -> bool:
        """Whether each channel was sent what it may see of every balance; the marketplace is shown two units less."""
        sent = {
            (row["pk"], row["sk"]): json.loads(row["val"]) for row in found["exchange"] if row["pk"].startswith(PREFIX)
        }
        balances = {row["pk"][2:]: max(0, row["av"]) for row in found["inventory"] if _is_header(row)}
        return all(
            sent.get(row_key(channel, "availability", sku)) == {"available": max(0, available - less)}
            for sku, available in balances.items()
            for channel, less in (("webshop", 0), ("marketplace", 2))
        )

    @contextmanager
    def queues_held(self) -> Iterator[None]:
        """Nothing is taken from any queue meanwhile, so that what is put there is seen to be there."""
        mappings = self.target.functions.list_event_source_mappings()["EventSourceMappings"]
        queues = [m["UUID"] for m in mappings if ":sqs:" in m["EventSourceArn"]]
        try:
            for uuid in queues:
                self.target.functions.update_event_source_mapping(UUID=uuid, Enabled=False)
            yield
        finally:
            for uuid in queues:
                self.target.functions.update_event_source_mapping(UUID=uuid, Enabled=True)

    # -- the operator ------------------------------------------------------------------------------------------

    def crossdock(self, *arguments: str) -> Said:
        """The command as its entry point runs it, in this process."""
        out, err = io.StringIO(), io.StringIO()
        code = 0
        environment = {LOCAL_DIR_VARIABLE: str(self.home), "COLUMNS": "200"}
        with (
            patch.object(sys, "argv", ["crossdock", *arguments]),
            patch.dict(os.environ, environment),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                run()
            except SystemExit as end:
                code = int(end.code or 0)
        return Said(code, out.getvalue(), err.getvalue())

    def exception(self, kind: str, subject: str, state: str = "open") -> dict[str, Any]:
        """Waits until there is a group of this kind and subject in a state; gives back what the list says of it."""

        def found() -> Any:
            groups = self.crossdock("exceptions", "list", "--state", state, "--json").document
            return next((g for g in groups if (g["kind"], g["subject"]) == (kind, subject)), None)

        group: dict[str, Any] = self.until(f"{kind} of {subject} is {state}", found)
        return group

    def shown(self, group: Mapping[str, Any]) -> dict[str, Any]:
        """What `exceptions show` says of a group."""
        document: dict[str, Any] = self.crossdock("exceptions", "show", group["id"], "--json").document
        return document


def _sign(secret: str, delivery: str, at: datetime, body: bytes) -> str:
    """The official library signs texts only; what is no text is signed by the same rule, over its bytes."""
    try:
        return str(Webhook(secret).sign(delivery, at, body.decode()))
    except UnicodeDecodeError:
        from crossdock.exchange.signatures import sign

        return sign(secret, delivery, at, body)["webhook-signature"]
