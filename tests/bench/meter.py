"""Counts what the library asks of AWS, by hooks in its own clients: exact, and the same in every run.

A request is what one call of a client is; the transport's retries are counted apart, so that a slow machine shows.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from crossdock.platform import clients
from crossdock.platform.logs import logger
from tests.bench.sizes import item_size, read_units, write_units

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

CHUNK_BYTES: Final = 65_536
"""SQS and EventBridge bill every started 64 KB of a payload as one request or event."""
# What CloudWatch Logs adds to each event when it counts a batch of them (PutLogEvents).
LOG_EVENT_OVERHEAD: Final = 26
_INSERTED = re.compile(r"'([^']+)': \?")
_UPDATED = re.compile(r'UPDATE "([^"]+)"')
_KEYS_PER_READ: Final = 100
_At = tuple[str, str, str]
"""Table, partition key, sort key."""


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
        self._updates: dict[_At, list[int]] = {}
        self.current = Count()
        for client in (clients.dynamodb(), clients.sqs(), clients.events(), clients.secrets()):
            client.meta.events.register("before-parameter-build", self._before)
            client.meta.events.register("after-call", self._after)
        logger().registered_handler.stream = _LogCounter(self)  # type: ignore[attr-defined]

    @contextmanager
    def measure(self) -> Iterator[Count]:
        """Counts what happens inside."""
        self._updates.clear()  # what was written while nobody measured
        outer, self.current = self.current, Count()
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
                context["bench_sizes"] = self._sizes([at for s in params["Statements"] if (at := _updated(s))])

    def _after(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        with self._aside():
            self._note(parsed, model, context)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """What happens inside is the watching itself: its time does not count."""
        cpu, wall = time.thread_time(), time.perf_counter()
        yield
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
            self._statements(params, parsed, context["bench_sizes"])
        elif operation in {"GetItem", "BatchGetItem", "Query"}:
            count.rru += _read(operation, params, parsed)
        elif operation in {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}:
            count.wru += _written(operation, params, parsed)

    def _statements(self, params: Mapping[str, Any], parsed: Mapping[str, Any], sizes: Mapping[_At, int]) -> None:
        for statement, answer in zip(params["Statements"], parsed.get("Responses", []), strict=True):
            text, values = statement["Statement"], statement["Parameters"]
            at = _updated(statement)
            if "Error" in answer:
                # Refused by the item that stands there; an update of nothing costs as much as one of a small item.
                self.current.wru += write_units(sizes.get(at, item_size(answer["Error"].get("Item", {}))))
            elif at is None:
                self.current.wru += write_units(item_size(dict(zip(_INSERTED.findall(text), values, strict=True))))
            else:
                # An update costs the larger of the item before and after; the latter is looked at in the end.
                self._updates.setdefault(at, []).append(sizes[at])

    def _settle(self, count: Count) -> None:
        last = self._sizes(list(self._updates))
        for at, before in self._updates.items():
            sizes = [*before, last[at]]
            count.wru += sum(write_units(max(pair)) for pair in pairwise(sizes))
        self._updates.clear()

    def _sizes(self, places: Sequence[_At]) -> dict[_At, int]:
        """How large items are now; those that are not there are left out."""
        found: dict[_At, int] = {}
        for start in range(0, len(places), _KEYS_PER_READ):
            wanted: dict[str, Any] = {}
            for table, pk, sk in places[start : start + _KEYS_PER_READ]:
                wanted.setdefault(table, {"Keys": []})["Keys"].append({"pk": {"S": pk}, "sk": {"S": sk}})
            for table, items in self._plain.batch_get_item(RequestItems=wanted)["Responses"].items():
                found |= {(table, str(i["pk"]["S"]), str(i["sk"]["S"])): item_size(i) for i in items}  # type: ignore[arg-type]
        return found


def _updated(statement: Mapping[str, Any]) -> _At | None:
    """(table, partition key, sort key) of the item an UPDATE names; None for an INSERT."""
    text, values = statement["Statement"], statement["Parameters"]
    table = _UPDATED.match(text)
    if table is None:
        return None
    at = text.split(" WHERE ")[0].count("?")
    return table.group(1), values[at]["S"], values[at + 1]["S"]


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


def _written(operation: str, params: Mapping[str, Any], parsed: Mapping[str, Any]) -> float:
    if "Error" in parsed and operation == "TransactWriteItems":
        # A transaction that is refused was prepared; it is counted as if it had been carried out, of small items.
        return 2.0 * len(params["TransactItems"])
    if "Error" in parsed:
        return write_units(item_size(parsed.get("Item", {})))
    consumed = parsed.get("ConsumedCapacity", [])
    listed = consumed if isinstance(consumed, list) else [consumed]
    return sum(float(c.get("CapacityUnits", 0)) for c in listed)
