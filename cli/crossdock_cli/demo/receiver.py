"""A channel's side of the wire: an HTTP server that receives signed deliveries at `/channels/<name>`.

It does what a careful shop would do: verifies the Standard Webhooks signature over the raw
body, keeps of every item only the highest version it has seen, counts the rest, and says at
`/channels/<name>/digest` what it holds, as hashes, so that it can be compared cheaply. The
demo and the tests can make it ill: unreachable for a while, hanging, or refusing one item.

    with Receiver() as receiver:
        shop = receiver.add_channel("webshop", ["whsec_…"])
        shop.fail_for(5)
        …
        shop.counts().acknowledged

Order of judgement for a delivery: unreachable (503) → hang → authentic (401) → readable (400)
→ per item: refused, otherwise acknowledged, and stale or repeated when it brought nothing new.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

Clock = Callable[[], float]

TOLERANCE_SECONDS: Final = 300  # how old or early a delivery may be, as the official libraries have it
MAX_BODY_BYTES: Final = 4 * 1024 * 1024
_PREFIX: Final = "/channels/"
_DIGEST: Final = "/digest"
_ENVELOPE: Final = frozenset({"sku", "customer", "version", "correlation_ids"})  # what comes with a value and is none
_KINDS: Final = {
    "availability.changed.v1": "availability",
    "price.changed.v1": "price",
    "customer.changed.v1": "customer",
}
_VALUES: Final = {"availability": "available", "price": "windows", "customer": "attributes"}


class ForgedError(Exception):
    """The delivery does not carry a valid signature of one of the channel's secrets."""


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Standard Webhooks 1.0: HMAC-SHA256 of `id.timestamp.body`, any signature under any secret may match.

    `headers` has lower-case names; `now` is in epoch seconds. Raises ForgedError that says why.
    """
    message_id, stamp, signatures = (headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature"))
    if not (message_id and stamp and signatures):
        raise ForgedError("a webhook-* header is missing")
    if not stamp.isdecimal() or abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise ForgedError("webhook-timestamp is not a time near now")
    given = [value for version, _, value in (part.partition(",") for part in signatures.split(" ")) if version == "v1"]
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    expected = [base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode() for secret in secrets]
    if not any(hmac.compare_digest(mine.encode(), theirs.encode()) for mine in expected for theirs in given):
        raise ForgedError("no signature matches")


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as problem:
        raise ValueError("a signing secret must be whsec_ and base64") from problem


@dataclass(frozen=True)
class Counts:
    """What a channel saw. Deliveries are counted above the line, items below it: received = acknowledged + refused."""

    deliveries: int = 0
    failed: int = 0  # answered 503 while unreachable
    forged_rejected: int = 0
    unreadable: int = 0

    received: int = 0
    acknowledged: int = 0
    refused: int = 0
    stale: int = 0  # acknowledged, but older than what was held
    repeated: int = 0  # acknowledged, but exactly the version that was held


@dataclass(frozen=True)
class Held:
    """The newest that a channel knows of one item: the available quantity, the price windows, the attributes."""

    version: int
    value: Any
    received_at: float
    fields: str = ""  # all that came with it, as the one text that the digest is about


@dataclass
class Channel:
    """One channel; its methods may be called from any thread."""

    name: str
    secrets: list[str]
    verifies: bool = True
    clock: Clock = time.time
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _counts: Counts = field(default_factory=Counts, repr=False)
    _held: dict[tuple[str, str], Held] = field(default_factory=dict, repr=False)
    _arrivals: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list), repr=False)
    _refusals: dict[str, str] = field(default_factory=dict, repr=False)
    _failing_until: float = field(default=0, repr=False)
    _failing_from_next: float = field(default=0, repr=False)
    _hang_seconds: float = field(default=0, repr=False)
    _recovered: threading.Event = field(default_factory=threading.Event, repr=False)

    # -- making it ill, and well again ----------------------------------------------------------

    def fail_for(self, seconds: float) -> None:
        """Answers 503 to everything for that long."""
        self._failing_until = self.clock() + seconds

    def fail_next_for(self, seconds: float) -> None:
        """Answers 503 to the next delivery, whenever it comes, and to everything for that long after it."""
        with self._lock:
            self._failing_from_next = seconds

    def hang(self, seconds: float) -> None:
        """Answers only after that long, until `recover`."""
        self._recovered.clear()
        self._hang_seconds = seconds

    def recover(self) -> None:
        """Ends failing and hanging; answers that are being held back go out now."""
        self._failing_until = 0
        self._failing_from_next = 0
        self._hang_seconds = 0
        self._recovered.set()

    def refuse(self, sku: str, reason: str) -> None:
        """Says no to one item (`sku`, or `sku@class`) in an otherwise accepted delivery, until `accept`."""
        with self._lock:
            self._refusals[sku] = reason

    def accept(self, sku: str) -> None:
        with self._lock:
            self._refusals.pop(sku, None)

    # -- looking at it --------------------------------------------------------------------------

    def counts(self) -> Counts:
        return self._counts

    def held(self, kind: str, sku: str) -> Held | None:
        """The newest of one item; `kind` is availability, price (`sku@class`: that of a class) or customer."""
        return self._held.get((kind, sku))

    def everything_held(self, kind: str) -> dict[str, Held]:
        """The newest of every item of a kind, by sku."""
        with self._lock:
            return {sku: held for (of_kind, sku), held in self._held.items() if of_kind == kind}

    def arrivals(self, correlation_id: str) -> list[float]:
        """When deliveries that name this id were accepted, in epoch seconds."""
        with self._lock:
            return list(self._arrivals.get(correlation_id, ()))

    def all_arrivals(self) -> dict[str, float]:
        """When each correlation id was first accepted, in epoch seconds."""
        with self._lock:
            return {correlation_id: times[0] for correlation_id, times in self._arrivals.items()}

    # -- losing things ---------------------------------------------------------------------------

    def lose(self, kind: str, sku: str) -> None:
        """Forgets an item, as a restored backup does."""
        with self._lock:
            self._held.pop((kind, sku), None)

    def spoil(self, kind: str, sku: str, value: Any) -> None:
        """Changes what is held, as somebody with access to the shop's database does; the version stays."""
        with self._lock:
            held = self._held[kind, sku]
            fields = {**json.loads(held.fields), _VALUES[kind]: value}
            self._held[kind, sku] = replace(held, value=value, fields=_text(fields))

    # -- saying what is held ---------------------------------------------------------------------

    def answer(self, headers: Mapping[str, str], query: str) -> tuple[HTTPStatus, dict[str, Any]]:
        """The digest of a kind, or what lies in one leaf of it; the query is signed as a body is."""
        if self._is_failing(self.clock()):
            return HTTPStatus.SERVICE_UNAVAILABLE, {"problem": "down for a while"}
        try:
            verify(self.secrets, headers, query.encode(), self.clock())
        except ForgedError as forged:
            return HTTPStatus.UNAUTHORIZED, {"problem": str(forged)}
        asked = dict(parse_qsl(query))
        held = self.everything_held(asked.get("kind", ""))
        if "leaf" in asked:
            inside = {key: one for key, one in held.items() if str(_leaf(key)) == asked["leaf"]}
            items = [
                {"sku": key.partition("@")[0], "version": one.version, "value": json.loads(one.fields)}
                for key, one in inside.items()
            ]
            return HTTPStatus.OK, {"items": items}
        sums: dict[int, int] = defaultdict(int)
        for key, one in held.items():
            sums[_leaf(key)] += int(hashlib.sha256(f"{key}\n{one.fields}".encode()).hexdigest()[:16], 16)
        return HTTPStatus.OK, {"leaves": {str(leaf): f"{total % 2**64:016x}" for leaf, total in sums.items()}}

    # -- a delivery -----------------------------------------------------------------------------

    def deliver(self, headers: Mapping[str, str], body: bytes) -> tuple[HTTPStatus, dict[str, Any]]:
        """What the channel answers; `headers` has lower-case names."""
        arrived = self.clock()
        self._count(deliveries=1)
        if self._is_failing(arrived):
            self._count(failed=1)
            return HTTPStatus.SERVICE_UNAVAILABLE, {"problem": "down for a while"}
        if self._hang_seconds:
            self._recovered.wait(self._hang_seconds)
        if self.verifies:
            try:
                verify(self.secrets, headers, body, self.clock())
            except ForgedError as forged:
                self._count(forged_rejected=1)
                return HTTPStatus.UNAUTHORIZED, {"problem": str(forged)}
        try:
            kind, items = _items(body)
        except (ValueError, KeyError, TypeError) as problem:
            self._count(unreadable=1)
            return HTTPStatus.BAD_REQUEST, {"problem": f"not a delivery we know: {problem!r}"}
        with self._lock:
            rejected = [answer for item in items for answer in self._take(kind, item, arrived)]
        return HTTPStatus.OK, {"rejected": rejected} if rejected else {}

    def _is_failing(self, now: float) -> bool:
        with self._lock:
            if self._failing_from_next:
                self._failing_until, self._failing_from_next = now + self._failing_from_next, 0
            return now < self._failing_until

    def _take(self, kind: str, item: _Item, arrived: float) -> list[dict[str, str]]:
        """Under the lock: takes one item in; a list with the refusal when it is refused."""
        if (reason := self._refusals.get(item.key)) is not None:
            self._add(received=1, refused=1)
            sku, _, price_class = item.key.partition("@")
            return [{"sku": sku, "reason": reason} | ({"price_class": price_class} if price_class else {})]
        held = self._held.get((kind, item.key))
        if held is None or item.version > held.version:
            self._held[kind, item.key] = Held(item.version, item.value, arrived, item.fields)
        else:
            self._add(**{"repeated" if item.version == held.version else "stale": 1})
        self._add(received=1, acknowledged=1)
        for correlation_id in item.correlation_ids:
            self._arrivals[correlation_id].append(arrived)
        return []

    def _count(self, **by: int) -> None:
        with self._lock:
            self._add(**by)

    def _add(self, **by: int) -> None:
        now = asdict(self._counts)
        self._counts = replace(self._counts, **{name: now[name] + amount for name, amount in by.items()})


