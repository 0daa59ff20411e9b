"""Orders that are accepted or refused: by what is believed of the customer at that moment, and by the quote's token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.pricing.context import ItemFacts
from tests.support.customers_api import ACME, CRM, ERP, OURS, SHOP, check, desk, merged, name_of, patch, post, reasons
from tests.support.metering import metered
from tests.support.price_world import given, rule
from tests.support.world import Context, World, api_event, bus_event, later

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def world(world: World, tmp_path: Path) -> World:
    """The world with owners of customers that these tests know."""
    return desk(world, tmp_path)


CREDIT = {"credit_limit": "1000.00", "credit_used": "850.50", "credit_currency": "GBP"}


def customer(world: World, account: str = "4711", **said: Any) -> str:
    status, answer, _ = post(world, account, who=ERP, **{**ACME, **said})
    assert status == 201
    return str(answer["id"])


def test_an_order_within_the_limit_is_accepted_and_nothing_is_stored(world: World) -> None:
    known = customer(world, **CREDIT)
    before = world.dump()

    status, answer = check(world, customer=known, amount="149.50")

    assert (status, {n: v for n, v in answer.items() if n != "correlation_id"}) == (
        200,
        {"accepted": True, "customer": known, "version": 2, "state": "ready", "reasons": []},
    )
    assert world.dump() == before


def test_an_order_above_the_limit_is_refused_with_the_amounts(world: World) -> None:
    known = customer(world, **CREDIT)

    answer = check(world, customer=known, amount="149.51")[1]

    assert (answer["accepted"], answer["reasons"]) == (
        False,
        [
            {
                "code": "over-credit-limit",
                "detail": "850.5 of 1000 GBP is used; 149.51 more is over the limit",
                "remedy": "order less, or have the limit raised",
                "limit": "1000",
                "used": "850.5",
                "asked": "149.51",
                "currency": "GBP",
            }
        ],
    )


def test_an_amount_in_another_currency_is_refused_and_not_converted(world: World) -> None:
    answer = check(world, customer=customer(world, **CREDIT), amount="1", currency="EUR")[1]
    assert reasons(answer) == ["other-currency"]


def test_without_a_limit_any_amount_in_any_currency_is_accepted(world: World) -> None:
    assert check(world, customer=customer(world), amount="1000000000000", currency="EUR")[1]["accepted"]


def test_a_hold_counts_the_moment_it_is_applied_and_no_longer_when_it_is_lifted(world: World) -> None:
    known = customer(world)

    def told(version: int, *, hold: bool) -> None:
        account = {"account": "4711", "version": 10**16 + version, "changed_at": f"2026-11-21T08:00:0{version}Z"}
        account |= {"attributes": {"credit_hold": hold, "credit_hold_reason": "overdue" if hold else None}}
        event = bus_event("customers.accounts.reported.v1", {"source": "erp", "accounts": [account]}, "erp")
        world.call("apply_accounts", world.queue_event("accounts", [event]), Context())

    told(1, hold=True)
    answer = check(world, customer=known)[1]
    assert [(r["code"], r["detail"]) for r in answer["reasons"]] == [
        ("credit-hold", "the customer is on credit hold: overdue")
    ]
    told(2, hold=False)
    assert check(world, customer=known)[1]["accepted"]


def test_what_is_said_for_a_company_alone_wins_for_that_company(world: World) -> None:
    scoped = {"credit_hold": True, "credit_hold@company:uk": False, "credit_limit@company:uk": "50"}
    known = customer(world, **{**CREDIT, **scoped, "credit_used@company:uk": "0"})

    assert reasons(check(world, customer=known)[1]) == ["credit-hold"]
    assert reasons(check(world, customer=known, company="de")[1]) == ["credit-hold"]
    assert check(world, customer=known, company="uk", amount="50")[1]["accepted"]
    assert reasons(check(world, customer=known, company="uk", amount="50.01")[1]) == ["over-credit-limit"]


def test_a_merged_customer_is_judged_as_the_one_that_it_is_now(world: World) -> None:
    gone = customer(world, "1")
    stays = customer(world, "2", name="Bolt", email="b@bolt.example", phone="+44 20 7946 0000", credit_hold=True)
    merged(world, gone, stays)

    answer = check(world, customer=gone)[1]
    assert (answer["customer"], reasons(answer)) == (stays, ["credit-hold"])
    assert check(world, system="erp", external="1")[1]["customer"] == stays


def test_a_customer_that_is_gone_or_not_complete_or_waits_for_a_decision_may_not_order(world: World) -> None:
    incomplete = post(world, "1", who=ERP, name="Acme")[1]["id"]
    assert reasons(check(world, customer=incomplete)[1]) == ["customer-incomplete"]

    customer(world, "2")
    twin = post(world, "3", who=CRM, **ACME)[1]
    assert (twin["state"], reasons(check(world, CRM, customer=twin["id"])[1])) == ("review", ["customer-not-ready"])

    deleted = {"account": "2", "version": 10**17, "changed_at": "2026-11-21T08:00:00Z", "deleted": True}
    event = bus_event("customers.accounts.reported.v1", {"source": "erp", "accounts": [deleted]}, "erp")
    world.call("apply_accounts", world.queue_event("accounts", [event]), Context())
    assert reasons(check(world, system="erp", external="2")[1]) == ["customer-gone"]


def test_a_customer_that_is_not_there_and_one_of_anothers_are_answered_alike(world: World) -> None:
    known = customer(world)
    for who, body in (
        (SHOP, {"customer": known}),
        (SHOP, {"system": "erp", "external": "4711"}),
        (ERP, {"customer": "CUAAAAAAAAAAAAAAAA"}),
    ):
        status, answer = check(world, who, **body)
        assert (status, name_of(answer)) == (404, "no-such-customer")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"system": "erp"},
        {"external": "1"},
        {"customer": "CUAAAAAAAAAAAAAAAA", "system": "erp", "external": "1"},
        {"customer": "CUAAAAAAAAAAAAAAAA", "system": "erp"},
    ],
)
def test_who_names_no_customer_or_two_is_told_how_to(world: World, body: dict[str, str]) -> None:
    status, answer = check(world, **body)
    assert (status, answer["errors"][0]["remedy"]) == (422, "send customer, or system and external")


def test_a_quote_stands_for_its_own_customer_only_and_until_it_expires(world: World) -> None:
    known, other = customer(world), customer(world, "9", name="Bolt", email="b@b.example", phone="+44 20 7946 0000")
    given(world, [rule("LIST", "10.00", scope={"item": "WIDGET"})], [ItemFacts("WIDGET", "EA")])
    lines = [{"line": "1", "item": "WIDGET", "quantity": 3}]
    asked = {"customer": "4711", "currency": "GBP", "lines": lines}
    event = api_event(asked, route="POST /v1/quotes", partner="erp-desk", scopes="prices:read", customers="4711")
    token = json.loads(world.call("quote_prices", event, Context())["body"])["token"]
    ordered = [{**lines[0], "unit": "EA", "unit_price": "10.00", "extended_price": "30.00"}]
    quote = {"token": token, "lines": ordered}

    assert check(world, customer=known, quote=quote)[1]["accepted"]
    assert reasons(check(world, customer=other, quote=quote)[1]) == ["quote-wrong-customer"]
    assert reasons(check(world, customer=known, currency="EUR", quote=quote)[1]) == ["quote-wrong-currency"]
    cheaper = {"token": token, "lines": [{**ordered[0], "unit_price": "9.00"}]}
    assert len(reasons(check(world, customer=known, quote=cheaper)[1])) == 1
    forged = {"token": token[:-4] + "AAAA", "lines": ordered}
    assert reasons(check(world, customer=known, quote=forged)[1]) == ["quote-forged"]
    strange = {**ERP, "partner": "somebody-else"}
    assert reasons(check(world, strange, customer=known, quote=quote)[1]) == ["quote-forged"]
    world.now = later(90_000)
    assert reasons(check(world, customer=known, quote=quote)[1]) == ["quote-expired"]


def test_a_check_reads_one_item_by_our_id_and_two_by_anothers(world: World) -> None:
    known = customer(world, **CREDIT)
    check(world, OURS, customer=known)
    with metered() as by_ours:
        check(world, OURS, customer=known)
    with metered() as by_theirs:
        check(world, ERP, system="erp", external="4711")
    with metered() as of_one_partner:
        check(world, ERP, customer=known)

    assert (by_ours.calls, by_ours.rcu) == (["BatchGetItem"], 1)
    assert (by_theirs.calls, by_theirs.rcu) == (["BatchGetItem"] * 2, 2)
    assert (of_one_partner.calls, of_one_partner.rcu) == (["BatchGetItem", "Query"], 1.5)


def test_a_hold_that_the_api_sets_counts_too(world: World) -> None:
    known = customer(world)
    assert patch(world, known, "*", {"attributes": {"credit_hold": True}}, ERP)[0] == 200
    assert reasons(check(world, customer=known)[1]) == ["credit-hold"]
