"""What the emulator's CloudFormation leaves out of our templates, done by API afterwards.

Read from the synthesised templates, so that nothing is said twice. Today that is two things:
tables come up without their time to live and without their history.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crossdock_cli.target import local_target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crossdock_cli.local.state import LocalState


def complete(state: LocalState, assembly: Path) -> None:
    """Makes the deployed stacks what their templates say. Does nothing the second time."""
    client = local_target(state).dynamodb
    for table, _ in _tables(assembly, "PointInTimeRecoverySpecification"):
        client.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
    for table, wanted in times_to_live(assembly):
        found = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if found.get("TimeToLiveStatus") != "ENABLED":
            client.update_time_to_live(
                TableName=table,
                TimeToLiveSpecification={"Enabled": bool(wanted["Enabled"]), "AttributeName": wanted["AttributeName"]},
            )


def times_to_live(assembly: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Table name and TimeToLiveSpecification of every table that has one."""
    return _tables(assembly, "TimeToLiveSpecification")


def _tables(assembly: Path, specification: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for template in sorted(assembly.glob("*.template.json")):
        for resource in json.loads(template.read_text()).get("Resources", {}).values():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::DynamoDB::Table" and specification in properties:
                yield properties["TableName"], properties[specification]
