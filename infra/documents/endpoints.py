"""Every endpoint of the API: what stands in `functions/<name>/api.py`, found and not listed a second time."""

import importlib
from pathlib import Path
from typing import Final

from crossdock.contracts.endpoints import Endpoint
from infra.stages import ROOT

_FUNCTIONS: Final = ROOT / "functions"


def endpoints(functions: Path = _FUNCTIONS) -> dict[str, tuple[Endpoint, ...]]:
    """The endpoints by the function that serves them, in a steady order."""
    found = sorted(path.parent.name for path in functions.glob("*/api.py"))
    return {name: tuple(importlib.import_module(f"functions.{name}.api").ENDPOINTS) for name in found}


def served() -> list[tuple[str, Endpoint]]:
    """(function, endpoint) of all, in the order of their paths."""
    pairs = [(name, e) for name, some in endpoints().items() for e in some]
    return sorted(pairs, key=lambda pair: (pair[1].path, pair[1].method))