@dataclass(frozen=True)
class _Item:
    key: str
    version: int
    value: Any
    correlation_ids: tuple[str, ...]
    fields: str


def _items(body: bytes) -> tuple[str, list[_Item]]:
    """The kind and the items of a delivery. Raises ValueError, KeyError or TypeError when it is not one."""
    document = json.loads(body)
    kind = _KINDS[document["type"]]
    return kind, [
        _Item(
            _key_of(item),
            int(item["version"]),
            item[_VALUES[kind]],
            tuple(item.get("correlation_ids", ())),
            _text({name: value for name, value in item.items() if name not in _ENVELOPE}),
        )
        for item in document["data"]["customers" if kind == "customer" else "items"]
    ]


def _key_of(item: Mapping[str, Any]) -> str:
    """The item; a price of another class than "list" stands beside it: item, @, class."""
    if "customer" in item:
        return str(item["customer"])
    price_class = item.get("price_class", "list")
    return str(item["sku"]) if price_class == "list" else f"{item['sku']}@{price_class}"


def _text(fields: Mapping[str, Any]) -> str:
    """Keys sorted, no spaces: equal values have equal texts."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _leaf(key: str) -> int:
    """Which of the 4,096 leaves an item lies in: the first 12 bits of its key's hash."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:3], 16)


