"""The functions' structured logs, read back from CloudWatch Logs.

Contract with the functions: one JSON object a line with `timestamp`, `service`, `message`,
`correlation_id` or `correlation_ids`, `station`, and whatever else they have to say.
"""

from __future__ import annotations

import json
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from crossdock_cli import insights
from crossdock_cli.target import LOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crossdock_cli.target import Target

# Written by the logger for itself; they say nothing about the business.
_PLUMBING: Final = {
    "cold_start",
    "exception",
    "exception_name",
    "correlation_id",
    "correlation_ids",
    "function_arn",
    "function_memory_size",
    "function_name",
    "function_request_id",
    "level",
    "location",
    "message",
    "sampling_rate",
    "service",
    "stack_trace",
    "station",
    "timestamp",
    "xray_trace_id",
}
_READERS: Final = 8
_FOLLOW_SECONDS: Final = 1.0
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, order=True)
class LogEvent:
    """One structured line. `at` is what the function wrote down, not when the line arrived."""

    at: datetime
    station: str
    message: str
    level: str = field(default="INFO", compare=False)
    fields: dict[str, Any] = field(default_factory=dict, compare=False)
    correlation_ids: tuple[str, ...] = field(default=(), compare=False)
    trouble: str = field(default="", compare=False)  # the stack trace of a caught exception
    identity: str = field(default="", compare=False)

    def details(self) -> str:
        """The free fields as key=value, and what an exception said."""
        said = [f"{key}={_short(value)}" for key, value in self.fields.items()]
        return " ".join(said + self.trouble.rstrip().splitlines()[-1:])


def log_groups(target: Target, function: str = "") -> list[str]:
    """The log groups of the stage's functions, or of one of them."""
    prefix = f"/aws/lambda/{target.function_name(function)}"
    pages = target.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    return [group["logGroupName"] for page in pages for group in page["logGroups"] if "logGroupName" in group]


def events(target: Target, function: str = "", start: int = 0, phrase: str = "") -> list[LogEvent]:
    """The structured lines since `start` (epoch milliseconds) that hold `phrase`, in order of time.

    In an account a phrase is searched by Insights, which reads all log groups at once. Raises CliError as it does.
    """
    if phrase and target.stage != LOCAL:
        prefix = f"/aws/lambda/{target.function_name(function)}"
        lines = insights.search(target, phrase, start, prefix=prefix)
        parsed = (parse(text, at, f"{at}{text}") for text, at in lines)
        return sorted(event for event in parsed if event is not None)
    groups = log_groups(target, function)
    with ThreadPoolExecutor(_READERS) as readers:
        found = list(readers.map(lambda group: _read(target, group, start, phrase), groups))
    return sorted(event for part in found for event in part)


def follow(target: Target, function: str, start: int) -> Iterator[LogEvent]:
    """The lines since `start` and then those that arrive, until interrupted."""
    shown: deque[str] = deque(maxlen=_REMEMBERED)
    while True:
        # Lines arrive late and out of order between functions: read a little back and skip what was shown.
        newest = start
        for event in events(target, function, start):
            newest = max(newest, int(event.at.timestamp() * 1000) - 5_000)
            if event.identity not in shown:
                shown.append(event.identity)
                yield event
        start = newest
        time.sleep(_FOLLOW_SECONDS)


def line(event: LogEvent) -> str:
    """One event on one line, and under it the stack trace if it has one."""
    level = "" if event.level == "INFO" else f"{event.level} "
    said = f"{clock(event.at)} {event.station:<22} {level}{event.message} {event.details()}"
    return "\n    ".join([said, *event.trouble.splitlines()])


def clock(moment: datetime) -> str:
    """The time of day in UTC with milliseconds."""
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


def parse(text: str, received_ms: int = 0, identity: str = "") -> LogEvent | None:
    """A structured log line, or None for what else stands in a log (START, REPORT, stray prints)."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    if not isinstance(document, dict) or "message" not in document:
        return None
    service = str(document.get("service", ""))
    return LogEvent(
        at=_time(document.get("timestamp"), received_ms),
        station=str(document.get("station") or service),
        message=str(document["message"]),
        level=str(document.get("level", "INFO")),
        fields={key: value for key, value in document.items() if key not in _PLUMBING},
        correlation_ids=_correlation_ids(document),
        trouble=str(document.get("exception") or ""),
        identity=identity or text,
    )


def _read(target: Target, group: str, start: int, phrase: str) -> list[LogEvent]:
    request: dict[str, Any] = {"logGroupName": group, "startTime": start}
    if phrase:
        request["filterPattern"] = f'"{phrase}"'
    found: list[LogEvent] = []
    for page in target.logs.get_paginator("filter_log_events").paginate(**request):
        for event in page["events"]:
            identity = event.get("eventId") or f"{event.get('logStreamName')}{event.get('message')}"
            parsed = parse(event.get("message", ""), event.get("timestamp", 0), identity)
            if parsed is not None:
                found.append(parsed)
    return found


def _correlation_ids(document: dict[str, Any]) -> tuple[str, ...]:
    several: Sequence[Any] = document.get("correlation_ids") or ()
    one = document.get("correlation_id")
    return tuple(str(value) for value in ([one] if one else []) + list(several))


def _time(written: object, received_ms: int) -> datetime:
    """The logger's time: ISO 8601, also with the comma that Python's logging puts before the milliseconds."""
    try:
        moment = datetime.fromisoformat(str(written).replace(",", "."))
    except ValueError:
        return datetime.fromtimestamp(received_ms / 1000, UTC)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _short(value: object) -> str:
    if isinstance(value, str) and value.isprintable():  # anything else could steer the terminal
        return value
    return json.dumps(value, separators=(",", ":"), default=str)
