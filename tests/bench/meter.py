"""Counts what the library asks of AWS, by hooks in its own clients: exact, and the same in every run.

A request is what one call of a client is; the transport's retries are counted apart, so that a slow machine shows.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crossdock.platform import clients
from crossdock.platform.logs import logger
from tests.bench.sizes import item_size, read_units, write_units

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

CHUNK_BYTES: Final = 65_536
"""SQS and EventBridge bill every started 64 KB of a payload as one request or event."""
# What CloudWatch Logs adds to each event when it counts a batch of them (PutLogEvents).
LOG_EVENT_OVERHEAD: Final = 26
_INSERTED = re.compile(r"'([^']+)': \?")
_UPDATED = re.compile(r'UPDATE "([^"]+)"')
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

    What the watching itself takes is left out of the CPU time.
    """

    def __init__(self, plain: DynamoDBClient) -> None:
        self._plain = plain
        self._updated: Counter[tuple[str, str, str]] = Counter()
        self.current = Count()
        for client in (clients.dynamodb(), clients.sqs(), clients.events(), clients.secrets()):
            client.meta.events.register("before-parameter-build", self._before)
            client.meta.events.register("after-call", self._after)
        logger().registered_handler.stream = _LogCounter(self)  # type: ignore[attr-defined]

    @contextmanager
    def measure(self) -> Iterator[Count]:
        """Counts what happens inside."""
        self._updated.clear()  # what was written while nobody measured
        outer, self.current = self.current, Count()
        cpu, wall = time.thread_time(), time.perf_counter()
        try:
            yield self.current
        finally:
            self.current.cpu_s += time.thread_time() - cpu
            self.current.wall_s += time.perf_counter() - wall
            self._settle(self.current)
            self.current = outer

    def _after(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        begun = time.thread_time()
        self._note(parsed, model, context.get("bench", {}))
        self.current.cpu_s -= time.thread_time() - begun

    def _before(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.service_model.service_name == "dynamodb" and "ReturnConsumedCapacity" in model.input_shape.members:
            params["ReturnConsumedCapacity"] = "TOTAL"
        context["bench"] = params

    def _note(self, parsed: dict[str, Any], model: Any, params: Mapping[str, Any]) -> None:
        count, operation = self.current, model.name
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
            self._statements(params, parsed, count)
        elif operation in {"GetItem", "BatchGetItem", "Query"}:
            count.rru += _read(operation, params, parsed)
        elif operation in {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}:
            count.wru += _written(parsed)

    def _statements(self, params: Mapping[str, Any], parsed: Mapping[str, Any], count: Count) -> None:
        for statement, answer in zip(params["Statements"], parsed.get("Responses", []), strict=True):
            text, values = statement["Statement"], statement["Parameters"]
            if "Error" in answer:
                count.wru += write_units(item_size(answer["Error"].get("Item", {})))
            elif text.startswith("INSERT"):
                count.wru += write_units(item_size(dict(zip(_INSERTED.findall(text), values, strict=True))))
            else:
                # What an update costs depends on the whole item, which is looked at when the measuring is over.
                at = text.split(" WHERE ")[0].count("?")
                table = _UPDATED.match(text)
                self._updated[table.group(1) if table else "", values[at]["S"], values[at + 1]["S"]] += 1

    def _settle(self, count: Count) -> None:
        updated = list(self._updated.items())
        self._updated.clear()
        for start in range(0, len(updated), _KEYS_PER_READ):
            part = dict(updated[start : start + _KEYS_PER_READ])
            wanted: dict[str, Any] = {}
            for table, pk, sk in part:
                wanted.setdefault(table, {"Keys": []})["Keys"].append({"pk": {"S": pk}, "sk": {"S": sk}})
            for table, items in self._plain.batch_get_item(RequestItems=wanted)["Responses"].items():
                for raw in items:
                    item: Any = raw
                    count.wru += part[table, item["pk"]["S"], item["sk"]["S"]] * write_units(item_size(item))


def _read(operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> float:
    """Read units of one call. A key that is not there costs as much as a small item."""
    if operation == "GetItem":
        return read_units(item_size(parsed.get("Item", {})), consistent=params.get("ConsistentRead", False))
    if operation == "Query":
        total = sum(item_size(i) for i in parsed.get("Items", []))
        return read_units(total, consistent=params.get("ConsistentRead", False))
    units = 0.0
    for table, request in params["RequestItems"].items():
        consistent = request.get("ConsistentRead", False)
        found = parsed.get("Responses", {}).get(table, [])
        units += sum(read_units(item_size(i), consistent=consistent) for i in found)
        units += (len(request["Keys"]) - len(found)) * read_units(0, consistent=consistent)
    return units


def _written(parsed: Mapping[str, Any]) -> float:
    if "Error" in parsed:
        return write_units(item_size(parsed.get("Item", {})))
    consumed = parsed.get("ConsumedCapacity", [])
    listed = consumed if isinstance(consumed, list) else [consumed]
    return sum(float(c.get("CapacityUnits", 0)) for c in listed)
