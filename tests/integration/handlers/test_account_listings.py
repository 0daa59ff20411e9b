"""Whole lists of accounts beside what is believed: missed, lost, money, dangling; by pages, twice, through deaths."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import to_text
from crossdock_cli import main, reconcile_customers
from crossdock_cli.errors import CliError
from tests.integration.handlers.test_accounts import ADDRESS, account, apply, customer_of, store, stored
from tests.support.crashes import reach
from tests.support.endpoint import Endpoint
from tests.support.metering import metered
from tests.support.scenarios import Scenario, Stage, dies_everywhere
from tests.support.world import World, bus_event, configuration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration


@pytest.fixture
def listed(world: World, tmp_path: Path) -> World:
    """One customer that CRM, shop and ERP know, told to all of them; an hour ago."""
    settings(world, tmp_path)
    known(world)
    return world


def settings(world: World, tmp_path: Path, **more: Any) -> None:
    changed = {"reconciliation": {"settle_seconds": 60, "sightings": 2, "heal_cap": 2, **more}}
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, **changed)))
    world.forget_warm_state()


def known(world: World) -> None:
    erp = [{"system": "erp", "id": "4711"}]
    apply(world, account("4711", name="Acme", terms="N30", credit_limit="5000", number="4711", **ADDRESS), source="erp")
    apply(world, account("001", name="Acme", known_as=erp, **ADDRESS), source="crm")
    apply(world, account("b-1", name="Acme", known_as=erp, **ADDRESS), source="webshop")
    reach(Endpoint(), world.patch)
    world.call("announce_customers", {"Records": world.stream("identity")})
    for channel in ("crm", "webshop"):
        event = world.queue_event(f"channel-{channel}", world.take(f"channel-{channel}"))
        assert world.call("deliver_to_channel", event) == {"batchItemFailures": []}
    world.take("channel-erp")
    world.now += timedelta(hours=1)


TOLD = {"number": "4711", "terms": "N30", "credit_limit": "5000"}


def lists(
    world: World,
    listing: str,
    *accounts: Mapping[str, Any],
    source: str = "crm",
    page: int = 1,
    last: bool = True,
    judged: bool = True,
    **part: int,
) -> None:
    """A system lists accounts; time goes on a little, and what follows from it is done."""
    data = {
        "source": source,
        "listing": listing,
        "listed_at": to_text(world.now),
        "page": page,
        "last": last,
        "part": 1,
        "parts": 1,
        "accounts": list(accounts),
        **part,
    }
    event = bus_event("customers.accounts.listed.v1", data, source, id=f"{source}-{listing}-{page}")
    assert world.call("compare_accounts", world.queue_event("listings", [event])) == {"batchItemFailures": []}
    world.now += timedelta(minutes=10)
    if judged:
        judge(world)


def judge(world: World) -> None:
    while messages := world.take("listings"):
        assert world.call("compare_accounts", world.queue_event("listings", messages)) == {"batchItemFailures": []}


def crm(version: int = 1, changed_at: str | None = None, **said: Any) -> dict[str, Any]:
    """The CRM's account as it lists it."""
    found = account("001", version, **{"name": "Acme", **ADDRESS, **TOLD, **said})
    return found if changed_at is None else {**found, "changed_at": changed_at}


def told(world: World, channel: str) -> list[str]:
    return [mark["key"] for message in world.take(f"channel-{channel}") for mark in message["keys"]]


def kinds(world: World) -> list[str]:
    return sorted(g.kind for g in world.exceptions.groups("open"))


def last(world: World, system: str = "crm") -> dict[str, Any]:
    row = world.row("exchange", f"LIST#{system}", "LAST")
    assert row is not None
    names = ("listed", "equal", "taken", "new", "differing", "told_again", "raised", "dangling", "whole")
    return {name: row["came"][name] for name in names if row["came"][name]}


