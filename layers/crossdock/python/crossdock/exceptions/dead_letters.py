"""Dead letters become exceptions: whatever a queue or an asynchronous call gave up on is on the list, never lost."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from crossdock.contracts import events
from crossdock.contracts.deferred import RELAYED
from crossdock.contracts.deferred import ROUTE as DEFERRED
from crossdock.contracts.refusals import Refusal, replay_mark
from crossdock.platform.queues import Record

# Which queue each kind of event goes to; an event that the bus could not put there comes whole, with its envelope.
_ROUTES = {
    events.ACCOUNTS_LISTED: "listings",
    events.ACCOUNTS_REPORTED: "accounts",
    events.PRICE_RULES_CHANGED: "prices",
    events.COUNTS_REPORTED: "counts",
    events.PRICE_CUSTOMERS_CHANGED: "price-customers",
    events.REFERENCES_DECLARED: "references",
    events.SUPPLY_REPORTED: "supply",
}


FAILURES = "failures"
"""Where rules, schedules and asynchronous calls leave what they gave up. It leads nowhere: nothing goes back there."""

_REPLAY = "find the failed attempts with crossdock trace, mend the cause, then replay"
_SENT_AGAIN = "mend the cause, have its sender (a rule, a schedule) send it again, then close this; it is not replayed"


def refusal_of(record: Record, prefix: str, relays: Mapping[str, str] = MappingProxyType({})) -> Refusal:
    """A record from a dead-letter queue as a refusal. `prefix` is what the stage puts before its queues' names.

    `relays` are our sources by the partner event source that each one's events come from.
    """
    queue = record.queue.removeprefix(prefix).removesuffix("-dlq")
    message = dict(record.message) if record.message is not None else {"unreadable": record.body}
    route, detail = _ROUTES.get(str(message.get("detail-type"))), message.get("detail")
    if route and isinstance(detail, dict):
        queue, message = route, dict(detail)
    relayed = _relayed(message, relays)
    if relayed is not None:
        queue, message = DEFERRED, relayed
    # Of an event that was replayed over the bus the mark is inside, with the event.
    mark = replay_mark(message)
    message.pop("replay", None)
    lost_call = _lost_call(message)
    if lost_call:
        return lost_call
    replayable = queue != FAILURES
    return Refusal(
        kind="dead_letter",
        source=str(message.get("sourcesystem") or message.get("source") or message.get("channel") or "unknown"),
        subject=f"queue/{queue}",
        fact=hashlib.sha256(record.body.encode()).hexdigest(),
        detail=f"the queue {queue} gave this message up: every attempt to handle it failed",
        remedy=_REPLAY if replayable else _SENT_AGAIN,
        route=queue if replayable else "",
        message=message,
        pointer="",
        correlation_id=_correlation(message),
        replay=mark,
        recurs=True,
    )


def _relayed(message: Mapping[str, Any], relays: Mapping[str, str]) -> dict[str, Any] | None:
    """The message that a partner's bus should have put on our queue, made anew from the event that it gave up.

    What EventBridge leaves is the event as it came, not what the rule makes of it (EventBridge user guide, on
    dead-letter queues); its vendor cannot send it again.
    """
    source = relays.get(str(message.get("source")))
    if source is None or not isinstance(message.get("detail"), dict) or not isinstance(message.get("id"), str):
        return None
    return {"v": 1, "kind": RELAYED, "source": source, "id": message["id"], "detail": message["detail"]}


def _lost_call(message: Mapping[str, Any]) -> Refusal | None:
    """What Lambda sends when an asynchronous call or a stream batch was given up: a description, not the payload."""
    context = message.get("requestContext")
    if not isinstance(context, dict) or "functionArn" not in context:
        return None
    function = str(context["functionArn"]).split(":function:", 1)[-1].split(":", 1)[0]
    stream = "DDBStreamBatchInfo" in message
    remedy = (
        "the balances of this stretch of the journal may lag: rebuild them from the journal, then close this"
        if stream
        else "mend the cause, then invoke the function again; this description is not replayed"
    )
    return Refusal(
        kind="lost_batch" if stream else "failed_invocation",
        source=function,
        subject=f"function/{function}",
        fact=str(context.get("requestId")),
        detail=f"{function} gave up: {context.get('condition', 'unknown condition')}",
        remedy=remedy,
        route="",
        message=message,
        pointer="",
        correlation_id=_correlation(message),
    )


def _correlation(message: Mapping[str, Any]) -> str:
    found = message.get("correlation_id") or message.get("correlationid")
    keys = message.get("keys")
    first = keys[0] if isinstance(keys, list) and keys else None
    causes = first.get("correlation_ids") if isinstance(first, dict) else None
    if not found and isinstance(causes, list) and causes:
        found = causes[0]
    return str(found or "unknown")
