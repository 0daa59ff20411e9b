"""Another correction of the emulator: an alias with weights is served by both of its versions, as in Lambda.

The emulator keeps `RoutingConfig` and sends every call to the alias's own version. So a gradual shift could not be
tried on this machine, and two versions at work at the same time are what an upgrade has to be tried with.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from ministack.services import lambda_svc  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable

    Found = tuple[dict[str, Any] | None, dict[str, Any] | None]


def shift_as_lambda_does(engine: Any = lambda_svc) -> None:
    """Corrects the module that queues, streams, schedules and the API find a function's version with."""
    engine._effective_func_record_for_qualifier = _weighing(  # noqa: SLF001  (there is no public seam)
        engine._effective_func_record_for_qualifier  # noqa: SLF001
    )


def _weighing(find: Callable[..., Found], draw: Callable[[], float] = random.random) -> Callable[..., Found]:
    def found(function: dict[str, Any] | None, qualifier: str | None) -> Found:
        alias = (function or {}).get("aliases", {}).get(qualifier) or {}
        weights: dict[str, float] = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights") or {}
        at = draw()
        for version, weight in weights.items():
            if at < weight:
                return find(function, version)
            at -= weight
        return find(function, qualifier)

    return found
