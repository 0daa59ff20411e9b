"""Consuming a queue so that one bad record stops no other and a replayed fact is settled when it went through."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from crossdock.platform import deadline
from crossdock.platform.logs import logger
from crossdock.platform.queues import Record, failures, records_of

Settle = Callable[[Sequence[Mapping[str, str]]], None]
"""Told of the replayed facts of a batch that went through, by their marks."""


def consume(
    event: Mapping[str, Any],
    context: deadline.LambdaContext | None,
    handle: Callable[[Sequence[Record]], Iterable[str]],
    settle: Settle,
) -> dict[str, Any]:
    """Handles a batch together; if that fails, each record alone, so that only the bad one is delivered again.

    `handle` gives back the ids of records that are to be delivered again and raises when it could not go on.
    """
    deadline.begin(context)
    records = records_of(event)
    try:
        again = _handled(records, handle, settle)
    except Exception:  # noqa: BLE001 - whatever broke, the other records of the batch must not pay for it
        logger().exception("batch failed; handling each record alone", records=len(records))
        again = [i for record in records for i in _alone(record, handle, settle)]
    return failures(again)


def _alone(record: Record, handle: Callable[[Sequence[Record]], Iterable[str]], settle: Settle) -> list[str]:
    try:
        return _handled([record], handle, settle)
    except Exception:  # noqa: BLE001 - as above: it goes back to the queue, and in the end to the dead letters
        logger().exception("record failed", record=record.id, received=record.receive_count)
        return [record.id]


def _handled(
    records: Sequence[Record], handle: Callable[[Sequence[Record]], Iterable[str]], settle: Settle
) -> list[str]:
    again = list(handle(records))
    marks = [record.replay for record in records if record.replay and record.id not in again]
    if marks:
        settle(marks)
    return again


def one_by_one(handle: Callable[[Record], None]) -> Callable[[Sequence[Record]], Iterable[str]]:
    """A handler of single records as a handler of batches."""

    def handle_all(records: Sequence[Record]) -> Iterable[str]:
        for record in records:
            handle(record)
        return ()

    return handle_all
