"""Counts what the library asks of AWS, by hooks in its own clients: exact, and the same in every run.

A request is what one call of a client is; the transport's retries are counted apart, so that a slow machine shows.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crossdock.platform import clients
from crossdock.platform.logs import logger
from crossdock.platform.sequences import chunks
from tests.bench.capacity import Updates, changed_item, statement_units, units_read, units_written
from tests.bench.sizes import item_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.bench.capacity import At

CHUNK_BYTES: Final = 65_536
"""SQS and EventBridge bill every started 64 KB of a payload as one request or event."""
# What CloudWatch Logs adds to each event when it counts a batch of them (PutLogEvents).
LOG_EVENT_OVERHEAD: Final = 26
_KEYS_PER_READ: Final = 100


def billed_chunks(size: int) -> int:
    """How many requests of 64 KB a payload is billed as."""
    return max(1, -(-size // CHUNK_BYTES))


@dataclass(slots=True)
class Count:
    """What some work asked of AWS and of the machine; times in seconds."""

    invocations: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    wru: float = 0
    rru: float = 0
    sent_units: int = 0
    received_units: int = 0
    deleted_units: int = 0
    event_units: int = 0
    posts: int = 0
    log_lines: int = 0
    log_bytes: int = 0
    retries: int = 0
    cpu_s: float = 0
    wall_s: float = 0
    bodies: list[str] = field(default_factory=list)
    details: list[str] = field(default_factory=list)

    @property
    def round_trips(self) -> int:
        """Requests to AWS and posts to channels: what somebody waits for."""
        return self.requests.total() + self.posts

    def add(self, other: Count) -> None:
        """Adds another count to this one."""
        self.requests.update(other.requests)
        self.bodies += other.bodies
        self.details += other.details
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def document(self) -> dict[str, Any]:
        """The numbers the cost model needs. CPU in ms with three significant digits: it differs from run to run."""
        exact = {n: getattr(self, n) for n in _NUMBERS if n not in {"cpu_s", "wall_s", "retries"}}
        present = {n: v for n, v in exact.items() if v}
        return {**present, "requests": dict(sorted(self.requests.items())), "cpu_ms": float(f"{self.cpu_s * 1000:.3g}")}


_NUMBERS = (
    "invocations",
    "wru",
    "rru",
    "sent_units",
    "received_units",
    "deleted_units",
    "event_units",
    "posts",
    "log_lines",
    "log_bytes",
    "retries",
    "cpu_s",
    "wall_s",
)


class _LogCounter:
    """Stands in for standard output behind the functions' logger."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def write(self, text: str) -> None:
        stripped = text.strip()
        if stripped:
            self._meter.current.log_lines += 1
            self._meter.current.log_bytes += len(stripped.encode()) + LOG_EVENT_OVERHEAD

    def flush(self) -> None:
        """There is nothing to flush."""


class Meter:
    """Watches the clients of crossdock.platform.clients; `plain` is another client, for looking without counting.

    What the watching itself takes is left out of the CPU time, which is that of the thread that measures.
    """

    def __init__(self, plain: DynamoDBClient) -> None:
        self._plain = plain
        self._updates = Updates()
        self.current = Count()
        self._lock = threading.RLock()  # parts of one trip are asked for by several threads
        self._measuring = threading.get_ident()
        for client in (clients.dynamodb(), clients.sqs(), clients.events(), clients.secrets()):
            client.meta.events.register("before-parameter-build", self._before)
            client.meta.events.register("after-call", self._after)
        logger().registered_handler.stream = _LogCounter(self)  # type: ignore[attr-defined]

    @contextmanager
    def measure(self) -> Iterator[Count]:
        """Counts what happens inside."""
        self._updates = Updates()  # what was written while nobody measured
        outer, self.current = self.current, Count()
        self._measuring = threading.get_ident()
        cpu, wall = time.thread_time(), time.perf_counter()
        try:
            yield self.current
        finally:
            self.current.cpu_s += time.thread_time() - cpu
            self.current.wall_s += time.perf_counter() - wall
            self._settle(self.current)
            self.current = outer

    def _before(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.service_model.service_name == "dynamodb" and "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "TOTAL"
        context["bench"] = params
        if model.name == "BatchExecuteStatement":
            with self._aside():
                context["bench_sizes"] = self._sizes([at for s in params["Statements"] if (at := changed_item(s))])

    def _after(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        with self._lock, self._aside():
            self._note(parsed, model, context)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """What happens inside is the watching itself: its time does not count."""
        cpu, wall = time.thread_time(), time.perf_counter()
        yield
        if threading.get_ident() == self._measuring:
            self.current.cpu_s -= time.thread_time() - cpu
            self.current.wall_s -= time.perf_counter() - wall

    def _note(self, parsed: dict[str, Any], model: Any, context: Mapping[str, Any]) -> None:
        count, operation, params = self.current, model.name, context.get("bench", {})
        count.requests[f"{model.service_model.service_name}.{operation}"] += 1
        count.retries += int(parsed.get("ResponseMetadata", {}).get("RetryAttempts", 0))
        if operation == "SendMessageBatch":
            bodies = [e["MessageBody"] for e in params["Entries"]]
            count.sent_units += billed_chunks(sum(len(b.encode()) for b in bodies))
            count.bodies += bodies
        elif operation == "PutEvents":
            details = [e["Detail"] for e in params["Entries"]]
            count.event_units += sum(billed_chunks(len(d.encode())) for d in details)
            count.details += details
        elif operation == "BatchExecuteStatement":
            count.wru += statement_units(params, parsed, context["bench_sizes"], self._updates)
        elif operation in {"GetItem", "BatchGetItem", "Query"}:
            count.rru += units_read(operation, params, parsed)
        elif operation in {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}:
            count.wru += units_written(operation, params, parsed)

    def _settle(self, count: Count) -> None:
        count.wru += self._updates.units(self._sizes(self._updates.places))
        self._updates = Updates()

    def _sizes(self, places: Iterable[At]) -> dict[At, int]:
        """How large items are now; those that are not there are left out."""
        found: dict[At, int] = {}
        for part in chunks(list(places), _KEYS_PER_READ):
            wanted: dict[str, Any] = {}
            for table, pk, sk in part:
                wanted.setdefault(table, {"Keys": []})["Keys"].append({"pk": {"S": pk}, "sk": {"S": sk}})
            for table, items in self._plain.batch_get_item(RequestItems=wanted)["Responses"].items():
                found |= {(table, str(i["pk"]["S"]), str(i["sk"]["S"])): item_size(i) for i in items}  # type: ignore[arg-type]
        return found
