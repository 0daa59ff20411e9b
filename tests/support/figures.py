"""What functions measured, read from the lines they printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

Measured = tuple[str, Any, str, dict[str, str]]


def measured(capsys: pytest.CaptureFixture[str]) -> list[Measured]:
    """(name, value or values, unit, dimensions but the stage) of everything measured since the last look, in order."""
    found: list[Measured] = []
    for text in capsys.readouterr().out.splitlines():
        line = json.loads(text) if text.startswith('{"_aws"') else {}
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            ((stage, *names),) = directive["Dimensions"]
            assert stage == "stage"
            assert directive["Namespace"] == "crossdock"
            dimensions = {name: line[name] for name in names}
            found += [(m["Name"], line[m["Name"]], m["Unit"], dimensions) for m in directive["Metrics"]]
    return found
