"""What lies on a queue and is no message of it, and what a queue gave up: on the exceptions list, never lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.system import WORK, movement

if TYPE_CHECKING:
    from tests.support.system import System


STRANGE = {"v": 2, "colour": "red", "source": "stranger"}


def left_behind(queue: str) -> dict[str, Any]:
    return {"source": "wms", "correlation_id": f"dead-{queue}", "left": "behind"}


def put(system: System, queue: str, body: str) -> None:
    system.target.sqs.send_message(QueueUrl=system.url(queue), MessageBody=body)


@pytest.fixture(scope="module")
def poisoned(system: System) -> None:
    """Every queue with what is no message of it, every dead-letter queue with a letter. All at once: it is quicker."""
    for queue in WORK:
        for body in ("this is no JSON", "[1, 2]", json.dumps(STRANGE)):
            put(system, queue, body)
        put(system, f"{queue}-dlq", json.dumps(left_behind(queue)))


def facts(system: System, kind: str, queue: str, source: str, count: int) -> list[dict[str, Any]]:
    """The facts of the group of this kind, queue and source, once there are so many; the group is closed then."""

    def found() -> Any:
        for group in system.crossdock("exceptions", "list", "--json").document:
            if (group["kind"], group["subject"], group["source"]) == (kind, f"queue/{queue}", source):
                shown = system.shown(group)
                # Others may have been dealt with before, by another test.
                shown["occurrences"] = [fact for fact in shown["occurrences"] if fact["state"] == "open"]
                return shown if len(shown["occurrences"]) == count else None
        return None

    shown = system.until(f"{count} facts of {source} in {queue} are listed", found)
    closed = system.crossdock("exceptions", "close", shown["id"], "--why", "a test", "--json").document
    assert closed == {"closed": count}
    return list(shown["occurrences"])


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize("queue", WORK)
def test_what_is_no_message_is_an_exception_with_its_whole_body(system: System, queue: str) -> None:
    [named] = facts(system, "unreadable_message", queue, "stranger", 1)
    unnamed = facts(system, "unreadable_message", queue, "unknown", 2)

    assert (named["message"], named["route"]) == (STRANGE, queue)
    assert sorted(fact["message"]["unreadable"] for fact in unnamed) == ["[1, 2]", "this is no JSON"]
    system.until("the queue is empty", lambda: system.depths()[queue] == 0)


@pytest.mark.usefixtures("poisoned")
@pytest.mark.parametrize("queue", WORK)
def test_a_dead_letter_of_any_queue_is_collected(system: System, queue: str) -> None:
    [fact] = facts(system, "dead_letter", queue, "wms", 1)

    assert fact["message"] == left_behind(queue)
    assert (fact["route"], fact["correlation_id"], fact["state"]) == (queue, f"dead-{queue}", "open")
    system.until("it is taken from the queue", lambda: system.depths()[f"{queue}-dlq"] == 0)


def test_a_dead_letter_is_replayed_into_the_queue_it_came_from(system: System) -> None:
    system.knows("DLQ-A")
    message = {
        "v": 1,
        "kind": "movements",
        "source": "wms",
        "correlation_id": "dead-replayed",
        "movements": [movement("dlq-1", "DLQ-A", 6)],
        "replay": None,
    }
    put(system, "movements-dlq", json.dumps(message))
    group = system.exception("dead_letter", "queue/movements")

    system.crossdock("exceptions", "replay", group["id"])

    system.until("the channels are told", lambda: system.told("DLQ-A", 6, 4))

    def settled() -> bool:
        found = system.shown(group)["occurrences"]
        return [fact["state"] for fact in found if fact["correlation_id"] == "dead-replayed"] == ["settled"]

    system.until("it is settled", settled)


def test_a_poisoned_message_is_mended_by_a_patch_and_replayed(system: System, tmp_path: Any) -> None:
    system.knows("DLQ-B")
    put(system, "movements", json.dumps({"v": 1, "kind": "movement", "movements": [movement("dlq-2", "DLQ-B", 4)]}))
    group = system.exception("unreadable_message", "queue/movements")
    patch = tmp_path / "patch.json"
    patch.write_text(
        json.dumps(
            [
                {"op": "replace", "path": "/kind", "value": "movements"},
                {"op": "add", "path": "/source", "value": "wms"},
                {"op": "add", "path": "/correlation_id", "value": "mended-by-hand"},
            ]
        )
    )

    system.crossdock("exceptions", "correct", group["id"], "--patch", str(patch), "--why", "old sender")
    system.crossdock("exceptions", "replay", group["id"])

    system.until("the channels are told", lambda: system.told("DLQ-B", 4, 2))
    system.until("it is settled", lambda: system.shown(group)["occurrences"][-1]["state"] == "settled")


def test_a_call_that_lambda_gave_up_is_listed_and_cannot_be_replayed(system: System) -> None:
    lost = {
        "requestContext": {
            "requestId": "lost-1",
            "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:crossdock-local-reconcile-stock:$LATEST",
            "condition": "RetriesExhausted",
        },
        "requestPayload": {"source": "wms"},
    }
    put(system, "failures", json.dumps(lost))

    group = system.exception("failed_invocation", "function/crossdock-local-reconcile-stock")
    said = system.crossdock("exceptions", "replay", group["id"])

    assert group["detail"] == "crossdock-local-reconcile-stock gave up: RetriesExhausted"
    assert (said.code, said.out) == (1, "")
    assert "cannot be replayed" in said.err
    assert system.shown(group)["occurrences"][0]["state"] == "open"
    system.crossdock("exceptions", "close", group["id"], "--why", "invoked by hand")
