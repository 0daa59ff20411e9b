"""What systems report of customers: applied by the handlers on the emulator, by many at once, and through deaths."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.journal import faults
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import to_text
from crossdock.platform.outbound import Http
from crossdock_cli.demo.erp import TOKEN, Erp
from tests.support.scenarios import Scenario, Stage, dies_everywhere
from tests.support.world import CORRELATION, NOW_TEXT, World, bus_event, dirty_message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

ADDRESS = {"billing_city": "Leeds", "billing_country": "GB"}


def account(id_: str, version: int = 1, **more: Any) -> dict[str, Any]:
    """An account as a system reports it; what is no field of a report is an attribute."""
    fields = {n: more.pop(n) for n in ("known_as", "contacts", "ship_tos", "customer", "deleted") if n in more}
    return {"account": id_, "version": version, "changed_at": NOW_TEXT, "attributes": more, **fields}


def accounts_event(*accounts: Mapping[str, Any], source: str = "crm", **fields: Any) -> dict[str, Any]:
    data = {"source": source, "accounts": list(accounts)}
    return bus_event("customers.accounts.reported.v1", data, source, **fields)


def apply(world: World, *accounts: Mapping[str, Any], source: str = "crm") -> None:
    event = world.queue_event("accounts", [accounts_event(*accounts, source=source)])
    assert world.call("apply_accounts", event) == {"batchItemFailures": []}


def store(world: World) -> CustomerStore:
    return CustomerStore(world.table("identity"))


def customer_of(world: World, system: str, external: str) -> str:
    return CrossReferences(world.table("identity")).canonicals("customer", [(system, external)])[system, external]


def test_a_report_becomes_a_customer_whose_events_and_marks_go_out(world: World) -> None:
    apply(world, account("001", name="Acme", phone="+44 20 7946 0991", **ADDRESS))
    customer = customer_of(world, "crm", "001")
    world.call("announce_customers", {"Records": world.stream("identity")})
    for channel in ("webshop", "crm", "erp"):
        assert [k["key"] for m in world.take(f"channel-{channel}") for k in m["keys"]] == [customer]
    kept = store(world).load(customer).customer
    assert (kept.state, kept.values["name"], kept.cause) == ("ready", "Acme", CORRELATION)


def test_what_cannot_be_done_of_one_account_is_an_exception_and_the_others_are_taken(world: World) -> None:
    apply(world, account("A", name="A", parent="B", **ADDRESS), source="erp")
    apply(
        world,
        account("B", name="B", parent="A", **ADDRESS),
        account("C", name="C", **ADDRESS),
        source="erp",
    )
    assert [g.kind for g in world.exceptions.groups("open")] == ["hierarchy_circle"]
    assert store(world).load(customer_of(world, "erp", "C")).customer.values["name"] == "C"
    assert "parent" not in store(world).load(customer_of(world, "erp", "B")).customer.values


def test_two_values_under_one_version_are_an_exception_whose_replay_is_settled(world: World) -> None:
    apply(world, account("001", 5, name="Acme", **ADDRESS))
    apply(world, account("001", 5, name="Bcme", **ADDRESS))
    (group,) = world.exceptions.groups("open")
    assert (group.kind, group.subject) == ("conflicting_report", f"customer/{customer_of(world, 'crm', '001')}")


def test_a_thousand_ways_to_create_one_customer_at_once_end_in_one(world: World) -> None:
    """Real threads: two systems that know each other's ids, each delivering twice."""
    in_crm = account("001", name="Acme", known_as=[{"system": "erp", "id": "4711"}], **ADDRESS)
    in_erp = account("4711", name="ACME", known_as=[{"system": "crm", "id": "001"}], terms="N30", **ADDRESS)
    events = [accounts_event(in_crm), accounts_event(in_erp, source="erp")] * 3
    with ThreadPoolExecutor(6) as threads:
        calls = [threads.submit(world.call, "apply_accounts", world.queue_event("accounts", [e])) for e in events]
        assert [c.result() for c in calls] == [{"batchItemFailures": []}] * 6
    customer = customer_of(world, "crm", "001")
    assert customer_of(world, "erp", "4711") == customer
    heads = [r for r in world.rows("identity") if r["sk"] == "HEAD"]
    assert [h["pk"] for h in heads] == [f"C#customer#{customer}"]
    kept = store(world).load(customer)
    assert sorted(r.id for r in kept.records) == [("crm", "001"), ("erp", "4711")]
    assert kept.customer.values["terms"] == "N30"
    assert faults(store(world).history(customer), kept.customer.seal) == []


def test_two_that_come_at_the_same_moment_are_taken_for_one_by_whoever_looks_second(world: World) -> None:
    told = {"name": "Ferrybridge Wholesale Ltd", "tax_id": "GB980780684", "phone": "+442079460991", **ADDRESS}
    events = [accounts_event(account("001", **told)), accounts_event(account("s-1", **told), source="webshop")]
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(world.call, "apply_accounts", world.queue_event("accounts", [e])) for e in events]
        assert [c.result() for c in calls] == [{"batchItemFailures": []}] * 2
    both = [customer_of(world, "crm", "001"), customer_of(world, "webshop", "s-1")]
    assert "review" in [store(world).load(c).customer.state for c in both]
    assert {g.kind for g in world.exceptions.groups("open")} == {"possible_duplicate"}


