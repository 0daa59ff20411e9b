"""A message that is not what its queue carries: an exception at once, because trying again cannot mend it."""

import hashlib

from crossdock.contracts.refusals import Refusal
from crossdock.platform.queues import Record

_FAULTS_SAID = 5


def unreadable(route: str, record: Record, reason: Exception) -> Refusal:
    """The refusal of a record that could not be read; its whole body is kept."""
    message = dict(record.message) if record.message is not None else {"unreadable": record.body}
    message.pop("replay", None)
    return Refusal(
        kind="unreadable_message",
        source=str(message.get("sourcesystem") or message.get("source") or "unknown"),
        subject=f"queue/{route}",
        fact=hashlib.sha256(record.body.encode()).hexdigest(),
        detail=said(reason)[:400],
        remedy="correct the message with a JSON Patch, or have its producer corrected, then replay",
        route=route,
        message=message,
        pointer="",
        correlation_id=str(message.get("correlation_id") or message.get("correlationid") or "unknown"),
        replay=record.replay,
    )


def said(reason: Exception) -> str:
    """What an error says in one line: of a validation the fields and what is wrong with them, never what stood there.

    Known by its looks, so that who handles no contract need not import the validation library.
    """
    errors = getattr(reason, "errors", None)
    if not callable(errors):
        return " ".join(str(reason).split())
    found = errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'message'}: {e['msg']}" for e in found[:_FAULTS_SAID])
