"""Figures of the business as CloudWatch metrics, by lines in the log (embedded metric format): no call, no wait.

Source of the form: the CloudWatch user guide, "Specification: Embedded metric format".
"""

import json
import os
import sys
import time
from typing import Literal


def measured(name: str, value: int, unit: Literal["Seconds", "Count"], **dimensions: str) -> None:
    """Adds one value to the metric `name` of this stage.

    Each combination of `dimensions` is a metric of its own, and is paid for: nothing that comes in many may be one.
    """
    metric = {
        "Namespace": os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "crossdock"),
        "Dimensions": [["stage", *dimensions]],
        "Metrics": [{"Name": name, "Unit": unit}],
    }
    line = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metric]},
        "stage": os.environ.get("STAGE", "unknown"),
        **dimensions,
        name: value,
    }
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
