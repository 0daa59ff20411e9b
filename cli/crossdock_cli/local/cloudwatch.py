"""Makes the emulator measure what CloudWatch measures by itself: nothing of a dashboard or an alarm is blind here.

    line in a log ─▶ embedded metric format? ─▶ one value per metric and set of dimensions, as its timestamp says
    invocation    ─▶ AWS/Lambda      Invocations, Errors, Duration, IteratorAge, whoever invoked
    answer        ─▶ AWS/ApiGateway  Count, 4XXError, 5XXError, Latency
    every queue   ─▶ AWS/SQS         ApproximateNumberOfMessagesVisible, …NotVisible, ApproximateAgeOfOldestMessage

The emulator counts invocations over its API only, and knows none of the rest. Values are put where PutMetricData puts
them, in the scope of whoever wrote the line, under the same lock that keeps the log: so each line counts once.

This module runs in the engine's own process (`emulator.py`); times are seconds since 1970 unless a name says otherwise.
"""

from __future__ import annotations

import json
import threading
import time
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from ministack.core.responses import request_scope  # type: ignore[import-untyped]
from ministack.services import (  # type: ignore[import-untyped]
    apigateway_v1,
    cloudwatch,
    cloudwatch_logs,
    lambda_svc,
    sqs,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    Datum = tuple[str, str, dict[str, str], float, str, list[float]]  # namespace, name, dimensions, at, unit, values
    Queue = dict[str, Any]

_MARK: Final = '"_aws"'
# CloudWatch takes no more values for one metric of a line.
_MOST_VALUES: Final = 100
# A queue that changes is looked at so often; one that does not says so once in half a minute.
_QUEUES_EVERY_S: Final = 2.0
_RESTATED_AFTER_S: Final = 30.0
_CLIENT, _SERVER = range(400, 500), range(500, 600)
# Two functions of one kind can write their first line at once, and the emulator makes a list for each then.
_storing = threading.Lock()


def measure_as_cloudwatch_does() -> None:
    """Corrects the emulator's modules, which look their functions up by name at every call, and watches its queues."""
    read_metrics_from_logs()
    measure_invocations()
    measure_answers()
    threading.Thread(target=_watch_queues, name="crossdock-queues", daemon=True).start()


# -- lines of logs ----------------------------------------------------------------------------------------------------


def read_metrics_from_logs(engine: Any = cloudwatch_logs) -> None:
    """Every event that is appended to a log is read once, where it is appended."""
    append = engine._append_log_events  # noqa: SLF001  (there is no public seam)

    @wraps(append)
    def appended(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
        append(stream, events)
        for event in events:
            store(embedded(event["message"], event["timestamp"] / 1000))

    engine._append_log_events = appended  # noqa: SLF001


def embedded(message: str, at: float) -> Iterator[Datum]:
    """The values of a line in the embedded metric format; of any other line nothing.

    What CloudWatch would leave out of a line is left out: metrics without a number, sets of dimensions that the line
    does not give all values for.
    """
    if _MARK not in message:
        return
    try:
        line = json.loads(message)
        told = line["_aws"]
        directives = told["CloudWatchMetrics"]
        at = told.get("Timestamp", at * 1000) / 1000
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    for directive in directives:
        for names in directive.get("Dimensions", [[]]):
            dimensions = {name: str(line[name]) for name in names if name in line}
            if len(dimensions) < len(names):
                continue
            for metric in directive["Metrics"]:
                values = _numbers(line.get(metric["Name"]))
                if values:
                    unit = metric.get("Unit", "None")
                    yield directive["Namespace"], metric["Name"], dimensions, at, unit, values


def _numbers(value: object) -> list[float]:
    listed = value[:_MOST_VALUES] if isinstance(value, list) else [value]
    return [float(v) for v in listed if isinstance(v, int | float) and not isinstance(v, bool)]


def store(data: Iterable[Datum]) -> None:
    """Puts values where PutMetricData puts them; no alarm is judged here."""
    for namespace, name, dimensions, at, unit, values in data:
        with _storing:
            cloudwatch._store_datum(namespace, name, dimensions, at, unit, None, values, None, None)  # noqa: SLF001


# -- invocations ------------------------------------------------------------------------------------------------------


def measure_invocations(engine: Any = lambda_svc) -> None:
    """Counts each execution where all ways to a function meet: API, gateway, queues, streams, schedules, the bus."""
    execute, told = engine._execute_function_dispatch, engine._emit_lambda_metrics  # noqa: SLF001

    @wraps(execute)
    def executed(func: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float) -> Any:
        result = execute(func, config, event, request_id, started)
        failed = isinstance(result, dict) and bool(result.get("error"))
        dimensions = {"FunctionName": config.get("FunctionName", "unknown")}
        now = time.time()
        values = {"Invocations": (1.0, "Count"), "Errors": (float(failed), "Count")}
        values["Duration"] = ((now - started) * 1000, "Milliseconds")
        if (made := _newest_of_stream(event)) is not None:
            values["IteratorAge"] = (max(0.0, now - made) * 1000, "Milliseconds")
        store(("AWS/Lambda", name, dimensions, now, unit, [value]) for name, (value, unit) in values.items())
        return result

    @wraps(told)
    def throttled(function_name: str, duration_ms: float, error: object, throttle: object) -> None:  # noqa: ARG001
        # Of invocations over the API the emulator tells once more when they are over, with the time they took.
        if throttle and not duration_ms:
            store([("AWS/Lambda", "Throttles", {"FunctionName": function_name}, time.time(), "Count", [1.0])])

    engine._execute_function_dispatch = executed  # noqa: SLF001
    engine._emit_lambda_metrics = throttled  # noqa: SLF001


def _newest_of_stream(event: Any) -> float | None:
    """When the last record of a batch of a table's stream was written; None where it is no such batch."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not records or not isinstance(records, list) or "dynamodb" not in records[-1]:
        return None
    made = records[-1]["dynamodb"].get("ApproximateCreationDateTime")
    return float(made) if made is not None else None


# -- answers ----------------------------------------------------------------------------------------------------------


def measure_answers(engine: Any = apigateway_v1) -> None:
    """Counts each answer of a deployed API, by the API's name."""
    execute: Callable[..., Awaitable[Any]] = engine._handle_execute_in_scope  # noqa: SLF001

    @wraps(execute)
    async def executed(api_id: str, *arguments: Any) -> Any:
        started = time.time()
        answer = await execute(api_id, *arguments)
        now, status = time.time(), int(answer[0])
        dimensions = {"ApiName": str((engine._rest_apis.get(api_id) or {}).get("name", api_id))}  # noqa: SLF001
        values = {"Count": 1.0, "4XXError": float(status in _CLIENT), "5XXError": float(status in _SERVER)}
        store(("AWS/ApiGateway", name, dimensions, now, "Count", [value]) for name, value in values.items())
        store([("AWS/ApiGateway", "Latency", dimensions, now, "Milliseconds", [(now - started) * 1000])])
        return answer

    engine._handle_execute_in_scope = executed  # noqa: SLF001


# -- queues -----------------------------------------------------------------------------------------------------------


def _watch_queues() -> None:
    said: dict[tuple[str, ...], tuple[float, dict[str, float]]] = {}
    while True:
        look_at_queues(said, time.time())
        time.sleep(_QUEUES_EVERY_S)


def look_at_queues(said: dict[tuple[str, ...], tuple[float, dict[str, float]]], now: float) -> None:
    """Measures every queue; one that is as `said` before is measured again after half a minute."""
    for (account, region, *_), queue in sqs._queues.all_items():  # noqa: SLF001
        name = str(queue.get("name") or queue["attributes"]["QueueArn"].rpartition(":")[2])
        with sqs._queues_lock:  # noqa: SLF001
            found = _measures(queue["messages"], now)
        at, before = said.get((account, region, name), (0.0, {}))
        if found == before and now - at < _RESTATED_AFTER_S:
            continue
        said[account, region, name] = (now, found)
        with request_scope(account, region):
            store(
                ("AWS/SQS", measure, {"QueueName": name}, now, "Seconds" if "Age" in measure else "Count", [value])
                for measure, value in found.items()
            )


def _measures(messages: Iterable[Mapping[str, Any]], now: float) -> dict[str, float]:
    listed = list(messages)
    visible = sum(m.get("visible_at", now) <= now for m in listed)
    delayed = sum(m.get("visible_at", now) > now and not m.get("receive_count") for m in listed)
    oldest = min((m.get("enqueued_at", m.get("sent_at", now)) for m in listed), default=now)
    return {
        "ApproximateNumberOfMessagesVisible": float(visible),
        "ApproximateNumberOfMessagesNotVisible": float(len(listed) - visible - delayed),
        "ApproximateAgeOfOldestMessage": float(max(0, int(now - oldest))),
    }
