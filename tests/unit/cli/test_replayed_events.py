"""Replayed events go over the bus in calls that it takes, however large they are."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from crossdock.flows.replay_subscribers import BUS
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.machinery import sender_of

pytestmark = pytest.mark.unit

_TAKEN = 256_000


class Events:
    """The bus, as far as it refuses a call that is too large."""

    def __init__(self, failing: int = 0) -> None:
        self.calls: list[list[str]] = []
        self._failing = failing

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        size = sum(len(e[name].encode()) for e in Entries for name in ("Source", "DetailType", "Detail"))
        assert size <= _TAKEN, "PutEvents refuses the whole call"
        assert len(Entries) <= 10
        self.calls.append([json.loads(e["Detail"])["id"] for e in Entries])
        return {"FailedEntryCount": self._failing}


def event(id_: str, size: int) -> tuple[str, dict[str, Any]]:
    return BUS, {"specversion": "1.0", "id": id_, "type": "x.v1", "sourcesystem": "erp", "data": {"text": "é" * size}}


def send(events: Events, *messages: tuple[str, dict[str, Any]]) -> None:
    target: Any = SimpleNamespace(events=events, event_bus="crossdock-test")
    sender_of(target)(messages)


def test_large_events_are_as_many_to_a_call_as_the_bus_takes() -> None:
    bus = Events()

    send(bus, event("a", 60_000), event("b", 60_000), event("c", 120_000), event("d", 10))

    assert bus.calls == [["a", "b"], ["c", "d"]]


def test_small_events_are_ten_to_a_call() -> None:
    bus = Events()

    send(bus, *(event(str(n), 10) for n in range(12)))

    assert bus.calls == [[str(n) for n in range(10)], ["10", "11"]]


def test_what_the_bus_does_not_take_is_said() -> None:
    with pytest.raises(CliError, match="the bus did not take 1 events"):
        send(Events(failing=1), event("a", 10))
