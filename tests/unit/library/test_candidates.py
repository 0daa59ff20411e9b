"""What a quote reads, counted exactly: keys, units and round trips; and what it finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crossdock.pricing.candidates import Ask, Candidates, Found
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts, CustomerStated, ItemStated, ShipTo
from crossdock.pricing.instants import instant_text
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.rules import Rule
from crossdock.pricing.store import Kept, PricingStore
from tests.support.counting import CountingTable
from tests.support.world import NOW

pytestmark = pytest.mark.unit

SKUS = tuple(f"SKU-{n}" for n in range(50))


def rule(rule_id: str, version: int = 1, value: str = "2.55", /, **scope: Any) -> Rule:
    return Rule.read(
        {
            "rule_id": rule_id,
            "version": version,
            "source": "erp",
            "scope": scope,
            "currency": "GBP",
            "tiers": [{"min_quantity": 1, "value": value}],
        }
    )


class Shop:
    """A table with its stores."""

    def __init__(self) -> None:
        self.table = CountingTable()
        self.now = NOW
        self.store = PricingStore(self.table, lambda: self.now)
        self.profiles = Profiles(self.table)
        self.candidates = Candidates(self.table, lambda: self.now)

    def keep(self, *rules: Rule) -> list[Kept]:
        return self.store.keep(rules, "erp", "cd-1")

    def items(self, *facts: ItemFacts, version: int = 1) -> list[Kept]:
        return self.profiles.keep_items([ItemStated(f, version, "erp") for f in facts], "cd-1")

    def customers(self, *facts: CustomerFacts, version: int = 1) -> list[Kept]:
        return self.profiles.keep_customers([CustomerStated(f, version, "erp") for f in facts], "cd-1")

    def read(self, ask: Ask) -> tuple[Found, int, float, int]:
        """What was found, and the keys, read units and requests it took."""
        self.table.forget()
        found = self.candidates.read(ask)
        return found, self.table.keys, self.table.rcu, self.table.calls


def names(found: Found, sku: str) -> list[str]:
    return [r.rule_id for r in found.rules[sku]]


def stocked(shop: Shop, *, per_item: int = 1, contract: int = 0) -> None:
    """50 items in 5 families, a customer in two segments with a parent, and rules of every kind."""
    shop.items(*(ItemFacts(sku, families=(f"F{n % 5}",)) for n, sku in enumerate(SKUS)))
    shop.customers(CustomerFacts("C", ("gold", "trade"), ("P",), {"yard": ShipTo("north", "east")}))
    for sku in SKUS:
        shop.keep(
            rule(f"list-{sku}", item=sku), *(rule(f"{n}-{sku}", item=sku, segment=f"s{n}") for n in range(per_item))
        )
    shop.keep(*(rule(f"fam-{n}", family=f"F{n}", segment="gold") for n in range(5)), rule("all", segment="trade"))
    shop.keep(rule("parent", parent="P", family="F1"), rule("customer", customer="C", item="SKU-1"))
    shop.keep(*(rule(f"contract-{n}", customer="C", item=f"SKU-{n}") for n in range(contract)))


def test_fifty_lines_are_two_trips_and_then_one() -> None:
    shop = Shop()
    stocked(shop)
    ask = Ask(SKUS, customer="C", ship_to="yard")

    found, keys, rcu, calls = shop.read(ask)
    again, keys_again, rcu_again, calls_again = shop.read(ask)

    # 50 items, profile, contract, all items; then 5 families and the parent.
    assert (found.trips, keys, rcu, calls) == (2, 53 + 6, 29.5, 2)
    assert (again.trips, keys_again, rcu_again, calls_again) == (1, 59, 29.5, 1)
    assert again == replace(found, trips=1)
    assert names(found, "SKU-1") == ["0-SKU-1", "all", "customer", "fam-1", "list-SKU-1", "parent"]
    assert names(found, "SKU-2") == ["0-SKU-2", "all", "fam-2", "list-SKU-2"]


@pytest.mark.parametrize(("per_item", "keys", "rcu"), [(10, 59, 29.5), (200, 159, 79.5)])
def test_what_is_read_does_not_grow_with_the_rules(per_item: int, keys: int, rcu: float) -> None:
    """Sheets that gave their segments away are followed by a row for each segment of the customer, and no more."""
    shop = Shop()
    stocked(shop, per_item=per_item)

    found, keys_read, rcu_read, _ = shop.read(Ask(SKUS, customer="C"))

    assert (found.trips, keys_read, rcu_read) == (2, keys, rcu)


def test_a_customer_with_a_large_contract_is_within_sixty_units() -> None:
    shop = Shop()
    stocked(shop, contract=1000)

    found, keys, rcu, calls = shop.read(Ask(SKUS, customer="C", ship_to="yard"))
    warm, *_, calls_warm = shop.read(Ask(SKUS, customer="C", ship_to="yard"))

    assert (found.trips, keys, rcu, calls) == (2, 53 + 6 + 50, 54.5, 2)
    assert (warm.trips, calls_warm) == (1, 2)  # 109 keys are two requests, side by side
    assert "contract-7" in names(found, "SKU-7")
    assert "contract-8" not in names(found, "SKU-7")


def test_an_item_with_ten_thousand_segments_is_flat_to_read() -> None:
    shop = Shop()
    shop.customers(CustomerFacts("C", ("s7", "s9999")))
    for start in range(0, 10_000, 500):
        shop.keep(*(rule(f"seg-{n}", item="SKU-1", segment=f"s{n}") for n in range(start, start + 500)))
    shop.keep(rule("base", item="SKU-1"))

    found, keys, rcu, _ = shop.read(Ask(("SKU-1",), customer="C"))

    assert (found.trips, keys, rcu) == (2, 6, 3.0)
    assert names(found, "SKU-1") == ["base", "seg-7", "seg-9999"]
    assert len(shop.table.rows["I#SKU-1", "SHEET"]["rules"]) == 1


def test_five_hundred_lines_are_six_requests_of_one_trip() -> None:
    shop = Shop()
    skus = tuple(f"S-{n}" for n in range(500))
    shop.keep(*(rule(sku, item=sku) for sku in skus))

    found, keys, rcu, calls = shop.read(Ask(skus, customer="C"))

    assert (found.trips, keys, rcu, calls) == (1, 503, 251.5, 6)
    assert [names(found, sku) for sku in skus] == [[sku] for sku in skus]


def test_what_changed_is_seen_at_once_whatever_is_remembered() -> None:
    shop = Shop()
    stocked(shop)
    ask = Ask(("SKU-1",), customer="C")
    first, *_ = shop.read(ask)

    shop.keep(rule("list-SKU-1", 2, "9", item="SKU-1"), rule("g", family="NEW"))
    shop.items(ItemFacts("SKU-1", families=("NEW",)), version=2)
    shop.customers(CustomerFacts("C", ("s0",)), version=2)
    found, keys, _, _ = shop.read(ask)

    assert names(found, "SKU-1") == ["0-SKU-1", "all", "customer", "g", "list-SKU-1"]
    assert [r.version for r in found.rules["SKU-1"]] == [1, 1, 1, 1, 2]
    assert (found.profile, found.items["SKU-1"].families) == (CustomerFacts("C", ("s0",)), ("NEW",))
    # Asked for in the first trip: what was named before. In the second: the family that is named now.
    assert (found.trips, keys) == (2, 7)
    changed = {
        row
        for row in first.versions.keys() | found.versions.keys()
        if first.versions.get(row) != found.versions.get(row)
    }
    assert changed == {"I#SKU-1/SHEET", "C#C/PROFILE", "F#NEW/SHEET", "F#F1/SHEET", "K#P/SHEET"}


def test_ship_to_branch_and_region_choose_the_rows_below() -> None:
    shop = Shop()
    shop.customers(CustomerFacts("C", ship_tos={"yard": ShipTo("b2", "r2")}, branch="b1", region="r1"))
    below = [rule(f"b{n}", item="S", branch=f"b{n}") for n in range(100)]
    below += [rule(f"r{n}", item="S", region=f"r{n}") for n in range(100)]
    below += [rule(f"t{n}", customer="C", item="S", ship_to=f"t{n}") for n in range(100)] + [
        rule("yard", customer="C", item="S", ship_to="yard")
    ]
    shop.keep(*below)

    def found(**fields: Any) -> list[str]:
        return names(shop.read(Ask(("S",), customer="C", **fields))[0], "S")

    assert found() == ["b1", "r1"]
    assert found(ship_to="yard") == ["b2", "r2", "yard"]
    assert found(ship_to="t5", branch="b3", region="r3") == ["b3", "r3", "t5"]


def test_nothing_is_known_of_a_stranger_and_nothing_is_found() -> None:
    shop = Shop()

    found, keys, rcu, _ = shop.read(Ask(("S",), customer="C", job="J"))

    assert found == Found(
        None,
        {},
        {"S": ()},
        {"C#C/PROFILE": 0, "I#S/SHEET": 0, "F#*/SHEET": 0, "K#C/SHEET": 0, "J#J/SHEET": 0},
        1,
    )
    assert (keys, rcu) == (5, 2.5)


# -- as known at -----------------------------------------------------------------------------------------------


def test_what_was_known_at_a_time_is_the_latest_version_that_counted_then() -> None:
    shop = Shop()
    instants = []
    for versions in ((1,), (3,), (2,)):
        shop.keep(*(rule("r", v, str(v), item="S") for v in versions))
        instants.append(instant_text(shop.now))
        shop.now += timedelta(microseconds=1)
    ask = Ask(("S",))

    def known(at: str) -> list[int]:
        return [r.version for r in shop.candidates.as_known(ask, at).rules["S"]]

    assert known("2026-11-21T07:59:59.999999Z") == []
    assert [known(at) for at in instants] == [[1], [3], [3]]


def test_a_draft_is_known_as_a_rule_from_its_approval_on() -> None:
    shop = Shop()
    shop.keep(rule("r", 1, "1", item="S"))
    assert shop.store.keep_draft([rule("r", 2, "2", item="S")], "erp", "cd-2", "ann") == [Kept.DRAFT]
    drafted = instant_text(shop.now)
    shop.now += timedelta(hours=1)
    shop.store.approve("erp:r", 2, "bob")
    ask = Ask(("S",))

    def known(at: str) -> list[tuple[int, str | None]]:
        found = shop.candidates.as_known(ask, at).rules["S"]
        return [(r.version, r.approval.by if r.approval else None) for r in found]

    assert known(drafted) == [(1, None)]
    assert known("2026-11-21T08:59:59.999999Z") == [(1, None)]
    assert known(instant_text(shop.now)) == [(2, "bob")]


# -- what keeping costs ----------------------------------------------------------------------------------------


def test_keeping_costs_what_it_says() -> None:
    """A new rule of a new item: what it is about, the version, the item, the sheet. Then version and sheet."""
    shop = Shop()
    costs = []
    for version in (1, 2):
        shop.table.forget()
        assert shop.keep(rule("r", version, item="S")) == [Kept.CURRENT]
        costs.append((shop.table.wcu, shop.table.rcu, shop.table.calls))
    shop.table.forget()
    assert shop.keep(rule("r", 2, item="S")) == [Kept.DUPLICATE]
    costs.append((shop.table.wcu, shop.table.rcu, shop.table.calls))

    assert costs == [(4, 0.5, 5), (2, 0.5, 3), (1, 0.5, 2)]


def test_an_event_of_one_sheet_writes_it_once() -> None:
    shop = Shop()
    shop.keep(rule("r", item="S"))
    shop.table.forget()

    shop.keep(*(rule(f"r{n}", item="S") for n in range(25)))

    assert (shop.table.wcu, shop.table.rcu, shop.table.calls) == (25 + 25 + 1, 0.5, 4)


def test_approving_costs_what_it_says() -> None:
    shop = Shop()
    shop.store.keep_draft([rule("r", item="S")], "erp", "cd-1", "ann")
    shop.table.forget()

    shop.store.approve("erp:r", 1, "bob")

    assert (shop.table.wcu, shop.table.rcu, shop.table.calls) == (5, 2.5, 8)
