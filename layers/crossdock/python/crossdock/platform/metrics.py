"""Figures of the business as CloudWatch metrics, by lines in the log (embedded metric format): no call, no wait.

Which there are, what they mean and what they cost stands in `contracts/metrics.py`; a test holds what is emitted to it.

Source of the form: the CloudWatch user guide, "Specification: Embedded metric format".
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

Value: TypeAlias = int | float | Sequence[int | float]
"""One value, or several of one moment, of which percentiles can be taken."""

Unit: TypeAlias = Literal["Count", "Seconds", "Milliseconds", "Percent", "None"]
Figure: TypeAlias = tuple[str, Value, Unit]

# CloudWatch takes no more values for one metric of a line, and no more metrics for a line.
MOST_VALUES: Final = 100


def measured(name: str, value: Value, unit: Unit, **dimensions: str) -> None:
    """Adds a value to the metric `name` of this stage, also a 0: for what is looked at, whose alarm ends with it.

    Each combination of `dimensions` is a metric of its own, and is paid for: nothing that comes in many may be one.
    """
    _write([(name, value, unit)], dimensions)


def measured_together(*figures: Figure, **dimensions: str) -> None:
    """The same for several figures of one thing: one line."""
    _write(figures, dimensions)


def happened(*figures: Figure, **dimensions: str) -> None:
    """Adds what one batch of work came to: one line for all of it, none where nothing happened.

    A count of 0 and an empty list say nothing and are left out.
    """
    told = [(name, value, unit) for name, value, unit in figures if _says_something(value, unit)]
    if told:
        _write(told, dimensions)


def _says_something(value: Value, unit: Unit) -> bool:
    return bool(value) if unit == "Count" or isinstance(value, Sequence) else True


def _write(figures: Sequence[Figure], dimensions: dict[str, str]) -> None:
    directive = {
        "Namespace": os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "crossdock"),
        "Dimensions": [["stage", *dimensions]],
        "Metrics": [{"Name": name, "Unit": unit} for name, _, unit in figures],
    }
    line = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "stage": os.environ.get("STAGE", "unknown"),
        **dimensions,
        **{name: _some(value) for name, value, _ in figures},
    }
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")


def _some(value: Value) -> Value:
    """The values, or so many of them evenly from the smallest to the largest, both included, as a line takes."""
    if not isinstance(value, Sequence) or len(value) <= MOST_VALUES:
        return value
    ordered, last = sorted(value), MOST_VALUES - 1
    return [ordered[n * (len(value) - 1) // last] for n in range(MOST_VALUES)]
