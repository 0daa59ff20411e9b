"""Which deployed alarms ring, judged here by what CloudWatch would see: the engine never lets one end.

Over the current span, not the last full one: who waits for an alarm waits for the figure alone. What happened before
`since` is left out, so an alarm is seen to end when its cause does; CloudWatch sees it one span later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.metrics import BY_NAME, NAMESPACE
from infra.constructs.alarm_stories import Told, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crossdock_cli.target import Target

_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
# What a statistic of several points is.
_TOGETHER: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": sum,
}
# A value that is put now bears a time of now, and a span ends before its end.
_AHEAD: Final = timedelta(seconds=5)


def rings(definition: Mapping[str, Any], values: Sequence[float | None]) -> bool:
    """Whether an alarm rings, given its value in each of its latest periods; None: there was no data.

    Source: the CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data". Missing data
    counts as `breaching` or `notBreaching` say; `missing` and `ignore` are left out, and rings only what is there.
    """
    breaching = _COMPARE[definition["ComparisonOperator"]]
    missing = {"breaching": True, "notBreaching": False}.get(definition.get("TreatMissingData", "missing"))
    judged = [missing if v is None else breaching(v, definition["Threshold"]) for v in values]
    wanted = definition.get("DatapointsToAlarm") or definition["EvaluationPeriods"]
    return sum(j is True for j in judged) >= int(wanted)


@dataclass(frozen=True)
class Ringing:
    """An alarm that rings, the figure that it rings by, and what it says."""

    name: str
    value: float | None
    said: str

    @property
    def told(self) -> Told:
        return read(self.said)


class Alarms:
    """The alarms of a deployed stage."""

    def __init__(self, target: Target) -> None:
        self._target = target
        pages = target.cloudwatch.get_paginator("describe_alarms").paginate()
        prefix = target.name("")
        self.definitions: dict[str, Any] = {
            alarm["AlarmName"].removeprefix(prefix): alarm for page in pages for alarm in page["MetricAlarms"]
        }

    def ringing(self, name: str, since: datetime) -> Ringing | None:
        """The alarm if it rings now by what happened since; else None. Raises KeyError for one that there is not."""
        definition = self.definitions[name]
        values = self._values(definition, since)
        if not rings(definition, values):
            return None
        return Ringing(name, max((v for v in values if v is not None), default=None), definition["AlarmDescription"])

    def all_ringing(self, since: datetime) -> list[Ringing]:
        """Every alarm that rings."""
        return [found for name in sorted(self.definitions) if (found := self.ringing(name, since))]

    def metric(self, name: str, dimensions: Mapping[str, str], start: datetime, end: datetime | None = None) -> float:
        """The sum, or the maximum of a gauge or time, of one of our figures over a span; 0 where there was no data."""
        statistic = "Sum" if BY_NAME[name].statistic == "Sum" else "Maximum"
        names = {"stage": self._target.stage, **dimensions}
        definition = {
            "Namespace": NAMESPACE,
            "MetricName": name,
            "Dimensions": [{"Name": n, "Value": v} for n, v in sorted(names.items())],
            "Statistic": statistic,
        }
        return self._value(definition, start, end or _now() + _AHEAD) or 0.0

    def _values(self, definition: Mapping[str, Any], since: datetime) -> list[float | None]:
        """Of each period, the latest last; those that ended before `since` are as if they had not been."""
        end, period = _now() + _AHEAD, timedelta(seconds=definition["Period"])
        found: list[float | None] = []
        for number in range(definition["EvaluationPeriods"]):
            until = end - number * period
            start = max(until - period - _AHEAD, since)
            if start < until:
                found.insert(0, self._value(definition, start, until))
        return found

    def _value(self, definition: Mapping[str, Any], start: datetime, end: datetime) -> float | None:
        extended = definition.get("ExtendedStatistic")
        # One period over all of it where points cannot be put together: a percentile of percentiles is none.
        seconds = max(60, -(-int((end - start).total_seconds() + 60) // 60) * 60) if extended else 1
        asked: Any = {"ExtendedStatistics": [extended]} if extended else {"Statistics": [definition["Statistic"]]}
        points: Any = self._target.cloudwatch.get_metric_statistics(
            Namespace=definition["Namespace"],
            MetricName=definition["MetricName"],
            Dimensions=definition.get("Dimensions", []),
            StartTime=start,
            EndTime=end,
            Period=seconds,
            **asked,
        )["Datapoints"]
        if not points:
            return None
        if extended:
            return max(float(p["ExtendedStatistics"][extended]) for p in points)
        statistic = definition["Statistic"]
        return float(_TOGETHER[statistic]([float(p[statistic]) for p in points]))


def _now() -> datetime:
    return datetime.now(UTC)
