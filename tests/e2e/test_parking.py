"""A channel that is down: what it is to be told is parked, and told once when it is back; and by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.system import movement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.system import System

SKUS = ("PRK-1", "PRK-2", "PRK-3")


@pytest.fixture(autouse=True)
def well_again(system: System) -> Iterator[None]:
    yield
    for channel in system.channels.values():
        channel.recover()


def status(system: System, channel: str = "marketplace") -> dict[str, Any]:
    (found,) = system.crossdock("channels", "status", channel, "--json").document
    return dict(found)


def change(system: System, round_: int, quantity: int = 10) -> str:
    """Each item gets so many units more; gives back the correlation id."""
    return system.send(*(movement(f"prk-{round_}-{sku}", sku, quantity) for sku in SKUS))


def test_a_channel_that_is_down_is_parked_for_and_told_once_when_it_is_back(system: System) -> None:
    marketplace = system.channels["marketplace"]
    system.knows(*SKUS)
    change(system, 0)
    system.until("both are told", lambda: all(system.told(sku, 10, 8) for sku in SKUS))
    system.at_rest()
    marketplace.fail_for(3600)
    for round_ in range(1, 4):
        change(system, round_)
        wanted = 10 + 10 * round_
        system.until("the webshop is told", lambda wanted=wanted: system.held("webshop", SKUS[-1]) == wanted)
    system.until("it is parked", lambda: status(system)["parked"] == len(SKUS), 90)
    last = change(system, 4)
    system.until("it is parked again", lambda: status(system)["changes_parked"] > len(SKUS))
    found = status(system)
    assert (found["state"], found["error"], found["parked"]) == ("open", "HTTP 503", 3)
    way = system.crossdock("trace", last, "--json").document
    assert {(w["station"], w["fields"]["channel"]) for w in way if w["station"] == "parked"} == {
        ("parked", "marketplace")
    }
    before = marketplace.counts()

    marketplace.recover()

    system.until("the marketplace is told", lambda: all(system.told(sku, 50, 48) for sku in SKUS), 90)
    system.until("it is trusted", lambda: status(system)["state"] == "closed", 90)
    system.at_rest()
    after = marketplace.counts()
    assert after.received - before.received == len(SKUS), "each item once"
    assert (after.repeated, after.stale) == (before.repeated, before.stale)
    assert status(system)["parked"] == 0
    listed = system.crossdock("exceptions", "list", "--json").document
    assert [g for g in listed if any(sku in g["subject"] for sku in SKUS)] == []


def test_a_paused_channel_is_told_everything_once_when_it_is_resumed(system: System) -> None:
    marketplace = system.channels["marketplace"]
    system.knows("PRK-9")
    system.send(movement("prk-9-0", "PRK-9", 10))
    system.until("both are told", lambda: system.told("PRK-9", 10, 8))
    system.crossdock("channels", "pause", "marketplace", "--why", "their database moves")
    before = marketplace.counts()
    for n in range(1, 4):
        system.send(movement(f"prk-9-{n}", "PRK-9", 1))
        system.until("the webshop is told", lambda n=n: system.held("webshop", "PRK-9") == 10 + n)
    system.until("it is parked", lambda: status(system)["parked"] == 1)
    assert (marketplace.counts(), status(system)["error"]) == (before, "their database moves")

    system.crossdock("channels", "resume", "marketplace")

    system.until("the marketplace is told", lambda: system.told("PRK-9", 13, 11))
    system.until("it is trusted", lambda: status(system)["state"] == "closed")
    system.at_rest()
    assert marketplace.counts().received == before.received + 1
