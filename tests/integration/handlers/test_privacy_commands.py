"""`crossdock privacy`: one person exported from everywhere and erased everywhere, and nothing of anybody else."""

from __future__ import annotations

import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from threading import Barrier
from typing import TYPE_CHECKING, Any, Final

import pytest

from crossdock.contracts.accounts import AccountsReported
from crossdock.exchange.inbox import Delivery, Inbox
from crossdock.exchange.shadow import Claim, ShadowStore, canonical
from crossdock.identity.journal import faults
from crossdock.identity.persons import Persons, Work
from crossdock.identity.telling import telling
from crossdock.identity.xref_writes import minted_id
from crossdock.platform import clients
from crossdock_cli.customers.common import desk_of
from crossdock_cli.errors import CliError
from crossdock_cli.privacy.case import case_of
from crossdock_cli.privacy.erasing import erase
from crossdock_cli.target import Target
from tests.support.crashes import Killed, Moment, reaper
from tests.support.customers import Customers, crossdock, document
from tests.support.engine import keep, rewind
from tests.support.world import BODIES, World, build

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

ADA: Final = {"name": "Ada Byron", "email": "ada@acme.example", "phone": "+44 1904 654321", "role": "buyer"}
BOB: Final = {"name": "Bob Reed", "email": "bob@acme.example", "phone": "+44 1904 600000"}
NAMESAKE: Final = {"name": "Ada Byron", "email": "byron@zenith.example", "phone": "+44 1904 600000"}
CONTACT: Final = minted_id("contact", ("crm", "0039-ADA"))
MARKS: Final = ("ada@acme", "654321", "0039-ADA", "ADA@ACME")
MODULES: Final = ("privacy.exporting", "privacy.erasing")


def arrange(world: World) -> Customers:
    """Ada is the buyer of Acme, whose mail address is hers; Bob is there too; at Zenith there is another Ada Byron."""
    desk = Customers(world, MODULES)
    world.patch.setattr(Target, "bodies_bucket", BODIES)
    acme = desk.say(
        "crm",
        "1",
        1,
        name="Acme",
        email="Ada@acme.example",
        contacts={"0039-ADA": ADA, "0039-BOB": BOB},
    )
    desk.say("crm", "1", 2, contacts={"0039-ADA": {**ADA, "email": "ada.b@acme.example"}})
    desk.say("crm", "1", 3, contacts={"0039-ADA": ADA})
    desk.say("erp", "2", 4, name="Zenith", contacts={"0039-XXX": NAMESAKE})
    told = desk.uses.store.told(acme, "shop")
    said = {"email": "Ada@acme.example", f"contact/{CONTACT}": ADA, "name": "Acme"}
    assert desk.uses.store.note_told(acme, telling(told, 3, said, "2026-11-21T08:00:00.000Z"))

    shadows = ShadowStore(world.table("exchange"), world.clock)
    for customer, value in (
        (acme, {"attributes": {"name": "Acme", "email": "Ada@acme.example"}, "contacts": {CONTACT: ADA, "CTBOB": BOB}}),
        ("CUOTHER", {"attributes": {"name": "Zenith", "rate": 1}, "contacts": {"CTX": NAMESAKE}}),
    ):
        claim = Claim(customer, 1, canonical(value), "2026-11-21T08:00:30.000Z")
        assert shadows.claim("webshop", "customer", [(claim, None)])
        shadows.acknowledge("webshop", "customer", [claim])

    inbox = Inbox(world.table("exchange"), world.clock, _Objects(world))
    bodies = {
        "d-json": _body([_account("0039-ADA", ADA), _account("0039-BOB", BOB)]),
        "d-xml": b"<Contact><Id>0039-ADA</Id><Email>ada@acme.example</Email><Name>Ada Byron</Name></Contact>",
        "d-vendor": b'[{"Id":"0039-ADA","FirstName":"Ada","LastName":"Byron","Rate":1.10},'
        b'{"Id":"7","FirstName":"Ada"}]',
        "d-other": _body([_account("0039-XXX", NAMESAKE)]),
        "d-large": _body([_account("0039-ADA", ADA)], filler="x" * 300_000),
    }
    for name, body in bodies.items():
        inbox.accept(Delivery("crm", name, body, "cd-1"), lambda _: None)

    # Acme's id and Zenith's in one report: it cannot be, and waits among the exceptions.
    with pytest.raises(KeyError):
        desk.say("shop", "9", 9, known_as=[("crm", "1"), ("erp", "2")], contacts={"w1": ADA}, phone="01904 654321")
    why = "Ada Byron (ada@acme.example) rang"
    look = {"by": "x", "caller": "arn", "did": "show", "cu": [acme], "why": why}
    world.table("identity").put({"pk": "A#2026-11-21", "sk": "fixed", **look})
    return desk


