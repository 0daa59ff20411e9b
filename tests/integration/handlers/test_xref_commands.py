"""`crossdock xref`: all kinds, against the engine's tables; what is refused, and that nothing was written then."""

from __future__ import annotations

import json
import shlex
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock.contracts.xrefs import CrossReference
from crossdock.identity.references import References
from crossdock.identity.xref_writes import minted_id
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import from_text
from crossdock_cli import main, xref, xref_export, xref_import
from crossdock_cli.errors import CliError
from crossdock_cli.local.paths import checkout
from tests.support.engine import fill
from tests.support.many_xrefs import ids_of
from tests.support.tables import table_name

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.support.world import World

pytestmark = pytest.mark.integration

CRM1 = minted_id("customer", ("crm", "1"))


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    for module in (xref, xref_import, xref_export):
        monkeypatch.setattr(module, "connect", lambda _: world.target)
    return world


def crossdock(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main.app, ["xref", *arguments])
    if isinstance(done.exception, CliError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done


def document(*arguments: str, code: int = 0) -> Any:
    return json.loads(crossdock(*arguments, "--json", code=code).stdout)


def refused(world: World, *arguments: str) -> tuple[str, str]:
    before = world.dump()
    with pytest.raises(CliError) as error:
        crossdock(*arguments)
    assert world.dump() == before
    return error.value.message, error.value.remedy


# -- one at a time ---------------------------------------------------------------------------------------------


def test_items_are_added_found_and_shown_as_they_always_were(desk: World) -> None:
    assert document("add", "wms", "A#1", "SKU-1") == {"system": "wms", "code": "A#1", "sku": "SKU-1", "new": True}
    assert document("add", "wms", "A#1", "SKU-1")["new"] is False
    assert document("find", "wms", "A#1") == {"system": "wms", "code": "A#1", "sku": "SKU-1"}
    assert document("show", "SKU-1") == [{"system": "wms", "code": "A#1", "sku": "SKU-1"}]
    assert desk.rows("identity") == [
        {"pk": "C#item#SKU-1", "sk": "SYS#wms#A#1"},
        {"pk": "X#item#wms#A#1", "sk": "ID", "cid": "SKU-1"},
    ]


def test_a_customer_is_minted_and_known_by_several_ids_in_their_roles(desk: World) -> None:
    minted = document("add", "crm", "1", "--kind", "customer", "--role", "account")
    of_crm = {"kind": "customer", "system": "crm", "external": "1", "canonical": CRM1, "role": "account"}
    assert minted == of_crm | {"new": True}

    period = ("--from", "2026-01-01T00:00:00+01:00", "--to", "2027-01-01T00:00:00+01:00")
    crossdock("add", "erp", "9", CRM1, "--kind", "customer", "--role", "sold_to", *period)

    of_erp = {"kind": "customer", "system": "erp", "external": "9", "canonical": CRM1, "role": "sold_to"}
    of_erp |= {"valid_from": "2025-12-31T23:00:00.000Z", "valid_to": "2026-12-31T23:00:00.000Z"}
    assert document("show", CRM1, "--kind", "customer") == [of_crm, of_erp]
    assert document("find", "erp", "9", "--kind", "customer", "--at", "2026-06-01T00:00:00Z") == of_erp
    assert desk.row("identity", f"C#customer#{CRM1}", "REFS") == {"pk": f"C#customer#{CRM1}", "sk": "REFS", "n": 2}


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("2025-12-31T22:59:59.999Z", "erp '9' counts only from 2025-12-31T23:00:00.000Z"),
        ("2026-12-31T23:00:00Z", "erp '9' has counted only until 2026-12-31T23:00:00.000Z"),
    ],
)
def test_an_id_is_not_found_outside_of_its_time(desk: World, at: str, message: str) -> None:
    period = ("--from", "2025-12-31T23:00:00Z", "--to", "2026-12-31T23:00:00Z")
    crossdock("add", "erp", "9", "M-1", "--kind", "order", *period)

    said = refused(desk, "find", "erp", "9", "--kind", "order", "--at", at)

    assert said == (message, "it is M-1; ask for another instant")


