"""A person who is erased here is taken from the channels too: they are told the customer without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from crossdock_cli.privacy import erasing, exporting
from crossdock_cli.target import Target
from tests.support.crashes import reach
from tests.support.customers import document
from tests.support.endpoint import Endpoint
from tests.support.world import BODIES, NOW_TEXT, World, bus_event

if TYPE_CHECKING:
    from typing import Any

pytestmark = pytest.mark.integration

ADA = {"name": "Ada Byron", "email": "ada@acme.example"}
BOB = {"name": "Bob Reed", "email": "bob@acme.example"}


def report(world: World, version: int, **more: Any) -> None:
    said = {"name": "Acme", "billing_city": "York", "billing_country": "GB"}
    account = {"account": "1", "version": version, "changed_at": NOW_TEXT, "attributes": said, **more}
    event = bus_event("customers.accounts.reported.v1", {"source": "crm", "accounts": [account]}, "crm")
    assert world.call("apply_accounts", world.queue_event("accounts", [event])) == {"batchItemFailures": []}


def tell_what_changed(world: World, seen: int = 0) -> int:
    """Announces what the stream holds behind `seen` records and has the webshop told; how many it holds."""
    records = world.stream("identity")
    world.call("announce_customers", {"Records": records[seen:]})
    messages = world.take("channel-webshop")
    event = world.queue_event("channel-webshop", messages)
    assert world.call("deliver_to_channel", event) == {"batchItemFailures": []}
    return len(records)


@pytest.mark.parametrize("down", [False, True], ids=["at once", "when it is back"])
def test_a_channel_is_told_that_the_contact_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch, *, down: bool
) -> None:
    for module in (erasing, exporting):
        monkeypatch.setattr(module, "connect", lambda _: world.target)
    monkeypatch.setattr(Target, "bodies_bucket", BODIES)
    endpoint = Endpoint()
    reach(endpoint, world.patch)
    report(world, 1, contacts={"9": ADA, "8": BOB})
    seen = tell_what_changed(world)
    ((_, before),) = endpoint.held.values()
    assert sorted(c["name"] for c in before["contacts"].values()) == ["Ada Byron", "Bob Reed"]

    erased = document("privacy", "erase", "crm:9", "--why", "request 12", "--yes")
    assert (len(erased["customers"]), erased["rows"]) == (1, {"exchange": 1})
    assert "ada@" not in json.dumps(world.dump(), default=str)  # also not in what the channel was told
    if down:  # the first message is lost, and the customer is marked anew by whatever changes next
        world.call("announce_customers", {"Records": world.stream("identity")[seen:]})
        world.take("channel-webshop")
        seen = len(world.stream("identity"))
        report(world, 2, known_as=[{"system": "erp", "id": "7"}])
    tell_what_changed(world, seen)
    ((version, after),) = endpoint.held.values()
    assert version > 1
    assert [c["name"] for c in after["contacts"].values()] == ["Bob Reed"]
    found = document("privacy", "export", "crm:9", "--yes")
    assert found["found"] == []
