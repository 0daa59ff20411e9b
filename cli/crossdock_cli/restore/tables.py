"""Copies of tables as they were at an instant: made beside the table, waited for, removed again."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from crossdock_cli.errors import CliError
from crossdock_cli.target import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossdock_cli.target import Target

# The stage's tables by their own names. What `limits` holds is worth nothing after a minute.
TABLES: Final = ("inventory", "pricing", "identity", "exchange", "exceptions")
MARK: Final = "-restored-"
_POLL_SECONDS: Final = 2.0
_ACTIVE: Final = "ACTIVE"


def check_table(name: str) -> str:
    """One of the stage's tables. Raises CliError that names them."""
    if name not in TABLES:
        raise CliError(f"there is no table '{name}' to restore", f"name one of: {', '.join(TABLES)}")
    return name


def instant(text: str) -> datetime:
    """An instant with its offset. Raises CliError with how one is written."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise CliError(f"--at {text}: not an instant with its offset", "write it so: 2026-11-22T10:00:00Z")
    return found.astimezone(UTC)


def copy_name(table: str, at: datetime) -> str:
    """What a copy of the table is called: `inventory-restored-20261122T100000Z`."""
    return f"{table}{MARK}{at.strftime('%Y%m%dT%H%M%SZ')}"


def check_copy(table: str, copy: str) -> str:
    """The copy's own name, refused when it is none of this table's: rows of another would be put into it."""
    if not copy.startswith(f"{table}{MARK}"):
        raise CliError(
            f"'{copy}' is no copy of {table}", f"its copies are named {table}{MARK}…; see: crossdock restore list"
        )
    return copy


def check_window(target: Target, table: str, at: datetime) -> None:
    """Raises CliError when the table cannot be restored to this instant, with those it can."""
    name = target.name(table)
    found = target.dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery: Any = found.get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise CliError(
            f"{name} keeps no history: point-in-time recovery is off", "deploy the stage as it is: make deploy"
        )
    if target.stage == LOCAL:
        return  # the engine keeps no history: its copies are of the table as it is
    first, last = recovery.get("EarliestRestorableDateTime"), recovery.get("LatestRestorableDateTime")
    if (first and at < first) or (last and at > last):
        raise CliError(
            f"{name} can be restored to {_text(first)} at the earliest and {_text(last)} at the latest",
            "name an instant between the two; the latest is some five minutes ago",
        )


def begin(target: Target, table: str, at: datetime, copy: str) -> None:
    """Asks for the copy. DynamoDB makes it with the same key; it has no stream, so nothing follows from its rows."""
    try:
        target.dynamodb.restore_table_to_point_in_time(
            SourceTableName=target.name(table), TargetTableName=target.name(copy), RestoreDateTime=at
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "TableAlreadyExistsException":
            raise
        raise CliError(
            f"the copy {copy} is there already", f"use it, or remove it first: crossdock restore drop {copy}"
        ) from None


def wait(target: Target, copy: str, tell: Callable[[str], None]) -> None:
    """Until the copy can be read: minutes for a small table, hours for a large one. Who stops waiting loses nothing."""
    while (status := _status(target, copy)) != _ACTIVE:
        tell(status)
        time.sleep(_POLL_SECONDS)


def copies(target: Target) -> list[dict[str, Any]]:
    """Every copy there is of the stage's tables, oldest first."""
    pages = target.dynamodb.get_paginator("list_tables").paginate()
    ours = {target.name(f"{table}{MARK}") for table in TABLES}
    names = [n for page in pages for n in page["TableNames"] if any(n.startswith(prefix) for prefix in ours)]
    found = [target.dynamodb.describe_table(TableName=name)["Table"] for name in sorted(names)]
    return [
        {
            "copy": table["TableName"].removeprefix(target.name("")),
            "status": table["TableStatus"],
            "rows": table.get("ItemCount", 0),
            "bytes": table.get("TableSizeBytes", 0),
        }
        for table in found
    ]


def drop(target: Target, copy: str) -> None:
    """Removes a copy; never anything else."""
    if not any(copy.startswith(f"{table}{MARK}") for table in TABLES):
        raise CliError(f"'{copy}' is no copy of a table; only copies are removed", "see: crossdock restore list")
    target.dynamodb.delete_table(TableName=target.name(copy))


def _status(target: Target, copy: str) -> str:
    return str(target.dynamodb.describe_table(TableName=target.name(copy))["Table"]["TableStatus"])


def _text(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else "no known instant"