def test_what_is_ended_is_known_and_not_found_and_begins_anew_when_it_is_added_again(desk: World) -> None:
    crossdock("add", "wms", "A", "SKU-1")
    ended = document("end", "wms", "A", "--at", "2026-01-01T00:00:00Z")
    of_wms = {"system": "wms", "code": "A", "sku": "SKU-1"}
    assert ended == of_wms | {"valid_to": "2026-01-01T00:00:00.000Z", "changed": True}
    assert document("end", "wms", "A")["changed"] is False

    references = References(desk.table("identity"), desk.clock)
    assert (references.items([("wms", "A")]), references.codes("wms", ["SKU-1"])) == ({}, {})
    assert document("show", "SKU-1") == [of_wms | {"valid_to": "2026-01-01T00:00:00.000Z"}]
    message, _ = refused(desk, "add", "wms", "A", "SKU-2")
    assert message == "wms 'A' means the item SKU-1 already, not SKU-2"

    crossdock("add", "wms", "A", "SKU-1")
    assert references.skus([("wms", "A")]) == {("wms", "A"): "SKU-1"}
    assert desk.row("identity", "X#item#wms#A", "ID") == {"pk": "X#item#wms#A", "sk": "ID", "cid": "SKU-1"}


def test_an_id_that_belongs_to_another_kind_is_named(desk: World) -> None:
    crossdock("add", "erp", "100", "SKU-1")
    owner = "erp '100' is no customer: it belongs to the item SKU-1"

    assert refused(desk, "find", "erp", "100", "--kind", "customer")[0] == owner
    assert refused(desk, "end", "erp", "100", "--kind", "customer")[0] == owner
    message, remedy = refused(desk, "add", "erp", "100", "--kind", "customer")
    assert (message, "--own-numbers" in remedy) == (owner, True)
    assert refused(desk, "add", "erp", "100", "7", "--kind", "order")[0].startswith("erp '100' is no order")

    crossdock("add", "erp", "100", "--kind", "customer", "--own-numbers")
    assert document("find", "erp", "100")["sku"] == "SKU-1"
    assert document("find", "erp", "100", "--kind", "customer")["canonical"] == minted_id("customer", ("erp", "100"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("add", "erp", "1", "ST" + "A" * 16, "--kind", "customer"),
            "canonical: 'STAAAAAAAAAAAAAAAA' is no customer id",
        ),
        (("add", "erp", "1", "CU" + "A" * 16, "--kind", "customer"), "there is no customer CUAAAAAAAAAAAAAAAA"),
        (("add", "erp", "1", "M", "--kind", "order", "--role", "boss"), "role: 'boss' is no role"),
        (("add", "ERP", "1", "M", "--kind", "order"), "system: 'ERP' is no name of a system"),
        (("add", "erp", "1", "--kind", "order"), "canonical: '' is no order id"),
        (("add", "erp", "1", "--kind", "customer", "--to", "2026-01-01T00:00:00Z"), "--from and --to are for what"),
        (("find", "erp", "1", "--kind", "order"), "erp '1' is not known"),
        (("end", "erp", "1", "--kind", "order"), "no order is known as erp '1'"),
        (("show", "7", "--kind", "order"), "no system knows an order '7'"),
    ],
)
def test_mistakes_are_named_and_write_nothing(desk: World, arguments: tuple[str, ...], message: str) -> None:
    said, remedy = refused(desk, *arguments)

    assert said.startswith(message)
    assert remedy


@pytest.mark.parametrize("arguments", [("find", "a", "1", "--kind", "x"), ("find", "a", "1", "--at", "2026-01-01")])
def test_what_is_no_kind_or_no_instant_is_wrong_usage(desk: World, arguments: tuple[str, ...]) -> None:
    crossdock(*arguments, code=2)


def test_what_was_merged_says_into_what(desk: World) -> None:
    for code in ("1", "2"):
        crossdock("add", "crm", code, "--kind", "customer")
    crm2 = minted_id("customer", ("crm", "2"))
    CrossReferences(desk.table("identity"), desk.clock).merge("customer", crm2, CRM1, by="mara", why="one address")

    assert refused(desk, "show", crm2, "--kind", "customer")[0] == f"{crm2} was merged into {CRM1}"
    assert refused(desk, "add", "crm", "3", crm2, "--kind", "customer")[0].endswith(f"was merged into {CRM1}")
    assert [r["external"] for r in document("show", CRM1, "--kind", "customer")] == ["1", "2"]


# -- files -----------------------------------------------------------------------------------------------------

GOOD = """kind,system,external,canonical,role,valid_from,valid_to,together
customer,crm,1,,account,,,a
customer,erp,9,,sold_to,2026-01-01T00:00:00Z,,a
customer,crm,2,,,,,
item,wms,"A, ""7""#",SKU-1,,,,
price_list,erp,PL 1,WHOLESALE,,,2027-01-01T00:00:00Z,
"""
BAD = """kind,system,external,canonical,role
customer,crm,1,CUAAAAAAAAAAAAAAAA,
customer,crm,5,,
thing,crm,6,,
item,crm,5,SKU-1,
item,wms,W,SKU-1,chief
order,erp,7
item,wms,V,SKU-1,
"""


