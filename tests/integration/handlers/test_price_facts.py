"""What prices are told of items and customers: beside the items' profiles, and by `customers.priced`."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock.pricing.context import ItemFacts
from crossdock.pricing.customer_rows import CustomerRows
from crossdock.pricing.facts import CustomerFacts, ShipTo, item_facts, parts
from crossdock_cli import main, price_customers
from crossdock_cli.errors import CliError
from tests.support.world import Context, World, bus_event, references_event, webhook_event

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.integration

PROFILE = {
    "version": 1,
    "unit": "EA",
    "units": {"CS": 12, "PAIR": 2, "HALF": "1/2"},
    "families": ["drills", "power tools"],
    "mix_groups": ["tools"],
    "substitutes": ["SKU-9"],
}
C1 = {
    "customer": "C1",
    "version": 3,
    "segments": ["retail"],
    "parents": ["HOLDING"],
    "ship_tos": {"S1": {"branch": "LEEDS"}},
    "branch": "YORK",
    "region": "north",
    "currency": "GBP",
    "freight_terms": "FOB",
    "strategic": True,
}


def declare(world: World, **profile: Any) -> None:
    event = references_event({"SKU-1": [("wms", "A1")]})
    event["data"]["items"][0]["profile"] = {**PROFILE, **profile}
    answer = world.call("apply_references", world.queue_event("references", [event]), Context())
    assert answer == {"batchItemFailures": []}


def facts(world: World, sku: str = "SKU-1") -> ItemFacts | None:
    row = world.row("pricing", f"I#{sku}", "SHEET")
    return item_facts(sku, row) if row else None


def members(world: World, family: str) -> list[str]:
    found = {f"X#{family}#{part}" for part in parts()}
    return sorted(r["sk"] for r in world.rows("pricing") if r["pk"] in found)


def customers_event(*customers: dict[str, Any]) -> dict[str, Any]:
    return bus_event("pricing.customers.changed.v1", {"source": "erp", "customers": list(customers)}, "erp")


def tell(world: World, *customers: dict[str, Any]) -> None:
    event = world.queue_event("price-customers", [customers_event(*customers)])
    assert world.call("apply_price_customers", event, Context()) == {"batchItemFailures": []}


def known(world: World, *names: str) -> dict[str, CustomerFacts]:
    return {n: k.facts for n, k in CustomerRows(world.table("pricing")).known(names).items()}


def exceptions(world: World) -> list[tuple[str, str]]:
    return sorted((r["kind"], r["subject"]) for r in world.rows("exceptions") if r["sk"] == "HEAD")


# -- items -----------------------------------------------------------------------------------------------------


def test_what_an_item_is_for_prices_stands_beside_its_rules(world: World) -> None:
    declare(world)

    assert facts(world) == ItemFacts(
        "SKU-1",
        "EA",
        {"CS": Fraction(12), "PAIR": Fraction(2), "HALF": Fraction(1, 2)},
        ("drills", "power tools"),
        ("tools",),
        ("SKU-9",),
    )
    assert (members(world, "drills"), members(world, "power tools"), members(world, "*")) == (
        ["SKU-1"],
        ["SKU-1"],
        ["SKU-1"],
    )


def test_an_item_may_leave_a_family(world: World) -> None:
    declare(world)
    declare(world, version=2, families=["drills"], mix_groups=[])

    found = facts(world)
    assert found is not None
    assert (found.families, found.mix_groups) == (("drills",), ())
    assert members(world, "power tools") == []


def test_a_unit_of_any_fraction_is_kept_exactly(world: World) -> None:
    declare(world, units={"CUT": "1/3"})

    found = facts(world)
    assert found is not None
    assert found.units == {"CUT": Fraction(1, 3)}


def test_what_comes_late_or_contradicts_changes_nothing_for_prices(world: World) -> None:
    declare(world, version=5)
    before = world.rows("pricing")

    declare(world, version=4, families=[])
    declare(world, version=5, families=["other"])
    declare(world, version=5)

    assert world.rows("pricing") == before
    assert exceptions(world) == [("profile_conflict", "item/SKU-1")]


def test_an_item_without_a_profile_is_nothing_to_prices(world: World) -> None:
    world.call(
        "apply_references", world.queue_event("references", [references_event({"S": [("wms", "A")]})]), Context()
    )

    assert world.rows("pricing") == []


# -- customers -------------------------------------------------------------------------------------------------


def test_a_webhook_of_the_erp_says_what_customers_are(world: World) -> None:
    body = {"type": "customers.priced", "timestamp": "2026-11-21T08:00:00Z", "data": {"customers": [C1]}}
    assert world.call("receive_webhook", webhook_event(body, source="erp"), Context())["statusCode"] == 202

    taken = world.take("price-customers")
    assert [m["data"] for m in taken] == [{"source": "erp", "customers": [C1]}]
    assert world.call("apply_price_customers", world.queue_event("price-customers", taken), Context()) == {
        "batchItemFailures": []
    }

    assert known(world, "C1", "C2") == {
        "C1": CustomerFacts(
            "C1", ("retail",), ("HOLDING",), {"S1": ShipTo("LEEDS")}, "GBP", "YORK", "north", "FOB", strategic=True
        )
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"customer": "a#b"},
        {"version": 0},
        {"parents": ["C1"]},
        {"currency": "XXQ"},
        {"ship_tos": {"S": {"town": "York"}}},
        {"loyalty": "gold"},
    ],
)
def test_a_delivery_with_a_fault_names_it_and_leaves_nothing_behind(world: World, wrong: dict[str, Any]) -> None:
    body = {"type": "customers.priced", "timestamp": "2026-11-21T08:00:00Z", "data": {"customers": [{**C1, **wrong}]}}
    before = world.dump()

    answer = world.call("receive_webhook", webhook_event(body, source="erp"), Context())

    assert answer["statusCode"] == 422
    (field,) = wrong
    assert json.loads(answer["body"])["errors"][0]["field"].startswith(f"data.customers[0].{field}")
    assert world.dump() == before
    assert world.take("price-customers") == []


def test_the_newest_version_of_a_customer_wins_whenever_it_comes(world: World) -> None:
    tell(world, C1)
    tell(world, {"customer": "C1", "version": 2, "segments": ["trade"]})
    assert known(world, "C1")["C1"].segments == ("retail",)

    tell(world, {"customer": "C1", "version": 4, "segments": ["trade"]})
    assert known(world, "C1")["C1"] == CustomerFacts("C1", ("trade",))
    once = world.dump()
    tell(world, {"customer": "C1", "version": 4, "segments": ["trade"]})
    assert world.dump() == once


def test_a_contradiction_is_an_exception_and_the_others_are_kept(world: World) -> None:
    tell(world, C1)

    tell(world, {**C1, "branch": "HULL"}, {"customer": "C2", "version": 1})

    assert exceptions(world) == [("customer_conflict", "customer/C1")]
    assert known(world, "C1", "C2")["C1"].branch == "YORK"
    assert known(world, "C2") == {"C2": CustomerFacts("C2")}


def test_nobody_is_above_themselves_over_several_deliveries_either(world: World) -> None:
    tell(world, {"customer": "A", "version": 1, "parents": ["B"]}, {"customer": "B", "version": 1, "parents": ["C"]})

    tell(world, {"customer": "C", "version": 1, "parents": ["A"]}, {"customer": "D", "version": 1, "parents": ["A"]})

    assert exceptions(world) == [("customer_above_itself", "customer/C")]
    assert sorted(known(world, "A", "B", "C", "D")) == ["A", "B", "D"]


def test_what_is_no_list_of_customers_is_on_the_exceptions_list(world: World) -> None:
    tell(world, {"customer": "C1"})

    assert len(exceptions(world)) == 1
    assert world.rows("pricing") == []


# -- the command -----------------------------------------------------------------------------------------------


@pytest.fixture
def shown(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(price_customers, "connect", lambda _: world.target)
    return world


def crossdock(arguments: Iterable[str]) -> str:
    done = CliRunner().invoke(main.app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_a_customer_is_shown_as_it_was_said(shown: World) -> None:
    tell(shown, C1)

    found = json.loads(crossdock(["price", "customers", "show", "C1", "--json"]))

    assert found == {**C1, "ship_tos": {"S1": {"branch": "LEEDS", "region": None}}, "source": "erp"}
    assert "segments       retail" in crossdock(["price", "customers", "show", "C1"])
    with pytest.raises(CliError, match="nothing is known of the customer 'C9'"):
        crossdock(["price", "customers", "show", "C9"])
