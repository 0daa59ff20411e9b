"""An account made in the CRM becomes a customer in the ERP, exactly once, and comes back to CRM and shop.

Driven over HTTP against the deployed app: the systems' webhooks, the ERP's own interface, the channels' endpoints.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.journal import Cause
from crossdock.identity.use_cases import customer_use_cases
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.dynamo import Table
from crossdock_cli.demo.erp import TOKEN, Erp, ErpServer
from tests.support.demo_customers import demo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.system import System

ADDRESS = {
    "billing_street": "12 Mill Lane",
    "billing_city": "London",
    "billing_postcode": "SW9 8HJ",
    "billing_country": "United Kingdom",
}


@pytest.fixture(scope="module")
def erp(system: System) -> Iterator[Erp]:
    """The ERP, at the address that an operator gave the channel."""
    with ErpServer() as server:
        said = system.crossdock("channels", "set", "erp", "--url", server.url, "--token", TOKEN)
        assert said.code == 0, said.err
        yield server.erp


def reported(system: System, source: str, account: str, version: int, origin: str | None = None, **said: Any) -> None:
    """A system says something of one of its accounts."""
    report = {
        "account": account,
        "version": version,
        "changed_at": to_text(system_clock()),
        **{n: said.pop(n) for n in ("customer", "known_as", "contacts") if n in said},
        "attributes": said,
    }
    data: dict[str, Any] = {"accounts": [report]} | ({"origin": origin} if origin else {})
    answer = system.webhook(source, "customers.reported", data)
    assert answer.status_code == 202, answer.text


def found(system: System, source: str, account: str) -> str:
    """The customer that a system's account is, once it is known."""
    xrefs = CrossReferences(_identity(system))
    ids: dict[tuple[str, str], str] = {}

    def known() -> bool:
        ids.update(xrefs.canonicals("customer", [(source, account)]))
        return bool(ids)

    system.until(f"{source} {account} is known", known)
    return ids[source, account]


def _identity(system: System) -> Table:
    return Table(system.target.dynamodb, system.target.name("identity"))


def _version(system: System, customer: str) -> int:
    return CustomerStore(_identity(system)).load(customer).customer.version


def _settled(system: System, customer: str) -> int:
    """The version at which the customer stays once nothing is under way any more."""
    system.at_rest()
    return _version(system, customer)


def test_an_account_of_the_crm_goes_to_the_erp_once_and_comes_back_everywhere(system: System, erp: Erp) -> None:
    crm_id = f"001{secrets.token_hex(6)}"
    name = f"Harbour Provisions {crm_id[-6:]}"
    erp.fail("before", "after")

    reported(system, "crm", crm_id, 1, name=name, lead_source="fair", **ADDRESS)
    customer = found(system, "crm", crm_id)
    system.until("we know what the ERP calls it", lambda: "erp" in dict(ids(system, customer)))
    (number,) = erp.of(customer)
    told = erp.accounts[number]
    assert told["attributes"]["name"] == name
    assert told["attributes"]["territory"] == "LONDON-SW", "derived from the postcode"
    assert told["attributes"]["billing_country"] == "GB"

    reported(
        system,
        "erp",
        number,
        1,
        customer=customer,
        number=number,
        name=name,
        terms="N30",
        credit_limit="5000.00",
        credit_currency="GBP",
        credit_hold=False,
        price_group="TRADE",
    )
    system.until("the CRM has the number", lambda: _held(system, customer).get("number") == number)
    held = _held(system, customer)
    assert (held["price_group"], held["credit_limit"], held["terms"]) == ("TRADE", "5000", "N30")
    assert "lead_source" not in held, "the CRM is not told what it said itself"
    system.until("the shop has it", lambda: _held(system, customer, "webshop").get("price_group") == "TRADE")

    # Both systems write back what they were told: nothing of it is news, and nobody is told anything again.
    before, asked = _settled(system, customer), list(erp.asked)
    told_crm = system.crm.counts().acknowledged
    reported(system, "crm", crm_id, 2, **{"lead_source": "fair", **ADDRESS, **_held(system, customer)})
    reported(system, "erp", number, 2, customer=customer, **erp.accounts[number]["attributes"])
    assert _settled(system, customer) == before
    assert (erp.asked, system.crm.counts().acknowledged) == (asked, told_crm)
    assert erp.of(customer) == [number]


def test_a_duplicate_made_in_the_shop_waits_for_a_decision_and_gets_no_second_account(system: System, erp: Erp) -> None:
    crm_id, shop_id = f"001{secrets.token_hex(6)}", f"buyer-{secrets.token_hex(4)}"
    name = f"Ferrybridge Wholesale {secrets.token_hex(3)} Limited"
    reported(system, "crm", crm_id, 1, name=name, tax_id="GB 980 7806 84", phone="+44 20 7946 0991", **ADDRESS)
    customer = found(system, "crm", crm_id)
    reported(system, "webshop", shop_id, 1, name=name.replace("Limited", "Ltd"), phone="020 7946 0991", **ADDRESS)
    other = found(system, "webshop", shop_id)
    assert other != customer
    system.until("the ERP has the first", lambda: len(erp.of(customer)) == 1)
    system.at_rest()
    assert CustomerStore(_identity(system)).load(other).customer.state == "review"
    assert erp.of(other) == [], "who may be somebody else is posted to nobody"

    uses = customer_use_cases(_identity(system), demo().ownership, demo().customers, system_clock)
    cause = Cause("operator", "test-merge", to_text(system_clock()))
    uses.merging.merge(other, customer, by="ada", why="the same company", cause=cause)
    system.at_rest()
    assert CrossReferences(_identity(system)).canonicals("customer", [("webshop", shop_id)]) == {
        ("webshop", shop_id): customer
    }
    assert len(erp.of(customer)) == 1
    assert erp.of(other) == []


def test_a_credit_hold_reaches_crm_and_shop(system: System, erp: Erp) -> None:
    crm_id = f"001{secrets.token_hex(6)}"
    reported(system, "crm", crm_id, 1, name=f"Slate {secrets.token_hex(8)}", **ADDRESS)
    customer = found(system, "crm", crm_id)
    system.until("the ERP has it", lambda: len(erp.of(customer)) == 1)
    (number,) = erp.of(customer)
    reported(system, "erp", number, 5, customer=customer, credit_hold=True, credit_hold_reason="60 days overdue")
    for channel in ("crm", "webshop"):
        system.until(f"{channel} knows", lambda c=channel: _held(system, customer, c).get("credit_hold") is True)
    # The CRM may not lift it: what it says is put right.
    reported(system, "crm", crm_id, 6, credit_hold=False)
    system.at_rest()
    assert _held(system, customer)["credit_hold"] is True
    assert CustomerStore(_identity(system)).load(customer).customer.values["credit_hold"] is True


def ids(system: System, customer: str) -> list[tuple[str, str]]:
    """What the customer is called, by whom."""
    return [r.id for r in CrossReferences(_identity(system)).externals("customer", customer)]


def _held(system: System, customer: str, channel: str = "crm") -> dict[str, Any]:
    there = system.crm if channel == "crm" else system.channels[channel]
    known = there.held("customer", customer)
    return {} if known is None else dict(known.value)
