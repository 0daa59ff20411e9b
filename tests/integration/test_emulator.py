"""The one correction we make to the emulator: PartiQL writes reach the stream."""
# ruff: noqa: S608  (statements of constants, for an emulator)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

TABLE = "crossdock-local-inventory"
KEY = {"pk": {"S": "M#A#MAIN"}, "sk": {"S": "wms#1"}}


def insert(sk: str) -> dict[str, Any]:
    return {"Statement": f"INSERT INTO \"{TABLE}\" VALUE {{'pk': 'M#A#MAIN', 'sk': '{sk}', 'q': 1}}"}


def update(quantity: int, where: str = "") -> dict[str, Any]:
    return {"Statement": f"UPDATE \"{TABLE}\" SET q={quantity} WHERE pk='M#A#MAIN' AND sk='wms#1'{where}"}


def batch(target: Target, *statements: Any) -> list[str]:
    """The error code of each statement, '' for success."""
    responses = target.dynamodb.batch_execute_statement(Statements=list(statements))["Responses"]
    return [response.get("Error", {}).get("Code", "") for response in responses]


def stream(target: Target) -> list[tuple[str, str, str | None]]:
    """Event, sort key and new quantity of every record."""
    client = target.session.client("dynamodbstreams", **target.options)
    arn = client.list_streams(TableName=TABLE)["Streams"][0]["StreamArn"]
    shard = client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = client.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return [
        (r["eventName"], r["dynamodb"]["Keys"]["sk"]["S"], r["dynamodb"].get("NewImage", {}).get("q", {}).get("N"))
        for r in records
    ]


def test_each_inserted_item_is_one_record_and_a_duplicate_is_none(fresh: Target) -> None:
    assert batch(fresh, insert("wms#1"), insert("wms#2"), insert("wms#1")) == ["", "", "DuplicateItem"]

    assert stream(fresh) == [("INSERT", "wms#1", "1"), ("INSERT", "wms#2", "1")]


def test_an_update_is_a_record_unless_its_condition_fails_or_nothing_changes(fresh: Target) -> None:
    batch(fresh, insert("wms#1"))

    codes = batch(fresh, update(5)) + batch(fresh, update(6, " AND q=9")) + batch(fresh, update(5))

    assert codes == ["", "ConditionalCheckFailed", ""]
    assert stream(fresh) == [("INSERT", "wms#1", "1"), ("MODIFY", "wms#1", "5")]


def test_other_writes_still_make_one_record_each(fresh: Target) -> None:
    fresh.dynamodb.put_item(TableName=TABLE, Item={**KEY, "q": {"N": "1"}})
    fresh.dynamodb.delete_item(TableName=TABLE, Key=KEY)

    assert stream(fresh) == [("INSERT", "wms#1", "1"), ("REMOVE", "wms#1", None)]


def test_a_deleting_statement_is_a_removal(fresh: Target) -> None:
    batch(fresh, insert("wms#1"))
    batch(fresh, {"Statement": f"DELETE FROM \"{TABLE}\" WHERE pk='M#A#MAIN' AND sk='wms#1'"})

    assert stream(fresh) == [("INSERT", "wms#1", "1"), ("REMOVE", "wms#1", None)]
