"""Rows that were deleted come back as they were, and nothing that was written since is touched.

The engine makes a copy of a table as it is and not as it was, so each test makes the copy before the damage; in an
account the copy is made after it, and DynamoDB goes back.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock_cli import main
from crossdock_cli.errors import CliError
from crossdock_cli.restore import commands
from crossdock_cli.restore.comparing import Pair
from crossdock_cli.restore.tables import check_window

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

NAME = "crossdock-local-inventory"


@pytest.fixture
def at(fresh: Target, monkeypatch: pytest.MonkeyPatch) -> str:
    """An instant that the table can be restored to."""
    monkeypatch.setattr(commands, "connect", lambda _: fresh)
    fresh.dynamodb.update_continuous_backups(
        TableName=NAME, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return "2026-11-22T10:00:00Z"


def row(pk: str, sk: str, **values: int) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}, **{k: {"N": str(v)} for k, v in values.items()}}


def write(target: Target, *rows: dict[str, Any]) -> None:
    for item in rows:
        target.dynamodb.put_item(TableName=NAME, Item=item)


def delete(target: Target, *rows: dict[str, Any]) -> None:
    for item in rows:
        target.dynamodb.delete_item(TableName=NAME, Key={"pk": item["pk"], "sk": item["sk"]})


def stored(target: Target) -> list[dict[str, Any]]:
    items = target.dynamodb.scan(TableName=NAME, ConsistentRead=True)["Items"]
    return sorted(items, key=lambda r: (r["pk"]["S"], r["sk"]["S"]))


def crossdock(*arguments: str, code: int = 0) -> Any:
    done = CliRunner().invoke(main.app, ["restore", *arguments, "--json"])
    if isinstance(done.exception, CliError):
        raise done.exception
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout)


def test_deleted_rows_come_back_and_newer_ones_stay(fresh: Target, at: str) -> None:
    movements = [row("M#A#MAIN", f"wms#{n}", q=n) for n in range(1, 251)]
    head, other, expired = row("T#A", "A#MAIN", oh=5), row("T#B", "A#MAIN", oh=7), row("Q#1", "QUOTE", ttl=1)
    write(fresh, *movements, head, other, expired)
    tried = crossdock("table", "inventory", "--at", at, "--dry-run")
    assert crossdock("list") == [], "a dry run makes nothing"
    copy = crossdock("table", "inventory", "--at", at)["copy"]
    assert (tried["copy"], tried["done"], copy.startswith("inventory-restored-2")) == (copy, False, True)
    assert [(c["copy"], c["status"]) for c in crossdock("list")] == [(copy, "ACTIVE")]

    delete(fresh, *movements[:130], head, expired)
    changed, new = row("T#B", "A#MAIN", oh=8), row("M#B#MAIN", "wms#new", q=1)
    write(fresh, changed, new)

    found = crossdock("compare", "inventory", copy, code=1)["kinds"]
    assert found == {"M#": {"missing": 130, "new": 1}, "T#": {"missing": 1, "different": 1}}
    damaged = stored(fresh)
    assert crossdock("rows", "inventory", copy, "--prefix", "M#", "--dry-run") == {
        "done": False,
        "rows": {"M#": 130},
        "overtaken": [],
    }
    assert stored(fresh) == damaged
    assert crossdock("rows", "inventory", copy, "--prefix", "M#")["rows"] == {"M#": 130}
    assert crossdock("rows", "inventory", copy)["rows"] == {"T#": 1}
    wanted = sorted([*movements, head, changed, new], key=lambda r: (r["pk"]["S"], r["sk"]["S"]))
    assert stored(fresh) == wanted
    assert crossdock("compare", "inventory", copy)["kinds"] == {"M#": {"new": 1}, "T#": {"different": 1}}

    assert crossdock("rows", "inventory", copy, "--different", "--prefix", "T#B")["rows"] == {"T#": 1}
    assert [r["oh"]["N"] for r in stored(fresh) if r["pk"]["S"] == "T#B"] == ["7"]
    crossdock("drop", copy)
    assert crossdock("list") == []


def test_a_row_that_somebody_writes_meanwhile_is_left_to_them(
    fresh: Target, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, lost = row("T#A", "A#MAIN", oh=5), row("M#A#MAIN", "wms#1", q=5)
    write(fresh, head, lost)
    copy = crossdock("table", "inventory", "--at", at)["copy"]
    delete(fresh, lost)
    write(fresh, row("T#A", "A#MAIN", oh=6))
    put_back = Pair.put_back

    def raced(pair: Pair, difference: Any) -> bool:
        write(fresh, row(*difference.key, q=99))
        return put_back(pair, difference)

    monkeypatch.setattr(Pair, "put_back", raced)
    said = crossdock("rows", "inventory", copy, "--different", "--prefix", "T#A", code=1)
    assert (said["rows"], said["overtaken"]) == ({}, ["T#A A#MAIN"])
    said = crossdock("rows", "inventory", copy, code=1)
    assert (said["rows"], said["overtaken"]) == ({}, ["M#A#MAIN wms#1"])
    assert stored(fresh) == [row("M#A#MAIN", "wms#1", q=99), row("T#A", "A#MAIN", q=99)]


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (
            ["table", "stock", "--at", "2026-11-22T10:00:00Z"],
            "there is no table 'stock' to restore",
            "inventory, pricing",
        ),
        (["table", "inventory", "--at", "today"], "--at today: not an instant", "2026-11-22T10:00:00Z"),
        (["table", "pricing", "--at", "2026-11-22T10:00:00Z"], "point-in-time recovery is off", "make deploy"),
        (["compare", "inventory", "pricing-restored-1"], "is no copy of inventory", "crossdock restore list"),
        (["rows", "inventory", "inventory"], "is no copy of inventory", "crossdock restore list"),
        (["rows", "inventory", "inventory-restored-1", "--different"], "would undo every change", "--prefix M#85123A#"),
        (["drop", "inventory"], "only copies are removed", "crossdock restore list"),
    ],
)
def test_what_cannot_be_restored_is_refused_and_nothing_is_touched(
    fresh: Target, at: str, arguments: list[str], message: str, remedy: str
) -> None:
    write(fresh, row("T#A", "A#MAIN", oh=5))
    tables = fresh.dynamodb.list_tables()["TableNames"]
    with pytest.raises(CliError) as refused:
        crossdock(*arguments)
    assert message in refused.value.message
    assert remedy in refused.value.remedy
    assert fresh.dynamodb.list_tables()["TableNames"] == tables
    assert stored(fresh) == [row("T#A", "A#MAIN", oh=5)]


def test_a_copy_that_is_there_already_is_used_and_not_made_again(fresh: Target, at: str) -> None:
    copy = crossdock("table", "inventory", "--at", at)["copy"]
    with pytest.raises(CliError) as refused:
        crossdock("table", "inventory", "--at", at)
    assert refused.value.message == f"the copy {copy} is there already"
    assert refused.value.remedy == f"use it, or remove it first: crossdock restore drop {copy}"


@pytest.mark.parametrize("at", ["2026-10-01T00:00:00+00:00", "2026-11-22T10:00:00+00:00"])
def test_in_an_account_an_instant_outside_of_the_history_is_refused_with_what_there_is(at: str) -> None:
    recovery = {
        "PointInTimeRecoveryStatus": "ENABLED",
        "EarliestRestorableDateTime": datetime(2026, 10, 18, tzinfo=UTC),
        "LatestRestorableDateTime": datetime(2026, 11, 22, 9, 55, tzinfo=UTC),
    }
    answer = {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": recovery}}
    client = SimpleNamespace(describe_continuous_backups=lambda **_: answer)
    stage: Any = SimpleNamespace(stage="prod", dynamodb=client, name=lambda own: f"crossdock-prod-{own}")
    check_window(stage, "inventory", datetime(2026, 11, 22, 9, 55, tzinfo=UTC))
    with pytest.raises(CliError) as refused:
        check_window(stage, "inventory", datetime.fromisoformat(at))
    assert refused.value.message == (
        "crossdock-prod-inventory can be restored to 2026-10-18T00:00:00Z at the earliest "
        "and 2026-11-22T09:55:00Z at the latest"
    )
