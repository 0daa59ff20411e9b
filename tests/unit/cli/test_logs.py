"""Reading the functions' log lines back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock_cli import logs, trace
from crossdock_cli.errors import CliError
from crossdock_cli.logs import LogEvent

pytestmark = pytest.mark.unit


def written(**fields: Any) -> str:
    return json.dumps({"message": "applied", "service": "apply_movements", **fields})


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2026-11-21 02:50:01,123+0000", datetime(2026, 11, 21, 2, 50, 1, 123000, UTC)),
        ("2026-11-21T02:50:01.123456Z", datetime(2026, 11, 21, 2, 50, 1, 123456, UTC)),
        ("2026-11-21T03:50:01.123+01:00", datetime(2026, 11, 21, 2, 50, 1, 123000, UTC)),
        ("no time at all", datetime(1970, 1, 1, 0, 0, 1, 500000, UTC)),
    ],
)
def test_the_time_is_the_functions_own_when_it_wrote_one(timestamp: str, expected: datetime) -> None:
    event = logs.parse(written(timestamp=timestamp), received_ms=1500)

    assert event is not None
    assert event.at == expected


@pytest.mark.parametrize("line", ["START RequestId: 1", "", "[1]", '"text"', '{"level":"INFO"}'])
def test_what_is_not_a_structured_line_is_skipped(line: str) -> None:
    assert logs.parse(line) is None


def test_unknown_fields_are_shown_as_key_and_value_and_plumbing_is_not() -> None:
    event = logs.parse(
        written(level="INFO", location="x:1", cold_start=True, xray_trace_id="1-2", sku="A", count=3, keys=["a", "b"])
    )

    assert event is not None
    assert event.details() == 'sku=A count=3 keys=["a","b"]'


def test_what_would_steer_a_terminal_is_shown_as_json() -> None:
    event = logs.parse(written(sku="\x1b[2J"))

    assert event is not None
    assert event.details() == 'sku="\\u001b[2J"'


def test_one_id_and_several_are_read_alike() -> None:
    event = logs.parse(written(correlation_id="c-1", correlation_ids=["c-2", "c-3"]))

    assert event is not None
    assert event.correlation_ids == ("c-1", "c-2", "c-3")


def test_the_station_is_the_function_unless_it_names_one() -> None:
    stations = [event.station for line in (written(), written(station="journal")) if (event := logs.parse(line))]

    assert stations == ["apply_movements", "journal"]


def test_a_line_shows_time_station_level_and_fields() -> None:
    event = LogEvent(datetime(2026, 11, 21, 2, 50, 1, 7000, UTC), "inbox", "stored", "WARNING", {"n": 1})

    assert logs.line(event) == "02:50:01.007 inbox                  WARNING stored n=1"


def test_an_exception_is_one_line_in_a_trace_and_whole_in_the_log() -> None:
    event = logs.parse(written(exception="Traceback:\n  File x\nKeyError: 'a'", exception_name="KeyError", n=1))

    assert event is not None
    assert event.details() == "n=1 KeyError: 'a'"
    assert logs.line(event).splitlines()[1:] == ["    Traceback:", "      File x", "    KeyError: 'a'"]


class FakeTarget:
    """Answers the two calls of CloudWatch Logs that reading takes, two pages of one group."""

    stage = "local"

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.asked: list[dict[str, Any]] = []
        self.logs = self

    def function_name(self, function: str) -> str:
        return f"crossdock-local-{function}"

    def get_paginator(self, operation: str) -> FakePages:
        return FakePages(self, operation)


class FakePages:
    def __init__(self, target: FakeTarget, operation: str) -> None:
        self.target, self.operation = target, operation

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        if self.operation == "describe_log_groups":
            return [{"logGroups": [{"logGroupName": "/aws/lambda/crossdock-local-apply-movements"}]}]
        self.target.asked.append(request)
        return [{"events": [{"message": line, "timestamp": 1}]} for line in self.target.lines]


def test_a_timeline_is_in_order_of_time_and_holds_only_lines_of_that_id() -> None:
    target = FakeTarget(
        [
            written(timestamp="2026-11-21T02:50:02.000Z", correlation_ids=["c-1", "c-9"], station="journal"),
            written(timestamp="2026-11-21T02:50:01.000Z", correlation_id="c-1", station="api"),
            written(timestamp="2026-11-21T02:50:01.500Z", correlation_id="c-10", station="api", reference="c-1"),
        ]
    )

    way = trace.timeline(target, "c-1", 5)  # type: ignore[arg-type]

    assert [event.station for event in way] == ["api", "journal"]
    assert target.asked == [
        {"logGroupName": "/aws/lambda/crossdock-local-apply-movements", "startTime": 5, "filterPattern": '"c-1"'}
    ]


@pytest.mark.parametrize("text", ['c"1', "", "a b", "x" * 201])
def test_what_cannot_be_an_id_is_refused_before_anything_is_asked(text: str) -> None:
    with pytest.raises(CliError, match="cannot be a correlation id"):
        trace.command(None, text, 10, as_json=False)  # type: ignore[arg-type]