def remembered(world: World) -> list[dict[str, Any]]:
    return [r for r in world.rows("exchange") if r["pk"].startswith("AGREE#")]


def identity(world: World) -> list[dict[str, Any]]:
    return world.rows("identity")


def test_a_list_that_agrees_writes_nothing_but_that_it_was_there(listed: World) -> None:
    before = identity(listed)
    lists(listed, "l1", crm())
    assert last(listed) == {"listed": 1, "equal": 1, "whole": 1}
    assert identity(listed) == before
    assert remembered(listed) == []
    assert kinds(listed) == []
    assert told(listed, "crm") == []
    assert listed.row("exchange", "LIST#crm", "RUN#l1") is None


def test_what_the_owner_said_and_we_missed_is_taken_in_as_a_report(listed: World) -> None:
    customer = customer_of(listed, "crm", "001")
    lists(listed, "l1", crm(2, to_text(listed.now), territory="NORTH", segments=["trade"]))
    values = store(listed).load(customer).customer.values
    assert (values["territory"], values["segments"]) == ("NORTH", ["trade"])
    assert last(listed) == {"listed": 1, "taken": 1, "whole": 1}
    before = identity(listed)
    lists(listed, "l2", crm(2, to_text(listed.now), territory="NORTH", segments=["trade"]))
    assert identity(listed) == before


def test_what_a_system_lost_is_told_again_when_two_lists_showed_it(listed: World) -> None:
    customer = customer_of(listed, "crm", "001")
    before = identity(listed)
    lists(listed, "l1", crm(number=None))
    assert told(listed, "crm") == []
    lists(listed, "l2", crm(number=None))
    assert told(listed, "crm") == [customer]
    assert told(listed, "webshop") == []
    assert identity(listed) == before
    lists(listed, "l3", crm())
    assert remembered(listed) == []
    assert kinds(listed) == []


def test_what_was_lost_is_held_again_once_the_mark_has_gone_its_way(listed: World) -> None:
    """All the way to the CRM's endpoint: what it says it lost, it is sent under a version above the one it has."""
    customer = customer_of(listed, "crm", "001")
    there = Endpoint()
    reach(there, listed.patch)
    for n in range(2):
        lists(listed, f"l{n}", crm(number=None))
    event = listed.queue_event("channel-crm", listed.take("channel-crm"))
    assert listed.call("deliver_to_channel", event) == {"batchItemFailures": []}
    version, held = there.held["customer", customer]
    assert (version, held["attributes"]["number"]) == (2, "4711")


def test_the_same_list_twice_counts_once_and_an_older_one_not_at_all(listed: World) -> None:
    lists(listed, "l1", crm(number=None))
    for _ in range(3):
        lists(listed, "l1", crm(number=None))
    listed.now -= timedelta(minutes=45)
    lists(listed, "l0", crm(number=None))
    assert told(listed, "crm") == []
    listed.now += timedelta(hours=1)
    lists(listed, "l2", crm(number=None))
    assert len(told(listed, "crm")) == 1


def test_what_was_told_again_has_its_time_to_arrive(listed: World) -> None:
    lists(listed, "l1", crm(number=None))
    lists(listed, "l2", crm(number=None))
    assert len(told(listed, "crm")) == 1
    listed.now -= timedelta(minutes=9, seconds=30)
    lists(listed, "l3", crm(number=None))
    assert told(listed, "crm") == []
    listed.now += timedelta(minutes=10)
    lists(listed, "l4", crm(number=None))
    assert told(listed, "crm") == []
    lists(listed, "l5", crm(number=None))
    assert len(told(listed, "crm")) == 1


def test_what_changed_a_moment_ago_is_no_drift(listed: World) -> None:
    for n in (1, 2):
        at = to_text(listed.now)
        apply(listed, {**account("4711", 1 + n, number=f"47{n}"), "changed_at": at}, source="erp")
        lists(listed, f"l{n}", crm())
    assert told(listed, "crm") == []
    assert remembered(listed) == []