# -- deaths ----------------------------------------------------------------------------------------------------


def nothing(_: Stage) -> None:
    """An empty table."""


def known(stage: Stage) -> None:
    told = {"name": "Acme Trading Ltd", "phone": "020 7946 0991", "tax_id": "GB980780684", "terms": "N30", **ADDRESS}
    apply(stage.world, account("4711", **told), source="erp")


def report(stage: Stage) -> None:
    apply(
        stage.world,
        account(
            "001",
            2,
            name="Acme Trading Limited",
            phone="+442079460991",
            tax_id="980 7806 84",
            contacts={"c1": {"name": "Ada", "email": "ada@acme.example"}},
            ship_tos={"s1": {"city": "Hull"}},
            **ADDRESS,
        ),
    )


def overruled(stage: Stage) -> None:
    """The CRM says what the ERP owns: it is told again."""
    known_as = [{"system": "erp", "id": "4711"}]
    apply(stage.world, account("001", 3, name="Acme", terms="N90", known_as=known_as, **ADDRESS))


def stored(stage: Stage) -> Any:
    """All rows without what is drawn by lot, and what somebody has to decide."""
    groups = sorted((g.kind, g.subject, g.open) for g in stage.world.exceptions.groups("open"))
    return [_without_salts(row) for row in stage.world.rows("identity")], groups


def _without_salts(row: Mapping[str, Any]) -> dict[str, Any]:
    found = {k: v for k, v in row.items() if k != "seal"}
    if row["pk"].startswith("H#"):
        found["ch"] = {n: {k: v for k, v in c.items() if k not in {"c", "salt"}} for n, c in row["ch"].items()}
    return found


def erp_known(stage: Stage) -> None:
    apply(stage.world, account("001", name="Acme", **ADDRESS))
    stage.kept = Erp()
    serve(stage)


def serve(stage: Stage) -> None:
    """The ERP behind the functions' HTTP, without a network."""
    erp: Erp = stage.kept

    def ask(method: str) -> Any:
        def asked(_: Http, url: str, headers: Mapping[str, str], body: bytes = b"") -> HttpAnswer:
            assert headers["Authorization"] == f"Bearer {TOKEN}"
            status, document = erp.answer(method, url, json.loads(body or b"{}"))
            return HttpAnswer(status, json.dumps(document).encode())

        return asked

    stage.world.patch.setattr(Http, "put", ask("PUT"))  # only asked of who learnt the number before he died
    stage.endpoint = Door(ask)  # type: ignore[assignment]  # reached as an endpoint is


class Door:
    """The ERP as the reaper reaches an endpoint."""

    def __init__(self, ask: Any) -> None:
        self._post, self._get = ask("POST"), ask("GET")

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        answer: HttpAnswer = self._post(None, url, headers, body)
        return answer

    def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        answer: HttpAnswer = self._get(None, url, headers)
        return answer


def post_to_erp(stage: Stage) -> None:
    customer = customer_of(stage.world, "crm", "001")
    event = stage.world.queue_event("channel-erp", [dirty_message("erp", ("customer", customer))])
    if stage.world.call("deliver_to_channel", event)["batchItemFailures"]:
        stage.world.now += timedelta(seconds=31)  # the lease of whoever died is over, and the message comes again
        assert stage.world.call("deliver_to_channel", event) == {"batchItemFailures": []}


def posted(stage: Stage) -> Any:
    """The ERP's accounts, and what we call them."""
    customer = customer_of(stage.world, "crm", "001")
    return stage.kept.of(customer), customer_of(stage.world, "erp", "4711") == customer


SCENARIOS = [
    Scenario("a new customer with contacts, like another one", 17, known, report, stored),
    Scenario("a system that is overruled", 6, known, overruled, stored),
    Scenario("a customer that goes to the ERP", 16, erp_known, post_to_erp, posted),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_it_dies_anywhere_and_ends_as_if_undisturbed(
    scenario: Scenario, engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_everywhere(scenario, engine, tmp_path, monkeypatch)


def test_a_clock_that_is_ahead_wins_nothing_and_its_report_is_an_exception(world: World) -> None:
    apply(world, account("001", name="Acme", **ADDRESS))
    before = world.rows("identity")
    ahead = {**account("001", 2, name="Bcme"), "changed_at": "8999-01-01T00:00:00Z"}
    apply(world, ahead, account("002", name="Other", **ADDRESS))
    assert [(g.kind, g.subject) for g in world.exceptions.groups("open")] == [("changed_in_future", "account/crm/001")]
    kept = {(r["pk"], r["sk"]): r for r in world.rows("identity")}
    assert {(r["pk"], r["sk"]): kept[r["pk"], r["sk"]] for r in before} == {(r["pk"], r["sk"]): r for r in before}
    assert store(world).load(customer_of(world, "crm", "002")).customer.values["name"] == "Other"
    as_far_as_clocks_may_be_off = to_text(world.now + timedelta(seconds=300))
    apply(world, {**account("001", 2, name="Bcme"), "changed_at": as_far_as_clocks_may_be_off})
    assert store(world).load(customer_of(world, "crm", "001")).customer.values["name"] == "Bcme"
