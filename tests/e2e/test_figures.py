"""What the deployed functions measure can be read from CloudWatch, as the dashboards and alarms read it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from tests.support.system import movement

if TYPE_CHECKING:
    from tests.support.system import System


def total(
    system: System, namespace: str, name: str, statistic: Literal["Sum", "Maximum", "SampleCount"], **by: str
) -> float | None:
    """A figure over the last hour, whatever its unit; None where it has no value."""
    now = datetime.now(UTC)
    points = system.target.cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": n, "Value": v} for n, v in by.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(p[statistic] for p in points) if points else None


def test_a_movement_is_counted_on_its_way_to_the_channels(system: System) -> None:
    system.knows("FIG-A")
    stage = {"stage": "local"}
    before = total(system, "crossdock", "FactsApplied", "Sum", domain="movements", **stage) or 0

    system.send(movement("fig-1", "FIG-A", 3), movement("fig-2", "FIG-A", 4))
    system.until("both channels know", lambda: system.told("FIG-A", 7, 5))

    def counted() -> bool:
        applied = total(system, "crossdock", "FactsApplied", "Sum", domain="movements", **stage) or 0
        told = total(system, "crossdock", "Delivered", "Sum", channel="webshop", **stage) or 0
        return applied >= before + 2 and told >= 1

    system.until("both were counted", counted)
    lag = total(system, "crossdock", "FactLag", "Maximum", domain="movements", **stage)
    behind = total(system, "crossdock", "DeliveryLag", "Maximum", channel="webshop", **stage)
    assert lag is not None
    assert behind is not None
    assert 0 < lag < 60_000
    assert 0 < behind < 120_000
    assert total(system, "crossdock", "Oversold", "Sum", **stage) is None
    function = system.target.function_name("apply_movements")
    assert (total(system, "AWS/Lambda", "Invocations", "Sum", FunctionName=function) or 0) >= 1
    reader = system.target.function_name("project_balances")
    assert total(system, "AWS/Lambda", "IteratorAge", "Maximum", FunctionName=reader) is not None
    assert (total(system, "AWS/ApiGateway", "Count", "Sum", ApiName=system.target.name("api")) or 0) >= 1
    queue = system.target.name("movements")
    assert total(system, "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", QueueName=queue) is not None


def test_a_look_at_everything_is_had_by_calling_for_it(system: System) -> None:
    answer = system.target.functions.invoke(FunctionName=system.target.function_name("measure_business"))

    assert not answer.get("FunctionError")
    found = json.loads(answer["Payload"].read())
    assert set(found) == {"correlation_id", "quiet", "behind", "exceptions"}
    for name in ("transient", "permanent", "poison", "destination_down", "deadline_missed"):
        assert total(system, "crossdock", "ExceptionsOpen", "Maximum", stage="local", **{"class": name}) is not None