def test_money_is_never_put_right_by_itself(listed: World) -> None:
    before = identity(listed)
    for n in range(4):
        lists(listed, f"l{n}", crm(9, to_text(listed.now), terms="N90", credit_limit="9000"))
    assert told(listed, "crm") == []
    assert identity(listed) == before
    (group,) = listed.exceptions.groups("open")
    assert (group.kind, group.open) == ("credit_drift", 2)
    details = {o.detail for o in listed.exceptions.occurrences(group.id)}
    assert details == {
        "crm has terms N90 for 001, erp says N30",
        "crm has credit_limit 9000 for 001, erp says 5000",
    }


def test_a_hold_that_a_shop_does_not_have_is_told_again_at_once_and_raised(listed: World) -> None:
    customer = customer_of(listed, "erp", "4711")
    apply(listed, account("4711", 2, credit_hold=True), source="erp")
    listed.now += timedelta(seconds=5)
    shop = account("b-1", name="Acme", **ADDRESS, **TOLD, credit_hold=False)
    lists(listed, "l1", shop, source="webshop", last=False, judged=False)
    assert told(listed, "webshop") == [customer]
    assert kinds(listed) == ["credit_drift"]


def test_an_account_that_nobody_knows_is_taken_in_as_a_new_one(listed: World) -> None:
    lists(listed, "l1", crm(), account("777", name="Quarry Tools", billing_city="York", billing_country="GB"))
    found = store(listed).load(customer_of(listed, "crm", "777")).customer
    assert (found.values["name"], found.compared) == ("Quarry Tools", True)
    assert last(listed) == {"listed": 2, "equal": 1, "taken": 1, "new": 1, "whole": 1}


def test_two_customers_that_one_account_means_are_a_conflict(listed: World) -> None:
    apply(listed, account("5000", name="Other", billing_city="Hull", billing_country="GB"), source="erp")
    listed.now += timedelta(hours=1)
    before = identity(listed)
    lists(listed, "l1", {**crm(), "known_as": [{"system": "erp", "id": "5000"}]})
    assert kinds(listed) == ["reference_conflict"]
    assert identity(listed) == before


def test_an_account_that_two_whole_lists_do_not_name_dangles(listed: World) -> None:
    other = account("002", name="Beta", billing_city="Hull", billing_country="GB")
    apply(listed, other)
    listed.now += timedelta(hours=1)
    lists(listed, "l1", crm())
    assert kinds(listed) == []
    lists(listed, "l1", crm())
    assert kinds(listed) == []
    lists(listed, "l2", crm())
    (group,) = listed.exceptions.groups("open")
    assert (group.kind, group.subject) == ("reference_dangling", f"customer/{customer_of(listed, 'crm', '002')}")
    assert "crossdock xref end crm '002' --kind customer" in group.remedy
    CrossReferences(listed.table("identity"), listed.clock).end("customer", ("crm", "002"), listed.now)
    lists(listed, "l3", crm())
    assert last(listed) == {"listed": 1, "equal": 1, "whole": 1}
    assert remembered(listed) == []


def test_a_list_with_a_page_missing_lets_nothing_dangle(listed: World) -> None:
    for n in range(3):
        lists(listed, f"l{n}", page=2, last=True)
    assert kinds(listed) == []
    assert remembered(listed) == []
    assert listed.row("exchange", "LIST#crm", "LAST") is None


def test_pages_may_come_in_any_order(listed: World) -> None:
    lists(listed, "l1", page=3, last=True)
    lists(listed, "l1", page=1, last=False, part=2, parts=2)
    lists(listed, "l1", crm(), page=1, last=False, part=1, parts=2)
    assert listed.row("exchange", "LIST#crm", "LAST") is None
    lists(listed, "l1", page=2, last=False)
    assert last(listed) == {"listed": 1, "equal": 1, "whole": 1}


