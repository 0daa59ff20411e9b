"""A customer asks weeks later why a price was what it was: the rules have changed, the explanation has not."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import CustomerFacts, CustomerStated
from crossdock.pricing.profiles import Profiles
from crossdock.pricing.quote_store import QuoteStore
from crossdock_cli.errors import CliError
from crossdock_cli.local.paths import checkout
from tests.support.explaining import connected, explained, run, usage
from tests.support.price_world import asked, given, rule
from tests.support.world import CORRELATION, World, later

if TYPE_CHECKING:
    from crossdock.pricing.rules import Rule

pytestmark = pytest.mark.integration

GUIDE = (checkout() / "docs" / "pricing.md").read_text(encoding="utf-8")
LAMP = ItemFacts("LAMP", "EA", {"CS": Fraction(12)}, mix_groups=("LIGHTS",))
CONTRACT = rule("K1", "2.40", layer="customer_item", scope={"item": "LAMP", "customer": "C1"}, contract="K-2026")
LIST = rule("LIST", "2.55", (24, "2.10"))
COST = rule("COST", "", layer="cost", unit="CS", tiers=[{"min_quantity": 0, "value": "18.00"}], reason="supplier ACME")
FLOOR = rule("FLOOR", "20", layer="floor", operation="margin")
PROMO = rule("PROMO", "10", layer="discount", operation="percent", valid_from="2026-12-01T00:00:00.000000Z")


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """LAMP lists at 2.55 and costs C1 2.40 by contract K-2026; the command calls the function as the SDK would."""
    given(world, [CONTRACT, LIST, COST, FLOOR, PROMO], [LAMP], [CustomerFacts("C1", segments=("GOLD",))])
    connected(world, monkeypatch)
    return world


def quoted(world: World, *lines: dict[str, Any], **body: Any) -> str:
    asks = list(lines) or [{"line": "1", "item": "LAMP", "quantity": 6}]
    status, document, _ = asked(world, "POST /v1/quotes", {"customer": "C1", "lines": asks, **body})
    assert status == 201
    return str(document["quote_id"])


def keep(world: World, *rules: Rule) -> None:
    world.forget_warm_state()
    world.pricing.keep(list(rules), "erp", CORRELATION, by="mara")


def only(document: dict[str, Any]) -> dict[str, Any]:
    (line,) = document["lines"]
    assert isinstance(line, dict)
    return line


def test_a_quote_is_explained_by_the_rules_of_its_time_after_they_changed(desk: World) -> None:
    quote = quoted(desk)
    desk.now = later(86_400)
    keep(desk, rule("K1", "2.75", version=2, layer="customer_item", scope=CONTRACT.scope.document(), contract="K-2026"))

    document = explained(quote, "--today")

    line = only(document)
    assert (line["unit_price"], line["extended_price"]) == ("2.40", "14.40")
    assert [(c["rule"], c["contract"]) for c in line["components"]] == [("erp:K1@1", "K-2026")]
    assert line["recomputed"] == {
        "equal": True,
        "unit_price": "2.40",
        "extended_price": "14.40",
        "hash": line["hash"],
    }
    assert {(r["rule"], r["reason"]) for r in line["rejected"]} == {
        ("erp:FLOOR@1", "kept"),
        ("erp:LIST@1", "weaker_level"),
        ("erp:PROMO@1", "not_yet_valid"),
    }
    assert (line["today"]["unit_price"], line["today"]["rules"]) == ("2.75", ["erp:K1@2"])
    assert line["today"]["difference"] == {"unit_price": "+0.35", "extended_price": "+2.10", "total": "+2.10"}
    then, now = document["rules"]["erp:K1@1"], document["rules"]["erp:K1@2"]
    assert (then["counts"], then["version"]["version"], then["newest"]["version"]) == (False, 1, 2)
    assert (now["counts"], now["version"]["by"], now["newest"]) == (True, "mara", None)
    assert (document["status"], document["made_at"], document["partner"]) == (
        "expired",
        "2026-11-21T08:00:00.000Z",
        "acme",
    )


@pytest.fixture
def disputed(desk: World) -> str:
    """The dispute of the guide: CORNER was quoted by contract, and the contract has another price now."""
    whom = {"layer": "customer_item", "scope": {"item": "LANTERN", "customer": "CORNER"}, "contract": "K-2026-04"}
    lantern, corner = ItemFacts("LANTERN"), CustomerFacts("CORNER")
    given(desk, [rule("list-lantern", "4.00", scope={"item": "LANTERN"})], [lantern], [corner])
    desk.pricing.keep_draft([rule("corner-lantern", "3.80", **whom, status="draft")], "erp", CORRELATION, by="mara")
    desk.pricing.approve("erp:corner-lantern", 1, "noor", "T-118", four_eyes=True)
    desk.forget_warm_state()
    lines = [{"line": "1", "item": "LANTERN", "quantity": 20}]
    body = {"customer": "CORNER", "lines": lines}
    event = {"headers": {"Idempotency-Key": "cart-4711"}, "customers": "CORNER"}
    _, document, _ = asked(desk, "POST /v1/quotes", body, **event)
    desk.now = later(28 * 86_400)
    keep(desk, rule("corner-lantern", "3.95", version=2, **whom))
    return str(document["quote_id"])


def test_the_guide_shows_what_is_printed(disputed: str) -> None:
    shown = re.search(r"```text\n\$ crossdock price explain ([a-z2-7]{20}) --today\n(.*?)```", GUIDE, flags=re.DOTALL)
    assert shown
    assert shown[1] == disputed

    said = run(disputed, "--today").stdout

    assert [line.split() for line in said.splitlines()] == [line.split() for line in shown[2].splitlines()]


def test_people_read_the_whole_chain(desk: World) -> None:
    quote = quoted(desk)
    keep(desk, rule("K1", "2.40", version=2, layer="customer_item", scope=CONTRACT.scope.document(), withdrawn=True))

    said = run(quote, "--today").stdout

    for sentence in (
        f"quote {quote} for customer C1, asked by acme",
        "answered 2026-11-21T08:00:00.000Z: total 14.40 GBP, stands until 2026-11-21T08:30:00.000Z: open",
        "6 EA of LAMP at 2026-11-21T08:00:00.000000Z: PRICED",
        "1. Customer's price of the item erp:K1 version 1, contract K-2026: 2.4 GBP per EA",
        "2.40 GBP per EA, line 14.40 GBP",
        "not erp:LIST version 1: a more specific level has a price",
        "not erp:PROMO version 1: it is not valid yet",
        "recomputed from its trace: equal (hash ",
        "today: 2.55 GBP per EA, line 15.30 GBP: +0.15 per EA, +0.90 on the line, by erp:LIST@1",
        "withdrawn by version 2",
        f"crossdock trace {CORRELATION}",
    ):
        assert sentence in said, sentence


def test_a_price_made_of_a_cost_names_the_cost_that_it_was_made_of(desk: World) -> None:
    given(desk, [rule("PLUS", "25", layer="cost_plus", operation="cost_plus"), COST, FLOOR], [LAMP])
    quote = quoted(desk, customer="C2")
    keep(desk, rule("COST", "", version=2, layer="cost", unit="CS", tiers=[{"min_quantity": 0, "value": "24.00"}]))

    document = explained(quote, "--today")

    line = only(document)
    assert (line["unit_price"], line["cost_used"]) == ("1.88", {"rule": "erp:COST@1", "value": "18", "per": "CS"})
    assert line["today"]["unit_price"] == "2.50"
    assert document["rules"]["erp:COST@1"]["newest"]["version"] == 2
    assert "made of cost erp:COST version 1: 18 GBP per CS (supplier ACME)" in "\n".join(line["explanation"])


def test_today_is_the_same_question_basket_included(desk: World) -> None:
    tiers = {"tier_basis": "mix_group", "mix_group": "LIGHTS"}
    given(desk, [rule("MIX", "3.00", (30, "2.00"), **tiers)], [LAMP, ItemFacts("BULB", mix_groups=("LIGHTS",))])
    lines = [{"line": "1", "item": "LAMP", "quantity": 1, "unit": "CS"}, {"line": "2", "item": "LAMP", "quantity": 6}]
    quote = quoted(desk, *lines, basket={"BULB": 10, "LAMP": 2})

    found = explained(quote, "--line", "2", "--today")

    line = only(found)
    assert (line["line"], line["unit_price"]) == ("2", "2.00"), "12 + 6 + 10 + 2 reach the break at 30"
    assert line["today"]["difference"] == {"unit_price": "+0.00", "extended_price": "+0.00", "total": "+0.00"}
    assert "today: 2.00 GBP per EA, line 12.00 GBP: the same, by erp:MIX@1" in run(quote, "--today").stdout


def test_a_customer_of_other_segments_today_is_answered_as_it_is_today(desk: World) -> None:
    gold = rule("GOLD", "2.20", layer="segment_item", scope={"item": "LAMP", "segment": "GOLD"})
    given(desk, [LIST, gold], [LAMP], [CustomerFacts("C1", segments=("GOLD",))])
    quote = quoted(desk)
    desk.forget_warm_state()
    Profiles(desk.table("pricing")).keep_customers([CustomerStated(CustomerFacts("C1"), 2, "erp")], CORRELATION)

    line = only(explained(quote, "--today"))

    assert (line["unit_price"], line["recomputed"]["equal"]) == ("2.20", True)
    assert (line["today"]["unit_price"], line["today"]["rules"]) == ("2.55", ["erp:LIST@1"])


def test_a_line_without_a_price_is_explained_and_the_command_says_so(desk: World) -> None:
    quote = quoted(desk, {"line": "1", "item": "ROPE", "quantity": 1}, {"line": "2", "item": "LAMP", "quantity": 1})

    document = explained(quote, code=1)

    stands = [(said["status"], said["recomputed"]["equal"]) for said in document["lines"]]
    assert stands == [("NO_PRICE", True), ("PRICED", True)]
    assert "unit_price" not in document["lines"][0]
    assert "No rule states a price of ROPE" in run(quote, code=1).stdout
    keep(desk, rule("ROPE", "7.00", scope={"item": "ROPE"}))
    assert (
        "today: 7.00 GBP per EA, line 7.00 GBP, by erp:ROPE@1; then it had no price"
        in run(quote, "--line", "1", "--today", code=1).stdout
    )
    assert explained(quote, "--line", "2")["lines"][0]["line"] == "2"


def test_what_no_longer_follows_from_its_trace_is_said_and_not_glossed_over(desk: World) -> None:
    store, quote = QuoteStore(desk.table("pricing")), quoted(desk)
    stored = store.read(quote)
    assert stored is not None
    line = {**stored.document["lines"][0], "unit_price": "2.30"}
    desk.table("pricing").delete((f"Q#{quote}", "Q"))
    forged = {**stored.document, "lines": [line]}
    store.keep(type(stored)(quote, "acme", "C1", stored.asked, stored.expires, CORRELATION, forged), 2_000_000_000)

    found = only(explained(quote, code=1))["recomputed"]

    assert (found["equal"], found["differs"], found["unit_price"]) == (False, ["unit_price"], "2.40")
    assert "NOT EQUAL: unit_price come out otherwise" in run(quote, code=1).stdout


def test_what_there_is_not_is_said_with_what_to_look_for(desk: World) -> None:
    quote, before = quoted(desk), desk.dump()

    with pytest.raises(CliError, match="there is no quote 'aaaaaaaaaaaaaaaaaaaa'") as refused:
        run("a" * 20)
    assert "quote_id" in refused.value.remedy
    with pytest.raises(CliError, match="has no line '7'") as refused:
        run(quote, "--line", "7")
    assert refused.value.remedy == "its lines are 1"
    assert "'Q-1' is neither a quote's id" in usage("Q-1")
    assert desk.dump() == before
