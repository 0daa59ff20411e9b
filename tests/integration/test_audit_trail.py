"""The audit trail in its table: records follow one another, whoever writes them at once, and damage is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.platform.dynamo import to_item
from crossdock_cli.audit.record import Record
from crossdock_cli.audit.trail import Trail, broken_at
from tests.support.tables import table_name

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration


def record(command: str = "partners add") -> Record:
    return Record("2026-11-21T08:00:00.000Z", "arn:me", "local", command, {"name": "acme"}, "", "0.1.0")


def trail(target: Target) -> Trail:
    return Trail(target.dynamodb, table_name("audit"))


def test_records_of_many_writers_follow_one_another_without_a_gap(fresh: Target) -> None:
    written = trail(fresh)
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda n: written.append(record(f"command {n}")), range(20)))

    assert sorted(numbers) == list(range(1, 21))
    broken, last = broken_at(written.records())
    assert (broken, last.number if last else 0) == (None, 20)
    assert [kept.number for kept in written.newest_first()] == list(range(20, 0, -1))


@pytest.mark.parametrize("damage", ["changed", "removed"])
def test_damage_in_the_table_is_found(fresh: Target, damage: str) -> None:
    written = trail(fresh)
    for n in range(3):
        written.append(record(f"command {n}"))
    key: Any = to_item({"pk": "AUDIT", "sk": f"{2:012d}"})
    if damage == "removed":
        fresh.dynamodb.delete_item(TableName=table_name("audit"), Key=key)
    else:
        fresh.dynamodb.update_item(
            TableName=table_name("audit"),
            Key=key,
            UpdateExpression="SET doc.#by = :other",
            ExpressionAttributeNames={"#by": "by"},
            ExpressionAttributeValues={":other": {"S": "arn:nobody"}},
        )

    assert broken_at(written.records())[0] == 2
