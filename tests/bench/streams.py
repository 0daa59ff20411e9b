"""A table's stream, read from a place on: what Lambda would hand to a function that follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from crossdock_cli.target import Target

BEGINNING: Final = "TRIM_HORIZON"
END: Final = "LATEST"
_PAGE: Final = 1000


class Stream:
    """`begin` is BEGINNING, END or the sequence number of the last record that is known already."""

    def __init__(self, target: Target, table: str, begin: str = BEGINNING) -> None:
        arn = target.dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
        self._client: Any = target.session.client("dynamodbstreams", **target.options)
        # The engine's streams have one shard for ever.
        (shard,) = self._client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        where = {"ShardIteratorType": begin}
        if begin not in {BEGINNING, END}:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": begin}
        found = self._client.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], **where)
        self._position: str = found["ShardIterator"]

    def read(self) -> list[dict[str, Any]]:
        """What is new since the last time, oldest first."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._client.get_records(ShardIterator=self._position, Limit=_PAGE)
            self._position = page["NextShardIterator"]
            found += page["Records"]
            if len(page["Records"]) < _PAGE:
                return found


def is_journaled(record: dict[str, Any]) -> bool:
    """Whether the deployed event source would hand it to the projection: an insert into the journal."""
    return bool(record["eventName"] == "INSERT" and record["dynamodb"]["Keys"]["pk"]["S"].startswith("M#"))
