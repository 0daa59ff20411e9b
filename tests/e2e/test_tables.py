"""The tables that other tests create for themselves are the tables that are deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.tables import TABLES, TTL, create_table_request, table_name

if TYPE_CHECKING:
    from crossdock_cli.target import Target


@pytest.mark.parametrize("table", TABLES)
def test_a_deployed_table_is_as_the_tests_define_it(deployed: Target, table: str) -> None:
    wanted = create_table_request(table)
    found: dict[str, Any] = dict(deployed.dynamodb.describe_table(TableName=table_name(table))["Table"])

    def by_name(attributes: list[dict[str, str]]) -> list[dict[str, str]]:
        return sorted(attributes, key=lambda attribute: attribute["AttributeName"])

    assert found["KeySchema"] == wanted["KeySchema"]
    assert by_name(found["AttributeDefinitions"]) == by_name(wanted["AttributeDefinitions"])
    assert found.get("StreamSpecification") == wanted.get("StreamSpecification")
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        indexes = [{n: index[n] for n in ("IndexName", "KeySchema", "Projection")} for index in found.get(kind) or ()]
        assert indexes == wanted.get(kind, [])


@pytest.mark.parametrize(("table", "attribute"), TTL.items())
def test_rows_expire_by_the_attribute_the_tests_set(deployed: Target, table: str, attribute: str) -> None:
    found = deployed.dynamodb.describe_time_to_live(TableName=table_name(table))["TimeToLiveDescription"]

    assert (found["TimeToLiveStatus"], found["AttributeName"]) == ("ENABLED", attribute)
