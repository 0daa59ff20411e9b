"""Structured logs: one JSON line per station that a fact passes, joined by its correlation id.

`crossdock trace` reads these lines and nothing else; a station logs once per batch, not once per fact, so that
following a movement costs a fraction of a byte of it.
"""

from collections.abc import Iterable
from functools import cache

from aws_lambda_powertools.logging import Logger


@cache
def logger() -> Logger:
    """The function's logger; its service name and level come from POWERTOOLS_SERVICE_NAME and LOG_LEVEL."""
    return Logger(utc=True, serialize_stacktrace=False)


def passed(station: str, message: str, correlation_ids: Iterable[str], **details: object) -> None:
    """Says that facts passed a station.

    `station` is a past participle the timeline shows (accepted, applied, projected, …); `details` are counts and
    keys, never payloads: they may hold personal data.
    """
    ids = sorted(set(correlation_ids))
    logger().info(message, extra={"station": station, "correlation_ids": ids, **details})