def test_an_import_does_what_its_dry_run_says_and_doing_it_again_changes_nothing(desk: World, tmp_path: Path) -> None:
    file = tmp_path / "good.csv"
    file.write_text(GOOD)

    said = document("import", str(file), "--dry-run")
    assert desk.rows("identity") == []
    done = document("import", str(file))

    assert (said["dry_run"], said["stored"], done["dry_run"], done["stored"]) == (True, False, False, True)
    assert said | {"dry_run": False, "stored": True} == done
    assert done["lines"]["new"] == {"count": 5, "lines": "2-6"}
    assert (done["things_made"], done["errors"]) == (2, [])
    xrefs = CrossReferences(desk.table("identity"), desk.clock)
    assert xrefs.canonicals("customer", [("crm", "1"), ("erp", "9")]) == {("crm", "1"): CRM1, ("erp", "9"): CRM1}
    before = desk.dump()
    assert document("import", str(file))["lines"]["unchanged"] == {"count": 5, "lines": "2-6"}
    assert desk.dump() == before


def test_bad_lines_are_named_and_the_others_are_taken_or_nothing(desk: World, tmp_path: Path) -> None:
    crossdock("add", "crm", "1", "--kind", "customer")
    file = tmp_path / "bad.csv"
    file.write_text(BAD)
    before = desk.dump()

    said = document("import", str(file), "--dry-run", code=1)
    nothing = document("import", str(file), "--all-or-nothing", code=1)
    assert desk.dump() == before
    assert said["errors"] == nothing["errors"]
    assert [(e["line"], e["verdict"], e["field"], e["problem"]) for e in said["errors"]] == [
        (2, "conflict", "external", f"crm '1' means the customer {CRM1} already, not CUAAAAAAAAAAAAAAAA"),
        (4, "invalid", "kind", "'thing' is no kind"),
        (5, "conflict", "kind", "crm '5' is no item: it belongs to the customer"),
        (6, "invalid", "role", "'chief' is no role"),
        (7, "invalid", "line", "has 3 cells, and the first line names 5"),
    ]
    assert all(e["remedy"] for e in said["errors"])

    taken = document("import", str(file), code=1)
    assert taken["lines"]["new"] == {"count": 2, "lines": "3, 8"}
    assert taken["errors"] == said["errors"]
    found = CrossReferences(desk.table("identity"), desk.clock)
    assert set(found.references("item", [("wms", "V"), ("wms", "W"), ("crm", "5")])) == {("wms", "V")}
    people = crossdock("import", str(file), code=1)
    assert "line 4, kind: 'thing' is no kind; use one of customer" in people.stderr
    assert "2 of 7 lines were taken" in people.stdout


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_is_exported_is_sorted_and_can_be_imported_into_an_empty_table(
    desk: World, tmp_path: Path, form: str
) -> None:
    first, second = tmp_path / f"first.{form}", tmp_path / f"second.{form}"
    source = tmp_path / "good.csv"
    source.write_text(GOOD)
    crossdock("import", str(source))
    rows = desk.rows("identity")

    crossdock("export", str(first))
    for row in rows:
        desk.table("identity").delete((row["pk"], row["sk"]))
    assert document("import", str(first))["lines"]["new"]["count"] == 5

    assert desk.rows("identity") == rows
    crossdock("export", str(second))
    assert first.read_bytes() == second.read_bytes()
    assert crossdock("export", "--format", form).stdout == first.read_text()
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_an_export_is_of_a_kind_of_a_system_or_of_what_is_in_force(desk: World, tmp_path: Path) -> None:
    source = tmp_path / "good.csv"
    source.write_text(GOOD)
    crossdock("import", str(source))
    crossdock("end", "wms", 'A, "7"#', "--at", "2026-02-01T00:00:00Z")

    def exported(*options: str) -> list[tuple[str, str]]:
        return [(r["system"], r["external"]) for r in document("export", *options)]

    customers = [("crm", "1"), ("erp", "9"), ("crm", "2")]
    if minted_id("customer", ("crm", "2")) < CRM1:
        customers = [customers[2], *customers[:2]]
    assert exported() == [*customers, ("wms", 'A, "7"#'), ("erp", "PL 1")]
    assert exported("--kind", "customer") == customers
    assert exported("--system", "erp") == [("erp", "9"), ("erp", "PL 1")]
    assert ("wms", 'A, "7"#') not in exported("--in-force")


