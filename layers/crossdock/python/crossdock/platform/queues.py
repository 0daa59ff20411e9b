"""SQS both ways: sending in batches without losing one, and consuming so that one bad record stops no other."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from crossdock.contracts.refusals import replay_mark
from crossdock.platform import deadline
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.logs import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# SQS bills every started 64 KB as one request, and takes ten messages and 256 KB to a call in every region.
MESSAGE_BYTES = 60_000
_CALL_BYTES = 250_000
_CALL_ENTRIES = 10
LATEST_SECONDS = 900
"""The longest that SQS holds a message back."""
_ATTEMPTS = 4


# Kept, because json.dumps with arguments of its own builds an encoder for every text.
_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def dumps(document: Any) -> str:
    """Compact JSON; key order is the writer's."""
    return _JSON.encode(document)


class Sender:
    """Puts messages on one queue, all of them or an error."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, bodies: Sequence[str]) -> None:
        """Sends every body, ten and 250 KB to a call.

        Entries that SQS failed are sent again. Raises StoreUnavailableError when some stay unsent; the others are
        on the queue then, so the caller's own retry sends them twice: consumers recognise that.
        """
        self.send_later([(body, 0) for body in bodies])

    def waiting(self) -> int:
        """How many messages are on the queue: visible, in flight or held back. SQS counts them approximately."""
        names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
        wanted: Any = {"QueueUrl": self._queue_url, "AttributeNames": names}
        return sum(int(n) for n in self._client.get_queue_attributes(**wanted)["Attributes"].values())

    def send_later(self, messages: Sequence[tuple[str, int]]) -> None:
        """Sends every (body, seconds): each appears on the queue after that many seconds, LATEST_SECONDS at most.

        Raises as `send` does.
        """
        for call in _calls(messages):
            waiting = call
            for attempt in range(_ATTEMPTS):
                if attempt:
                    deadline.pause(attempt)
                entries: Any = [_entry(i, *message) for i, message in enumerate(waiting)]
                response = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
                waiting = [waiting[int(f["Id"])] for f in response.get("Failed", [])]
                if not waiting:
                    break
            else:
                raise StoreUnavailableError(f"{len(waiting)} messages were not taken by {self._queue_url}")


def _entry(number: int, body: str, seconds: int) -> dict[str, Any]:
    entry: dict[str, Any] = {"Id": str(number), "MessageBody": body}
    return {**entry, "DelaySeconds": seconds} if seconds else entry


def _calls(messages: Iterable[tuple[str, int]]) -> Iterable[list[tuple[str, int]]]:
    call: list[tuple[str, int]] = []
    size = 0
    for message in messages:
        length = len(message[0].encode())
        if call and (len(call) == _CALL_ENTRIES or size + length > _CALL_BYTES):
            yield call
            call, size = [], 0
        call.append(message)
        size += length
    if call:
        yield call


def pack(facts: Sequence[Mapping[str, Any]], wrap: Callable[[list[Any]], Mapping[str, Any]]) -> list[str]:
    """Message bodies of at most 60 KB that together hold all facts in order; `wrap` puts the envelope around some."""
    bodies: list[str] = []
    current: list[Any] = []
    size = 0
    for fact in facts:
        length = len(dumps(fact).encode()) + 1
        if current and size + length > MESSAGE_BYTES:
            bodies.append(dumps(wrap(current)))
            current, size = [], 0
        current.append(fact)
        size += length
    if current:
        bodies.append(dumps(wrap(current)))
    return bodies


@dataclass(frozen=True, slots=True)
class Record:
    """One message of a batch. `message` is the JSON object in it, or None when it holds none.

    `sent_at` is when it was put on its queue; where SQS does not say so (a batch made by hand), None.
    """

    id: str
    body: str
    message: Mapping[str, Any] | None
    receipt_handle: str
    receive_count: int
    queue: str
    sent_at: datetime | None = None

    @property
    def replay(self) -> Mapping[str, str] | None:
        """Which exception this message replays, if it does: `{"exception", "occurrence", "run"}`."""
        return replay_mark(self.message)


def hide(client: "SQSClient", queue_url: str, record: Record, seconds: int) -> None:
    """Keeps a record out of sight for a while; the queue's own timeout would bring it back too soon or too late.

    If that cannot be done, the queue's timeout has to do: what its batch did for others must not be done again for it.
    """
    try:
        client.change_message_visibility(
            QueueUrl=queue_url, ReceiptHandle=record.receipt_handle, VisibilityTimeout=seconds
        )
    except (BotoCoreError, ClientError, deadline.DeadlineExceeded) as exc:
        logger().warning("not hidden", extra={"record": record.id, "reason": str(exc)})


def records_of(event: Mapping[str, Any]) -> list[Record]:
    """The records of an SQS event; `queue` is the name at the end of the queue's ARN."""
    return [_record(raw) for raw in event.get("Records", [])]


def _record(raw: Mapping[str, Any]) -> Record:
    attributes = raw.get("attributes", {})
    sent_ms = attributes.get("SentTimestamp")
    return Record(
        id=raw["messageId"],
        body=raw["body"],
        message=_object(raw["body"]),
        receipt_handle=raw["receiptHandle"],
        receive_count=int(attributes.get("ApproximateReceiveCount", "1")),
        queue=raw["eventSourceARN"].rsplit(":", 1)[-1],
        sent_at=None if sent_ms is None else datetime.fromtimestamp(int(sent_ms) / 1000, UTC),
    )


def _object(body: str) -> Mapping[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):  # RecursionError: nested deeper than any document of ours
        return None
    return document if isinstance(document, dict) else None


def failures(record_ids: Iterable[str]) -> dict[str, Any]:
    """The partial batch answer: these records are delivered again, the others are done with."""
    return {"batchItemFailures": [{"itemIdentifier": i} for i in sorted(set(record_ids))]}
