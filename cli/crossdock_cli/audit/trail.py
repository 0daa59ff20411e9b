"""The table of records: appended to under a condition, read in order, checked as a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from crossdock.platform.dynamo import from_item, to_item
from crossdock_cli.audit.record import FIRST_SEAL, Kept, Record, document, sealed
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

_PARTITION: Final = "AUDIT"
_ATTEMPTS: Final = 25


class Trail:
    """The audit trail of one stage. Nothing here changes or removes a record."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def append(self, record: Record) -> int:
        """Puts the record behind the last one and gives back its number; several writers follow one another.

        Raises CliError when others kept being faster, and the client's errors.
        """
        for _ in range(_ATTEMPTS):
            last = self.last()
            number, prev = (last.number + 1, last.seal) if last else (1, FIRST_SEAL)
            item = {
                "pk": _PARTITION,
                "sk": f"{number:012d}",
                "doc": document(record),
                "prev": prev,
                "seal": sealed(number, record, prev),
            }
            try:
                self._client.put_item(
                    TableName=self._table, Item=to_item(item), ConditionExpression="attribute_not_exists(pk)"
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                continue
            return number
        raise CliError("the audit trail is written by many at once", "run the same command again")

    def last(self) -> Kept | None:
        """The newest record."""
        return next(self._pages(newest_first=True, limit=1), None)

    def records(self) -> Iterator[Kept]:
        """All records in their order."""
        return self._pages(newest_first=False, limit=None)

    def newest_first(self) -> Iterator[Kept]:
        """All records, the newest first, a page at a time."""
        return self._pages(newest_first=True, limit=100)

    def _pages(self, *, newest_first: bool, limit: int | None) -> Iterator[Kept]:
        request: Any = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": _PARTITION}},
            "ScanIndexForward": not newest_first,
            "ConsistentRead": True,
            **({"Limit": limit} if limit else {}),
        }
        while True:
            answer = self._client.query(**request)
            yield from (_kept(from_item(raw)) for raw in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def broken_at(records: Iterator[Kept]) -> tuple[int | None, Kept | None]:
    """The number at which the chain breaks (None: nowhere), and the last record that holds."""
    good: Kept | None = None
    for expected, kept in enumerate(records, start=1):
        prev = good.seal if good else FIRST_SEAL
        if kept.number != expected or kept.prev != prev or kept.seal != sealed(kept.number, kept.record, prev):
            return expected, good
        good = kept
    return None, good


def _kept(row: dict[str, Any]) -> Kept:
    said = {"given": {}, "why": "", "changes": {}, **row["doc"]}
    return Kept(int(row["sk"]), Record(**said), row["prev"], row["seal"])
