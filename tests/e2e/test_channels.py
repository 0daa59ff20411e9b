"""A channel that is ill loses nothing, holds up nobody, and gets the latest state when it is back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from tests.support.system import movement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crossdock_cli.demo.receiver import Channel
    from tests.support.system import System


@pytest.fixture(autouse=True)
def well_again(system: System) -> Iterator[None]:
    yield
    for channel in system.channels.values():
        channel.recover()


def fail(channel: Channel) -> None:
    channel.fail_for(3600)


def hang(channel: Channel) -> None:
    channel.hang(3600)


@pytest.mark.parametrize(("name", "fall_ill"), [("DOWN", fail), ("HANGING", hang)])
def test_an_ill_channel_delays_nobody_and_then_gets_the_latest_state(
    system: System, name: str, fall_ill: Callable[[Channel], None]
) -> None:
    sku, webshop, marketplace = f"CHN-{name}", system.channels["webshop"], system.channels["marketplace"]
    system.knows(sku)
    system.send(movement(f"chn-{name}-0", sku, 10))
    system.until("both are told", lambda: system.told(sku, 10, 8))
    stale = marketplace.counts().stale
    fall_ill(marketplace)

    for n in range(1, 6):  # the marketplace is ill all the while: whoever waited for it would wait an hour
        system.send(movement(f"chn-{name}-{n}", sku, 10))
        wanted = 10 + n * 10
        system.until(f"the webshop holds {wanted}", lambda wanted=wanted: system.held("webshop", sku) == wanted)
    assert webshop.counts().failed == 0
    assert system.held("marketplace", sku) == 8
    assert system.acknowledged("marketplace", sku) is None

    marketplace.recover()

    system.until("the marketplace is told", lambda: system.told(sku, 60, 58))
    system.at_rest()
    assert (system.held("marketplace", sku), marketplace.counts().stale) == (58, stale)
    listed = system.crossdock("exceptions", "list", "--json").document
    assert [group for group in listed if sku in group["subject"]] == []


def test_an_item_that_a_channel_refuses_is_an_exception_and_the_others_are_acknowledged(system: System) -> None:
    system.knows("CHN-BAD", "CHN-GOOD")
    webshop = system.channels["webshop"]
    webshop.refuse("CHN-BAD", "category is missing")

    system.send(movement("chn-r1", "CHN-BAD", 5), movement("chn-r2", "CHN-GOOD", 7))

    system.until("the good one is told", lambda: system.told("CHN-GOOD", 7, 5))
    group = system.exception("delivery_refused", "availability/CHN-BAD")
    assert (group["source"], group["open"]) == ("webshop", 1)
    assert group["detail"] == "webshop does not take the availability of CHN-BAD: category is missing"
    assert system.acknowledged("webshop", "CHN-BAD") is None
    system.until("the other channel takes it", lambda: system.held("marketplace", "CHN-BAD") == 3)

    # Meanwhile the stock goes on; what a replay sends is what is true then.
    system.send(movement("chn-r3", "CHN-BAD", 1, "pick"))
    system.until("the other channel knows", lambda: system.held("marketplace", "CHN-BAD") == 2)
    webshop.accept("CHN-BAD")
    system.crossdock("exceptions", "replay", group["id"])

    system.until("it is acknowledged", lambda: system.told("CHN-BAD", 4, 2))
    assert system.exception("delivery_refused", "availability/CHN-BAD", "closed")["settled"] == 1


def test_the_official_library_verifies_our_deliveries(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    webshop = system.channels["webshop"]
    deliveries: list[tuple[dict[str, str], bytes]] = []
    take = webshop.deliver

    def recorded(headers: Any, body: bytes) -> Any:
        deliveries.append((dict(headers), body))
        return take(headers, body)

    monkeypatch.setattr(webshop, "deliver", recorded)
    system.knows("CHN-SIGNED")
    system.send(movement("chn-s1", "CHN-SIGNED", 12), x_correlation_id="chn-signed-1")
    system.until("the webshop is told", lambda: system.held("webshop", "CHN-SIGNED") == 12)

    [(headers, body)] = [d for d in deliveries if b"CHN-SIGNED" in d[1]]
    document = Webhook(webshop.secrets[0]).verify(body, headers)

    assert document == json.loads(body)
    assert headers["x-correlation-id"] == "chn-signed-1"
    assert headers["content-type"] == "application/json"
    assert (document["type"], document["data"]["channel"]) == ("availability.changed.v1", "webshop")
    assert document["data"]["items"] == [
        {"sku": "CHN-SIGNED", "version": 1, "available": 12, "correlation_ids": ["chn-signed-1"]}
    ]


def test_a_version_only_grows_and_an_unchanged_value_is_not_sent_again(system: System) -> None:
    system.knows("CHN-SAME")
    system.send(movement("chn-v1", "CHN-SAME", 1))
    # The marketplace is shown two units less and never below nothing: its value does not change by this.
    system.until("both are told", lambda: system.told("CHN-SAME", 1, 0))
    system.send(movement("chn-v2", "CHN-SAME", 1))
    system.until("both are told", lambda: system.told("CHN-SAME", 2, 0))
    system.at_rest()

    versions = {name: channel.held("availability", "CHN-SAME") for name, channel in system.channels.items()}

    assert {name: held.version for name, held in versions.items() if held} == {"webshop": 2, "marketplace": 1}
