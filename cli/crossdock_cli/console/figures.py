"""The live figures: what CloudWatch has of the catalogue for this stage, by metric and by dimension value.

CloudWatch is paid by what is asked of it (a thousand metrics for about a cent), and its points are minutes apart. So
one answer is kept for a minute on a deployed stage, however many pages ask; which metrics there are, for five.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.metrics import BY_NAME, METRICS, NAMESPACE
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.sequences import chunks
from crossdock_cli.console.keeping import Kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from crossdock.contracts.metrics import Metric
    from crossdock_cli.target import Target

SPAN_MINUTES: Final = 60
_PERIOD_S: Final = 60
# GetMetricData takes 500 to a call.
_AT_ONCE: Final = 500
_FRESH_S: Final = {True: 4, False: 60}
_KNOWN_S: Final = {True: 4, False: 300}

Points = dict[int, float]
"""Value by minute of the span, 0 the oldest."""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric under one set of dimension values; `of` is empty for a metric without dimensions."""

    metric: Metric
    of: str
    points: Points


@dataclass
class Figures:
    """Asks CloudWatch for a stage's figures, and not more often than they can change."""

    target: Target
    _known: Kept[list[dict[str, Any]]] = field(init=False)
    _read: Kept[dict[str, Any]] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        local = self.target.state is not None
        self._known = Kept(self._list, _KNOWN_S[local])
        self._read = Kept(self._ask, _FRESH_S[local])

    def document(self) -> dict[str, Any]:
        """Every figure of the catalogue with its last hour: in all, and by dimension value."""
        return self._read.value()

    def _ask(self) -> dict[str, Any]:
        now = system_clock()
        end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        found: dict[str, list[Series]] = {metric.name: [] for metric in METRICS}
        for part in chunks(self._known.value(), _AT_ONCE):
            for series in self._series(part, end):
                found[series.metric.name].append(series)
        figures = [_figure(metric, found[metric.name]) for metric in METRICS]
        return {"at": to_text(now), "minutes": SPAN_MINUTES, "figures": figures}

    def _list(self) -> list[dict[str, Any]]:
        """The metrics there are of this stage; one that the catalogue does not know is none of ours."""
        pages = self.target.cloudwatch.get_paginator("list_metrics").paginate(
            Namespace=NAMESPACE, Dimensions=[{"Name": "stage", "Value": self.target.stage}]
        )
        listed: list[dict[str, Any]] = []
        for page in pages:
            for metric in page["Metrics"]:
                known = BY_NAME.get(metric["MetricName"])
                names = {d["Name"] for d in metric["Dimensions"]}
                if known and names == {"stage", *known.dimensions}:
                    listed.append({"name": known.name, "dimensions": metric["Dimensions"]})
        return listed

    def _series(self, metrics: Sequence[Mapping[str, Any]], end: datetime) -> list[Series]:
        begin = end - timedelta(minutes=SPAN_MINUTES)
        queries: list[Any] = [_query(n, metric) for n, metric in enumerate(metrics)]
        points: dict[str, Points] = {}
        pages = self.target.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=begin, EndTime=end, ScanBy="TimestampAscending"
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                mine = points.setdefault(result["Id"], {})
                for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                    mine[int((at - begin).total_seconds() // 60)] = value
        return [
            Series(BY_NAME[metric["name"]], _of(metric["dimensions"]), points.get(f"m{n}", {}))
            for n, metric in enumerate(metrics)
        ]


def _query(number: int, metric: Mapping[str, Any]) -> dict[str, Any]:
    named = {"Namespace": NAMESPACE, "MetricName": metric["name"], "Dimensions": metric["dimensions"]}
    stat = {"Metric": named, "Period": _PERIOD_S, "Stat": BY_NAME[metric["name"]].statistic}
    return {"Id": f"m{number}", "MetricStat": stat}


def _of(dimensions: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(d["Value"] for d in sorted(dimensions, key=lambda d: d["Name"]) if d["Name"] != "stage")


def _figure(metric: Metric, series: Sequence[Series]) -> dict[str, Any]:
    told = [s for s in series if s.points]
    return {
        **asdict(metric),
        "all": _line(metric, _together(metric, told)),
        "by": [{"of": s.of, **_line(metric, s.points)} for s in sorted(told, key=lambda s: s.of) if s.of],
    }


def _together(metric: Metric, series: Sequence[Series]) -> Points:
    """All dimension values as one. Counts add up; of the rest, what matters is the worst; of a mean, the mean."""
    together: dict[int, list[float]] = {}
    for one in series:
        for minute, value in one.points.items():
            together.setdefault(minute, []).append(value)
    if metric.statistic == "Sum" or (metric.kind == "gauge" and metric.unit == "Count"):
        return {minute: sum(values) for minute, values in together.items()}
    if metric.statistic == "Average":
        return {minute: sum(values) / len(values) for minute, values in together.items()}
    return {minute: max(values) for minute, values in together.items()}


def _line(metric: Metric, points: Points) -> dict[str, Any]:
    """What is drawn (None where nothing was measured) and what is said: a sum over the span, or the latest value."""
    drawn = [points.get(minute) for minute in range(SPAN_MINUTES)]
    if not points:
        return {"value": None, "points": drawn}
    value = sum(points.values()) if metric.statistic == "Sum" else points[max(points)]
    return {"value": value, "points": drawn}
