"""An event's id stands for one content: a delivery that is mapped again says the same, or says it under another id."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.contracts.inbound import Fact
from crossdock.flows.forwarding import Forwarding, Origin

pytestmark = pytest.mark.unit

ORIGIN = Origin("erp", "msg_1", "cd-1", "erp/1")
FIRST, SECOND, THIRD = (Fact("t.v1", f"item/{n}", {"n": n}) for n in range(3))


class Heard:
    """A bus that remembers."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def put(self, events: Any) -> None:
        self.events += events

    def ids(self) -> list[tuple[str, int]]:
        """(id, what it says) of what came since it was asked last."""
        found = [(e.id, e.data["n"]) for e in self.events]
        self.events = []
        return found


def forwarding(bus: Heard) -> Forwarding:
    return Forwarding(None, bus, lambda: datetime(2026, 11, 21, tzinfo=UTC))  # type: ignore[arg-type]  # no movements


def test_a_delivery_that_is_mapped_twice_makes_the_same_events() -> None:
    bus = Heard()
    sent = [forwarding(bus).send(ORIGIN, [FIRST, SECOND]) for _ in range(2)]
    assert bus.ids() == [("erp:msg_1", 0), ("erp:msg_1:2", 1)] * 2
    assert sent[0] == sent[1]


def test_what_was_mapped_in_part_keeps_its_ids_when_the_whole_is_mapped_and_what_is_new_has_its_own() -> None:
    bus = Heard()
    sent = json.loads(json.dumps(forwarding(bus).send(ORIGIN, [FIRST, THIRD])))
    assert bus.ids() == [("erp:msg_1", 0), ("erp:msg_1:2", 2)]

    for _ in range(2):
        forwarding(bus).send(ORIGIN, [FIRST, SECOND, THIRD], sent)
        first, second, third = bus.ids()
        assert (first, third) == (("erp:msg_1", 0), ("erp:msg_1:2", 2))
        assert second == ("erp:msg_1:f6eb5faedc0bbaf2cdb07134", 1)


def test_what_was_corrected_has_another_id_and_the_same_whenever_it_is_sent() -> None:
    bus = Heard()
    sent = forwarding(bus).send(ORIGIN, [FIRST])
    mended = Fact(FIRST.type, FIRST.subject, {"n": 7})

    twice = [forwarding(bus).send(ORIGIN, [mended], before) for before in (sent, {})]

    ids = [event_id for event_id, _ in bus.ids()]
    assert ids[0] == "erp:msg_1"
    assert ids[1] == ids[2] != ids[0]
    assert set(twice[0]) == {*sent, *twice[1]}