class _Objects:
    def __init__(self, world: World) -> None:
        self._s3 = world.target.s3

    def put(self, name: str, body: bytes) -> None:
        self._s3.put_object(Bucket=BODIES, Key=name, Body=body)

    def get(self, name: str) -> bytes | None:
        return self._s3.get_object(Bucket=BODIES, Key=name)["Body"].read()


def _account(contact: str, said: dict[str, str]) -> dict[str, Any]:
    account = {"account": "1", "version": 1, "changed_at": "2026-11-21T08:00:01Z", "contacts": {contact: said}}
    return {**account, "attributes": {"name": "Acme"}}


def _body(accounts: list[dict[str, Any]], filler: str = "") -> bytes:
    return json.dumps(
        {"type": "customers.reported", "data": {"origin": filler or "crm", "accounts": accounts}}
    ).encode()


def everything(world: World) -> str:
    """All rows of all tables and all objects as one text, packed bodies unpacked."""
    found = []
    for rows in world.dump().values():
        for row in rows:
            plain = {k: zlib.decompress(v).decode() if isinstance(v, bytes) else v for k, v in row.items()}
            found.append(json.dumps(plain, ensure_ascii=False, default=str))
    found += [zlib.decompress(body).decode() for body in objects(world).values()]
    return "\n".join(found)


def objects(world: World) -> dict[str, bytes]:
    listed = world.target.s3.list_objects_v2(Bucket=BODIES).get("Contents", [])
    return {o["Key"]: world.target.s3.get_object(Bucket=BODIES, Key=o["Key"])["Body"].read() for o in listed}


def rows_of(world: World) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(table, r["pk"], r["sk"]): r for table, rows in world.dump().items() for r in rows}