def test_two_imports_of_one_file_mint_one_id_for_each(desk: World, tmp_path: Path) -> None:
    lines = [{"system": s, "external": f"{n}", "together": f"t{n}"} for n in range(60) for s in ("crm", "erp")]
    file = tmp_path / "many.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    order = xref_import._Order(file, "jsonl", "customer", own_numbers=False)

    with ThreadPoolExecutor(3) as pool:
        tallies = list(pool.map(lambda _: xref_import._pass(desk.target, order, dry_run=False), range(3)))

    assert [t.wrong for t in tallies] == [0, 0, 0]
    assert sum(t.counts["new"] for t in tallies) == 120
    assert sum(t.counts["unchanged"] for t in tallies) == 240
    assert sum(t.things_made for t in tallies) == 60
    xrefs = CrossReferences(desk.table("identity"), desk.clock)
    for system in ("crm", "erp"):
        found = xrefs.canonicals("customer", [(system, f"{n}") for n in range(60)])
        assert found == {(system, f"{n}"): minted_id("customer", ("crm", f"{n}")) for n in range(60)}
    guards = [r for r in desk.rows("identity") if r["sk"] == "REFS"]
    assert [g["n"] for g in guards] == [2] * 60


def test_many_that_mint_one_thing_by_different_ids_at_once_come_to_one(desk: World) -> None:
    for n in range(8):
        ids = [("crm", f"{n}"), ("erp", f"{n}"), ("shop", f"{n}")]
        orders = [ids, ids[::-1], [ids[1], ids[0]], [ids[2], ids[1]]]

        def mint(order: list[tuple[str, str]]) -> str:
            return CrossReferences(desk.table("identity"), desk.clock).mint("customer", order).canonical

        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(mint, [ids, *orders]))

        kept = CrossReferences(desk.table("identity"), desk.clock).canonicals("customer", ids)
        assert set(found) == set(kept.values())
        assert len(set(found)) == 1


def test_an_id_that_is_attached_while_its_thing_is_merged_is_never_left_behind(desk: World) -> None:
    table = desk.table("identity")
    for n in range(12):
        xrefs = CrossReferences(table, desk.clock)
        loser, winner = (xrefs.mint("customer", [(s, f"{n}")]).canonical for s in ("crm", "erp"))

        def attach(loser: str = loser, n: int = n) -> str:
            reference = CrossReference("customer", "shop", f"{n}", loser)
            try:
                CrossReferences(table, desk.clock).attach([reference], strict=False)
            except Exception as error:  # noqa: BLE001 - which one it was is what is asked
                return str(getattr(error, "why", error))
            return "attached"

        def merge(loser: str = loser, winner: str = winner) -> None:
            CrossReferences(table, desk.clock).merge("customer", loser, winner, by="mara", why="alike")

        with ThreadPoolExecutor(2) as pool:
            attached, merged = pool.submit(attach), pool.submit(merge)
            merged.result()
            outcome = attached.result()

        assert outcome in {"attached", "merged"}
        assert xrefs.known("customer", loser).references == ()
        kept = xrefs.canonicals("customer", [("shop", f"{n}")], at=from_text("2026-11-21T00:00:00Z"))
        assert kept == ({("shop", f"{n}"): winner} if outcome == "attached" else {})


def test_what_a_benchmark_fills_in_is_what_minting_leaves(desk: World) -> None:
    xrefs = CrossReferences(desk.table("identity"), desk.clock)
    for number in range(3):
        xrefs.mint("customer", ids_of(number))
    minted = desk.rows("identity")
    for row in minted:
        desk.table("identity").delete((row["pk"], row["sk"]))

    fill(desk.target, table_name("identity"), 0, 3)

    assert desk.rows("identity") == minted


def test_every_command_of_the_page_runs_as_it_stands(
    desk: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "customers.csv").write_text("system,external,together\ncrm,0017,a\nerp,9,a\ncrm,0018,\n")
    page = (checkout() / "docs" / "identity.md").read_text(encoding="utf-8")
    section = page.partition("\n## Cross-references\n")[2].partition("\n## ")[0]
    blocks = [part.partition("```")[0] for part in section.split("```sh\n")[1:]]
    lines = [line for block in blocks for line in block.splitlines()]

    for line in lines:
        program, *arguments = shlex.split(line)
        assert (program, arguments.pop(0)) == ("crossdock", "xref")
        crossdock(*arguments)

    assert len(lines) == 16
    assert document("import", "all.jsonl")["lines"]["unchanged"]["count"] == 5