def test_parts_that_come_at_once_and_twice_make_one_list(listed: World) -> None:
    """Real threads: eight parts of a page, each delivered twice."""
    new = [account(f"9{n}", name=f"Firm {n}", billing_city=f"Town {n}", billing_country="GB") for n in range(7)]
    at = to_text(listed.now)
    events = [
        bus_event(
            "customers.accounts.listed.v1",
            {
                "source": "crm",
                "listing": "l1",
                "listed_at": at,
                "page": 1,
                "last": True,
                "part": n,
                "parts": 8,
                "accounts": [one],
            },
            "crm",
            id=f"part-{n}",
        )
        for n, one in enumerate([crm(), *new], 1)
    ]
    with ThreadPoolExecutor(4) as threads:
        sent = [listed.queue_event("listings", [e]) for e in events * 2]
        calls = [threads.submit(listed.call, "compare_accounts", e) for e in sent]
        assert [c.result() for c in calls] == [{"batchItemFailures": []}] * 16
    judge(listed)
    came = last(listed)
    assert (came["listed"], came["whole"]) == (8, 1)
    assert len({customer_of(listed, "crm", f"9{n}") for n in range(7)}) == 7
    assert listed.row("exchange", "LIST#crm", "RUN#l1") is None
    assert remembered(listed) == []


def test_a_list_that_lacks_too_many_is_not_believed(listed: World) -> None:
    for n in range(3):
        apply(listed, account(f"00{n + 2}", name=f"Customer {n}", billing_city=f"Town {n}", billing_country="GB"))
    listed.now += timedelta(hours=1)
    for n in range(3):
        lists(listed, f"l{n}", crm())
    assert kinds(listed) == ["listing_not_whole"]
    assert remembered(listed) == []


def test_above_the_cap_nobody_is_told_and_one_exception_says_so(listed: World) -> None:
    for n in range(3):
        said = {"number": f"{n}", "name": f"Customer {n}", "billing_city": f"Town {n}", "billing_country": "GB"}
        apply(listed, account(f"{n}", **said), source="erp")
        apply(listed, account(f"c{n}", known_as=[{"system": "erp", "id": f"{n}"}]))
    listed.now += timedelta(hours=1)
    lost = [account(f"c{n}", number=None) for n in range(3)]
    for n in range(2):
        lists(listed, f"l{n}", crm(), *lost)
    assert told(listed, "crm") == []
    (group,) = listed.exceptions.groups("open")
    assert group.kind == "customer_drift_above_cap"


def test_a_list_older_than_a_report_takes_nothing_back(listed: World) -> None:
    customer = customer_of(listed, "crm", "001")
    apply(listed, {**account("001", 5, name="Acme Limited"), "changed_at": to_text(listed.now)})
    before = identity(listed)
    lists(listed, "l1", crm(4, to_text(listed.now), name="Acme Ltd"))
    assert identity(listed) == before
    assert store(listed).load(customer).customer.values["name"] == "Acme Limited"


def test_what_a_system_still_holds_from_before_it_was_told_is_no_news(listed: World) -> None:
    """The shop did not take what it was told: it lists what it held, changed before; nothing of it is believed."""
    customer = customer_of(listed, "erp", "4711")
    apply(listed, {**account("4711", 2, name="Acme Trading"), "changed_at": to_text(listed.now)}, source="erp")
    listed.call("announce_customers", {"Records": listed.stream("identity")})
    event = listed.queue_event("channel-webshop", listed.take("channel-webshop"))
    assert listed.call("deliver_to_channel", event) == {"batchItemFailures": []}
    listed.now += timedelta(hours=1)
    shop = {
        **account("b-1", 3, name="Acme Ltd", **ADDRESS, **TOLD),
        "changed_at": to_text(listed.now - timedelta(hours=2)),
    }
    for n in range(2):
        lists(listed, f"l{n}", shop, source="webshop")
    assert told(listed, "webshop") == [customer]
    assert store(listed).load(customer).customer.values["name"] == "Acme Trading"


