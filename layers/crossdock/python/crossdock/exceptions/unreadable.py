"""A message that is not what its queue carries: an exception at once, because trying again cannot mend it."""

import hashlib

from crossdock.contracts.refusals import Refusal
from crossdock.platform.queues import Record


def unreadable(route: str, record: Record, reason: Exception) -> Refusal:
    """The refusal of a record that could not be read; its whole body is kept."""
    message = dict(record.message) if record.message is not None else {"unreadable": record.body}
    message.pop("replay", None)
    return Refusal(
        kind="unreadable_message",
        source=str(message.get("source") or message.get("sourcesystem") or "unknown"),
        subject=f"queue/{route}",
        fact=hashlib.sha256(record.body.encode()).hexdigest(),
        detail=" ".join(str(reason).split())[:400],
        remedy="correct the message with a JSON Patch, or have its producer corrected, then replay",
        route=route,
        message=message,
        pointer="",
        correlation_id=str(message.get("correlation_id") or message.get("correlationid") or "unknown"),
        replay=record.replay,
    )
