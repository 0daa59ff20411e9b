"""Sending all or saying so; packing; consuming so that one bad record stops no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossdock.contracts.events import Event
from crossdock.platform import deadline
from crossdock.platform.bus import Bus
from crossdock.platform.consuming import consume, one_by_one
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.queues import MESSAGE_BYTES, Record, Sender, pack, records_of
from tests.support.world import sqs_record

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The pauses that would have been made."""
    pauses: list[int] = []
    monkeypatch.setattr(deadline, "pause", pauses.append)
    return pauses


class Sqs:
    """Fails the entries whose body it is told to, that often; duplicates nothing."""

    def __init__(self, failing: dict[str, int]) -> None:
        self.failing = failing
        self.calls: list[list[str]] = []
        self.taken: list[str] = []
        self.delays: dict[str, Any] = {}

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == "url"
        assert len({e["Id"] for e in Entries}) == len(Entries)
        self.calls.append([e["MessageBody"] for e in Entries])
        failed = []
        for entry in Entries:
            if self.failing.get(entry["MessageBody"], 0) > 0:
                self.failing[entry["MessageBody"]] -= 1
                failed.append({"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"})
            else:
                self.taken.append(entry["MessageBody"])
                self.delays[entry["MessageBody"]] = entry.get("DelaySeconds")
        return {"Successful": [], "Failed": failed} if failed else {"Successful": []}


def sender(sqs: Sqs) -> Sender:
    return Sender(sqs, "url")  # type: ignore[arg-type]


def test_ten_go_in_one_call() -> None:
    sqs = Sqs({})

    sender(sqs).send([str(n) for n in range(23)])

    assert [len(c) for c in sqs.calls] == [10, 10, 3]
    assert sqs.taken == [str(n) for n in range(23)]


def test_no_call_is_larger_than_the_queue_takes() -> None:
    sqs = Sqs({})
    bodies = [str(n) * 60_000 for n in range(9)]

    sender(sqs).send(bodies)

    assert [len(c) for c in sqs.calls] == [4, 4, 1]
    assert sqs.taken == bodies


def test_failed_entries_are_sent_again_and_the_others_are_not(no_waiting: list[int]) -> None:
    sqs = Sqs({"b": 2, "d": 1})

    sender(sqs).send(["a", "b", "c", "d"])

    assert sqs.calls == [["a", "b", "c", "d"], ["b", "d"], ["b"]]
    assert sorted(sqs.taken) == ["a", "b", "c", "d"]
    assert no_waiting == [1, 2]


def test_an_entry_that_keeps_failing_is_an_error_that_says_how_many() -> None:
    sqs = Sqs({"b": 99})

    with pytest.raises(StoreUnavailableError, match="1 messages were not taken by url"):
        sender(sqs).send(["a", "b", "c"])

    assert sorted(sqs.taken) == ["a", "c"]
    assert len(sqs.calls) == 4


def test_what_is_to_come_later_is_held_back_by_the_queue_also_when_it_is_sent_again() -> None:
    sqs = Sqs({"b": 1})

    sender(sqs).send_later([("a", 0), ("b", 900), ("c", 60)])

    assert sqs.calls == [["a", "b", "c"], ["b"]]
    assert sqs.delays == {"a": None, "b": 900, "c": 60}


def test_nothing_to_send_is_no_call() -> None:
    sqs = Sqs({})

    sender(sqs).send([])

    assert sqs.calls == []


class Events:
    """Fails the events of the ids it is told to, that often."""

    def __init__(self, failing: dict[str, int]) -> None:
        self.failing = failing
        self.calls: list[list[dict[str, Any]]] = []

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append(Entries)
        return {"Entries": [self._answer(json.loads(e["Detail"])["id"]) for e in Entries]}

    def _answer(self, id_: str) -> dict[str, str]:
        if self.failing.get(id_, 0) > 0:
            self.failing[id_] -= 1
            return {"ErrorCode": "ThrottlingException"}
        return {"EventId": "e"}


def fact(id_: str) -> Event:
    return Event(id_, "x.v1", "erp", "x/1", "2026-11-21T08:00:00.000Z", "cd-1", {"a": 1})


def test_an_event_is_a_cloud_event_on_the_bus() -> None:
    events = Events({})

    Bus(events, "bus").put([fact("erp:1")])  # type: ignore[arg-type]

    (((entry),),) = events.calls
    assert {k: v for k, v in entry.items() if k != "Detail"} == {
        "EventBusName": "bus",
        "Source": "crossdock.erp",
        "DetailType": "x.v1",
    }
    assert json.loads(entry["Detail"]) == {
        "specversion": "1.0",
        "id": "erp:1",
        "source": "crossdock/erp",
        "type": "x.v1",
        "subject": "x/1",
        "time": "2026-11-21T08:00:00.000Z",
        "datacontenttype": "application/json",
        "correlationid": "cd-1",
        "causationid": "erp:1",
        "sourcesystem": "erp",
        "dedupekey": "erp:1",
        "data": {"a": 1},
    }