@pytest.fixture
def desk(engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Customers:
    return arrange(build(engine, tmp_path, monkeypatch))


def test_everything_about_a_person_is_exported_with_where_it_was_found(desk: Customers, tmp_path: Path) -> None:
    before = desk.world.dump()
    out = tmp_path / "ada.json"
    crossdock("privacy", "export", "crm:0039-ADA", "--yes", "--out", str(out), "--why", "request 12")
    assert out.stat().st_mode & 0o777 == 0o600
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["known_by"] == {
        "contacts": [CONTACT],
        "ids": [["crm", "0039-ADA"]],
        "addresses": ["ada.b@acme.example", "ada@acme.example"],
        "phones": ["904654321"],
        "names": ["ada byron"],
    }
    places = sorted({t.get("table", "object") + " " + str(t.get("pk", "")).partition("#")[0] for t in found["found"]})
    assert places == [
        "exceptions EXC",
        "exchange IN",
        "exchange SH",
        "identity A",
        "identity C",
        "identity H",
        "object ",
    ]
    assert not any("bob" in json.dumps(t) or "zenith" in json.dumps(t) for t in found["found"])
    assert found["shared_with_others"] == []
    after = desk.world.dump()
    (look,) = [r for r in after["identity"] if r not in before["identity"]]
    assert (look["did"], look["why"], look["un"]) == ("export", "request 12", True)
    assert {**after, "identity": [r for r in after["identity"] if r != look]} == before


def test_a_dry_run_says_what_would_go_and_erases_nothing(desk: Customers) -> None:
    before = desk.world.dump()
    found = document("privacy", "erase", "crm:0039-ADA", "--why", "request 12", "--dry-run", "--yes")
    assert (found["dry_run"], len(found["customers"]), found["objects"], found["references"]) == (True, 1, 1, 1)
    assert found["rows"] == {"exceptions": 1, "exchange": 4, "identity": 1}
    after = desk.world.dump()
    assert {**after, "identity": [r for r in after["identity"] if r.get("did") != "erase (dry run)"]} == before


def test_nothing_is_left_of_a_person_and_everybody_else_is_as_before(desk: Customers) -> None:
    world = desk.world
    acme = desk.uses.xrefs.canonicals("customer", [("crm", "1")])["crm", "1"]
    before, version = rows_of(world), desk.uses.store.load(acme).customer.version
    bodies = objects(world)
    document("privacy", "erase", "crm:0039-ADA", "--why", "request 12", "--yes")

    text = everything(world)
    assert [mark for mark in MARKS if mark in text] == []
    assert (
        text.count("Ada Byron")
        == "\n".join(json.dumps(r, default=str) for r in before.values()).count("byron@zenith.example") + 1
    )  # the namesake's own, and of one of them the packed body
    after = rows_of(world)
    kept = desk.uses.store.load(acme)
    assert (kept.customer.version, kept.customer.values["name"]) == (version + 1, "Acme")
    assert "email" not in kept.customer.values
    assert [n.partition("/")[0] for n in kept.customer.many] == ["contact"]  # Bob
    assert kept.told["shop"].words.keys() == {"name"}
    history = list(desk.uses.store.history(acme))
    assert faults(history, kept.customer.seal) == []
    assert [c for row in history for n, c in row["ch"].items() if CONTACT in n and ("v" in c or "salt" in c)] == []

    touched = {key for key, row in before.items() if after.get(key) != row}
    for key in touched:
        said = json.dumps(before[key], default=lambda b: zlib.decompress(b).decode())
        assert any(m in said for m in (*MARKS, CONTACT, "ada.b@", acme)), key
    for key, row in before.items():
        if "bob@" in str(row) and key[1].startswith("C#"):
            assert after[key] == row
    other = next(k for k in before if k[1] == "IN#crm#d-other")
    assert after[other] == before[other]
    assert len(objects(world)) == len(bodies)

    found = document("privacy", "export", "crm:0039-ADA", "--yes")
    assert (found["found"], found["in_keys"]) == ([], [])
    assert document("privacy", "erase", "crm:0039-ADA", "--why", "again", "--yes")["rows"] == {}


def test_a_delivery_stays_what_it_was_but_for_the_person(desk: Customers) -> None:
    document("privacy", "erase", "ada@acme.example", "--why", "request 12", "--yes")
    inbox = Inbox(desk.world.table("exchange"), desk.world.clock, _Objects(desk.world))
    kept = inbox.find("crm", "d-json")
    assert kept is not None
    accounts = json.loads(kept.body)["data"]["accounts"]
    assert [a["contacts"] for a in accounts] == [{}, {"0039-BOB": BOB}]
    AccountsReported.model_validate({"source": "crm", "accounts": accounts})  # it can be replayed
    assert inbox.find("crm", "d-xml") is None
    vendor = inbox.find("crm", "d-vendor")
    assert vendor is not None
    assert vendor.body == b'[{"Rate":1.10},{"Id":"7","FirstName":"Ada"}]'
    large = inbox.find("crm", "d-large")
    assert large is not None
    assert len(large.body) > 300_000


def test_a_channel_that_held_the_person_is_told_anew(desk: Customers) -> None:
    """What it was told differs from what is true, so that its next delivery takes the person away there."""
    acme = desk.uses.xrefs.canonicals("customer", [("crm", "1")])["crm", "1"]
    document("privacy", "erase", CONTACT, "--why", "request 12", "--yes")
    shadows = ShadowStore(desk.world.table("exchange"), desk.world.clock)
    state = shadows.read("webshop", "customer", [acme])[acme]
    value = json.loads(state.value)
    assert value == {
        "attributes": {"name": "Acme", "email": "●●●"},
        "contacts": {CONTACT: "●●●", "CTBOB": BOB},
    }
    assert state.acknowledged_value == state.value


def test_a_late_report_brings_nobody_back_and_a_newer_one_does(desk: Customers) -> None:
    acme = desk.uses.xrefs.canonicals("customer", [("crm", "1")])["crm", "1"]
    document("privacy", "erase", "crm:0039-ADA", "--why", "request 12", "--yes")
    erased = desk.uses.store.load(acme).customer
    desk.say("crm", "1", 2, contacts={"0039-ADA": ADA})
    assert desk.uses.store.load(acme).customer == erased
    desk.say("crm", "1", 3, email="Ada@acme.example", terms="N30", contacts={"0039-ADA": ADA, "0039-NEW": BOB})
    after = desk.uses.store.load(acme).customer
    assert f"contact/{CONTACT}" not in after.many
    assert "email" not in after.values
    assert desk.uses.xrefs.references("contact", [("crm", "0039-ADA")]) == {}
    assert len(desk.uses.xrefs.references("contact", [("crm", "0039-NEW")])) == 1
    assert "ada@acme" not in everything(desk.world).lower()

    desk.say("crm", "1", 8, contacts={"0039-ADA": ADA})
    assert desk.uses.store.load(acme).customer.many[f"contact/{CONTACT}"].value == ADA


def test_what_two_contacts_share_stays_with_the_other(desk: Customers) -> None:
    """Bob and Zenith's Ada have one number: an office's."""
    found = document("privacy", "erase", "crm:0039-BOB", "--why", "request 13", "--yes")
    assert found["shared_with_others"] == 1
    text = everything(desk.world)
    assert ("bob@" in text, "Bob Reed" in text, "600000" in text) == (False, False, True)
    zenith = desk.uses.xrefs.canonicals("customer", [("erp", "2")])["erp", "2"]
    assert [g.value for g in desk.uses.store.load(zenith).customer.many.values()] == [NAMESAKE]


def test_of_customers_that_were_merged_both_forget_and_both_stay_provable(desk: Customers) -> None:
    acme, zenith = (desk.uses.xrefs.canonicals("customer", [i])[i] for i in (("crm", "1"), ("erp", "2")))
    document("customers", "merge", acme, zenith, "--why", "the same")
    found = document("privacy", "erase", CONTACT, "--why", "request 12", "--yes")
    assert found["customers"] == [zenith]
    assert [mark for mark in MARKS if mark in everything(desk.world)] == []
    document("customers", "unmerge", acme, zenith, "--why", "not the same")
    for customer in (acme, zenith):
        kept = desk.uses.store.load(customer)
        assert faults(list(desk.uses.store.history(customer)), kept.customer.seal) == []
        assert f"contact/{CONTACT}" not in kept.customer.many
        assert len(kept.customer.many) == 1
    assert [mark for mark in MARKS if mark in everything(desk.world)] == []


def test_an_erasure_that_nobody_ended_is_told_of(desk: Customers) -> None:
    persons = Persons(desk.world.table("identity"), desk.uses.xrefs)
    asked = persons.asked("ada@acme.example")
    persons.begin(asked, Work(persons.person(asked, lambda _: None)[0], {}))
    assert "1 erasures have begun and not ended" in crossdock("privacy", "accesses").output
    document("privacy", "erase", CONTACT, "--why", "request 12", "--yes")
    assert "not ended" not in crossdock("privacy", "accesses").output


def test_two_who_are_erased_at_once_are_both_gone(desk: Customers) -> None:
    """Their values stand in the same rows: of customers, histories, deliveries, refused reports."""
    case = case_of(desk_of(desk.world.target))

    def run(text: str) -> None:
        asked = case.asked(text)
        kept = case.kept(asked, None, lambda _: None)
        both.wait()
        erase(case, kept, Work(kept.person, kept.seen.customers), "mara")

    both = Barrier(2)
    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(run, text) for text in ("crm:0039-ADA", "crm:0039-BOB")]:
            done.result()
    text = everything(desk.world)
    assert [mark for mark in (*MARKS, "bob@", "0039-BOB", "E#ERASING") if mark in text] == []
    acme = desk.uses.xrefs.canonicals("customer", [("crm", "1")])["crm", "1"]
    kept = desk.uses.store.load(acme)
    assert kept.customer.many == {}
    assert faults(list(desk.uses.store.history(acme)), kept.customer.seal) == []