class Receiver:
    """The server. Port 0 takes a free one; `url` tells which."""

    def __init__(self, port: int = 0, host: str = "127.0.0.1", clock: Clock = time.time) -> None:
        self._clock = clock
        self._channels: dict[str, Channel] = {}
        self._server = _Server((host, port), _handler(self._channels))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="receiver", daemon=True)

    def add_channel(self, name: str, secrets: Sequence[str], *, verifies: bool = True) -> Channel:
        channel = Channel(name, list(secrets), verifies, self._clock)
        self._channels[name] = channel
        return channel

    def url(self, channel: str) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}{_PREFIX}{channel}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Lets hanging answers go, then closes the port."""
        for channel in self._channels.values():
            channel.recover()
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client's idle keep-alive connection must not hold up our end
    request_queue_size = 128


def _handler(channels: Mapping[str, Channel]) -> type[BaseHTTPRequestHandler]:
    """A request handler that knows these channels."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave in one packet
        disable_nagle_algorithm = True
        timeout = 60

        def do_POST(self) -> None:
            channel = channels.get(self.path.removeprefix(_PREFIX)) if self.path.startswith(_PREFIX) else None
            length = self.headers.get("content-length", "")
            if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
                self.close_connection = True
                self._answer(HTTPStatus.BAD_REQUEST, {"problem": "a Content-Length within the limit is needed"})
                return
            body = self.rfile.read(int(length))
            if channel is None:
                self._answer(HTTPStatus.NOT_FOUND, {"problem": "no such channel"})
                return
            self._answer(*channel.deliver({name.lower(): value for name, value in self.headers.items()}, body))

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            channel = channels.get(path.removeprefix(_PREFIX).removesuffix(_DIGEST))
            if channel is None or not path.endswith(_DIGEST):
                self._answer(HTTPStatus.NOT_FOUND, {"problem": "no such channel"})
                return
            self._answer(*channel.answer({name.lower(): value for name, value in self.headers.items()}, query))

        def _answer(self, status: HTTPStatus, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class calls it so)
            """Says nothing: the counts tell."""

    return Handler
