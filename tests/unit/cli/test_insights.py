"""Searching a deployed stage's logs: what Insights is asked, and what is made of its answers."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from crossdock_cli import insights, logs
from crossdock_cli.errors import CliError

pytestmark = pytest.mark.unit

ID = "0192f0c1-7a3e-7cc1-9a51-0d5ad9f1c2aa"


class Logs:
    """Answers `answers`, one after the other, and keeps what it was asked."""

    def __init__(self, *answers: dict[str, Any], refuses: str = "") -> None:
        self.answers = list(answers)
        self.refuses = refuses
        self.asked: list[dict[str, Any]] = []
        self.stopped: list[str] = []

    def start_query(self, **request: Any) -> dict[str, str]:
        self.asked.append(request)
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses, "Message": "no"}}, "StartQuery")
        return {"queryId": "q-1"}

    def get_query_results(self, queryId: str) -> dict[str, Any]:  # noqa: N803
        assert queryId == "q-1"
        return self.answers.pop(0)

    def stop_query(self, queryId: str) -> None:  # noqa: N803
        self.stopped.append(queryId)


def target(found: Logs) -> Any:
    return SimpleNamespace(stage="prod", logs=found, function_name=lambda f: f"crossdock-prod-{f}")


def complete(*lines: tuple[str, str]) -> dict[str, Any]:
    rows = [
        [{"field": "@timestamp", "value": at}, {"field": "@message", "value": m}, {"field": "@ptr", "value": "x"}]
        for at, m in lines
    ]
    return {"status": "Complete", "results": rows}


def test_all_functions_are_asked_at_once_and_waited_for() -> None:
    found = Logs({"status": "Scheduled"}, {"status": "Running"}, complete(("2026-11-21 08:00:01.250", "said")))
    pauses: list[float] = []
    lines = insights.search(
        target(found), ID, 1_795_000_000_500, prefix="/aws/lambda/crossdock-prod-", pause=pauses.append
    )
    assert lines == [("said", 1_795_248_001_250)]
    assert len(pauses) == 2
    (asked,) = found.asked
    assert asked["queryString"] == (
        'SOURCE logGroups(namePrefix: ["/aws/lambda/crossdock-prod-"])\n'
        f'| fields @timestamp, @message\n| filter @message like "{ID}"\n| sort @timestamp asc'
    )
    assert (asked["startTime"], asked["limit"]) == (1_795_000_000, 10_000)


def test_a_deployed_stage_is_traced_by_insights_and_only_lines_with_that_very_id_count() -> None:
    line = {"message": "applied", "service": "apply_movements", "timestamp": "2026-11-21T08:00:01.250Z"}
    found = Logs(
        complete(
            ("2026-11-21 08:00:01.250", json.dumps(line | {"correlation_ids": [ID]})),
            ("2026-11-21 08:00:02.000", json.dumps(line | {"correlation_ids": [ID + "9"]})),
            ("2026-11-21 08:00:03.000", f"REPORT {ID}"),
        )
    )
    events = logs.events(target(found), start=1_795_000_000_000, phrase=ID)
    assert [(e.station, ID in e.correlation_ids) for e in events] == [
        ("apply_movements", True),
        ("apply_movements", False),
    ]


def test_a_phrase_cannot_end_the_text_that_it_stands_in() -> None:
    found = Logs(complete())
    insights.search(target(found), 'a" | limit 1 \\', 0, prefix="p")
    assert '| filter @message like "a\\" | limit 1 \\\\"\n' in found.asked[0]["queryString"]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (Logs({"status": "Failed"}), "the search of the logs ended as Failed"),
        (Logs({"status": "Timeout"}), "the search of the logs ended as Timeout"),
        (Logs(refuses="LimitExceededException"), "the account runs as many log queries as it may"),
        (Logs(complete(*[("2026-11-21 08:00:01.250", "x")] * 10_000)), "more than 10,000 lines hold it"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_a_remedy(found: Logs, message: str) -> None:
    with pytest.raises(CliError) as error:
        insights.search(target(found), ID, 0, prefix="p")
    assert error.value.message == message
    assert error.value.remedy


def test_a_search_that_takes_too_long_is_ended_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Logs({"status": "Running"}, {"status": "Running"})
    now = [0.0]
    monkeypatch.setattr("crossdock_cli.insights.time.time", lambda: now[0])

    def pause(_: float) -> None:
        now[0] += 301

    with pytest.raises(CliError):
        insights.search(target(found), ID, 0, prefix="p", pause=pause)
    assert found.stopped == ["q-1"]
