"""Movements from the partner API to the balance that is read: what is stored, what is refused, what is left alone."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.support.world import (
    CORRELATION,
    NOW_TEXT,
    Context,
    World,
    api_event,
    later,
    movement,
    movements_message,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.integration

NOTHING: Mapping[str, list[Any]] = {"inventory": [], "pricing": [], "identity": [], "exchange": [], "exceptions": []}


def post(world: World, body: Any, **options: Any) -> tuple[int, dict[str, Any]]:
    answer = world.call("receive_movements", api_event(body, **options), Context())
    return answer["statusCode"], json.loads(answer["body"])


# -- receiving -------------------------------------------------------------------------------------------------


def test_an_accepted_batch_is_one_message_with_every_movement_in_order(world: World) -> None:
    status, answer = post(world, {"movements": [movement("1", 5, sequence=7), movement("2", 3, reference="PO 1")]})

    assert (status, answer) == (202, {"accepted": 2, "correlation_id": CORRELATION})
    assert world.take("movements") == [
        {
            "v": 1,
            "kind": "movements",
            "source": "wms",
            "correlation_id": CORRELATION,
            "movements": [movement("1", 5, sequence=7), movement("2", 3, reference="PO 1")],
            "replay": None,
        }
    ]


def test_a_thousand_movements_are_split_into_messages_and_none_is_missing(world: World) -> None:
    wanted = [movement(f"m{n:04}", 1, reason="x" * 100) for n in range(1000)]

    status, answer = post(world, {"movements": wanted})

    messages = world.take("movements")
    got = sorted((m for message in messages for m in message["movements"]), key=lambda m: m["id"])
    assert (status, answer["accepted"]) == (202, 1000)
    assert got == wanted
    assert len(messages) == 4
    assert all(len(json.dumps(m, separators=(",", ":"))) < 61_000 for m in messages)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, "body"),
        (b"\xff\xfe", 400, "body"),
        (b"[" * 5000, 400, "body"),
        (b"", 400, "body"),
        (b"[]", 422, "body"),
        ({}, 422, "movements"),
        ({"movements": []}, 422, "movements"),
        ({"movements": [movement("1", 5)], "extra": 1}, 422, "extra"),
        ({"movements": [movement(str(n)) for n in range(1001)]}, 422, "movements"),
        ({"movements": [movement("1"), movement("2", 0)]}, 422, "movements[1].quantity"),
        ({"movements": [movement("1", -1)]}, 422, "movements[0].quantity"),
        ({"movements": [movement("1", "five")]}, 422, "movements[0].quantity"),
        ({"movements": [movement("1", 1.5)]}, 422, "movements[0].quantity"),
        ({"movements": [movement("1", 10**13)]}, 422, "movements[0].quantity"),
        ({"movements": [movement("1", 10**400)]}, 422, "movements[0].quantity"),
        ({"movements": [movement("1", occurred_at="2026-11-21T07:00:00")]}, 422, "movements[0].occurred_at"),
        ({"movements": [movement("1", occurred_at="0001-01-01T00:00:00+14:00")]}, 422, "movements[0].occurred_at"),
        ({"movements": [movement("1", occurred_at=5)]}, 422, "movements[0].occurred_at"),
        ({"movements": [movement("a#b")]}, 422, "movements[0].id"),
        ({"movements": [movement("1", type="teleport")]}, 422, "movements[0].type"),
        ({"movements": [movement("1", warehouse="MAIN\n")]}, 422, "movements[0].warehouse"),
        ({"source": "erp", "movements": [movement("1")]}, 403, "source"),
    ],
)
def test_a_bad_batch_is_a_problem_that_names_the_field_and_leaves_nothing(
    world: World, body: Any, status: int, field: str
) -> None:
    found, problem = post(world, body)

    assert found == status
    assert problem["status"] == status
    assert problem["correlation_id"] == CORRELATION
    assert problem["type"].startswith("urn:crossdock:problem:")
    assert [e["field"] for e in problem["errors"]] == [field]
    assert all(e["problem"] and e["remedy"] for e in problem["errors"])
    assert world.take("movements") == []
    assert world.dump() == NOTHING


def test_a_body_over_the_limit_is_refused_before_it_is_read(world: World) -> None:
    status, problem = post(world, b"{" + b" " * 1_000_000)

    assert (status, problem["type"]) == (413, "urn:crossdock:problem:body-too-large")
    assert problem["errors"][0]["remedy"] == "send at most 1,000,000 bytes, and the rest in further requests"
    assert world.take("movements") == []


def test_a_partner_without_the_scope_or_without_a_key_is_turned_away(world: World) -> None:
    body = {"movements": [movement("1")]}
    event = api_event(body) | {"requestContext": {}}

    assert post(world, body, scopes="inventory:read")[0] == 403
    assert world.call("receive_movements", event, None)["statusCode"] == 401
    assert world.take("movements") == []


def test_a_partner_of_two_sources_has_to_name_one(world: World) -> None:
    body = {"movements": [movement("1")]}

    assert post(world, body, sources="wms erp")[1]["errors"][0]["remedy"] == "name one of: wms, erp"
    assert world.take("movements") == []
    assert post(world, {"source": "erp", **body}, sources="wms erp")[0] == 202
    assert [m["source"] for m in world.take("movements")] == ["erp"]


def test_an_invocation_without_time_left_answers_503_and_sends_nothing(world: World) -> None:
    answer = world.call("receive_movements", api_event({"movements": [movement("1")]}), Context(remaining_ms=300))

    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "2")
    assert world.take("movements") == []


# -- applying --------------------------------------------------------------------------------------------------


def apply(world: World, *messages: Any) -> list[str]:
    answer = world.call("apply_movements", world.queue_event("movements", messages), Context())
    return [f["itemIdentifier"] for f in answer["batchItemFailures"]]


def test_a_movement_becomes_exactly_one_journal_row(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))

    again = apply(world, movements_message(movement("m1", 5, sequence=7, reference="PO 1", reason="r")))

    assert again == []
    assert world.rows("inventory") == [
        {
            "pk": "M#SKU-1#MAIN",
            "sk": "wms#m1",
            "q": 5,
            "t": "receipt",
            "at": "2026-11-21T07:00:00.000Z",
            "rec": NOW_TEXT,
            "h": "81944ccc55165c64bb5f80c1",
            "pos": 7,
            "cor": CORRELATION,
            "ref": "PO 1",
            "why": "r",
        },
        {"pk": "SEQ#wms#MAIN", "sk": "R", "r": "7", "x": "", "ep": 0, "n": 1, "by": "266af9cd9122"},
    ]
    assert world.rows("exceptions") == []


@pytest.mark.parametrize(
    ("type_", "quantity", "signed"),
    [
        ("receipt", 5, 5),
        ("return", 5, 5),
        ("transfer_in", 5, 5),
        ("pick", 5, -5),
        ("shipment", 5, -5),
        ("transfer_out", 5, -5),
        ("adjustment", 5, 5),
        ("adjustment", -5, -5),
    ],
)
def test_the_type_says_the_direction(world: World, type_: str, quantity: int, signed: int) -> None:
    world.knows(("wms", "A1", "SKU-1"))

    apply(world, movements_message(movement("m1", quantity, type=type_)))
    world.project()

    assert world.balance("SKU-1") == signed


def test_one_unknown_item_is_an_exception_and_the_rest_of_the_batch_is_applied(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))

    again = apply(world, movements_message(movement("m1"), movement("m2", item="NEW"), movement("m3")))

    assert again == []
    assert [r["sk"] for r in world.rows("inventory")] == ["wms#m1", "wms#m3"]
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert (group.kind, group.source, group.subject) == ("unknown_item", "wms", "item/NEW")
    assert (group.open, group.replaying, group.settled, group.closed) == (1, 0, 0, 0)
    assert group.remedy == "crossdock xref add wms 'NEW' <SKU>, then replay; or correct the item code and replay"
    assert (occurrence.state, occurrence.route, occurrence.pointer) == ("open", "movements", "/movements/0")
    assert occurrence.message == movements_message(movement("m2", item="NEW"))


@pytest.mark.parametrize(
    ("wrong", "source", "kind", "subject"),
    [
        (movement("m2", item="NEW"), "wms", "unknown_item", "item/NEW"),
        (movement("m2", warehouse="MOON"), "wms", "unknown_warehouse", "warehouse/MOON"),
        (movement("m2"), "erp", "not_the_owner", "warehouse/MAIN"),
        (movement("m2", 0), "wms", "invalid_movement", "field/quantity"),
        (movement("m2", extra=1), "wms", "invalid_movement", "field/extra"),
        ({"item": "A1"}, "wms", "invalid_movement", "field/id"),
        ("nonsense", "wms", "invalid_movement", "field/movement"),
    ],
)
def test_each_kind_of_bad_movement_has_its_exception_and_moves_nothing(
    world: World, wrong: Any, source: str, kind: str, subject: str
) -> None:
    world.knows(("wms", "A1", "SKU-1"), ("erp", "A1", "SKU-1"))

    assert apply(world, movements_message(wrong, source=source)) == []

    assert world.rows("inventory") == []
    assert [(g.kind, g.subject, g.open) for g in world.exceptions.groups()] == [(kind, subject, 1)]


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[" * 100_000,
        '"text"',
        "{}",
        '{"v":2,"kind":"movements","source":"wms","movements":[1]}',
        '{"v":1,"kind":"movements","source":"wms","movements":[]}',
        '{"v":1,"kind":"movements","source":5,"movements":[1]}',
        '{"v":1,"kind":"movements","source":"wms","movements":[],"replay":"x"}',
        '{"v":1,"kind":"movements","source":"wms","movements":[],"replay":{"exception":"x"}}',
    ],
)
def test_a_message_that_is_none_is_an_exception_and_the_next_message_is_applied(world: World, body: str) -> None:
    world.knows(("wms", "A1", "SKU-1"))

    assert apply(world, body, movements_message(movement("m1"))) == []

    assert [r["sk"] for r in world.rows("inventory")] == ["wms#m1"]
    (group,) = world.exceptions.groups()
    assert (group.kind, group.subject, group.open) == ("unreadable_message", "queue/movements", 1)


def test_the_same_movement_again_changes_nothing_within_and_across_messages(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    message = movements_message(movement("m1"), movement("m1"))
    apply(world, message, message)
    before = world.dump()

    apply(world, message, movements_message(movement("m1"), correlation_id="cd-another-one"))

    assert world.dump() == before
    assert [r["sk"] for r in world.rows("inventory")] == ["wms#m1"]


@pytest.mark.parametrize("together", [True, False])
def test_the_same_id_with_other_content_is_an_exception_and_the_first_stands(world: World, together: bool) -> None:  # noqa: FBT001
    world.knows(("wms", "A1", "SKU-1"))
    if together:
        apply(world, movements_message(movement("m1", 5), movement("m1", 6)))
    else:
        apply(world, movements_message(movement("m1", 5)))
        apply(world, movements_message(movement("m1", 6)))
    apply(world, movements_message(movement("m1", 7)))
    apply(world, movements_message(movement("m1", 6)))

    assert [(r["sk"], r["q"]) for r in world.rows("inventory")] == [("wms#m1", 5)]
    (group,) = world.exceptions.groups()
    assert (group.kind, group.subject, group.open) == ("conflicting_duplicate", "movement/m1", 2)
    quantities = {o.message["movements"][0]["quantity"] for o in world.exceptions.occurrences(group.id)}
    assert quantities == {6, 7}


def test_two_contents_of_one_refused_id_are_two_facts_and_neither_is_lost(world: World) -> None:
    apply(world, movements_message(movement("m1", 5)))
    apply(world, movements_message(movement("m1", 6)), movements_message(movement("m1", 5)))

    (group,) = world.exceptions.groups()
    assert (group.kind, group.open) == ("unknown_item", 2)
    assert {o.message["movements"][0]["quantity"] for o in world.exceptions.occurrences(group.id)} == {5, 6}


def test_five_hundred_equal_refusals_are_one_line_with_a_count(world: World) -> None:
    apply(world, movements_message(*(movement(f"m{n}", item="NEW") for n in range(50))))

    (group,) = world.exceptions.groups()
    assert group.open == 50


def test_sixteen_threads_with_the_same_batch_apply_it_once(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    message = movements_message(*(movement(f"m{n:02}", n + 1) for n in range(40)), movement("bad", item="NEW"))
    event = world.queue_event("movements", [message])
    world.call("apply_movements", world.queue_event("movements", []), None)  # built once, before the race
    start, answers = threading.Barrier(16), []

    def work() -> None:
        start.wait()
        answers.append(world.call("apply_movements", event, None))

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [{"batchItemFailures": []}] * 16
    assert len(world.rows("inventory")) == 40
    (group,) = world.exceptions.groups()
    assert group.open == 1
    world.project()
    assert world.balance("SKU-1") == sum(range(1, 41))


def test_a_replay_that_goes_through_settles_and_closes_the_group(world: World) -> None:
    apply(world, movements_message(movement("m1", item="NEW")))
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    world.knows(("wms", "NEW", "SKU-9"))
    assert world.exceptions.begin_replay(occurrence, "run-1", "ann")

    apply(world, {**occurrence.message, "replay": {"exception": group.id, "occurrence": occurrence.id, "run": "run-1"}})

    assert [r["pk"] for r in world.rows("inventory")] == ["M#SKU-9#MAIN"]
    assert list(world.exceptions.groups()) == []
    (closed,) = world.exceptions.groups("closed")
    assert (closed.open, closed.replaying, closed.settled, closed.state) == (0, 0, 1, "closed")
    after = world.exceptions.occurrence(group.id, occurrence.id)
    assert after is not None
    assert (after.state, after.tries, after.run) == ("settled", 1, "run-1")


def test_a_replay_that_fails_again_is_open_once_more_with_the_new_reason(world: World) -> None:
    apply(world, movements_message(movement("m1", item="NEW")))
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert world.exceptions.begin_replay(occurrence, "run-1", "ann")
    world.now = later(60)
    mark = {"exception": group.id, "occurrence": occurrence.id, "run": "run-1"}

    apply(world, movements_message(movement("m1", item="NEW", warehouse="MOON"), replay=mark))

    (after,) = world.exceptions.groups()
    assert (after.id, after.open, after.replaying, after.settled) == (group.id, 1, 0, 0)
    again = world.exceptions.occurrence(group.id, occurrence.id)
    assert again is not None
    assert (again.state, again.detail) == ("open", "there is no warehouse 'MOON' in the configuration")


def test_a_replay_mark_of_an_unknown_exception_does_not_swallow_a_refusal(world: World) -> None:
    mark = {"exception": "none", "occurrence": "none", "run": "run-1"}

    assert apply(world, movements_message(movement("m1", item="NEW"), replay=mark)) == []

    assert [(g.kind, g.open) for g in world.exceptions.groups()] == [("unknown_item", 1)]


def test_a_refused_fact_that_comes_again_after_it_was_dealt_with_changes_nothing(world: World) -> None:
    message = movements_message(movement("m1", item="NEW"))
    apply(world, message)
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    assert world.exceptions.close(occurrence, "ann", "a test item")
    before = world.dump()

    apply(world, message)

    assert world.dump() == before


# -- projecting and reading ------------------------------------------------------------------------------------


def test_the_header_is_the_sum_of_the_journal(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, movements_message(movement("m1", 5, sequence=1), movement("m2", 2, type="pick", sequence=2)))

    world.project()

    (header,) = [r for r in world.rows("inventory") if r["pk"] == "T#SKU-1"]
    sequence = world.stream("inventory")[1]["dynamodb"]["SequenceNumber"].zfill(40)
    assert header == {
        "pk": "T#SKU-1",
        "sk": "A#MAIN",
        "oh": 3,
        "av": 3,
        "ss": 0,
        "qc": 0,
        "dmg": 0,
        "rsv": 0,
        "cm": 0,
        "sh": 0,
        "pl": 3,
        "n": 2,
        "ver": 1,
        "seq": sequence,
        "pos": 2,
        "at": NOW_TEXT,
        "lag": 0,
        "cors": [CORRELATION],
    }


def test_projecting_again_and_records_that_are_no_journal_rows_count_nothing(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, movements_message(movement("m1", 5, sequence=9)))
    world.project()
    before = world.dump()

    world.project()  # by now the stream holds the header's own insert too

    assert world.dump() == before


def test_a_late_movement_counts_and_does_not_move_the_position_back(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, movements_message(movement("m1", 5, sequence=9)))
    world.project()
    apply(world, movements_message(movement("m2", 2, sequence=3)))
    world.project()

    header = world.row("inventory", "T#SKU-1", "A#MAIN")
    assert header is not None
    assert (header["oh"], header["pos"], header["ver"]) == (7, 9, 2)


def test_the_answer_tells_on_hand_and_available_apart_by_warehouse(world: World) -> None:
    world.knows(("wms", "A1", "SKU-1"))
    apply(world, movements_message(movement("m1", 5)))
    world.project()
    world.target.dynamodb.update_item(
        TableName="crossdock-local-inventory",
        Key={"pk": {"S": "T#SKU-1"}, "sk": {"S": "A#MAIN"}},
        UpdateExpression="SET ss = :two, av = av - :two",
        ExpressionAttributeValues={":two": {"N": "2"}},
    )

    answer = world.call("read_availability", api_event(path={"sku": "SKU-1"}), Context())

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {
        "sku": "SKU-1",
        "on_hand": 5,
        "available": 3,
        "reserved": 0,
        "committed": 0,
        "in_transit": 0,
        "as_of": NOW_TEXT,
        "lag_ms": 0,
        "warehouses": [
            {
                "warehouse": "MAIN",
                "on_hand": 5,
                "safety_stock": 2,
                "quality_hold": 0,
                "damaged": 0,
                "reserved": 0,
                "committed": 0,
                "available": 3,
                "in_transit": 0,
                "version": 1,
                "as_of": NOW_TEXT,
                "lag_ms": 0,
            }
        ],
    }


def test_an_item_of_which_nothing_is_known_is_404_and_says_what_to_use(world: World) -> None:
    answer = world.call("read_availability", api_event(path={"sku": "NO/NE"}), Context())

    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["detail"]) == (404, "Nothing was ever recorded of the item 'NO/NE'.")
    assert problem["errors"][0]["field"] == "sku"


@pytest.mark.parametrize("sku", ["x" * 3000, "SKU-1\x1b[2J", "", "\u0414"])
def test_a_name_that_no_item_can_have_is_404_and_not_an_outage(world: World, sku: str) -> None:
    answer = world.call("read_availability", api_event(path={"sku": quote(sku)}), Context())

    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (404, "urn:crossdock:problem:no-stock-record")


def test_reading_needs_its_scope(world: World) -> None:
    event = api_event(path={"sku": "SKU-1"}, scopes="inventory:write")

    assert world.call("read_availability", event, Context())["statusCode"] == 403
