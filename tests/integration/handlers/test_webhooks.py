"""Webhooks: proof of origin, the inbox, and what is sent on; nothing is written for what is refused."""

from __future__ import annotations

import json
import threading
import zlib
from typing import Any

import pytest

from tests.support.world import (
    CORRELATION,
    NOW,
    NOW_TEXT,
    Context,
    World,
    configuration,
    later,
    moved,
    movement,
    price,
    set_secret,
    webhook_event,
)

pytestmark = pytest.mark.integration

OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
DOMAIN_QUEUES = ("movements", "prices", "counts", "references")


def send(world: World, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = world.call("receive_webhook", event, Context())
    document = json.loads(answer["body"])
    assert answer["headers"]["X-Correlation-Id"] == document["correlation_id"]
    return answer["statusCode"], document


def assert_untouched(world: World) -> None:
    assert all(rows == [] for rows in world.dump().values())
    assert [world.take(q) for q in DOMAIN_QUEUES] == [[], [], [], []]


def test_movements_are_kept_in_the_inbox_and_sent_on(world: World) -> None:
    body = moved(movement("m1", 5, sequence=7))

    assert send(world, webhook_event(body)) == (
        202,
        {"delivery_id": "msg_1", "duplicate": False, "correlation_id": CORRELATION},
    )

    (row,) = world.rows("exchange")
    assert row | {"h": "-", "body": zlib.decompress(row["body"]).decode()} == {
        "pk": "IN#wms#msg_1",
        "sk": "IN",
        "body": json.dumps(body),
        "h": "-",
        "cor": CORRELATION,
        "at": NOW_TEXT,
        "ttl": int(NOW.timestamp()) + 35 * 86_400,
    }
    assert world.take("movements") == [
        {
            "v": 1,
            "kind": "movements",
            "source": "wms",
            "correlation_id": CORRELATION,
            "movements": [movement("m1", 5, sequence=7)],
            "replay": None,
            "delivery": "msg_1",
            "mapping": "generic_wms/1",
        }
    ]


@pytest.mark.parametrize(
    ("source", "body", "queue", "event_type", "data"),
    [
        (
            "erp",
            {
                "type": "items.declared",
                "timestamp": NOW_TEXT,
                "data": {"items": [{"sku": "S", "codes": [{"system": "wms", "code": "A1"}]}]},
            },
            "references",
            "identity.references.declared.v1",
            {"source": "erp", "items": [{"sku": "S", "codes": [{"system": "wms", "code": "A1"}]}]},
        ),
        (
            "erp",
            {"type": "prices.changed", "timestamp": NOW_TEXT, "data": {"prices": [price("r1", 1)]}},
            "prices",
            "pricing.rules.changed.v1",
            {
                "source": "erp",
                "prices": [
                    {
                        **price("r1", 1),
                        "tiers": [{"min_quantity": 1, "value": "2.55"}],
                        "valid_from": "2026-01-01T00:00:00.000000Z",
                    }
                ],
            },
        ),
        (
            "wms",
            {
                "type": "stock.counted",
                "timestamp": NOW_TEXT,
                "data": {
                    "warehouse": "MAIN",
                    "position": 4,
                    "counted_at": "2026-11-21T07:00:00Z",
                    "counts": [{"item": "A1", "quantity": 5}],
                },
            },
            "counts",
            "inventory.counts.reported.v1",
            {
                "source": "wms",
                "report": {
                    "warehouse": "MAIN",
                    "position": 4,
                    "counted_at": "2026-11-21T07:00:00Z",
                    "counts": [{"item": "A1", "quantity": 5}],
                },
            },
        ),
    ],
)
def test_other_facts_go_over_the_bus_to_their_queue(
    world: World, source: str, body: dict[str, Any], queue: str, event_type: str, data: dict[str, Any]
) -> None:
    status, _ = send(world, webhook_event(body, source=source))

    (event,) = world.take(queue)
    assert status == 202
    assert (event["specversion"], event["type"], event["id"]) == ("1.0", event_type, f"{source}:msg_1")
    assert (event["sourcesystem"], event["correlationid"]) == (source, CORRELATION)
    assert event["data"] == data


@pytest.mark.parametrize(
    ("event", "status", "field"),
    [
        (webhook_event(moved(movement("1")), secret=OTHER_SECRET), 401, "webhook-signature"),
        (webhook_event(moved(movement("1")), webhook_id="msg_2"), 401, "webhook-signature"),
        (webhook_event(moved(movement("1")), webhook_id=""), 401, "webhook-id"),
        (webhook_event(moved(movement("1")), webhook_id="m" * 257), 401, "webhook-id"),
        (webhook_event(moved(movement("1")), webhook_timestamp="yesterday"), 401, "webhook-timestamp"),
        (webhook_event(moved(movement("1")), webhook_signature="v1,!"), 401, "webhook-signature"),
        (webhook_event(moved(movement("1")), webhook_signature=""), 401, "webhook-signature"),
        (webhook_event(moved(movement("1")), at=later(-301)), 401, "webhook-timestamp"),
        (webhook_event(moved(movement("1")), at=later(301)), 401, "webhook-timestamp"),
        (webhook_event(moved(movement("1")), source="nobody"), 404, "source"),
        (webhook_event(b"{not json"), 400, "body"),
        (webhook_event({"type": "stock.stolen", "timestamp": NOW_TEXT, "data": {}}), 422, "type"),
        (webhook_event({"timestamp": NOW_TEXT, "data": {}}), 422, "type"),
        (webhook_event(moved(movement("1", 0))), 422, "data.movements[0].quantity"),
        (webhook_event({**moved(movement("1")), "extra": 1}), 422, "extra"),
        (webhook_event({**moved(movement("1")), "timestamp": "2026-11-21T08:00:00"}), 422, "timestamp"),
        (webhook_event(moved(*(movement(str(n)) for n in range(1001)))), 422, "data.movements"),
        (webhook_event(b" " * 1_000_001), 413, "body"),
        (
            webhook_event(
                {
                    "type": "stock.counted",
                    "timestamp": NOW_TEXT,
                    "data": {
                        "warehouse": "MAIN",
                        "position": 4,
                        "counted_at": "2026-11-21T07:00:00Z",
                        "counts": [{"item": "A1", "quantity": 5}, {"item": "A1", "quantity": 6}],
                    },
                }
            ),
            422,
            "data.counts",
        ),
        (
            webhook_event(
                {"type": "prices.changed", "timestamp": NOW_TEXT, "data": {"prices": [price("r", 1, "1E+2")]}},
                source="erp",
            ),
            422,
            "data.prices[0].tiers[0].unit_price",
        ),
    ],
)
def test_what_is_refused_writes_nothing_and_sends_nothing(
    world: World, event: dict[str, Any], status: int, field: str
) -> None:
    found, problem = send(world, event)

    assert found == status
    assert [e["field"] for e in problem["errors"]] == [field]
    assert all(e["remedy"] for e in problem["errors"])
    assert_untouched(world)


def test_a_body_changed_by_one_byte_is_refused(world: World) -> None:
    event = webhook_event(moved(movement("1")))
    changed = webhook_event(moved(movement("1", 6)))

    assert send(world, {**event, "body": changed["body"]})[0] == 401
    assert_untouched(world)


def test_a_delivery_within_the_tolerance_is_taken(world: World) -> None:
    assert send(world, webhook_event(moved(movement("1")), at=later(-299)))[0] == 202
    assert send(world, webhook_event(moved(movement("1")), delivery="msg_2", at=later(299)))[0] == 202


def test_a_source_without_a_secret_is_not_set_up_and_takes_nothing(world: World) -> None:
    set_secret(world, "sources/wms", {"status": "unset", "placeholder": "x"})

    status, problem = send(world, webhook_event(moved(movement("1"))))

    assert (status, problem["type"]) == (503, "urn:crossdock:problem:temporarily-unavailable")
    assert_untouched(world)


def test_both_secrets_hold_while_one_is_rotated(world: World) -> None:
    set_secret(world, "sources/wms", {"signing_secrets": [OTHER_SECRET, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]})

    assert send(world, webhook_event(moved(movement("1"))))[0] == 202
    assert send(world, webhook_event(moved(movement("2")), delivery="msg_2", secret=OTHER_SECRET))[0] == 202


def test_the_same_delivery_again_keeps_its_first_correlation_id(world: World) -> None:
    event = webhook_event(moved(movement("m1")))
    send(world, event)
    before = world.dump()
    again = {**event, "headers": {**event["headers"], "X-Correlation-Id": "cd-another-one"}}

    assert send(world, again) == (
        202,
        {"delivery_id": "msg_1", "duplicate": True, "correlation_id": CORRELATION},
    )
    assert world.dump() == before
    assert [m["correlation_id"] for m in world.take("movements")] == [CORRELATION, CORRELATION]


def test_a_delivery_id_with_another_body_is_a_conflict_and_is_not_sent_on(world: World) -> None:
    send(world, webhook_event(moved(movement("m1", 5))))
    before = world.dump()
    world.take("movements")

    status, problem = send(world, webhook_event(moved(movement("m1", 6))))

    assert (status, problem["type"]) == (409, "urn:crossdock:problem:delivery-id-reused")
    assert world.dump() == before
    assert world.take("movements") == []


def test_the_limit_of_movements_of_the_configuration_holds(world: World, tmp_path: Any) -> None:
    from tests.support.world import api_event

    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(tmp_path, limits={"movements_per_request": 2})))
    answer = world.call("receive_movements", api_event({"movements": [movement(str(n)) for n in range(3)]}), None)

    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["errors"]) == (
        422,
        [
            {
                "field": "movements",
                "problem": "3 movements",
                "remedy": "send at most 2, and the rest in further requests",
            }
        ],
    )
    assert world.take("movements") == []


def test_one_delivery_at_eight_doors_at_once_is_kept_once(world: World) -> None:
    event = webhook_event(moved(movement("m1")))
    send(world, webhook_event(moved(movement("m0")), delivery="msg_0"))  # built once, before the race
    world.take("movements")
    start, answers = threading.Barrier(8), []

    def work() -> None:
        start.wait()
        answers.append(json.loads(world.call("receive_webhook", event, None)["body"]))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(a["duplicate"] for a in answers) == [False] + [True] * 7
    assert [r["pk"] for r in world.rows("exchange")] == ["IN#wms#msg_0", "IN#wms#msg_1"]
    messages = world.take("movements")
    world.knows(("wms", "A1", "SKU-1"))
    world.call("apply_movements", world.queue_event("movements", messages))
    assert len(messages) == 8
    assert [(r["sk"], r["q"]) for r in world.rows("inventory")] == [("wms#m1", 5)]
