"""A channel that is new or was changed is told everything it may see, and nothing that it holds already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crossdock.exchange.shadow import row_key
from tests.support.system import movement

if TYPE_CHECKING:
    from tests.support.system import System


def test_a_channel_that_lost_its_memory_here_is_told_everything_again(system: System) -> None:
    system.knows("RSD-1", "RSD-2")
    system.send(movement("rsd-1", "RSD-1", 9), movement("rsd-2", "RSD-2", 4))
    system.until("both are told", lambda: system.told("RSD-1", 9, 7) and system.told("RSD-2", 4, 2))
    system.at_rest()
    table = system.target.name("exchange")
    pk, sk = row_key("marketplace", "availability", "RSD-1")
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    system.target.dynamodb.delete_item(TableName=table, Key=key)
    deliveries = system.channels["webshop"].counts().received

    answer = system.crossdock("channels", "resend", "marketplace", "--json").document

    assert answer["channel"] == "marketplace"
    system.until("it is told again", lambda: system.acknowledged("marketplace", "RSD-1") is not None)
    system.at_rest()
    assert system.told("RSD-1", 9, 7)
    assert system.channels["webshop"].counts().received == deliveries, "no other channel is told"


def test_what_a_channel_holds_is_not_sent_again(system: System) -> None:
    system.knows("RSD-3")
    system.send(movement("rsd-3", "RSD-3", 6))
    system.until("both are told", lambda: system.told("RSD-3", 6, 4))
    system.at_rest()
    webshop = system.channels["webshop"]
    before, held = webshop.counts(), webshop.everything_held("availability")

    answer = system.crossdock("channels", "resend", "webshop", "--json").document

    system.at_rest()
    after, holds = webshop.counts(), webshop.everything_held("availability")
    assert answer["items"] > 0, "it was asked about"
    assert holds["RSD-3"] == held["RSD-3"]
    # Something that ended by itself meanwhile, as a reservation does, may be told: as another value.
    newer = {sku for sku, was in held.items() if holds[sku].version > was.version}
    assert {sku for sku in newer if holds[sku].value == held[sku].value} == set()
    assert (after.repeated, after.stale) == (before.repeated, before.stale)


def test_an_unknown_channel_is_one_line_and_a_remedy(system: System) -> None:
    answer = system.crossdock("channels", "resend", "nowhere")

    assert answer.code == 1
    assert "has no channel 'nowhere'" in answer.err
