"""Telling channels: from a changed header to a mark, from a mark to the value that is true now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks.webhooks import Webhook

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.platform import clients
from crossdock.platform.outbound import Http
from tests.support.endpoint import Endpoint
from tests.support.world import (
    CORRELATION,
    NOW_TEXT,
    SECRET,
    Context,
    World,
    configuration,
    dirty_message,
    later,
    movement,
    movements_message,
    set_secret,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.integration


@pytest.fixture
def endpoint(world: World) -> Endpoint:
    found = Endpoint()
    world.patch.setattr(Http, "post", lambda _, *args: found.post(*args))
    return found


def stock(world: World, quantity: int = 5, id_: str = "m1") -> None:
    """SKU-1 has (more) stock in MAIN, projected."""
    world.knows(("wms", "A1", "SKU-1"))
    world.call("apply_movements", world.queue_event("movements", [movements_message(movement(id_, quantity))]))
    world.project()


def deliver(world: World, *messages: Any, received: int = 1) -> list[str]:
    event = world.queue_event("channel-webshop", messages, received)
    answer = world.call("deliver_to_channel", event, Context())
    return [f["itemIdentifier"] for f in answer["batchItemFailures"]]


AVAILABILITY = ("availability", "SKU-1")


# -- announcing ------------------------------------------------------------------------------------------------


def test_a_changed_balance_is_a_mark_on_every_channel_that_sells_from_there(world: World) -> None:
    stock(world)

    world.call("announce_changes", {"Records": world.stream("inventory")}, Context())

    for channel in ("webshop", "marketplace"):
        assert world.take(f"channel-{channel}") == [dirty_message(channel, AVAILABILITY, urgent=True)]


def test_journal_rows_and_removals_are_nobodys_news(world: World) -> None:
    stock(world)
    records = world.stream("inventory")
    removal = {**records[-1], "eventName": "REMOVE"}

    world.call("announce_changes", {"Records": [records[0], removal]}, Context())

    assert records[0]["dynamodb"]["Keys"]["pk"]["S"] == "M#SKU-1#MAIN"
    assert world.take("channel-webshop") == []


def test_a_shard_is_news_of_its_item_and_a_detail_by_lot_is_nobodys(world: World) -> None:
    table = world.table("inventory")
    table.put({"pk": "T#SKU-1", "sk": "D#MAIN#L1##available", "q": 5, "seq": "1"})
    table.put({"pk": "T#SKU-1", "sk": "P#MAIN#po-1", "q": 5})
    world.call("announce_changes", {"Records": world.stream("inventory")}, Context())
    assert world.take("channel-webshop") == []

    table.put({"pk": "T#SKU-1#S03", "sk": "A#MAIN", "g": 9, "av": 9, "rsv": 0, "cm": 0, "ver": 1})
    world.call("announce_changes", {"Records": world.stream("inventory")}, Context())

    (mark,) = world.take("channel-webshop")
    assert [(k["kind"], k["key"]) for k in mark["keys"]] == [("availability", "SKU-1")]


def test_marks_of_ordinary_changes_meet_at_the_end_of_the_channels_window(world: World, tmp_path: Path) -> None:
    """Three items of which one is sold out: that one is told at once, the others when the minute ends."""
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, channels={"webshop": {"coalesce_seconds": 60}})))
    world.forget_warm_state()
    world.patch.setattr("functions.announce_changes.handler.system_clock", lambda: later(22))
    world.knows(*(("wms", f"A{n}", f"SKU-{n}") for n in range(3)))
    world.call(
        "apply_movements",
        world.queue_event("movements", [movements_message(*(movement(f"m{n}", item=f"A{n}") for n in range(3)))]),
    )
    world.project()
    before = len(world.stream("inventory"))
    picks = [movement(f"p{n}", 5 if n == 1 else 2, item=f"A{n}", type="pick") for n in range(3)]
    world.call("apply_movements", world.queue_event("movements", [movements_message(*picks)]))
    world.project()
    sent: list[dict[str, Any]] = []
    sqs = clients.sqs()
    world.patch.setattr(sqs, "send_message_batch", lambda **call: sent.append(call) or {}, raising=False)

    world.call("announce_changes", {"Records": world.stream("inventory")[before:]}, Context())

    told = [
        (e.get("DelaySeconds", 0), [m["key"] for m in json.loads(e["MessageBody"])["keys"]])
        for call in sent
        if call["QueueUrl"] == world.urls["channel-webshop"]
        for e in call["Entries"]
    ]
    assert told == [(0, ["SKU-1"]), (38, ["SKU-0", "SKU-2"])]


# -- delivering ------------------------------------------------------------------------------------------------


def test_the_current_value_is_sent_signed_and_its_acknowledgement_is_kept(world: World, endpoint: Endpoint) -> None:
    stock(world)

    assert deliver(world, dirty_message("webshop", AVAILABILITY)) == []

    ((url, headers, body),) = endpoint.posts
    document = {
        "type": "availability.changed.v1",
        "timestamp": NOW_TEXT,
        "data": {
            "channel": "webshop",
            "items": [{"sku": "SKU-1", "version": 1, "available": 5, "correlation_ids": [CORRELATION]}],
        },
    }
    assert (url, json.loads(body)) == ("http://webshop.invalid/hooks", document)
    assert headers["X-Correlation-Id"] == CORRELATION
    assert world.rows("exchange") == [
        {
            "pk": "SH#webshop#availability#1d",
            "sk": "1b#SKU-1",
            "ver": 1,
            "val": '{"available":5}',
            "ack": 1,
            "ackval": '{"available":5}',
            "at": NOW_TEXT,
            "acked": NOW_TEXT,
            "lease": "",
        }
    ]


def test_the_official_library_takes_our_signature(
    world: World, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(world)
    deliver(world, dirty_message("webshop", AVAILABILITY))
    ((_, headers, body),) = endpoint.posts
    monkeypatch.setattr(Webhook, "_Webhook__verify_timestamp", lambda _, at: _as_time(at))

    verified = Webhook(SECRET).verify(body, headers)

    assert verified["data"]["channel"] == "webshop"


def _as_time(text: str) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(text), UTC)


def test_a_buffer_is_held_back_and_never_below_nothing(world: World, endpoint: Endpoint) -> None:
    stock(world, 5)
    deliver(world, dirty_message("marketplace", AVAILABILITY))
    world.call("apply_movements", world.queue_event("movements", [movements_message(movement("m2", 4, type="pick"))]))
    world.project()
    deliver(world, dirty_message("marketplace", AVAILABILITY))

    assert [(i["version"], i["available"]) for i in endpoint.items] == [(1, 3), (2, 0)]


def test_many_marks_of_an_item_are_one_delivery_and_an_unchanged_value_is_none(
    world: World, endpoint: Endpoint
) -> None:
    stock(world)

    deliver(world, *[dirty_message("webshop", AVAILABILITY)] * 5)
    deliver(world, dirty_message("webshop", AVAILABILITY))

    assert [(i["sku"], i["version"]) for i in endpoint.items] == [("SKU-1", 1)]


def test_an_item_of_which_nothing_is_known_is_not_told(world: World, endpoint: Endpoint) -> None:
    assert deliver(world, dirty_message("webshop", ("availability", "NONE"), ("price", "NONE"))) == []

    assert endpoint.posts == []
    assert all(rows == [] for rows in world.dump().values())


@pytest.mark.parametrize("status", [0, 408, 425, 429, 500, 503])
def test_a_channel_that_is_down_keeps_its_message_for_later(world: World, endpoint: Endpoint, status: int) -> None:
    stock(world)
    endpoint.answer = HttpAnswer(status, detail="down" if status == 0 else "")
    world.target.sqs.send_message(
        QueueUrl=world.urls["channel-webshop"], MessageBody=json.dumps(dirty_message("webshop", AVAILABILITY))
    )
    event = world.received_event("channel-webshop")
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = "2"
    hidden: list[Mapping[str, Any]] = []
    app = _app()
    world.patch.setattr(app.sqs, "change_message_visibility", lambda **call: hidden.append(call) or None, raising=False)

    answer = world.call("deliver_to_channel", event, Context())

    assert answer == {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
    (call,) = hidden
    assert call["ReceiptHandle"] == event["Records"][0]["receiptHandle"]
    assert call["QueueUrl"] == world.urls["channel-webshop"]
    assert 1 <= call["VisibilityTimeout"] <= 2
    health, row = world.rows("exchange")
    assert (health["state"], health["fails"]) == ("closed", 1)
    assert (row["ver"], row["ack"], row["val"]) == (1, 0, '{"available":5}')
    assert world.rows("exceptions") == []


def _app() -> Any:
    import functions.deliver_to_channel.handler as module

    return module.app()


def test_the_message_comes_back_when_its_wait_is_over_and_is_sent_under_the_same_version(
    world: World, endpoint: Endpoint
) -> None:
    stock(world)
    endpoint.answer = HttpAnswer(503)
    world.target.sqs.send_message(
        QueueUrl=world.urls["channel-webshop"], MessageBody=json.dumps(dirty_message("webshop", AVAILABILITY))
    )
    event = world.received_event("channel-webshop")
    world.call("deliver_to_channel", event, Context())
    assert world.received_event("channel-webshop") == {"Records": []}  # hidden for a second at least

    endpoint.answer = HttpAnswer(204)
    assert world.call("deliver_to_channel", event, Context()) == {"batchItemFailures": []}

    assert [(i["version"], i["available"]) for i in endpoint.items] == [(1, 5), (1, 5)]
    assert [(r["ver"], r["ack"]) for r in world.rows("exchange") if "ver" in r] == [(1, 1)]


@pytest.mark.parametrize("status", [301, 400, 404, 410, 422])
def test_a_refusal_is_an_exception_whose_replay_sends_what_is_true_then(
    world: World, endpoint: Endpoint, status: int
) -> None:
    stock(world)
    endpoint.answer = HttpAnswer(status)

    assert deliver(world, dirty_message("webshop", AVAILABILITY)) == []

    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (group.kind, group.source, group.subject) == ("delivery_refused", "webshop", "availability/SKU-1")
    assert group.detail == f"webshop does not take the availability of SKU-1: HTTP {status}"
    assert occurrence.route == "channel-webshop"
    stock(world, 2, "m2")
    endpoint.answer = HttpAnswer(200)
    assert world.exceptions.begin_replay(occurrence, "run-1", "ann")
    mark = {"exception": group.id, "occurrence": occurrence.id, "run": "run-1"}
    assert deliver(world, {**occurrence.message, "replay": mark}) == []
    assert endpoint.held == {("availability", "SKU-1"): (2, {"available": 7})}
    assert [(g.open, g.settled) for g in world.exceptions.groups("closed")] == [(0, 1)]


def test_a_rejected_item_alone_is_an_exception_and_the_others_are_acknowledged(
    world: World, endpoint: Endpoint
) -> None:
    world.knows(("wms", "A2", "SKU-2"))
    world.call("apply_movements", world.queue_event("movements", [movements_message(movement("x", 1, item="A2"))]))
    stock(world)
    answer = {"rejected": [{"sku": "SKU-2", "reason": "no such listing"}, {"reason": "nameless"}, 5]}
    endpoint.answer = HttpAnswer(200, json.dumps(answer).encode())

    assert deliver(world, dirty_message("webshop", AVAILABILITY, ("availability", "SKU-2"))) == []

    assert {r["sk"][-5:]: (r["ver"], r["ack"]) for r in world.rows("exchange")} == {"SKU-1": (1, 1), "SKU-2": (1, 0)}
    (group,) = world.exceptions.groups()
    assert (group.subject, group.open) == ("availability/SKU-2", 1)
    assert group.detail == "webshop does not take the availability of SKU-2: no such listing"


def test_a_channel_that_refuses_once_more_after_a_replay_is_open_once_more(world: World, endpoint: Endpoint) -> None:
    stock(world)
    endpoint.answer = HttpAnswer(400)
    deliver(world, dirty_message("webshop", AVAILABILITY))
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    world.exceptions.close(occurrence, "ann", "the shop is being mended")
    assert list(world.exceptions.groups()) == []

    deliver(world, dirty_message("webshop", AVAILABILITY))

    assert [(g.id, g.open, g.closed) for g in world.exceptions.groups()] == [(group.id, 1, 0)]


def test_a_channel_without_an_address_keeps_its_messages_and_stops_no_other_channel(
    world: World, endpoint: Endpoint
) -> None:
    stock(world)
    set_secret(world, "channels/webshop", {"status": "unset"})

    again = deliver(world, dirty_message("webshop", AVAILABILITY), dirty_message("marketplace", AVAILABILITY))

    assert again == ["message-0"]
    assert [url for url, _, _ in endpoint.posts] == ["http://marketplace.invalid/hooks"]


@pytest.mark.parametrize(
    "message",
    [
        "no json",
        {},
        dirty_message("nobody", AVAILABILITY),
        {**dirty_message("webshop"), "keys": "abc"},
        {**dirty_message("webshop"), "keys": ["abc"]},
        {**dirty_message("webshop"), "keys": [{"kind": "weather", "key": "SKU-1"}]},
        {**dirty_message("webshop"), "keys": [{"kind": "price", "key": 5}]},
        dirty_message("webshop", AVAILABILITY, above="1"),
        dirty_message("webshop", AVAILABILITY, above=-1),
    ],
)
def test_a_mark_that_is_none_is_an_exception_at_once_and_the_next_is_told(
    world: World, endpoint: Endpoint, message: Any
) -> None:
    stock(world)

    assert deliver(world, message, dirty_message("webshop", AVAILABILITY)) == []

    assert [(g.kind, g.subject) for g in world.exceptions.groups()] == [("unreadable_message", "queue/channel-webshop")]
    assert endpoint.held == {("availability", "SKU-1"): (1, {"available": 5})}


def publishes(world: World, tmp_path: Path, **settings: int) -> None:
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, channels={"webshop": settings})))
    world.forget_warm_state()


def test_small_changes_are_kept_back_until_they_add_up_or_the_end_is_near(
    world: World, endpoint: Endpoint, tmp_path: Path
) -> None:
    publishes(world, tmp_path, threshold=5, exact_below=10, restock_at=3)
    stock(world, 40)
    deliver(world, dirty_message("webshop", AVAILABILITY))
    for n, change in enumerate((-4, -1, -20, -4, -2, -1, -8, 2, 1)):
        type_ = "receipt" if change > 0 else "pick"
        moved = movements_message(movement(f"c{n}", abs(change), type=type_))
        world.call("apply_movements", world.queue_event("movements", [moved]))
        world.project()
        before = world.rows("exchange") if len(endpoint.items) == 1 and change == -4 else None
        assert deliver(world, dirty_message("webshop", AVAILABILITY)) == []
        assert before is None or world.rows("exchange") == before, "what is kept back writes nothing"

    # 40 → 36 (kept back) → 35 → 15 → 11 (kept back) → 9 → 8 → 0 → 2 (still 0) → 3
    assert [(i["version"], i["available"]) for i in endpoint.items] == list(enumerate((40, 35, 15, 9, 8, 0, 3), 1))


def test_what_sells_out_goes_first_within_a_delivery(world: World, endpoint: Endpoint) -> None:
    world.knows(*(("wms", f"B{n}", f"S{n}") for n in range(4)))
    lots = [movement(f"m{n}", 5, item=f"B{n}") for n in range(4)]
    world.call("apply_movements", world.queue_event("movements", [movements_message(*lots)]))
    world.project()
    marks = dirty_message("webshop", *(("availability", f"S{n}") for n in range(4)))
    deliver(world, marks)
    endpoint.posts.clear()
    picks = [movement(f"p{n}", 5 if n == 2 else 1, item=f"B{n}", type="pick") for n in range(4)]
    world.call("apply_movements", world.queue_event("movements", [movements_message(*picks)]))
    world.project()

    deliver(world, marks)

    assert [(i["sku"], i["available"]) for i in endpoint.items] == [("S2", 0), ("S0", 4), ("S1", 4), ("S3", 4)]


def test_an_urgent_mark_is_in_the_first_of_several_deliveries(world: World, endpoint: Endpoint) -> None:
    world.knows(*(("wms", f"B{n}", f"S{n}") for n in range(3)))
    lots = [movement(f"m{n}", 1, item=f"B{n}") for n in range(3)]
    world.call("apply_movements", world.queue_event("movements", [movements_message(*lots)]))
    world.project()
    business = _app().business.channels
    business["webshop"] = _with_batch(business["webshop"], 1)
    ordinary = dirty_message("webshop", ("availability", "S0"), ("availability", "S1"))

    deliver(world, ordinary, dirty_message("webshop", ("availability", "S2"), urgent=True))

    assert [i["sku"] for i in endpoint.items] == ["S2", "S0", "S1"]


def test_a_mark_that_knows_better_is_sent_again_above_the_version_it_names(world: World, endpoint: Endpoint) -> None:
    stock(world)
    deliver(world, dirty_message("webshop", AVAILABILITY))

    deliver(world, dirty_message("webshop", AVAILABILITY, above=0))
    deliver(world, dirty_message("webshop", AVAILABILITY, above=41))

    assert [(i["version"], i["available"]) for i in endpoint.items] == [(1, 5), (2, 5), (42, 5)]


def test_a_batch_is_no_larger_than_the_channel_takes(world: World, endpoint: Endpoint) -> None:
    world.knows(*(("wms", f"B{n}", f"S{n}") for n in range(3)))
    lots = [movement(f"m{n}", 1, item=f"B{n}") for n in range(3)]
    world.call("apply_movements", world.queue_event("movements", [movements_message(*lots)]))
    world.project()
    business = _app().business.channels
    business["webshop"] = _with_batch(business["webshop"], 2)

    deliver(world, dirty_message("webshop", *(("availability", f"S{n}") for n in range(3))))

    assert [len(json.loads(body)["data"]["items"]) for _, _, body in endpoint.posts] == [2, 1]
    assert sorted(endpoint.held) == [("availability", f"S{n}") for n in range(3)]


def _with_batch(channel: Any, size: int) -> Any:
    from dataclasses import replace

    return replace(channel, max_batch=size)
