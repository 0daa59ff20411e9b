"""`crossdock inventory show, movements, rebuild` over what the functions have stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock.inventory.journal import JournalEntry
from crossdock.platform.dynamo import Table
from crossdock_cli import inventory, inventory_movements, inventory_rebuild
from crossdock_cli.errors import CliError
from crossdock_cli.main import app
from tests.support.world import CORRELATION, NOW_TEXT, World, later, movement, movements_message

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def known(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"), ("wms", "A2", "SKU-2"))
    for module in (inventory, inventory_movements, inventory_rebuild):
        world.patch.setattr(module, "connect", lambda _: world.target)
        world.patch.setattr(module, "system_clock", lambda: world.now)
    world.patch.setattr(inventory_rebuild.time, "sleep", lambda seconds: pass_by(world, seconds))


def pass_by(world: World, seconds: float) -> None:
    """The projection goes on while a command waits."""
    world.now = later((world.now - later(0)).total_seconds() + seconds)
    world.project()


def move(world: World, *movements: dict[str, Any], project: bool = True) -> None:
    answer = world.call("apply_movements", world.queue_event("movements", [movements_message(*movements)]))
    assert answer == {"batchItemFailures": []}
    if project:
        world.project()


def crossdock(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["inventory", *arguments])
    if isinstance(done.exception, CliError):
        raise done.exception
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


def document(*arguments: str, code: int = 0) -> Any:
    return json.loads(crossdock(*arguments, "--json", code=code))


def spoil(world: World, warehouse: str = "MAIN", **values: int) -> None:
    row = world.row("inventory", "T#SKU-1", f"A#{warehouse}")
    assert row is not None
    world.table("inventory").put({**row, **values})


def no_writes(world: World) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("written on consistent data")

    for name in ("run", "put", "put_new", "delete", "transact"):
        world.patch.setattr(Table, name, refuse)


# -- show --------------------------------------------------------------------------------------------------------------


def test_an_items_stock_is_shown_with_its_statuses_and_what_is_under_way(world: World) -> None:
    move(
        world,
        movement("m1", 10),
        movement("m2", 3, status="damaged", lot="L1", bin="B1"),
    )
    sent = JournalEntry("SKU-1", "MAIN", "wms", "m3", "transfer_out", -4, NOW_TEXT, None, "cd-1", destination="NORTH")
    world.inventory.journal([sent])
    world.project()

    (main,) = document("show", "SKU-1")
    text = crossdock("show", "SKU-1")

    assert (main["on_hand"], main["damaged"], main["available"], main["available_now"]) == (9, 3, 6, 6)
    assert (main["movements"], main["folded"], main["agrees"], main["state"]) == (3, 9, True, "equal")
    assert (main["sent_off"], main["coming_in"], main["counted"]) == ({"NORTH": 4}, 0, 3)
    assert main["details"] == [{"lot": "L1", "bin": "B1", "status": "damaged", "on_hand": 3}]
    assert [e["id"] for e in main["last"]] == ["m1", "m2", "m3"]
    assert "in transit to NORTH: 4" in text
    assert "MAIN: 3 movements add up to 9, which is the balance" in text


def test_a_balance_that_is_behind_is_told_from_one_that_differs(world: World) -> None:
    move(world, movement("m1", 10))
    move(world, movement("m2", 1), project=False)
    assert "1 of them are being counted (the balance says 10)" in crossdock("show", "SKU-1")

    world.project()
    spoil(world, oh=12, av=12, pl=12)

    assert "but the balance says 12: crossdock inventory rebuild 'SKU-1' MAIN" in crossdock("show", "SKU-1")


# -- movements ---------------------------------------------------------------------------------------------------------


def test_movements_are_listed_in_the_order_in_which_they_occurred_with_the_balance(world: World) -> None:
    move(world, movement("late", 5, occurred_at="2026-11-21T07:10:00Z"), movement("m3", 2, type="pick"))
    move(world, movement("first", 7, occurred_at="2026-11-20T07:00:00Z"))

    rows = document("movements", "SKU-1")

    assert [(r["id"], r["quantity"], r["balance"]) for r in rows] == [("first", 7, 7), ("m3", -2, 5), ("late", 5, 10)]
    assert rows[0]["correlation_id"] == CORRELATION
    assert rows[0]["recorded_at"].startswith("2026-")
    text = crossdock("movements", "SKU-1", "--limit", "1")
    assert "MAIN: 1 movement\n" in text
    assert "late" in text
    assert "first" not in text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--type", "pick"), ["m2"]),
        (("--source", "erp"), []),
        (("--source", "wms", "--limit", "1"), ["m3"]),
        (("--since", "2026-11-21"), ["m2", "m3"]),
        (("--since", "2026-11-21T07:00:00.001Z"), ["m3"]),
        (("--since", "55m"), ["m3"]),
        (("--warehouse", "MAIN"), ["m1", "m2", "m3"]),
        (("--warehouse", "NORTH"), []),
    ],
)
def test_movements_are_chosen_and_the_balance_still_counts_all(
    world: World, options: tuple[str, ...], expected: list[str]
) -> None:
    move(
        world,
        movement("m1", 9, occurred_at="2026-11-20T23:59:59Z"),
        movement("m2", 2, type="pick"),
        movement("m3", 4, occurred_at="2026-11-21T07:30:00Z"),
    )

    rows = document("movements", "SKU-1", *options)

    assert [r["id"] for r in rows] == expected
    assert {r["id"]: r["balance"] for r in rows}.items() <= {"m1": 9, "m2": 7, "m3": 11}.items()


def test_a_time_that_is_none_is_wrong_usage(world: World) -> None:
    done = CliRunner().invoke(app, ["inventory", "movements", "SKU-1", "--since", "yesterday"])

    assert done.exit_code == 2
    assert "--since yesterday" in done.stderr


@pytest.mark.parametrize("command", ["show", "movements", "rebuild"])
def test_an_item_that_never_moved_is_one_line_and_a_remedy(world: World, command: str) -> None:
    with pytest.raises(CliError, match="nothing was ever recorded of an item 'NEVER'") as refused:
        crossdock(command, "NEVER")
    assert "crossdock xref find" in refused.value.remedy


# -- rebuild -----------------------------------------------------------------------------------------------------------


def test_nothing_is_written_where_the_balance_is_its_journal(world: World) -> None:
    move(world, movement("m1", 5, lot="L1"), movement("m2", 2, item="A2", status="damaged"))
    no_writes(world)

    assert document("rebuild", "SKU-1") == {
        "compared": 1,
        "balances": [
            {
                "sku": "SKU-1",
                "warehouse": "MAIN",
                "state": "equal",
                "movements": 1,
                "in_flight": 0,
                "lost": 0,
                "differences": {},
                "details": {},
            }
        ],
    }
    assert document("rebuild", "--all") == {"compared": 2, "balances": []}
    assert crossdock("rebuild", "--all") == "2 compared, 0 mended, 0 left that differ or are not certain\n"


def test_a_dry_run_shows_what_differs_and_changes_nothing(world: World) -> None:
    move(world, movement("m1", 5))
    spoil(world, oh=7, av=8, pl=8)
    before = world.dump()
    no_writes(world)

    (found,) = document("rebuild", "SKU-1", "--dry-run", code=1)["balances"]

    assert (found["state"], found["differences"]) == ("different", {"oh": -2, "av": -3, "pl": -3})
    assert world.dump() == before
    assert document("rebuild", "--all", "--dry-run", code=1)["compared"] == 1


def test_what_differs_is_mended_and_nothing_else_is_touched(world: World) -> None:
    move(world, movement("m1", 5, lot="L1"), movement("m2", 2, item="A2"))
    before = world.dump()["inventory"]
    spoil(world, oh=7, av=8, pl=8)
    world.table("inventory").put({"pk": "T#SKU-1", "sk": "D#MAIN#L1##available", "q": 9, "seq": "1".zfill(40)})

    (found,) = document("rebuild", "--all")["balances"]

    assert (found["state"], found["details"]) == ("mended", {"L1//available": -4})
    header = world.row("inventory", "T#SKU-1", "A#MAIN")
    assert header is not None
    detail = {"pk": "T#SKU-1", "sk": "D#MAIN#L1##available", "q": 5, "seq": header["seq"]}
    expected = [{**r, "ver": 2} if r["pk"] == "T#SKU-1" and r["sk"] == "A#MAIN" else r for r in before]
    assert world.rows("inventory") == [detail if r["sk"].startswith("D#") else r for r in expected]
    world.project()  # the stream's records again, all of which are counted
    assert world.balance("SKU-1") == 5


def test_movements_on_their_way_are_waited_for_and_left_alone(world: World) -> None:
    move(world, movement("m1", 5))
    move(world, movement("m2", 2), project=False)

    assert document("rebuild", "SKU-1", "--patience", "0")["balances"][0]["state"] == "in_flight"
    assert world.balance("SKU-1") == 5
    (found,) = document("rebuild", "SKU-1")["balances"]

    assert (found["state"], world.balance("SKU-1")) == ("equal", 7)


def test_a_lost_batch_is_found_by_a_movement_of_nothing_and_counted_once(world: World) -> None:
    """The stream gave m1 and m3; m2 is gone. The day after, nobody could tell but by the number of rows."""
    move(world, movement("m1", 5), movement("m2", 2), project=False)
    records = [r for r in world.stream("inventory") if r["dynamodb"]["Keys"]["pk"]["S"].startswith("M#")]
    world.call("project_balances", {"Records": records[:1]})
    world.now = later(3600)
    lost = {r["dynamodb"]["SequenceNumber"] for r in records[1:]}

    def project_the_rest(world: World) -> None:
        rest = [r for r in world.stream("inventory") if r["dynamodb"]["SequenceNumber"] not in lost]
        world.call("project_balances", {"Records": rest})

    world.patch.setattr(World, "project", project_the_rest)

    (found,) = document("rebuild", "SKU-1")["balances"]

    assert (found["state"], found["lost"], found["movements"]) == ("mended", 1, 3)
    assert world.balance("SKU-1") == 7
    assert [r["id"] for r in document("movements", "SKU-1", "--source", "crossdock")] == [f"rebuild:{text_of(world)}"]
    assert document("rebuild", "SKU-1")["balances"][0]["state"] == "equal"


def text_of(world: World) -> str:
    (row,) = [r for r in world.rows("inventory") if r["sk"].startswith("crossdock#rebuild:")]
    return str(row["sk"]).removeprefix("crossdock#rebuild:")


def test_a_restored_table_begins_its_stream_anew_with_every_row_counted(world: World) -> None:
    move(world, movement("m1", 5, lot="L1"))
    move(world, movement("m2", 2, lot="L1"), project=False)  # in the backup, and in no stream of the restored table

    (found,) = document("rebuild", "SKU-1", "--from-restore")["balances"]

    header = world.row("inventory", "T#SKU-1", "A#MAIN")
    detail = world.row("inventory", "T#SKU-1", "D#MAIN#L1##available")
    assert header is not None
    assert detail is not None
    assert (found["state"], header["oh"], header["n"], header["seq"]) == ("mended", 7, 2, "0" * 40)
    assert (detail["q"], detail["seq"]) == (7, "0" * 40)
    no_writes(world)
    assert document("rebuild", "SKU-1", "--from-restore")["balances"][0]["state"] == "equal"


def test_a_balance_whose_header_is_gone_is_made_again(world: World) -> None:
    move(world, movement("m1", 5), movement("m2", 2, type="pick"))
    world.table("inventory").delete(("T#SKU-1", "A#MAIN"))
    world.now = later(26 * 3600)

    (found,) = document("rebuild", "SKU-1", "MAIN")["balances"]

    assert (found["state"], found["lost"], world.balance("SKU-1")) == ("mended", 2, 3)


def test_an_interrupted_run_over_everything_goes_on_where_it_was(world: World, tmp_path: Path) -> None:
    move(world, movement("m1", 5), movement("m2", 2, item="A2"))
    keys = [
        (r["pk"], r["sk"]) for page, _ in world.table("inventory").pages(None, attributes=("pk", "sk")) for r in page
    ]
    file = tmp_path / "rebuild.json"
    file.write_text(json.dumps({"stage": "local", "after": keys[-1]}))

    assert document("rebuild", "--all", "--checkpoint", str(file))["compared"] == 0
    assert not file.exists()
    assert document("rebuild", "--all", "--checkpoint", str(file))["compared"] == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [("{}", "not a file of this command"), ('{"stage": "prod", "after": ["a", "b"]}', "of stage prod")],
)
def test_a_file_that_is_no_checkpoint_of_this_stage_is_refused(
    world: World, tmp_path: Path, content: str, said: str
) -> None:
    file = tmp_path / "other.json"
    file.write_text(content)

    with pytest.raises(CliError, match=said):
        crossdock("rebuild", "--all", "--checkpoint", str(file))
    assert file.read_text() == content


@pytest.mark.parametrize("arguments", [(), ("SKU-1", "--all"), ("SKU-1", "--checkpoint", "x.json")])
def test_a_rebuild_of_nothing_or_of_both_is_wrong_usage(world: World, arguments: tuple[str, ...]) -> None:
    crossdock("rebuild", *arguments, code=2)
