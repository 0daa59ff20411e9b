"""Customers → Salesforce: made once by our id, changed by theirs, with every answer read as it is meant."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.config.compile import ConfigError, compile_document
from crossdock.connectors import salesforce
from crossdock.connectors.salesforce.settings import Settings
from crossdock.contracts.deliveries import Answer, Batch, HttpAnswer, Target, Value
from crossdock.contracts.inbound import Fact
from tests.support.customers import configuration
from tests.support.salesforce import TOKEN, Salesforce

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.unit

CUSTOMER = "CU0123456789ABCDEF"
URL = "https://example.my.salesforce.com/"
HEAD = f"{URL}services/data/v62.0/sobjects/Account/"


def value(key: str = CUSTOMER, ids: Mapping[str, list[str]] | None = None, state: str = "ready", **said: Any) -> Value:
    return Value(key, 3, {"state": state, "ids": dict(ids or {}), "attributes": said}, ("cd-1",))


def told(org: Salesforce, *values: Value, token: str = TOKEN, settings: dict[str, Any] | None = None) -> Answer:
    def unused(*_: Any) -> HttpAnswer:
        raise AssertionError("only PATCH is used")

    found = Settings.model_validate({"system": "sfdc", **(settings or {})}).model_dump(mode="json")
    target = Target(URL, unused, lambda _: {}, put=unused, patch=org.patch, get=unused, token=token, settings=found)
    return salesforce.deliver(Batch("sfdc", "customer", values, "2026-11-21T08:00:00Z"), target)


def test_a_customer_that_it_does_not_know_is_made_by_our_id_and_its_id_is_learned() -> None:
    org = Salesforce()
    answer = told(org, value(name="Acme", billing_city="Leeds", number="4711", parent="4000", terms="N30"))
    (account,) = org.accounts
    assert answer == Answer("acknowledged", learned={CUSTOMER: account})
    ((url, headers, body),) = org.requests
    assert url == f"{HEAD}crossdock_id__c/{CUSTOMER}"
    assert headers["Sforce-Call-Options"] == "client=crossdock"
    assert body == {"Name": "Acme", "BillingCity": "Leeds", "AccountNumber": "4711"}


def test_an_answer_that_was_lost_makes_no_second_account() -> None:
    org = Salesforce()
    first = told(org, value(name="Acme"))
    again = told(org, value(name="Acme Ltd"))
    assert first.learned == again.learned
    assert [a["Name"] for a in org.accounts.values()] == ["Acme Ltd"]


def test_an_account_that_is_known_is_changed_by_its_id_and_is_given_ours() -> None:
    org = Salesforce(accounts={"001A": {"Name": "Acme"}})
    assert told(org, value(ids={"sfdc": ["001A"]}, name="Acme Ltd")) == Answer("acknowledged")
    assert org.accounts == {"001A": {"Name": "Acme Ltd", "crossdock_id__c": CUSTOMER}}
    assert org.requests[0][0] == f"{HEAD}001A"


def test_attributes_go_into_custom_fields_with_their_types() -> None:
    org = Salesforce(types={"Limit__c": Decimal, "Hold__c": bool, "Segments__c": str, "UK_Limit__c": Decimal})
    fields = {
        "credit_limit": "Limit__c",
        "credit_hold": "Hold__c",
        "segments": "Segments__c",
        "credit_limit@company:uk": "UK_Limit__c",
    }
    said = {"credit_limit": "12345678901.25", "credit_hold": True, "segments": ["a", "b"]}
    answer = told(org, value(name="Acme", **said, **{"credit_limit@company:uk": "7"}), settings={"fields": fields})
    assert answer.rejected == {}
    assert org.requests[0][2] == {
        "Name": "Acme",
        "Limit__c": Decimal("12345678901.25"),
        "Hold__c": True,
        "Segments__c": "a;b",
        "UK_Limit__c": Decimal(7),
    }


def test_an_org_with_picklists_and_currencies_is_told_codes() -> None:
    org = Salesforce(types={"BillingCountryCode": str, "CurrencyIsoCode": str})
    told(org, value(name="A", billing_country="GB", currency="GBP"), settings={"country_codes": True, "currency": True})
    assert org.requests[0][2] == {"Name": "A", "BillingCountryCode": "GB", "CurrencyIsoCode": "GBP"}


def test_who_was_merged_into_another_is_told_nothing() -> None:
    org = Salesforce()
    assert told(org, value(state="merged", ids={"sfdc": ["001A"]})) == Answer("acknowledged")
    assert org.requests == []


@pytest.mark.parametrize(
    ("org", "customer", "says"),
    [
        (Salesforce(), value(ids={"sfdc": ["001A"]}, name="A"), "crossdock xref end sfdc '001A' --kind customer"),
        (
            Salesforce(accounts={i: {"crossdock_id__c": CUSTOMER} for i in ("1", "2")}),
            value(name="A"),
            "several accounts whose crossdock_id__c is CU0123456789ABCDEF",
        ),
        (Salesforce(), value(number="1"), "REQUIRED_FIELD_MISSING: Required fields are missing: [Name] (Name)"),
        (
            Salesforce(accounts={"1": {"crossdock_id__c": CUSTOMER}, "2": {}}),
            value(ids={"sfdc": ["2"]}, name="A"),
            "DUPLICATE_VALUE",
        ),
    ],
)
def test_what_it_refuses_concerns_one_customer_and_names_the_remedy(
    org: Salesforce, customer: Value, says: str
) -> None:
    before = json.dumps(org.accounts)
    good = value("CUGOOD", name="Good")
    answer = told(org, customer, good)
    assert (answer.state, list(answer.rejected), list(answer.learned)) == ("acknowledged", [CUSTOMER], ["CUGOOD"])
    assert says in answer.rejected[CUSTOMER]
    assert json.dumps(dict(list(org.accounts.items())[:-1])) == before


@pytest.mark.parametrize(
    ("answer", "says", "seconds"),
    [
        (HttpAnswer(503), "Salesforce: HTTP 503", None),
        (HttpAnswer(429, retry_after_s=7), "Salesforce: HTTP 429", 7),
        (HttpAnswer(0, detail="no connection"), "Salesforce: no connection", None),
        (
            HttpAnswer(403, b'[{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]'),
            "TotalRequests Limit exceeded.",
            900,
        ),
        (HttpAnswer(403, b'[{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]'), "does not let us in", None),
        (HttpAnswer(400, b'[{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "locked"}]'), "Salesforce: locked", None),
        (HttpAnswer(302), "mend the address", None),
        (HttpAnswer(404, b"[]"), "Account has no field crossdock_id__c", None),
        (HttpAnswer(201, b"[[[["), "did not say which", None),
        (HttpAnswer(201, b'{"id": 7}'), "did not say which", None),
    ],
)
def test_what_holds_up_the_channel_holds_up_all_of_it(answer: HttpAnswer, says: str, seconds: int | None) -> None:
    org = Salesforce(on_request=lambda: answer)
    found = told(org, value(name="A"), value("CU2", name="B"))
    assert (found.state, found.rejected, found.learned, found.retry_after_s) == ("unavailable", {}, {}, seconds)
    assert says in found.detail


def test_a_session_that_is_over_says_how_to_give_another() -> None:
    found = told(Salesforce(), value(name="A"), token="old")
    assert found.state == "unavailable"
    assert "crossdock channels set sfdc --token TOKEN" in found.detail


def test_a_duplicate_rule_is_a_refusal_with_its_remedy() -> None:
    said = b'[{"errorCode": "DUPLICATES_DETECTED", "message": "Use one of these records?"}]'
    found = told(Salesforce(on_request=lambda: HttpAnswer(400, said)), value(name="A"))
    assert "turn its duplicate rule off for our user" in found.rejected[CUSTOMER]


def test_its_change_event_of_what_we_told_names_us() -> None:
    org = Salesforce()
    told(org, value(name="Acme", phone="+442079460991"))
    told(org, value(name="Acme Ltd"))
    for event in org.events:
        fact = salesforce.translate("sfdc", json.dumps(event).encode())
        assert isinstance(fact, Fact)
        assert "crossdock" in fact.data["origin"]
    assert [e["ChangeEventHeader"]["changeType"] for e in org.events] == ["CREATE", "UPDATE"]


# -- configuration ---------------------------------------------------------------------------------------------


def compiled(settings: dict[str, Any], publishes: tuple[str, ...] = ("customer",)) -> dict[str, Any]:
    document = configuration()
    channel = {"connector": "salesforce", "publishes": [*publishes], "warehouses": ["MAIN"], "settings": settings}
    found: dict[str, Any] = compile_document({**document, "channels": {"sfdc": channel}}, "test.toml")
    return found


def test_settings_are_completed_when_configuration_is_compiled() -> None:
    found = compiled({"fields": {"credit_hold": "On_Hold__c"}})["channels"]["sfdc"]["settings"]
    assert found == {
        "system": None,
        "external_id": "crossdock_id__c",
        "api_version": "62.0",
        "fields": {"credit_hold": "On_Hold__c"},
        "country_codes": False,
        "currency": False,
    }


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"fields": {"colour": "Colour__c"}}, "settings.fields.colour: is no attribute of a customer"),
        ({"fields": {"contact": "Contact__c"}}, "settings.fields.contact: is no attribute of a customer"),
        ({"fields": {"name": "Name__c"}}, "settings.fields.name: has a standard field already"),
        ({"fields": {"terms": "X__c", "credit_hold": "x__c"}}, "settings.fields: two of them go into one field"),
        ({"fields": {"terms": "Name"}}, "settings.fields.terms: String should match pattern"),
        ({"external_id": "AccountNumber"}, "settings.external_id: String should match pattern"),
        ({"api_version": "40.0"}, "settings.api_version: must be 46.0 or later"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        compiled(settings)
    assert f"channels.sfdc.{says}" in str(refused.value)


def test_it_is_told_customers_and_nothing_else() -> None:
    with pytest.raises(ConfigError, match=r"channels.sfdc.publishes: salesforce cannot be told price"):
        compiled({}, ("customer", "price"))