def test_what_fifty_accounts_cost_that_agree(listed: World) -> None:
    """A part of a list: its ids, its customers, and four writes; nothing is remembered of any account by itself."""
    said = {"billing_country": "GB", "terms": "N30"}
    more = [account(f"5{n:02}", name=f"Customer {n}", billing_city=f"Town {n}", **said) for n in range(50)]
    apply(listed, *more, source="erp")
    listed.now += timedelta(hours=1)
    before, identities = len(listed.rows("exchange")), identity(listed)
    with metered() as found:
        lists(listed, "l1", *more, source="erp", last=False, judged=False)
    assert identity(listed) == identities
    assert len(listed.rows("exchange")) == before + 2
    assert (found.calls.count("TransactWriteItems"), found.calls.count("PutItem")) == (2, 1)
    assert found.calls.count("Query") == 50
    assert found.rcu <= 50 * 3 + 1


# -- deaths ----------------------------------------------------------------------------------------------------


def arranged(stage: Stage) -> None:
    known(stage.world)
    apply(stage.world, account("002", name="Beta", billing_city="Hull", billing_country="GB"))
    stage.world.now += timedelta(hours=1)
    stage.kept = stage.world.now
    lists(stage.world, "l1", crm(number=None))


def drifted(stage: Stage) -> None:
    """The second list: a number is lost, a territory was missed, terms differ, an account dangles, one is new."""
    stage.world.now = stage.kept + timedelta(hours=1)
    changed = to_text(stage.world.now)
    new = account("777", name="Quarry Tools", billing_city="York", billing_country="GB")
    lists(stage.world, "l2", crm(2, changed, number=None, territory="NORTH", terms="N90"), new)


def ended(stage: Stage) -> Any:
    world = stage.world
    rows = [r for r in world.rows("exchange") if r["pk"].startswith(("AGREE#", "LIST#"))]
    # What was counted of a part that came twice is what its second time saw.
    lasting = [{k: v for k, v in r.items() if k not in {"ttl", "finished", "came"}} for r in rows]
    return stored(stage), lasting, set(told(world, "crm"))


def test_it_dies_anywhere_and_ends_as_if_undisturbed(
    engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = Scenario("a list that shows everything", 37, arranged, drifted, ended)
    dies_everywhere(scenario, engine, tmp_path, monkeypatch)


# -- the command -----------------------------------------------------------------------------------------------


@pytest.fixture
def crossdock(listed: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(reconcile_customers, "connect", lambda _: listed.target)
    return listed


def test_the_command_shows_the_last_list_of_each_system_and_what_differs(crossdock: World) -> None:
    customer = customer_of(crossdock, "crm", "001")
    lists(crossdock, "night-1", crm(number=None))
    lists(crossdock, "shop-1", page=2, source="webshop")
    done = CliRunner().invoke(main.app, ["reconcile", "customers", "--system", "crm", "--json"])
    (found,) = json.loads(done.output)["systems"]
    shown = {n: found["last"][n] for n in ("listing", "listed", "equal", "told_again", "dangling")}
    assert shown == {"listing": "night-1", "listed": 1, "equal": 0, "told_again": 0, "dangling": 0}
    (differs,) = found["differs"]
    assert (differs["what"], differs["attribute"], differs["seen"]) == (f"{customer}#001", "number", 1)
    text = CliRunner().invoke(main.app, ["reconcile", "customers"]).output
    assert "night-1" in text
    assert "list shop-1 is under way, 1 of 2 pages" in text
    assert "erp has listed no accounts yet" in text


def test_the_command_refuses_a_system_that_is_none(crossdock: World) -> None:
    done = CliRunner().invoke(main.app, ["reconcile", "customers", "--system", "sap"])
    assert isinstance(done.exception, CliError)
    assert "there are: crm, erp, webshop, wms" in str(done.exception)
