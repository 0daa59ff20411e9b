"""Following a table's stream, filtered before anything is invoked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from infra.constructs.alarms import Watch, alarm
from infra.constructs.function import Function
from infra.constructs.permissions import allow_key
from infra.constructs.table import Table

# The most a stream gives; 6 MB, Lambda's limit, hold about 8,000 journal records. The more meet, the fewer writes.
BATCH: Final = 10_000
# As many as Lambda allows: an outage must not take stock changes out of the balances while the stream still has them
# (24 h). A record that breaks the function is isolated by halving, and the lag alarm rings meanwhile.
RETRIES: Final = 10_000
LATE_AFTER_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Followed:
    """Which records of a stream are wanted: those of these event names whose partition key begins with `prefix`.

    `others` are further (prefix, event names) that the same reader wants: a shard of a stream serves two readers.
    `sort_key` is the one sort key that is wanted; None: all.
    """

    table: Table
    prefix: str
    events: Sequence[str]
    window_seconds: int
    others: Sequence[tuple[str, Sequence[str]]] = ()
    sort_key: str | None = None


def follow(function: Function, label: str, followed: Followed, failures: sqs.IQueue) -> None:
    """Lets the function read the stream in order, in batches of up to 10,000, from the oldest record on.

    A batch that fails is halved until the broken record stands alone; that one's position goes to `failures`. Raises
    ValueError for a table without a stream.
    """
    stream = followed.table.stream_arn
    if stream is None:
        raise ValueError(f"{followed.table.name} has no stream to follow: make the table with stream=True")
    function.allow(
        ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"], stream
    )
    if followed.table.key_arn:
        function.role.add_to_policy(allow_key(followed.table.key_arn, "dynamodb", ["kms:Decrypt"]))
    function.allow_send(failures)
    mapping = lambda_.CfnEventSourceMapping
    lambda_.CfnEventSourceMapping(
        function,
        f"{label}Source",
        function_name=function.reader,
        event_source_arn=stream,
        starting_position="TRIM_HORIZON",
        batch_size=BATCH,
        maximum_batching_window_in_seconds=followed.window_seconds or None,
        parallelization_factor=1,
        bisect_batch_on_function_error=True,
        maximum_retry_attempts=RETRIES,
        filter_criteria=mapping.FilterCriteriaProperty(
            filters=[mapping.FilterProperty(pattern=pattern) for pattern in _patterns(followed)]
        ),
        destination_config=mapping.DestinationConfigProperty(
            on_failure=mapping.OnFailureProperty(destination=failures.queue_arn)
        ),
    )


def watch_lag(function: Function, late_after_seconds: int = LATE_AFTER_SECONDS) -> None:
    """The alarm for a function that follows streams: the oldest unread record is so old."""
    alarm(
        function,
        f"{function.physical_suffix}-lag",
        "stream-late",
        Watch(
            "AWS/Lambda",
            "IteratorAge",
            {"FunctionName": function.physical_name},
            "Maximum",
            late_after_seconds * 1000,
        ),
        function=function.name,
        seconds=str(late_after_seconds),
    )


def _patterns(followed: Followed) -> list[str]:
    wanted = [(followed.prefix, followed.events), *followed.others]
    sort = {"sk": {"S": [followed.sort_key]}} if followed.sort_key else {}
    return [
        json.dumps({"eventName": list(events), "dynamodb": {"Keys": {"pk": {"S": [{"prefix": prefix}]}, **sort}}})
        for prefix, events in wanted
    ]