def test_failed_events_are_put_again_and_the_others_are_not() -> None:
    events = Events({"3": 1, "11": 3})

    Bus(events, "bus").put([fact(str(n)) for n in range(12)])  # type: ignore[arg-type]

    ids = [[json.loads(e["Detail"])["id"] for e in call] for call in events.calls]
    assert ids == [[str(n) for n in range(10)], ["3"], ["10", "11"], ["11"], ["11"], ["11"]]


def test_an_event_that_keeps_failing_is_an_error() -> None:
    with pytest.raises(StoreUnavailableError, match="1 events were not taken by the bus bus"):
        Bus(Events({"1": 9}), "bus").put([fact("0"), fact("1")])  # type: ignore[arg-type]


# -- packing ---------------------------------------------------------------------------------------------------


def test_facts_are_packed_in_order_into_messages_below_the_limit() -> None:
    facts = [{"n": n, "text": "é" * (n % 700)} for n in range(400)]

    bodies = pack(facts, lambda part: {"facts": part})

    assert [f for b in bodies for f in json.loads(b)["facts"]] == facts
    assert all(len(b.encode()) <= MESSAGE_BYTES + 20 for b in bodies)
    assert len(bodies) == 3


def test_a_fact_larger_than_a_message_has_one_of_its_own() -> None:
    facts = [{"a": 1}, {"a": "x" * 70_000}, {"a": 2}]

    assert [json.loads(b) for b in pack(facts, lambda part: {"f": part})] == [{"f": [f]} for f in facts]


def test_nothing_is_packed_into_nothing() -> None:
    assert pack([], lambda part: {"f": part}) == []


# -- consuming -------------------------------------------------------------------------------------------------


def consumed(bodies: list[Any], handle: Any) -> tuple[list[str], list[Any]]:
    settled: list[Any] = []
    answer = consume({"Records": [sqs_record("q", b, n) for n, b in enumerate(bodies)]}, None, handle, settled.extend)
    return [f["itemIdentifier"] for f in answer["batchItemFailures"]], settled


def mark(run: str) -> dict[str, str]:
    return {"exception": "e", "occurrence": "o", "run": run}


def test_a_bad_record_is_delivered_again_alone() -> None:
    handled: list[str] = []

    def handle(records: list[Record]) -> list[str]:
        for record in records:
            if record.body == '"bad"':
                raise ValueError("bad")
            handled.append(record.id)
        return []

    again, _ = consumed(["a", '"bad"', "c"], handle)

    assert again == ["message-1"]
    assert handled == ["message-0", "message-0", "message-2"]  # together first, then each alone


def test_a_replay_is_settled_when_it_went_through_and_only_then() -> None:
    bodies = [{"replay": mark("1")}, {"replay": mark("2")}, {"replay": None}, {"replay": {"x": 1}}, {"replay": "y"}]

    assert consumed(bodies, lambda _: []) == ([], [mark("1"), mark("2")])
    assert consumed(bodies, lambda _: ["message-0"]) == (["message-0"], [mark("2")])

    def fails(record: Record) -> None:
        if record.replay == mark("1"):
            raise ValueError

    again, settled = consumed(bodies, one_by_one(fails))
    assert (again, settled) == (["message-0"], [mark("2")])


def test_what_is_killed_is_not_caught() -> None:
    class Killed(BaseException):
        pass

    def handle(_: Any) -> list[str]:
        raise Killed

    with pytest.raises(Killed):
        consumed(["a"], handle)


def test_a_record_knows_its_queue_and_how_often_it_was_received() -> None:
    (record,) = records_of({"Records": [sqs_record("movements", {"a": 1}, received=3)]})

    assert (record.queue, record.receive_count, record.message) == ("crossdock-local-movements", 3, {"a": 1})


@pytest.mark.parametrize("body", ["", "x", "[1]", '"a"', "5", "null", "[" * 100_000, "1" * 5000])
def test_a_body_that_is_no_object_is_no_message(body: str) -> None:
    (record,) = records_of({"Records": [sqs_record("q", body)]})

    assert (record.message, record.replay, record.body) == (None, None, body)


def test_a_call_to_the_bus_holds_no_more_than_it_takes() -> None:
    bus = _Events()
    large = [_said(n, "é" * 50_000) for n in range(5)]  # 100 KB each, as it is sent

    Bus(bus, "bus").put([*large, *(_said(n, "") for n in range(5, 20))])  # type: ignore[arg-type]

    assert [[json.loads(e["Detail"])["id"] for e in call] for call in bus.calls] == [
        ["0", "1"],
        ["2", "3"],
        ["4", *(str(n) for n in range(5, 14))],
        [str(n) for n in range(14, 20)],
    ]


def _said(number: int, text: str) -> Event:
    return Event(str(number), "t", "crm", "s", "2026-11-20T09:00:00Z", "c", {"text": text})


class _Events:
    """Takes all that it is given."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, str]]] = []

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append(Entries)
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in Entries]}
