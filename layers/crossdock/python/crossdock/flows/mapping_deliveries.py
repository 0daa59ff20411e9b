"""Mapping a kept delivery behind its answer: one that is large or thin, or that could not be mapped when it came.

Of a thin one the latest state is fetched from its source; while that does not answer, the message waits.

What a source sends over its partner event bus comes here at once: it is kept first, as a webhook is before its answer.

What still cannot be mapped becomes an exception. Its replay maps the delivery anew, by the mapping of that day, or the
body as an operator corrected it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from crossdock.config import BusinessConfig, Source
from crossdock.connectors import fetching_connector, source_connector
from crossdock.contracts.codes import Refused
from crossdock.contracts.deferred import RELAYED, ROUTE, message_of
from crossdock.contracts.fetching import Api, FetchUnavailableError, Get
from crossdock.contracts.inbound import Fetch, Part, UnknownEventError, parts_of
from crossdock.contracts.refusals import Refusal, Refuse
from crossdock.exceptions.unreadable import unreadable
from crossdock.exchange.inbox import Delivery, Inbox
from crossdock.flows.forwarding import Forwarding, Origin
from crossdock.platform.correlation import choose
from crossdock.platform.errors import NotConfiguredError
from crossdock.platform.logs import passed
from crossdock.platform.metrics import happened
from crossdock.platform.problems import from_validation
from crossdock.platform.queues import MESSAGE_BYTES, Record, dumps

_REMEDY = (
    "mend the mapping and deploy, or correct the body, then replay: the delivery is mapped anew; or take the event out "
    "of the subscription and close this"
)


GetSecret = Callable[[str, str], Mapping[str, Any]]
"""A source's secret document, with what its API needs; the remedy for NotConfiguredError."""

Unmapped = Mapping[str, int]
"""How many parts of a delivery could not be mapped, by source."""

_NOBODYS: Final = "unknown"
# In the message of a delivery that was mapped in part: the ids that its events had, by content (`forwarding.py`).
_SENT: Final = "sent"
# Of a delivery with more events than that none is kept: each has an id of its own then, made of its content.
_MOST_KEPT: Final = 500


class DeliveryMapper:
    """Maps kept deliveries and sends on what they say."""

    def __init__(
        self,
        business: BusinessConfig,
        inbox: Inbox,
        forwarding: Forwarding,
        refuse: Refuse,
        secret: GetSecret,
        get: Get,
    ) -> None:
        """`secret` and `get` reach the APIs of sources with thin notifications."""
        self._business = business
        self._inbox = inbox
        self._forwarding = forwarding
        self._refuse = refuse
        self._secret = secret
        self._get = get

    def map(self, record: Record) -> Unmapped:
        """Handles one message of the queue `webhooks`; what cannot be mapped is on the exceptions list afterwards.

        Gives back how many parts of it, by source.

        Raises FetchUnavailableError when the source has to be asked later; nothing was sent on then.
        """
        message = dict(record.message or {})
        try:
            if message.get("kind") == RELAYED:
                message = self._taken_in(message)
            name, delivery_id, correlation_id = (str(message[k]) for k in ("source", "delivery", "correlation_id"))
        except KeyError as exc:
            self._refuse([unreadable(ROUTE, record, exc)])
            return {_NOBODYS: 1}
        delivery = self._inbox.find(name, delivery_id)
        if delivery is None:
            self._refuse([_refusal(message, record, "delivery_gone", "delivery", "it is not in the inbox any more")])
            return self._unmapped(name, 1)
        corrected = _corrected(message, delivery.body)
        if corrected is not None:
            delivery = replace(delivery, body=corrected)
        shown = {**message, **_shown(delivery.body)}
        try:
            version, parts = self._mapped(name, delivery)
        except _UnmappableError as exc:
            self._refuse([_refusal(shown, record, exc.kind, exc.subject, exc.detail)])
            return self._unmapped(name, 1)
        before = message.get(_SENT, {} if corrected is not None else None)
        sent = self._forwarding.send(Origin(name, delivery_id, correlation_id, version), parts, before)
        refused = [p for p in parts if isinstance(p, Refused)]
        if refused:
            kept = {**shown, _SENT: sent if len(sent) <= _MOST_KEPT else {}} if sent else shown
            self._refuse([_refused_part(kept, record, p) for p in refused])
        passed("mapped", "webhook", [correlation_id], source=name, delivery=delivery_id, refused=len(refused))
        return self._unmapped(name, len(refused))

    def _unmapped(self, source: str, parts: int) -> Unmapped:
        """A message may name any source, and each name would be a metric of its own."""
        return {source if source in self._business.sources else _NOBODYS: parts}

    def _taken_in(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Keeps an event of a partner's bus as the delivery of its id; the message that has it mapped.

        That it is the source's, its bus proves: only the vendor can put events there.
        Raises KeyError naming what is not there.
        """
        source = self._business.sources[str(message["source"])]
        event, body = str(message["id"]), dumps(message["detail"]).encode("utf-8", "surrogatepass")
        receipt = self._inbox.accept(Delivery(source.name, event, body, choose(None)), _behind)
        happened(("WebhookAccepted", 1, "Count"), source=source.name)
        happened(("DuplicatesSuppressed", int(receipt.duplicate), "Count"), domain="webhooks")
        passed(
            "accepted", "event", [receipt.correlation_id], source=source.name, delivery=event, again=receipt.duplicate
        )
        return message_of(source.name, event, receipt.correlation_id)

    def _mapped(self, name: str, delivery: Delivery) -> tuple[str, list[Part]]:
        """The mapping's version, and what the delivery says by it."""
        source = self._business.sources.get(name)
        if source is None:
            raise _UnmappableError("unmappable_delivery", "source", f"there is no source {name!r} any more")
        try:
            return source_connector(source.connector).MAPPING_VERSION, self._parts(source, delivery)
        except ValidationError as exc:
            problem = from_validation(exc)
            raise _UnmappableError("unmappable_delivery", problem.errors[0].field, problem.detail) from exc
        except UnknownEventError as exc:
            name = exc.event_type[:60]
            raise _UnmappableError("unknown_event", name, f"{name!r} is mapped to nothing") from exc

    def _parts(self, source: Source, delivery: Delivery) -> list[Part]:
        codes = self._business.codes_of(source.name)
        found: list[Part] = []
        connector = source_connector(source.connector)
        for part in parts_of(connector.translate(source.name, delivery.body, delivery.headers, codes)):
            if isinstance(part, Fetch):
                fetched = fetching_connector(source.connector).fetch(source.name, part, self._api(source.name), codes)
                found += parts_of(fetched)
            else:
                found.append(part)
        return found

    def _api(self, source: str) -> Api:
        remedy = f"run: crossdock sources api {source} --url URL --token TOKEN"
        try:
            api = self._secret(source, remedy)["api"]
            return Api(str(api["url"]), str(api["token"]), self._get)
        except (NotConfiguredError, KeyError, TypeError) as exc:
            raise FetchUnavailableError(f"the API of {source} is not set up: {remedy}") from exc


def _behind(correlation_id: str) -> None:
    """Nothing has to be sent for what is mapped at once."""
    del correlation_id


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


def _refused_part(message: Mapping[str, Any], record: Record, part: Refused) -> Refusal:
    """A part that waits for what its remedy says; its replay maps the delivery with the code tables of then."""
    whole = _refusal(message, record, part.kind, part.subject, "")
    return replace(whole, detail=f"{whole.source}: {part.detail}"[:1000], remedy=part.remedy)


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
