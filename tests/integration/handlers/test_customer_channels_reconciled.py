"""What a channel holds of customers beside what is true: found by hashes or in turn, seen twice, told again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.handlers.test_accounts import ADDRESS, account, apply, customer_of
from tests.support.crashes import reach
from tests.support.endpoint import Endpoint
from tests.support.world import CORRELATION, Context, World, configuration, dirty_message

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def endpoint(world: World, tmp_path: Path) -> Endpoint:
    """The webshop, which says what it holds and was told of two customers."""
    settings(world, tmp_path)
    found = Endpoint()
    reach(found, world.patch)
    apply(world, *(account(n, name=f"Acme {n}", terms="N30", **ADDRESS) for n in ("1", "2")), source="erp")
    tell(world, customer_of(world, "erp", "1"), customer_of(world, "erp", "2"))
    digest(world)
    found.posts.clear()
    return found


def settings(world: World, tmp_path: Path, *, asked: bool = True, **more: Any) -> None:
    changes = {
        "reconciliation": {"settle_seconds": 0, **more},
        "channels": {"webshop": {"digest": asked, "publishes": ["availability", "customer"]}},
    }
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, **changes)))
    world.forget_warm_state()


def tell(world: World, *customers: str) -> None:
    message = dirty_message("webshop", *(("customer", c) for c in customers))
    event = world.queue_event("channel-webshop", [message])
    assert world.call("deliver_to_channel", event, Context()) == {"batchItemFailures": []}


def digest(world: World) -> None:
    world.call("digest_shadows", {"Records": world.stream("exchange")}, Context())


def reconcile(world: World, **event: Any) -> dict[str, Any]:
    asked = {"channel": "webshop", "correlation_id": CORRELATION, "kind": "customer", **event}
    (kind,) = world.call("reconcile_channel", asked, Context())["kinds"]
    found: dict[str, Any] = kind
    return found


def heal(world: World) -> list[str]:
    messages = world.take("channel-webshop")
    assert world.call("deliver_to_channel", world.queue_event("channel-webshop", messages), Context()) == {
        "batchItemFailures": []
    }
    return [mark["key"] for message in messages for mark in message["keys"]]


def actions(report: dict[str, Any]) -> dict[str, str]:
    return {d["key"]: f"{d['why']} {d['action']} {', '.join(d['differs'])}" for d in report["drifts"]}


def test_a_channel_that_agrees_is_left_alone(world: World, endpoint: Endpoint) -> None:
    reconcile(world, full=True)
    before = world.dump()
    report = reconcile(world, full=True)
    assert (report["leaves_compared"], report["looked_at"], report["drifts"]) == (4096, 2, [])
    assert world.dump() == before
    assert world.take("channel-webshop") == []


def test_what_a_channel_spoiled_is_told_again_when_it_was_seen_twice(world: World, endpoint: Endpoint) -> None:
    customer = customer_of(world, "erp", "1")
    version, fields = endpoint.held["customer", customer]
    endpoint.held["customer", customer] = (version, {**fields, "attributes": {**fields["attributes"], "terms": "N90"}})

    assert actions(reconcile(world)) == {customer: "held seen attributes.terms"}
    assert actions(reconcile(world)) == {customer: "held healed attributes.terms"}

    assert heal(world) == [customer]
    assert endpoint.held["customer", customer] == (version + 1, fields)
    digest(world)
    assert actions(reconcile(world)) == {}


def test_a_customer_that_a_channel_lost_is_told_again(world: World, endpoint: Endpoint) -> None:
    customer = customer_of(world, "erp", "2")
    held = endpoint.held.pop(("customer", customer))
    reconcile(world)
    reconcile(world)
    assert heal(world) == [customer]
    assert endpoint.held["customer", customer][1] == held[1]


def test_a_mark_that_was_lost_is_found_in_turn_at_a_channel_that_is_not_asked(
    world: World, endpoint: Endpoint, tmp_path: Path
) -> None:
    settings(world, tmp_path, asked=False, rotation=1)
    customer = customer_of(world, "erp", "1")
    apply(world, account("1", 2, credit_hold=True), source="erp")
    reconcile(world)
    assert actions(reconcile(world)) == {customer: "told healed attributes.credit_hold"}
    assert heal(world) == [customer]
    assert endpoint.held["customer", customer][1]["attributes"]["credit_hold"] is True
    assert actions(reconcile(world)) == {}


def test_above_the_cap_nothing_is_told_and_the_exception_shows_no_values(
    world: World, endpoint: Endpoint, tmp_path: Path
) -> None:
    settings(world, tmp_path, heal_cap=1)
    for key, (version, fields) in list(endpoint.held.items()):
        endpoint.held[key] = (version, {**fields, "attributes": {"name": "Mallory & Sons"}})
    reconcile(world)
    assert {d["action"] for d in reconcile(world)["drifts"]} == {"raised"}
    assert world.take("channel-webshop") == []
    (group,) = world.exceptions.groups("open")
    assert group.kind == "channel_drift_above_cap"
    text = str(world.rows("exceptions"))
    assert "attributes.name" in text
    assert "Mallory" not in text
    assert "Acme 1" not in text


def test_items_and_customers_are_read_by_one_pass_over_one_table(world: World, endpoint: Endpoint) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    kinds = world.call("reconcile_channel", {"channel": "webshop", "full": True}, Context())["kinds"]
    assert {k["kind"]: k["looked_at"] for k in kinds} == {"availability": 1, "customer": 2}
