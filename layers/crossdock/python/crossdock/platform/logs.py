"""Structured logs: one JSON line per station that a fact passes, joined by its correlation id.

`crossdock trace` reads these lines and nothing else; a station logs once per batch, not once per fact, so that
following a movement costs a fraction of a byte of it.
"""

from collections.abc import Iterable
from functools import cache

from aws_lambda_powertools.logging import Logger

# CloudWatch cuts a line at 256 KB, and a stream batch can have as many causes as records: 2,000 ids are under 140 KB.
_IDS_PER_LINE = 2_000


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
    for start in range(0, max(1, len(ids)), _IDS_PER_LINE):
        part = ids[start : start + _IDS_PER_LINE]
        logger().info(message, extra={"station": station, "correlation_ids": part, **details})
