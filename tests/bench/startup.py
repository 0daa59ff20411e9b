"""How long a function takes before its first event: import and clients, in processes of their own, with .pyc files."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

from crossdock.config.compile import compile_file
from tests.bench.figures import Figure, Report
from tests.bench.rig import CHANNELS, LAMBDA_LIKE, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_HEAVIEST: Final = 3
# Everything a handler module built with @warm is built; what it cost is the difference.
_CHILD: Final = """
import importlib, inspect, json, sys, time
begun = time.process_time()
module = importlib.import_module(sys.argv[1])
imported = time.process_time()
for value in list(vars(module).values()):
    ours = hasattr(value, "cache_clear") and getattr(value, "__module__", "") == module.__name__
    if ours and not inspect.signature(value).parameters:
        value()
built = time.process_time()
try:
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    peak = int(status["VmHWM"].split()[0]) / 1024
except OSError:
    peak = 0.0
print(json.dumps([(imported - begun) * 1e3, (built - imported) * 1e3, peak]))
"""


def functions() -> list[str]:
    """Every function of the project."""
    return sorted(p.parent.name for p in (ROOT / "functions").glob("*/handler.py"))


def run(home: Path, repeats: int, step: Callable[[str], None]) -> Report:
    """Measures every function, `repeats` processes each (the first, which compiles, is left out)."""
    report = Report()
    environment = _environment(home)
    for function in functions():
        step(function)
        runs = [_measured(function, environment) for _ in range(repeats + 1)][1:]
        imported, built, peak = (statistics.median(column) for column in zip(*runs, strict=True))
        heaviest = _heaviest(function, environment)
        report.startup[function] = heaviest
        report.figures[f"init_ms.{function}"] = Figure(
            imported, "ms", "the handler imported, .pyc files present, CPU time"
        )
        report.figures[f"clients_ms.{function}"] = Figure(
            built, "ms", "clients and objects built before the first event, CPU time"
        )
        if peak:
            report.figures[f"init_mb.{function}"] = Figure(peak, "MB", "peak memory after both")
    return report


def _environment(home: Path) -> dict[str, str]:
    business = home / "startup.json"
    business.write_text(json.dumps(compile_file(ROOT / "config" / "demo.toml")))
    inherited = {k: v for k, v in os.environ.items() if k not in {"PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME"}}
    return {
        **inherited,
        **LAMBDA_LIKE,
        "CROSSDOCK_CONFIG": str(business),
        "AWS_ENDPOINT_URL": "http://localhost",
        "BODIES_BUCKET": "crossdock-local-bodies",
        "WEBHOOKS_QUEUE_URL": "http://localhost/webhooks",
        "MOVEMENTS_QUEUE_URL": "http://localhost/movements",
        "EXPIRIES_QUEUE_URL": "http://localhost/expiries",
        "LISTINGS_QUEUE_URL": "http://localhost/listings",
        "CUSTOMER_QUEUE_URLS": "{}",
        "RESERVATIONS_QUEUE_URL": "http://localhost/reservations",
        "PRICE_CELLS_QUEUE_URL": "http://localhost/price-cells",
        "CHANNEL_QUEUE_URLS": json.dumps({c: f"http://localhost/{c}" for c in CHANNELS}),
    }


def _python(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter with our own arguments
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )


def _measured(function: str, environment: dict[str, str]) -> list[float]:
    numbers: list[float] = json.loads(_python(["-c", _CHILD, f"functions.{function}.handler"], environment).stdout)
    return numbers


def _heaviest(function: str, environment: dict[str, str]) -> list[dict[str, Any]]:
    """The packages that take most, by their modules' own time; `cumulative_ms` includes what the slowest imports."""
    stem = ["-X", "importtime", "-c"]
    before = {name for name, *_ in _import_times(_python([*stem, "pass"], environment).stderr)}
    times = _import_times(_python([*stem, f"import functions.{function}.handler"], environment).stderr)
    packages: dict[str, dict[str, Any]] = {}
    for name, own, cumulative in times:
        if name in before:
            continue
        package = packages.setdefault(
            name.split(".")[0], {"package": name.split(".")[0], "self_ms": 0.0, "cumulative_ms": 0.0, "modules": 0}
        )
        package["self_ms"] += own / 1000
        package["cumulative_ms"] = max(package["cumulative_ms"], cumulative / 1000)
        package["modules"] += 1
    heaviest = sorted(packages.values(), key=lambda p: -p["self_ms"])[:_HEAVIEST]
    return [{k: round(v, 1) if isinstance(v, float) else v for k, v in p.items()} for p in heaviest]


def _import_times(text: str) -> list[tuple[str, int, int]]:
    """(module, own µs, µs with what it imports) from the lines `import time: self | cumulative | name`."""
    found = []
    for line in text.splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        cumulative, _, name = rest.partition("|")
        if line.startswith("import time:") and own.strip().isdigit():
            found.append((name.strip(), int(own), int(cumulative)))
    return found
