"""The engine's aliases, corrected: a part of the calls goes to the other version, as in Lambda."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock_cli.local.weights import _weighing

pytestmark = pytest.mark.unit

SHIFTING = {"aliases": {"live": {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}}}}
PLAIN = {"aliases": {"live": {"FunctionVersion": "1"}}}


def find(function: dict[str, Any] | None, qualifier: str | None) -> Any:
    """What the emulator itself finds: the alias's own version, or the version that is named."""
    return (function or {}).get("aliases", {}).get(qualifier, {}).get("FunctionVersion", qualifier)


@pytest.mark.parametrize(("drawn", "version"), [(0.0, "2"), (0.0999, "2"), (0.1, "1"), (0.9999, "1")])
def test_a_tenth_of_the_calls_goes_to_the_version_with_that_weight(drawn: float, version: str) -> None:
    assert _weighing(find, lambda: drawn)(SHIFTING, "live") == version


@pytest.mark.parametrize(
    ("function", "qualifier", "found"),
    [
        (PLAIN, "live", "1"),
        (SHIFTING, "2", "2"),
        (SHIFTING, None, None),
        ({}, "$LATEST", "$LATEST"),
        (None, "live", "live"),
    ],
)
def test_whoever_shifts_nothing_is_found_as_before(function: Any, qualifier: str | None, found: Any) -> None:
    assert _weighing(find, lambda: 0.0)(function, qualifier) == found
