"""Reserving, ending and expiring die before and after each outside call, are asked again, and end as if undisturbed.

Of a hold only its nonce, and how often its row and header were written on the way, may differ.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.inventory.holds import reservation_id
from tests.support.reserving import act, body, expire, header, line, look, post, stocked
from tests.support.scenarios import Scenario, Stage, dies_everywhere, on, run
from tests.support.world import Context, later

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

SHORT = {"expires_in_seconds": 30}


def _stock(stage: Stage) -> None:
    stocked(stage.world, A1=10, A2=4)


def _posts(document: dict[str, Any], status: int = 201) -> Callable[[Stage], None]:
    def work(stage: Stage) -> None:
        answer, held = post(stage.world, document)
        assert answer == status, held

    return work


def _refused_in_the_end(stage: Stage) -> None:
    """A writer that dies over a refusal leaves it to the sweeper; until then the request is in progress."""
    answer, problem = post(stage.world, body(line(quantity=11)))
    assert (answer, problem["type"].rsplit(":", 1)[1]) in {(409, "not-available"), (409, "in-progress")}
    expire(stage.world, look(reservation_id("acme", "key-1"), abandoned=True))


def _held(document: dict[str, Any], at: float = 0, then: str = "") -> Callable[[Stage], None]:
    """A hold that stands, its time moved on by so many seconds, and what was done with it before."""

    def arrange(stage: Stage) -> None:
        _stock(stage)
        status, held = post(stage.world, document)
        assert status == 201
        stage.kept = held["id"]
        if then:
            assert act(stage.world, stage.kept, then)[0] == 200
        stage.world.now = later(at)

    return arrange


def _acts(action: str, document: Any = None) -> Callable[[Stage], None]:
    def work(stage: Stage) -> None:
        answer = act(stage.world, stage.kept, action, document)
        assert answer[0] == 200, answer

    return work


def _expires(stage: Stage) -> None:
    expire(stage.world, look(stage.kept))


def _queued(stage: Stage) -> None:
    _stock(stage)
    listener = stage.world.target.sqs.create_queue(QueueName="crossdock-local-decided")
    stage.world.urls["decided"] = listener["QueueUrl"]
    pattern = json.dumps({"detail-type": ["inventory.reservation.decided.v1"]})
    stage.world.target.events.put_rule(Name="decided", EventBusName="crossdock-local", EventPattern=pattern)
    targets: Any = [
        {"Id": "q", "Arn": "arn:aws:sqs:us-east-1:000000000000:crossdock-local-decided", "InputPath": "$.detail"}
    ]
    stage.world.target.events.put_targets(Rule="decided", EventBusName="crossdock-local", Targets=targets)
    stocked(stage.world, A3=1)
    wishes = {
        "a": body(line(quantity=6)),
        "b": body(line(quantity=4)),
        "c": body(line("1", "A2", 2), line("2", "A3", 1)),
        "d": body(line("1", "A2", 99)),
    }
    for key, document in wishes.items():
        assert post(stage.world, document, key, {"Prefer": "respond-async"})[0] == 202
    stage.kept = stage.world.take("reservations")


def _decides(stage: Stage) -> None:
    """The batch, and what comes again of it after its sweep: what a dead worker left undecided."""
    event = stage.world.queue_event("reservations", stage.kept)
    for _ in range(2):
        answer = stage.world.call("apply_reservations", event, Context())
        again = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        event = {"Records": [r for r in event["Records"] if r["messageId"] in again]}
        undecided = [json.loads(r["body"])["id"] for r in event["Records"]]
        if not undecided:
            return
        expire(stage.world, *(look(rid, abandoned=True) for rid in undecided))
    raise AssertionError(f"{undecided} were never decided")


def _outcomes(stage: Stage) -> Any:
    told = {(e["data"]["reservation"], e["data"]["outcome"]) for e in stage.world.take("decided")}
    return sorted(told), _stands(stage)


def _stands(stage: Stage) -> Any:
    """Headers and reservations, each by what it says of units; an OPEN row is one that its marker holds."""
    found: list[Any] = []
    for row in stage.world.rows("inventory"):
        if row["pk"].startswith("RSV#") and row["sk"] == "R":
            state = "HELD" if row["st"] == "OPEN" else row["st"]
            found.append((row["pk"], state, row["exp"], row["lines"], row["places"]))
        elif row["pk"].startswith("T#"):
            numbers = {k: v for k, v in row.items() if k not in {"ver", "seq", "at", "lag", "cors"}}
            markers = {k: v.split("|")[:2] for k, v in numbers.items() if k.startswith("r_")}
            found.append({**numbers, **markers})
        elif not row["pk"].startswith("M#"):
            found.append({k: v for k, v in row.items() if k != "ver"})
    return found, stage.world.rows("exceptions")


def _looked_at(stage: Stage) -> None:
    stage.world.call("announce_changes", {"Records": stage.world.stream("inventory")}, Context())


TWO = body(line("1"), line("2", "A2", 4))
SCENARIOS = [
    Scenario("reserve one line", 1, _stock, _posts(body()), _stands),
    Scenario("reserve many lines", 1, _stock, _posts(TWO), _stands),
    Scenario("reserve what there is", 2, _stock, _posts(body(line(quantity=99), on_shortage="partial")), _stands),
    Scenario("refuse one line", 5, _stock, _refused_in_the_end, _stands),
    Scenario("refuse many lines", 3, _stock, _posts(body(line("1"), line("2", "A2", 5)), 409), _stands),
    Scenario("confirm", 5, _held(body()), _acts("confirm"), _stands),
    Scenario("confirm many lines", 5, _held(TWO), _acts("confirm"), _stands),
    Scenario("release", 5, _held(TWO), _acts("release"), _stands),
    Scenario("cancel", 10, _held(TWO, then="confirm"), _acts("cancel"), _stands),
    Scenario("extend", 7, _held(body()), _acts("extend", {"expires_in_seconds": 3600}), _stands),
    Scenario(
        "change",
        4,
        _held(TWO),
        _acts("change", {"lines": [{"line": "1", "quantity": 9}, {"line": "2", "quantity": 0}]}),
        _stands,
    ),
    Scenario("expire", 5, _held(body(**SHORT), 30), _expires, _stands),
    Scenario("expire many lines", 6, _held({**TWO, **SHORT}, 30), _expires, _stands),
    Scenario("look at a hold that is not over", 4, _held(body(**SHORT), 10), _expires, _stands),
    Scenario("decide what is queued", 6, _queued, _decides, _outcomes),
    Scenario("send the messages that will end holds", 3, _held(TWO), _looked_at, _stands),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_a_death_anywhere_holds_nothing_twice_and_frees_nothing_twice(
    scenario: Scenario, engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_everywhere(scenario, engine, tmp_path, monkeypatch)


def _next(stage: Stage) -> None:
    post(stage.world, body(line(quantity=10)), "the-next")


def test_a_death_over_clearing_an_expired_hold_away_leaves_it_to_the_sweeper(
    engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old hold has ended once; the new one stands whole, or was given up for ever with nothing taken."""
    over = Scenario("over", 7, _held(body(line(quantity=10), **SHORT), 30), _next, _stands)
    for at in range(1, over.calls + 1):
        for moment in ("before", "after"):
            stage = on(over, engine, tmp_path, monkeypatch)
            _, death = run(over, stage, at, moment)  # type: ignore[arg-type]
            assert death
            stage.world.forget_warm_state()
            expire(stage.world, look(reservation_id("acme", "the-next"), abandoned=True), look(stage.kept))
            status, document = post(stage.world, body(line(quantity=10)), "the-next")

            held = 10 if status == 201 else 0
            assert (status, document.get("status")) in {(201, "held"), (409, 409)}, death
            assert header(stage.world) == {"oh": 10, "av": 10 - held, "rsv": held, "cm": 0}, death
            row = stage.world.row("inventory", f"RSV#{stage.kept}", "R")
            assert row is not None
            assert row["st"] == "EXPIRED", death
