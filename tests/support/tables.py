"""The tables as infra/ defines them, for tests that need tables and nothing else.

`tests/e2e/test_tables.py` compares them with the deployed ones, so they cannot drift apart unnoticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STAGE: Final = "local"
_STREAM: Final = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
_BY_STATE: Final = {
    "IndexName": "by_state",
    "KeySchema": [{"AttributeName": "gs", "KeyType": "HASH"}, {"AttributeName": "gt", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}
_WHOLE: Final = {
    "IndexName": "whole",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "whole", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
# What differs from table to table; keys, types and billing are the same everywhere.
TABLES: Final[dict[str, dict[str, Any]]] = {
    "inventory": {"StreamSpecification": _STREAM, "LocalSecondaryIndexes": [_WHOLE]},
    "pricing": {"StreamSpecification": _STREAM},
    "identity": {"StreamSpecification": _STREAM},
    "exchange": {"StreamSpecification": _STREAM, "LocalSecondaryIndexes": [_WHOLE]},
    "limits": {},
    "exceptions": {"GlobalSecondaryIndexes": [_BY_STATE]},
    "audit": {},
}
# What is counted and what operators do: no facts of the business.
BESIDE: Final = ("audit", "limits")
TTL: Final = {"exchange": "ttl", "pricing": "ttl"}


def table_name(table: str) -> str:
    """The physical name in the local stage."""
    return f"crossdock-{STAGE}-{table}"


def create_table_request(table: str) -> dict[str, Any]:
    """The arguments of CreateTable for one of our tables."""
    attributes = ["pk", "sk"]
    attributes += ["gs", "gt"] if "GlobalSecondaryIndexes" in TABLES[table] else []
    attributes += ["whole"] if "LocalSecondaryIndexes" in TABLES[table] else []
    return {
        "TableName": table_name(table),
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        **TABLES[table],
    }


def create_tables(client: DynamoDBClient) -> None:
    """Creates all of them, empty."""
    for table in TABLES:
        client.create_table(**create_table_request(table))
    for table, attribute in TTL.items():
        client.update_time_to_live(
            TableName=table_name(table), TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
        )
