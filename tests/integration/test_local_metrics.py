"""What CloudWatch measures by itself is measured by the emulator too, once, with its dimensions."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

STATISTICS = ["Sum", "Maximum", "SampleCount"]
CODE = """
import json
def handler(event, context):
    print(json.dumps(event["line"]) if "line" in event else "no metric")
    if event.get("fail"):
        raise RuntimeError("asked to fail")
"""


def line(at: float, **members: Any) -> dict[str, Any]:
    directive = {
        "Namespace": "crossdock",
        "Dimensions": [["stage", "channel"]],
        "Metrics": [{"Name": "Delivered", "Unit": "Count"}, {"Name": "DeliveryLag", "Unit": "Milliseconds"}],
    }
    told = {"Timestamp": int(at * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": told, "stage": "local", "channel": "webshop", **members}


def read(target: Target, namespace: str, name: str, **dimensions: str) -> list[tuple[str, float, float, float]]:
    """Unit, sum, maximum and number of values within the last ten minutes, put together."""
    now = datetime.now(UTC)
    points = target.cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": n, "Value": v} for n, v in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=STATISTICS,  # type: ignore[arg-type]
    )["Datapoints"]
    return [(p["Unit"], p["Sum"], p["Maximum"], p["SampleCount"]) for p in points]


def function(target: Target) -> str:
    """A function that prints what it is asked to."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("said.py", CODE)
    target.functions.create_function(
        FunctionName="says",
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/says",
        Handler="said.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    return "says"


def invoke(target: Target, event: dict[str, Any]) -> None:
    target.functions.invoke(FunctionName="says", Payload=json.dumps(event))


def test_a_line_that_a_function_prints_is_a_metric_with_its_dimensions(fresh: Target) -> None:
    function(fresh)

    invoke(fresh, {"line": line(time.time(), Delivered=3, DeliveryLag=[20, 40, 900])})
    invoke(fresh, {"line": line(time.time(), Delivered=4)})

    shop = {"stage": "local", "channel": "webshop"}
    assert read(fresh, "crossdock", "Delivered", **shop) == [("Count", 7.0, 4.0, 2.0)]
    assert read(fresh, "crossdock", "DeliveryLag", **shop) == [("Milliseconds", 960.0, 900.0, 3.0)]
    assert read(fresh, "crossdock", "Delivered", stage="local") == []


def test_invocations_and_errors_are_counted_once_each(fresh: Target) -> None:
    function(fresh)

    invoke(fresh, {})
    invoke(fresh, {"fail": True})

    assert read(fresh, "AWS/Lambda", "Invocations", FunctionName="says") == [("Count", 2.0, 1.0, 2.0)]
    assert read(fresh, "AWS/Lambda", "Errors", FunctionName="says") == [("Count", 1.0, 1.0, 2.0)]


def test_a_line_that_is_put_into_a_log_is_a_metric_and_any_other_line_is_none(fresh: Target) -> None:
    logs = fresh.session.client("logs", **fresh.options)
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    now = time.time()
    said = [
        json.dumps(line(now, Delivered=5)),
        json.dumps({**line(now, Delivered=5), "channel": None, "_aws": "broken"}),
        json.dumps(line(now, Delivered="many", DeliveryLag=True)),
        '{"_aws": {"CloudWatchMetrics": ',
        json.dumps({k: v for k, v in line(now, Delivered=5).items() if k != "channel"}),
        "plain",
    ]

    logs.put_log_events(
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": int(now * 1000), "message": message} for message in said],
    )

    assert read(fresh, "crossdock", "Delivered", stage="local", channel="webshop") == [("Count", 5.0, 5.0, 1.0)]
    assert [m["MetricName"] for m in fresh.cloudwatch.list_metrics(Namespace="crossdock")["Metrics"]] == ["Delivered"]


def test_what_waits_in_a_queue_is_measured_while_it_waits_and_when_it_went(fresh: Target) -> None:
    url = fresh.sqs.create_queue(QueueName="a-dlq")["QueueUrl"]
    fresh.sqs.send_message(QueueUrl=url, MessageBody="one")
    fresh.sqs.send_message(QueueUrl=url, MessageBody="two")

    waiting = _until(fresh, "ApproximateNumberOfMessagesVisible", lambda points: points[0][2] == 2.0)
    assert waiting[0][0] == "Count"
    aged = _until(fresh, "ApproximateAgeOfOldestMessage", lambda points: points[0][2] >= 1.0)
    assert aged[0][0] == "Seconds"

    fresh.sqs.purge_queue(QueueUrl=url)
    before = waiting[0][3]
    _until(fresh, "ApproximateNumberOfMessagesVisible", lambda points: points[0][3] > before)


def _until(target: Target, name: str, wanted: Any) -> list[tuple[str, float, float, float]]:
    deadline = time.monotonic() + 20
    while True:
        found = read(target, "AWS/SQS", name, QueueName="a-dlq")
        if found and wanted(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
