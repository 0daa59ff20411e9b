"""Figures of the business as CloudWatch metrics, by lines in the log (embedded metric format): no call, no wait.

Source of the form: the CloudWatch user guide, "Specification: Embedded metric format".
"""

import json
import os
import sys
import time
from typing import Literal


def measured(name: str, value: int, unit: Literal["Seconds", "Count"]) -> None:
    """Adds one value to the metric `name` of this stage."""
    metric = {
        "Namespace": os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "crossdock"),
        "Dimensions": [["stage"]],
        "Metrics": [{"Name": name, "Unit": unit}],
    }
    line = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metric]},
        "stage": os.environ.get("STAGE", "unknown"),
        name: value,
    }
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
