"""A table as it is beside its copy as it was: row by row, and rows put back without writing over anything newer."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from crossdock_cli.target import Target

    Row = Mapping[str, Any]  # as DynamoDB writes it: {"pk": {"S": …}, …}

_AT_A_TIME: Final = 100
_TRIES: Final = 8


class State(Enum):
    """What became of a row since the copy: `missing` now, `different` now, or `new` since."""

    MISSING = "missing"
    DIFFERENT = "different"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not in both as it is: `then` as the copy has it, `now` as the table has it."""

    state: State
    then: Row | None
    now: Row | None

    @property
    def key(self) -> tuple[str, str]:
        row = self.then or self.now or {}
        return row["pk"]["S"], row["sk"]["S"]

    @property
    def kind(self) -> str:
        """What rows of its kind begin with: `M#` movements, `T#` an item's stock, …"""
        return kind_of(self.key[0])


@dataclass(frozen=True, slots=True)
class Pair:
    """A table and its copy, by their own names; only rows whose partition key begins with `prefix`."""

    target: Target
    table: str
    copy: str
    prefix: str = ""

    def differences(self) -> Iterator[Difference]:
        """All of both tables is read, 0.5 RCU per 4 KB each; the rows of the copy first, then what is new."""
        for rows in self._pages(self.copy):
            now = self._same(self.table, rows)
            for row in rows:
                found = now.get(_key(row))
                if found is None and not _expired(row):
                    yield Difference(State.MISSING, row, None)
                elif found is not None and found != row:
                    yield Difference(State.DIFFERENT, row, found)
        for rows in self._pages(self.table):
            then = self._same(self.copy, rows)
            for row in rows:
                if _key(row) not in then:
                    yield Difference(State.NEW, None, row)

    def put_back(self, difference: Difference) -> bool:
        """The row as it was, if the table's is still what was compared; False when somebody wrote it meanwhile."""
        row = difference.then
        if row is None:
            raise ValueError("a row that is new was in no copy")
        request: Any = {"TableName": self.target.name(self.table), "Item": row}
        if difference.now is None:
            request["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            request |= _unchanged(difference.now)
        try:
            self.target.dynamodb.put_item(**request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _pages(self, table: str) -> Iterator[list[Row]]:
        request: Any = {"TableName": self.target.name(table), "ConsistentRead": True}
        if self.prefix:
            request |= {
                "FilterExpression": "begins_with(pk, :prefix)",
                "ExpressionAttributeValues": {":prefix": {"S": self.prefix}},
            }
        for page in self.target.dynamodb.get_paginator("scan").paginate(**request):
            if page["Items"]:
                yield list(page["Items"])

    def _same(self, table: str, rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
        """The rows of these keys in the other table."""
        name = self.target.name(table)
        found: dict[tuple[str, str], Row] = {}
        for some in _batched(rows):
            waiting: Any = [{"pk": row["pk"], "sk": row["sk"]} for row in some]
            for attempt in range(_TRIES):
                answer = self.target.dynamodb.batch_get_item(
                    RequestItems={name: {"Keys": waiting, "ConsistentRead": True}}
                )
                found |= {_key(row): row for row in answer["Responses"].get(name, [])}
                left: Any = answer.get("UnprocessedKeys", {})
                waiting = left.get(name, {}).get("Keys", [])
                if not waiting:
                    break
                time.sleep(0.05 * 2**attempt)
            else:
                raise CliError(f"{name} gives no answer about {len(waiting)} rows", "it is throttled: run it again")
        return found


def count(differences: Iterable[Difference]) -> dict[str, Counter[str]]:
    """How many rows of each kind are missing, different or new."""
    found: dict[str, Counter[str]] = {}
    for difference in differences:
        found.setdefault(difference.kind, Counter())[difference.state.value] += 1
    return dict(sorted(found.items()))


def kind_of(pk: str) -> str:
    """`M#85123A#MAIN` → `M#`; a key without a mark is a kind of its own."""
    head, mark, _ = pk.partition("#")
    return head + mark


def _unchanged(now: Row) -> dict[str, Any]:
    """A condition that every attribute is what it was when it was compared."""
    names = {f"#a{n}": name for n, name in enumerate(now)}
    return {
        "ConditionExpression": " AND ".join(f"{name} = :v{n}" for n, name in enumerate(names)),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": {f":v{n}": value for n, value in enumerate(now.values())},
    }


def _expired(row: Row) -> bool:
    """Whether it would have ended by itself: rows of webhooks and quotes do."""
    ttl = row.get("ttl", {}).get("N")
    return ttl is not None and float(ttl) < time.time()


def _key(row: Row) -> tuple[str, str]:
    return row["pk"]["S"], row["sk"]["S"]


def _batched(rows: Iterable[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while some := list(itertools.islice(waiting, _AT_A_TIME)):
        yield some
