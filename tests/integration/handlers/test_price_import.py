"""`crossdock price import`, `drafts`, `approve`, `reject` and `show`, with the function in this process."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock_cli import main, price_drafts, price_import
from crossdock_cli.errors import CliError
from crossdock_cli.price_files import importing
from tests.support.world import Context, World, configuration

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.integration

HEAD = "rule_id,version,item,currency,min_quantity,value,valid_from"
GOOD = "R1,1,E1,GBP,1,2.55,2026-01-01"


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The commands reach the emulator's tables, and the function as the SDK would: through JSON."""
    world.knows(("erp", "E1", "SKU-1"), ("erp", "E2", "SKU-2"))
    for module in (price_drafts, price_import):
        monkeypatch.setattr(module, "connect", lambda _: world.target)

    def invoke(_: object, event: dict[str, Any]) -> dict[str, Any]:
        answer = json.loads(json.dumps(world.call("import_price_rules", json.loads(json.dumps(event)), Context())))
        if refused := answer.get("refused"):
            raise CliError(refused["detail"], refused["errors"][0]["remedy"])
        return dict(answer)

    monkeypatch.setattr(importing, "invoke", invoke)
    return world


def crossdock(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main.app, arguments)
    if isinstance(done.exception, CliError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done


def imported(file: Path, *options: str, code: int = 0) -> dict[str, Any]:
    done = crossdock("price", "import", str(file), "--source", "erp", "--by", "mara", "--json", *options, code=code)
    printed = [line for line in done.stdout.splitlines() if not line.startswith('{"level"')]  # the function's own log
    document = json.loads("\n".join(printed))
    assert isinstance(document, dict)
    return document


def write(folder: Path, *rows: str, name: str = "spring.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([*([HEAD] if name.endswith("csv") else []), *rows]) + "\n", encoding="utf-8")
    return path


def in_force(world: World, sku: str = "SKU-1") -> list[str]:
    row = world.row("pricing", f"I#{sku}", "SHEET")
    return sorted(row.get("rules", {})) if row else []


def test_a_dry_run_shows_what_would_change_and_changes_nothing(desk: World, tmp_path: Path) -> None:
    imported(write(tmp_path, GOOD, "R2,4,E2,GBP,1,3,2026-01-01"))
    before = desk.dump()
    rows = [GOOD, "R2,5,E2,GBP,1,3.10,2026-01-01", "R2,3,E2,GBP,1,2.90,2026-01-01", "R3,1,E1,GBP,1,1,2026-01-01"]

    found = imported(write(tmp_path, *rows), "--dry-run")

    assert (found["outcomes"], found["stored"], found["bad"]) == (
        {"duplicate": 1, "new": 1, "newer": 1, "superseded": 1},
        False,
        0,
    )
    assert desk.dump() == before
    shown = crossdock("price", "import", str(write(tmp_path, *rows)), "--source", "erp", "--dry-run").stdout
    assert "newer versions of rules that there are" in shown
    assert "4 of 4 rules would be taken" in shown


def test_a_good_file_goes_in_whole(desk: World, tmp_path: Path) -> None:
    found = imported(write(tmp_path, GOOD, "R1,1,,,24,2.10,", "R2,1,E2,GBP,1,3,2026-01-01"))

    assert (found["rules"], found["outcomes"], found["stored"]) == (2, {"new": 2}, True)
    assert (in_force(desk), in_force(desk, "SKU-2")) == (["erp:R1"], ["erp:R2"])
    once = desk.dump()
    assert imported(tmp_path / "spring.csv")["outcomes"] == {"duplicate": 2}
    assert desk.dump() == once


def test_json_lines_say_the_same(desk: World, tmp_path: Path) -> None:
    line = {
        "rule_id": "R1",
        "version": 1,
        "scope": {"customer": "C1", "item": "E1"},
        "currency": "GBP",
        "tiers": [{"value": "2.55"}],
        "valid_from": "2026-01-01",
        "valid_through": "2026-01-31",
    }

    assert imported(write(tmp_path, json.dumps(line), name="spring.jsonl"))["outcomes"] == {"new": 1}

    shown = json.loads(crossdock("price", "show", "erp:R1", "--json").stdout)
    assert shown[0]["rule"]["valid_to"] == "2026-02-01T00:00:00.000000Z"
    assert desk.row("pricing", "K#C1", "SHEET") is not None


@pytest.mark.parametrize(
    "bad",
    [
        "R2,1,E9,GBP,1,3,2026-01-01",
        "R2,1,E2,GBP,1,three,2026-01-01",
        "R2,1,E2,GBP,1,3,2026-1-1",
        "R2,1,E2,GBP,1,3",
        "R0,1,E1,GBP,1,9.99,2026-01-01",
        "R0,2,E2,GBP,1,9.99,2026-01-01",
        'R2,1,"E2,GBP,1,3,2026-01-01',
    ],
)
def test_one_bad_line_keeps_all_of_a_file_out(desk: World, tmp_path: Path, bad: str) -> None:
    imported(write(tmp_path, "R0,1,E1,GBP,1,1,2026-01-01"))
    before = desk.dump()

    found = imported(write(tmp_path, GOOD, bad, "R4,1,E1,GBP,1,3,2026-01-01"), code=1)

    assert found["stored"] is False
    assert 3 in {e["line"] for e in found["errors"]}
    assert all(e["column"] and e["problem"] and e["remedy"] for e in found["errors"])
    assert desk.dump() == before


def test_the_good_lines_may_go_in_and_the_bad_wait_in_a_file_to_be_mended(desk: World, tmp_path: Path) -> None:
    rows = [
        GOOD,
        "R2,1,E9,GBP,1,3,2026-01-01",
        "R2,1,,,10,2,",
        "R3,1,E2,GBP,1,x,2026-01-01",
        "R4,1,E2,GBP,1,4,2026-01-01",
    ]

    found = imported(write(tmp_path, *rows), "--accept-good", code=3)

    assert (found["stored"], found["bad"], found["outcomes"]) == (True, 2, {"new": 2, "unknown_item": 1})
    assert (in_force(desk), in_force(desk, "SKU-2")) == (["erp:R1"], ["erp:R4"])
    rejects = tmp_path / "spring.rejects.csv"
    assert found["rejects"] == str(rejects)
    with rejects.open(newline="", encoding="utf-8") as kept:
        header, *lines = list(csv.reader(kept))
    assert header == [*HEAD.split(","), "rejected"]
    assert [line[:3] for line in lines] == [["R2", "1", "E9"], ["R2", "1", ""], ["R3", "1", "E2"]] or [
        line[:3] for line in lines
    ] == [["R3", "1", "E2"], ["R2", "1", "E9"], ["R2", "1", ""]]
    assert any("no cross-reference says which item erp means by 'E9'" in line[-1] for line in lines)

    mended = rejects.read_text(encoding="utf-8").replace("E9", "E2").replace(",x,", ",5,")
    rejects.write_text(mended, encoding="utf-8")
    assert imported(rejects)["outcomes"] == {"new": 2}
    assert in_force(desk, "SKU-2") == ["erp:R2", "erp:R3", "erp:R4"]


def test_rejected_lines_of_json_are_kept_as_they_were(desk: World, tmp_path: Path) -> None:
    lines = ['{"rule_id":"R1"', '{"rule_id":"R2","version":1}']

    imported(write(tmp_path, *lines, name="spring.jsonl"), "--accept-good", code=3)

    kept = [json.loads(text) for text in (tmp_path / "spring.rejects.jsonl").read_text().splitlines()]
    assert kept[0]["line"] == lines[0]
    assert (kept[1]["rule_id"], "column valid_from" in kept[1]["rejected"]) == ("R2", True)


def test_a_rejects_file_is_never_overwritten(desk: World, tmp_path: Path) -> None:
    (tmp_path / "spring.rejects.csv").write_text("somebody's work")
    before = desk.dump()

    with pytest.raises(CliError, match="is there already"):
        imported(write(tmp_path, GOOD), "--accept-good")

    assert desk.dump() == before


def test_a_file_whose_first_line_cannot_be_used_is_refused(desk: World, tmp_path: Path) -> None:
    path = tmp_path / "spring.csv"
    path.write_text("rule,version,price\n")
    before = desk.dump()

    with pytest.raises(CliError, match="cannot be read"):
        imported(path)

    assert desk.dump() == before
    assert crossdock("price", "import", str(write(tmp_path, GOOD, name="spring.xlsx")), code=2).exit_code == 2
    assert crossdock("price", "import", str(tmp_path / "none.csv"), code=2).exit_code == 2


def test_a_long_file_goes_in_by_parts(desk: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "RULES_AT_A_TIME", 7)
    rows = [f"R{n:03},1,E{1 + n % 2},GBP,1,{n}.50,2026-01-01" for n in range(40)]

    assert imported(write(tmp_path, *rows))["outcomes"] == {"new": 40}

    assert len(in_force(desk)) + len(in_force(desk, "SKU-2")) == 40


def test_drafts_of_a_file_wait_until_somebody_else_approves_them(desk: World, tmp_path: Path) -> None:
    desk.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, pricing={"four_eyes": True})))
    desk.forget_warm_state()
    file = write(tmp_path, GOOD, "R2,1,E2,GBP,1,3,2026-01-01")
    with pytest.raises(CliError, match="four eyes"):
        imported(file)

    assert imported(file, "--draft")["outcomes"] == {"new": 2}

    assert in_force(desk) == []
    drafts = json.loads(crossdock("price", "drafts", "--json").stdout)
    assert [(d["rule_id"], d["by"]) for d in drafts] == [("R1", "mara"), ("R2", "mara")]
    with pytest.raises(CliError, match="whoever approves it"):
        crossdock("price", "approve", "erp:R1", "1", "--by", "mara")
    said = crossdock("price", "approve", "erp:R1", "1", "--by", "noor", "--reference", "T-1").stdout
    assert "erp:R1 version 1 is approved by noor" in said
    crossdock("price", "reject", "erp:R2", "1", "--by", "noor", "--reference", "too low")
    assert in_force(desk) == ["erp:R1"]
    assert "no drafts" in crossdock("price", "drafts").stdout
    shown = crossdock("price", "show", "erp:R1").stdout
    assert "approved, counts" in shown
    assert "T-1" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("price", "show", "erp:NONE"), "there is no rule"),
        (("price", "approve", "erp:NONE", "1", "--by", "noor"), "is not kept"),
        (("price", "approve", "pos:R1", "1", "--by", "noor"), "there is no source 'pos'"),
        (("price", "reject", "erp:NONE", "1", "--by", "noor"), "is not kept"),
    ],
)
def test_what_there_is_not_is_said(desk: World, arguments: tuple[str, ...], says: str) -> None:
    before = desk.dump()

    with pytest.raises(CliError) as refused:
        crossdock(*arguments)

    assert says in refused.value.message
    assert refused.value.remedy
    assert desk.dump() == before
    assert crossdock("price", "show", "R1", code=2).exit_code == 2
