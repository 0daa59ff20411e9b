"""The moment an invocation must be done by, known to every outside call.

The SDK's own defaults wait a minute for one answer. A function has seconds: a call that cannot be answered before its
deadline is not begun, so that the handler still has time to say what it did not do.
"""

import random
import time
from typing import Protocol

_MARGIN_MS = 400
_until: float | None = None


class LambdaContext(Protocol):
    """The part of the Lambda context that is used here."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int: ...


class DeadlineExceeded(Exception):  # noqa: N818 - the term of the field, as in gRPC's DEADLINE_EXCEEDED
    """There is no time left for another outside call; the work is retried by whoever sent it."""


def begin(context: LambdaContext | None) -> None:
    """Starts the deadline of one invocation; None (tests, the command line) means there is none."""
    global _until  # noqa: PLW0603 - one invocation at a time is what a Lambda execution environment guarantees
    _until = (
        None if context is None else time.monotonic() + (context.get_remaining_time_in_millis() - _MARGIN_MS) / 1000
    )


def remaining_seconds(cap: float) -> float:
    """How long the next call may take: what is left, at most `cap`. Raises DeadlineExceeded when nothing is."""
    if _until is None:
        return cap
    left = _until - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded("no time is left in this invocation for another call")
    return min(cap, left)


def pause(attempt: int) -> None:
    """Waits before try number `attempt` (from 1): full jitter, 100 ms doubling, never past the deadline.

    Raises DeadlineExceeded when nothing is left.
    """
    ceiling = 0.05 * 2**attempt
    time.sleep(remaining_seconds(cap=random.uniform(0, ceiling)))  # noqa: S311 - jitter, not a secret
