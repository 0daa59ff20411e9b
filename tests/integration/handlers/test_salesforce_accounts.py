"""A customer goes to Salesforce, its change event comes back: one account, whoever dies where, and no echo is news."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.connectors import salesforce
from crossdock.contracts.inbound import Fact
from tests.integration.handlers.test_accounts import ADDRESS, account, apply, customer_of
from tests.support.crashes import reach
from tests.support.salesforce import TOKEN, Salesforce
from tests.support.scenarios import Scenario, Stage, dies_everywhere, on
from tests.support.world import bus_event, configuration, dirty_message, set_secret

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

SETTINGS = {
    "system": None,
    "external_id": "crossdock_id__c",
    "api_version": "62.0",
    "fields": {"credit_hold": "On_Hold__c", "credit_limit": "Credit_Limit__c"},
    "country_codes": False,
    "currency": False,
}


def arranged(stage: Stage) -> None:
    """A customer of the ERP that the CRM, which is an org of Salesforce, has not got."""
    folder = Path(os.environ["CROSSDOCK_CONFIG"]).parent
    crm = {"connector": "salesforce", "settings": SETTINGS}
    stage.world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(folder, channels={"crm": crm})))
    set_secret(stage.world, "channels/crm", {"url": "https://example.my.salesforce.com", "token": TOKEN})
    org: Any = Salesforce()
    stage.endpoint = org
    apply(stage.world, account("4711", name="Acme", credit_limit="2500.00", credit_hold=True, **ADDRESS), source="erp")


def told(stage: Stage) -> None:
    stage.world.forget_warm_state()
    customer = customer_of(stage.world, "erp", "4711")
    event = stage.world.queue_event("channel-crm", [dirty_message("crm", ("customer", customer))])
    if stage.world.call("deliver_to_channel", event)["batchItemFailures"]:
        stage.world.now += timedelta(seconds=31)
        assert stage.world.call("deliver_to_channel", event) == {"batchItemFailures": []}


def there(stage: Stage) -> Any:
    """The org's accounts without ours, and what we call each."""
    org: Any = stage.endpoint
    (made,) = org.accounts
    assert customer_of(stage.world, "crm", made) == customer_of(stage.world, "erp", "4711")
    return {i: {k: str(v) for k, v in fields.items()} for i, fields in org.accounts.items()}


def test_it_dies_anywhere_and_there_is_one_account(
    engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = Scenario("a customer that goes to Salesforce", 15, arranged, told, there)
    dies_everywhere(scenario, engine, tmp_path, monkeypatch)


def test_the_change_event_of_what_we_told_changes_nothing(
    engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = on(Scenario("", 0, arranged, told, there), engine, tmp_path, monkeypatch)
    reach(stage.endpoint, monkeypatch)
    told(stage)
    org: Any = stage.endpoint
    before = stage.world.rows("identity")
    for number, change in enumerate(org.events):
        fact = salesforce.translate("crm", json.dumps(change, default=str).encode())
        assert isinstance(fact, Fact)
        event = bus_event(fact.type, dict(fact.data), "crm", id=f"change-{number}")
        assert stage.world.call("apply_accounts", stage.world.queue_event("accounts", [event])) == {
            "batchItemFailures": []
        }
    assert org.events
    assert stage.world.rows("identity") == before
    assert org.accounts[next(iter(org.accounts))]["On_Hold__c"] is True