def test_an_address_that_is_a_systems_id_is_told_and_stays(desk: Customers) -> None:
    customer = desk.say("shop", "ada@acme.example", 1, name="Ada's shop")
    found = document("privacy", "erase", "crm:0039-ADA", "--why", "request 12", "--yes")
    assert sorted((row["pk"].partition("#")[0], row["sk"].partition("#")[0]) for row in found["left"]) == [
        ("C", "SRC"),
        ("C", "SYS"),
        ("X", "ID"),
    ]
    assert desk.uses.xrefs.canonicals("customer", [("shop", "ada@acme.example")]) == {
        ("shop", "ada@acme.example"): customer
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("erase", "nobody", "--why", "x", "--yes"), "'nobody' is nobody"),
        (
            ("erase", "crm:0039-ADA", "--why", "Ada Byron ada@acme.example asked", "--yes"),
            "--why names the person, and is kept",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(
    desk: Customers, arguments: tuple[str, ...], message: str
) -> None:
    before = desk.world.dump()
    with pytest.raises(CliError) as error:
        crossdock("privacy", *arguments)
    assert error.value.message == message
    assert desk.world.dump() == before


def test_without_a_yes_nothing_is_read(desk: Customers) -> None:
    with pytest.raises(CliError) as error:
        crossdock("privacy", "erase", "crm:0039-ADA", "--why", "x")
    assert error.value.message.startswith("all of identity, exchange, exceptions is read")


def shape(world: World) -> list[str]:
    """Which rows an erasure leaves and what they have, but for looks: values differ by their salts."""
    rows = rows_of(world)
    return sorted(
        f"{t} {pk} {sk} {sorted(row)}"
        for (t, pk, sk), row in rows.items()
        if not (pk.startswith("A#") and sk != "fixed")
    )


def test_an_erasure_that_dies_anywhere_and_is_run_again_leaves_nothing(
    engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(engine, tmp_path, monkeypatch)
    desk, now = arrange(world), world.now
    keep(engine, "scenario")
    for service in ("dynamodb", "s3"):
        monkeypatch.setitem(engine.__dict__, service, clients._client(service))

    def run(at: int, moment: Moment) -> list[str]:
        rewind(engine, "scenario")
        world.back_to(now)
        dies = pytest.raises(Killed) if at else nullcontext()
        with reaper(at, moment) as found, dies:
            document("privacy", "erase", "crm:0039-ADA", "--why", "request 12", "--yes")
        if at:
            document("privacy", "erase", "crm:0039-ADA", "--why", "request 12", "--yes")
            assert "not ended" not in crossdock("privacy", "accesses").output
        text = everything(world)
        assert [mark for mark in (*MARKS, "E#ERASING") if mark in text] == [], (at, moment)
        acme = desk.uses.xrefs.canonicals("customer", [("crm", "1")])["crm", "1"]
        kept = desk.uses.store.load(acme)
        assert faults(list(desk.uses.store.history(acme)), kept.customer.seal) == []
        return found.calls

    calls = run(0, "before")
    expected = shape(world)
    # A death at a read is a death after the write before it.
    changing = [n for n, call in enumerate(calls, 1) if any(w in call for w in ("Put", "Transact", "Delete", "Update"))]
    assert len(changing) == 19, [calls[n - 1] for n in changing]
    moments: tuple[Moment, ...] = ("before", "after")
    for at in changing:
        for moment in moments:
            run(at, moment)
            assert shape(world) == expected, (at, moment)
