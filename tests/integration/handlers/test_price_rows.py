"""Price rules of every scope from the queue to their rows; drafts; and what meets on one row, with real threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.pricing import sheet
from crossdock.pricing.candidates import Ask, Candidates
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts, CustomerStated, ItemStated
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.rules import Rule
from crossdock.pricing.store import Approved, Kept, PricingStore
from tests.property.price_facts import check_members
from tests.property.price_rows import check_rows
from tests.support.world import CORRELATION, Context, World, price, prices_event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.integration


def reprice(world: World, *prices: dict[str, Any]) -> None:
    answer = world.call("apply_price_changes", world.queue_event("prices", [prices_event(*prices)]), Context())
    assert answer == {"batchItemFailures": []}


def about(rule_id: str, version: int = 1, item: str | None = None, /, **scope: Any) -> dict[str, Any]:
    """A rule of any scope as the ERP sends it."""
    found = {**price(rule_id, version), "scope": scope}
    del found["item"]
    return {**found, "item": item} if item else found


def rows(world: World) -> dict[tuple[str, str], list[str]]:
    """Which rules stand in which rows."""
    return {(r["pk"], r["sk"]): sorted(r["rules"]) for r in world.rows("pricing") if "rules" in r}


def rule(rule_id: str, version: int = 1, /, **scope: Any) -> Rule:
    return Rule.read(
        {
            "rule_id": rule_id,
            "version": version,
            "source": "erp",
            "scope": scope,
            "currency": "GBP",
            "tiers": [{"min_quantity": 1, "value": str(version)}],
        }
    )


# -- from the queue --------------------------------------------------------------------------------------------


def test_rules_of_every_scope_stand_where_their_scope_says(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"))

    reprice(
        world,
        about("all"),
        about("family", family="F", segment="gold"),
        about("item", 1, "E1", channels=["shop"]),
        about("customer", 1, "E1", customer="C", ship_to="yard"),
        about("parent", 1, "E1", parent="C"),
        about("job", job="J", family="F"),
    )

    assert rows(world) == {
        ("F#*", "SHEET"): ["erp:all"],
        ("F#F", "SHEET"): ["erp:family"],
        ("I#SKU-1", "SHEET"): ["erp:item"],
        ("K#C", "SHEET"): ["erp:customer", "erp:parent"],
        ("J#J", "SHEET"): ["erp:job"],
    }
    assert world.rows("exceptions") == []


def test_business_dates_begin_at_midnight_in_the_distributors_zone(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"))

    reprice(world, price("r1", 1, valid_from="2026-07-01", valid_through="2026-07-31"))

    found = world.pricing.ledger.get("erp:r1", 1)
    assert found is not None
    assert (found.rule.valid_from, found.rule.valid_to) == (
        "2026-06-30T23:00:00.000000Z",
        "2026-07-31T23:00:00.000000Z",
    )


def test_a_rule_about_something_else_is_an_exception_and_nothing_is_kept(world: World) -> None:
    reprice(world, about("r1", customer="C", family="F"))
    before = world.dump()["pricing"]

    reprice(world, about("r1", 2, customer="D", family="F"), about("r1", 3, customer="C"))

    assert world.dump()["pricing"] == before
    assert [(g.kind, g.subject, g.open) for g in world.exceptions.groups()] == [
        ("rule_of_another_target", "rule/r1", 2)
    ]


def test_a_new_version_may_change_channels_and_freight_terms(world: World) -> None:
    reprice(world, about("r1", family="F", channels=["shop"]))

    reprice(world, about("r1", 2, family="F", channels=["shop", "web"], freight_terms="CIP"))

    found = Candidates(world.table("pricing"), world.clock).read(Ask(("S",))).rules
    assert found == {"S": ()}
    assert world.rows("exceptions") == []


# -- drafts ----------------------------------------------------------------------------------------------------


def current(world: World, sku: str = "SKU-1") -> list[tuple[str, int]]:
    found = Candidates(world.table("pricing"), world.clock).read(Ask((sku,))).rules[sku]
    return [(r.rule_id, r.version) for r in found]


def test_a_draft_counts_for_nothing_until_somebody_approves_it(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"))
    reprice(world, price("r1", 1), price("r1", 2, "9.99", status="draft"))
    assert (current(world), [(v.rule.version, v.by) for v in world.pricing.drafts()]) == ([("r1", 1)], [(2, "erp")])

    assert world.pricing.approve("erp:r1", 2, "ann", "TICKET-7") is Approved.APPROVED

    assert (current(world), world.pricing.drafts()) == ([("r1", 2)], [])
    found = world.pricing.ledger.versions("erp:r1")[1]
    assert (found.status, found.approved_by, found.approved_at, found.reference, found.counts_from) == (
        "approved",
        "ann",
        "2026-11-21T08:00:00.000000Z",
        "TICKET-7",
        "2026-11-21T08:00:00.000000Z",
    )
    before = world.dump()
    assert world.pricing.approve("erp:r1", 2, "bob") is Approved.ALREADY
    assert world.dump() == before


def test_four_eyes_refuse_the_author_and_nothing_is_written(world: World) -> None:
    world.pricing.keep_draft([rule("r1", item="SKU-1")], "erp", CORRELATION, "ann")
    before = world.dump()

    assert world.pricing.approve("erp:r1", 1, "ann", four_eyes=True) is Approved.SAME_PERSON
    assert world.dump() == before
    assert world.pricing.approve("erp:r1", 1, "bob", four_eyes=True) is Approved.APPROVED


def test_a_rejected_draft_never_counts(world: World) -> None:
    world.pricing.keep_draft([rule("r1", item="SKU-1")], "erp", CORRELATION, "ann")

    assert world.pricing.reject("erp:r1", 1, "bob", "too low") is Approved.REJECTED

    assert world.pricing.drafts() == []
    assert world.pricing.approve("erp:r1", 1, "eve") is Approved.REJECTED
    assert world.pricing.keep([rule("r1", item="SKU-1")], "erp", CORRELATION) == [Kept.WAITING]
    assert world.pricing.keep_draft([rule("r1", item="SKU-1")], "erp", CORRELATION, "ann") == [Kept.DUPLICATE]
    assert (current(world), world.pricing.drafts()) == ([], [])
    assert world.pricing.reject("erp:r1", 1, "eve") is Approved.REJECTED
    assert world.pricing.reject("erp:r2", 1, "eve") is Approved.NOT_FOUND


def test_a_draft_that_comes_approved_is_an_exception_and_waits_on(world: World) -> None:
    world.knows(("erp", "E1", "SKU-1"))
    reprice(world, price("r1", 1, status="draft"))

    reprice(world, price("r1", 1))

    assert current(world) == []
    (group,) = world.exceptions.groups()
    assert (group.kind, group.subject) == ("price_draft_undecided", "rule/r1")


def test_a_draft_about_something_else_is_refused_when_it_comes_and_when_it_is_approved(world: World) -> None:
    world.pricing.keep_draft([rule("r1", item="SKU-2")], "erp", CORRELATION, "ann")
    world.pricing.keep([rule("r1", 2, item="SKU-1")], "erp", CORRELATION)

    assert world.pricing.keep_draft([rule("r1", 3, item="SKU-2")], "erp", CORRELATION, "ann") == [Kept.OTHER_TARGET]
    assert world.pricing.approve("erp:r1", 1, "bob") is Approved.OTHER_TARGET
    assert world.pricing.approve("erp:r1", 9, "bob") is Approved.NOT_FOUND
    assert current(world, "SKU-2") == []


# -- races, with real threads ----------------------------------------------------------------------------------


def at_once(works: Sequence[Callable[[], object]]) -> None:
    """All of them at the same time; what one of them raises is raised here."""
    start, failed = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def stores(world: World, count: int) -> list[PricingStore]:
    return [PricingStore(world.table("pricing"), world.clock) for _ in range(count)]


def test_workers_that_fill_one_row_at_once_lose_nothing(world: World) -> None:
    """It gives its segments away meanwhile, and their rows their branches; every worker brings all rules."""
    world.patch.setattr(sheet, "ROOM", 300)
    world.patch.setattr(sheet, "_WORTH_IT", 60)
    scopes = [{"segment": f"s{n % 3}", "branch": f"b{n}"} if n % 4 else {} for n in range(40)]
    versions = {
        (f"erp:r{n}", v): rule(f"r{n}", v, item="S", **scope) for n, scope in enumerate(scopes) for v in (1, 2, 3)
    }

    def work(number: int, store: PricingStore) -> None:
        for step in range(3):
            version = 1 + (step + number) % 3
            ours = [r for (_, v), r in versions.items() if v == version]
            turned = ours[number * 10 :] + ours[: number * 10]
            for part in (turned[:20], turned[20:]):
                store.keep(part, "erp", CORRELATION)

    at_once([lambda n=n, s=s: work(n, s) for n, s in enumerate(stores(world, 4))])

    found = {(r["pk"], r["sk"]): r for r in world.rows("pricing")}
    assert ("I#S", "S#s1") in found
    check_rows(found, versions)


def test_facts_and_rules_that_meet_on_a_sheet_are_all_kept(world: World) -> None:
    families = {1: ("F", "G"), 2: ("G", "H"), 3: ("H",), 4: ("F",)}

    def facts(version: int) -> None:
        stated = ItemStated(ItemFacts("S", families=families[version]), version, "erp")
        Profiles(world.table("pricing")).keep_items([stated], CORRELATION)

    works: list[Callable[[], object]] = [lambda v=v: facts(v) for v in families]  # type: ignore[misc]
    works += [
        lambda n=n, s=s: s.keep([rule(f"r{n}", item="S")], "erp", CORRELATION)  # type: ignore[misc]
        for n, s in enumerate(stores(world, 4))
    ]
    at_once(works)
    for version in families:
        facts(version)

    row = world.row("pricing", "I#S", "SHEET")
    assert row is not None
    assert (row["fam"], row["iver"], sorted(row["rules"])) == (["F"], 4, [f"erp:r{n}" for n in range(4)])
    check_members({(r["pk"], r["sk"]): r for r in world.rows("pricing")}, exactly=True)


def test_of_many_who_approve_at_once_one_does(world: World) -> None:
    world.pricing.keep_draft([rule("r1", item="S")], "erp", CORRELATION, "ann")
    found: list[Approved] = []

    at_once([lambda s=s: found.append(s.approve("erp:r1", 1, "bob")) for s in stores(world, 6)])  # type: ignore[misc]

    assert sorted(f.value for f in found) == ["already"] * 5 + ["approved"]
    assert current(world, "S") == [("r1", 1)]


def test_of_an_approval_and_a_rejection_at_once_one_wins(world: World) -> None:
    for number in range(8):
        _approve_and_reject(world, f"r{number}")
    assert world.pricing.drafts() == []


def _approve_and_reject(world: World, name: str) -> None:
    world.pricing.keep_draft([rule(name, item="S")], "erp", CORRELATION, "ann")
    found: dict[str, Approved] = {}
    approving, rejecting = stores(world, 2)

    at_once(
        [
            lambda: found.update(approve=approving.approve(f"erp:{name}", 1, "bob")),
            lambda: found.update(reject=rejecting.reject(f"erp:{name}", 1, "eve")),
        ]
    )

    counts = (name, 1) in current(world, "S")
    expected = (Approved.APPROVED, Approved.ALREADY) if counts else (Approved.REJECTED, Approved.REJECTED)
    assert (found["approve"], found["reject"]) == expected


def test_customers_that_come_at_once_end_with_the_newest(world: World) -> None:
    def keep(version: int) -> None:
        stated = CustomerStated(CustomerFacts("C", segments=(f"s{version}",)), version, "crm")
        Profiles(world.table("pricing")).keep_customers([stated], CORRELATION)

    at_once([lambda v=v: keep(v) for v in range(1, 7)])  # type: ignore[misc]

    assert Candidates(world.table("pricing"), world.clock).read(Ask((), customer="C")).profile == CustomerFacts(
        "C", segments=("s6",)
    )
