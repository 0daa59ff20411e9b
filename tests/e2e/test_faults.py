"""What the app stands on fails: a store, a queue, a fact among a hundred. Nothing is lost and nothing doubled."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.system import movement, wms_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.system import System

_NOBODY: Final = "http://127.0.0.1:9"  # the discard port: every connection is refused at once


@contextmanager
def down(system: System, function: str, service: str) -> Iterator[None]:
    """While inside, the function reaches nobody where it expects an AWS service."""
    functions, name = system.target.functions, system.target.function_name(function)
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    cut = {**variables, f"AWS_ENDPOINT_URL_{service.upper()}": _NOBODY}
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": cut})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def sent(system: System, sku: str, delivery: str) -> httpx.Response:
    """A webhook of two movements, under the same id however often it is sent."""
    moved = [movement(f"{delivery}-{n}", sku, 3) for n in (1, 2)]
    return system.webhook("wms", "stock.moved", {"movements": moved}, delivery=delivery)


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


UNAVAILABLE: Final = (503, "urn:crossdock:problem:temporarily-unavailable")


def test_a_store_that_is_down_is_told_to_the_sender_whose_next_attempt_is_taken_once(system: System) -> None:
    system.knows("FLT-STORE")
    with down(system, "receive_webhook", "dynamodb"):
        assert refused(sent(system, "FLT-STORE", "flt-store")) == UNAVAILABLE
    assert system.row("exchange", "IN#wms#flt-store", "IN") is None

    answers = [sent(system, "FLT-STORE", "flt-store") for _ in range(2)]

    assert [(a.status_code, a.json()["duplicate"]) for a in answers] == [(202, False), (202, True)]
    system.until("the channels are told", lambda: system.told("FLT-STORE", 6, 4))
    system.at_rest()
    assert system.journal("FLT-STORE") == {"flt-store-1": 3, "flt-store-2": 3}


def test_a_queue_that_is_down_leaves_the_delivery_kept_and_the_next_attempt_sends_it_on(system: System) -> None:
    system.knows("FLT-QUEUE")
    with down(system, "receive_webhook", "sqs"):
        assert refused(sent(system, "FLT-QUEUE", "flt-queue")) == UNAVAILABLE
    kept = system.row("exchange", "IN#wms#flt-queue", "IN")
    assert kept is not None
    assert system.journal("FLT-QUEUE") == {}

    answer = sent(system, "FLT-QUEUE", "flt-queue")

    assert (answer.status_code, answer.json()["duplicate"]) == (202, True)
    assert answer.json()["correlation_id"] == kept["cor"], "the first attempt's trace goes on"
    system.until("the channels are told", lambda: system.told("FLT-QUEUE", 6, 4))
    system.at_rest()
    assert system.journal("FLT-QUEUE") == {"flt-queue-1": 3, "flt-queue-2": 3}


def test_a_worker_whose_store_is_down_is_redelivered_to_until_it_is_back(system: System) -> None:
    system.knows("FLT-WORK")
    with down(system, "apply_movements", "dynamodb"):
        system.send(movement("flt-work", "FLT-WORK", 5))
        depths = "the message waits to be tried again"
        system.until(depths, lambda: system.depths()["movements"] > 0)
        assert system.journal("FLT-WORK") == {}

    system.until("the channels are told", lambda: system.told("FLT-WORK", 5, 3))
    assert system.journal("FLT-WORK") == {"flt-work": 5}
    assert system.depths()["movements-dlq"] == 0


def test_one_bad_fact_among_a_hundred_holds_up_none_of_the_others(system: System) -> None:
    system.knows("FLT-MANY")
    facts = [movement(f"flt-m{n}", "FLT-MANY" if n != 57 else "FLT-POISON", 1) for n in range(100)]

    answer = system.webhook("wms", "stock.moved", {"movements": facts})

    assert answer.status_code == 202
    system.until("the channels are told", lambda: system.told("FLT-MANY", 99, 97))
    group = system.exception("unknown_item", f"item/{wms_code('FLT-POISON')}")
    [fact] = system.shown(group)["occurrences"]
    assert (group["open"], fact["message"]["movements"]) == (1, [facts[57]])
    assert system.journal("FLT-MANY") == {f"flt-m{n}": 1 for n in range(100) if n != 57}


def test_a_replay_amid_live_traffic_of_the_same_item_counts_each_movement_once(system: System) -> None:
    system.knows("FLT-LIVE")
    system.send(*(movement(f"flt-r{n}", "FLT-RENAMED", 1) for n in range(20)))
    group = system.exception("unknown_item", f"item/{wms_code('FLT-RENAMED')}")
    system.until("all are listed", lambda: system.shown(group)["open"] == 20)
    system.crossdock("xref", "add", "wms", wms_code("FLT-RENAMED"), "FLT-LIVE")
    problems: list[Any] = []

    def traffic() -> None:
        try:
            for n in range(20):
                system.send(movement(f"flt-l{n}", "FLT-LIVE", 1))
        except Exception as exc:  # noqa: BLE001 - a thread's errors are the test's
            problems.append(exc)

    live = threading.Thread(target=traffic)
    live.start()
    replayed = system.crossdock("exceptions", "replay", group["id"], "--json").document
    live.join()

    assert problems == []
    assert (replayed["sent"], replayed["passed_over"]) == (20, 0)
    system.until("the channels are told", lambda: system.told("FLT-LIVE", 40, 38))
    expected = {f"flt-{kind}{n}": 1 for kind in "rl" for n in range(20)}
    assert system.journal("FLT-LIVE") == expected
    closed = system.exception("unknown_item", f"item/{wms_code('FLT-RENAMED')}", "closed")
    assert (closed["open"], closed["settled"]) == (0, 20)


@pytest.mark.parametrize("service", ["dynamodb", "sqs"])
def test_a_partner_is_told_to_come_again_and_nothing_is_half_done(system: System, service: str) -> None:
    sku = f"FLT-API-{service}"
    system.knows(sku)
    with down(system, "receive_movements", service):
        answer = system.post({"movements": [movement(f"flt-api-{service}", sku, 4)]})
        expected = UNAVAILABLE if service == "sqs" else (202, None)
        assert (answer.status_code, answer.json().get("type")) == expected

    system.send(movement(f"flt-api-{service}", sku, 4))

    system.until("the channels are told", lambda: system.told(sku, 4, 2))
    system.at_rest()
    assert system.journal(sku) == {f"flt-api-{service}": 4}
