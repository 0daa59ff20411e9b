"""Mapping a kept delivery behind its answer: one that is large, or one that could not be mapped when it came.

What still cannot be mapped becomes an exception. Its replay maps the delivery anew, by the mapping of that day, or the
body as an operator corrected it.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from crossdock.config import BusinessConfig
from crossdock.connectors import source_connector
from crossdock.contracts.inbound import Translated, UnknownEventError
from crossdock.contracts.refusals import Refusal, Refuse
from crossdock.exceptions.unreadable import unreadable
from crossdock.exchange.inbox import Inbox
from crossdock.flows.forwarding import Forwarding
from crossdock.platform.logs import passed
from crossdock.platform.problems import from_validation
from crossdock.platform.queues import MESSAGE_BYTES, Record

ROUTE = "webhooks"
_REMEDY = (
    "mend the mapping and deploy, or correct the body, then replay: the delivery is mapped anew; or take the event out "
    "of the subscription and close this"
)


class DeliveryMapper:
    """Maps kept deliveries and sends on what they say."""

    def __init__(self, business: BusinessConfig, inbox: Inbox, forwarding: Forwarding, refuse: Refuse) -> None:
        self._business = business
        self._inbox = inbox
        self._forwarding = forwarding
        self._refuse = refuse

    def map(self, record: Record) -> None:
        """Handles one message of the queue `webhooks`; what cannot be mapped is on the exceptions list afterwards."""
        message = dict(record.message or {})
        try:
            source, delivery, correlation_id = (str(message[k]) for k in ("source", "delivery", "correlation_id"))
        except KeyError as exc:
            self._refuse([unreadable(ROUTE, record, exc)])
            return
        body = self._inbox.body(source, delivery)
        if body is None:
            self._refuse([_refusal(message, record, "delivery_gone", "delivery", "it is not in the inbox any more")])
            return
        corrected = _corrected(message, body)
        try:
            translated = self._translated(source, body if corrected is None else corrected)
        except _UnmappableError as exc:
            shown = {**message, **_shown(body if corrected is None else corrected)}
            self._refuse([_refusal(shown, record, exc.kind, exc.subject, exc.detail)])
            return
        self._forwarding.send(source, delivery, translated, correlation_id)
        passed("mapped", "webhook", [correlation_id], source=source, delivery=delivery)

    def _translated(self, source: str, body: bytes) -> Translated:
        known = self._business.sources.get(source)
        if known is None:
            raise _UnmappableError("unmappable_delivery", "source", f"there is no source {source!r} any more")
        try:
            return source_connector(known.connector).translate(source, body)
        except ValidationError as exc:
            problem = from_validation(exc)
            raise _UnmappableError("unmappable_delivery", problem.errors[0].field, problem.detail) from exc
        except UnknownEventError as exc:
            name = exc.event_type[:60]
            raise _UnmappableError("unknown_event", name, f"{name!r} is mapped to nothing") from exc


class _UnmappableError(Exception):
    """Why a delivery cannot be mapped: class and subject of its exception, and the sentence."""

    def __init__(self, kind: str, subject: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.subject = subject
        self.detail = detail


def _refusal(message: Mapping[str, Any], record: Record, kind: str, subject: str, detail: str) -> Refusal:
    return Refusal(
        kind=kind,
        source=str(message["source"]),
        subject=subject,
        fact=str(message["delivery"]),
        detail=f"the delivery {message['delivery']} cannot be mapped: {detail}"[:1000],
        remedy=_REMEDY,
        route=ROUTE,
        message={key: value for key, value in message.items() if key != "replay"},
        pointer="/body" if "body" in message else "",
        correlation_id=str(message["correlation_id"]),
        replay=record.replay,
        recurs=True,
    )


def _shown(body: bytes) -> dict[str, Any]:
    """The body's JSON document, for an operator to see and correct; nothing where it is none, or large."""
    if len(body) > MESSAGE_BYTES:
        return {}
    document = _json(body)
    return {} if document is None else {"body": document}


def _corrected(message: Mapping[str, Any], body: bytes) -> bytes | None:
    """The body as an operator corrected it; None where it is as it came, whose own digits are better than ours."""
    if "body" not in message or message["body"] == _json(body):
        return None
    return json.dumps(message["body"], ensure_ascii=False).encode("utf-8", "surrogatepass")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
