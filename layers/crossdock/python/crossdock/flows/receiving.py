"""Receiving a delivery: proof of where it comes from, then one row and one message, then the answer its vendor wants.

proven ── mapped ───────────── kept, its facts sent on                           answered as accepted
   │         ├─ unfinished ─── kept, the rest done behind the answer             answered as accepted
   │         ├─ too large ──── kept as an object, to be mapped behind the answer answered as accepted
   │         └─ cannot be ──── kept, to become an exception, or refused          by the vendor's rules
   └─ a handshake or a ping ── nothing is kept                                   answered as it wants
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from crossdock.config import BusinessConfig, Source
from crossdock.connectors import source_connector
from crossdock.contracts.deferred import message_of
from crossdock.contracts.inbound import Part, UnknownEventError, parts_of
from crossdock.exchange.answers import SOAP, TRY_LATER, Rules, rules_of
from crossdock.exchange.inbox import Delivery, Inbox, Receipt
from crossdock.exchange.schemes import Accepted, Answer, Form, Incoming, SignatureRefusedError, verify
from crossdock.flows.forwarding import Forwarding, Origin, unfinished
from crossdock.platform.clock import Clock
from crossdock.platform.logs import passed
from crossdock.platform.metrics import happened, measured
from crossdock.platform.problems import FieldError, Problem, from_validation
from crossdock.platform.queues import Sender, dumps

# A signature that fits no kept secret may be by one that is newer: look for it, but not for every forgery.
_LOOK_AGAIN_S = 2
_SUFFIX = 16
# Business Central's live for three days.
_SOON = timedelta(hours=24)
TEST_HEADER = "x-crossdock-test"
"""`crossdock sources test` sends it: the proof is checked, nothing is kept."""

GetSecrets = Callable[[str, int | None], Sequence[str]]
"""The active secrets of a source, known since so many seconds at most (None: as all are kept)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: a JSON document, or a text of a certain type."""

    status: int
    document: Mapping[str, Any] | None = None
    text: str = ""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Receiving:
    """What a delivery needs on its way in; `deferred` is the queue of what is mapped behind the answer."""

    business: BusinessConfig
    inbox: Inbox
    forwarding: Forwarding
    deferred: Sender
    secrets: GetSecrets
    clock: Clock

    def receive(self, name: str, incoming: Incoming, correlation_id: str) -> Reply:
        """Raises a Problem for what is refused; nothing of it is stored then."""
        source, began = self._source(name), self.clock()
        try:
            return self._received(source, incoming, correlation_id, began)
        except Exception:
            happened(
                ("WebhookRefused", 1, "Count"),
                ("WebhookTime", self._since(began), "Milliseconds"),
                source=source.name,
            )
            raise

    def _received(self, source: Source, incoming: Incoming, correlation_id: str, began: datetime) -> Reply:
        name = source.name
        rules = rules_of(source.scheme, source.answers)
        found = self._proven(source, incoming, rules)
        if isinstance(found, Answer):
            passed("answered", found.why, [correlation_id], source=name, status=found.status)
            return Reply(found.status, None, found.body, found.content_type)
        if TEST_HEADER in incoming.headers:
            return Reply(200, {"test": "accepted", "scheme": source.scheme, "delivery_id": found.delivery_id})
        delivery = Delivery(
            source.name,
            found.delivery_id,
            incoming.body,
            correlation_id,
            found.content,
            found.event_type,
            found.expires_at,
            _read_by_the_mapping(source, incoming),
        )
        delivery, receipt = self._kept(source, rules, delivery)
        self._heard(source, found, receipt, began)
        passed(
            "accepted",
            "webhook",
            [receipt.correlation_id],
            source=source.name,
            delivery=delivery.id,
            again=receipt.duplicate,
        )
        return _reply(rules, delivery, receipt)

    def _heard(self, source: Source, found: Accepted, receipt: Receipt, began: datetime) -> None:
        """Says that the source is alive, and whether the subscription behind it ends soon: in the log, at no call."""
        happened(
            ("WebhookAccepted", 1, "Count"),
            ("WebhookTime", self._since(began), "Milliseconds"),
            source=source.name,
        )
        happened(("DuplicatesSuppressed", int(receipt.duplicate), "Count"), domain="webhooks")
        if found.expires_at is not None:
            soon = found.expires_at - self.clock() < _SOON
            measured("SubscriptionEndsSoon", int(soon), "Count", source=source.name)

    def _since(self, began: datetime) -> int:
        """Milliseconds."""
        return (self.clock() - began) // timedelta(milliseconds=1)

    def _source(self, name: str) -> Source:
        source = self.business.sources.get(name)
        if source is None:
            raise Problem(
                404,
                "unknown-source",
                f"There is no source {name[:40]!r} here.",
                [FieldError("source", "unknown", "use the webhook address you were given")],
            )
        return source

    # -- proof -------------------------------------------------------------------------------------------------

    def _proven(self, source: Source, incoming: Incoming, rules: Rules) -> Accepted | Answer:
        try:
            return self._judged(source, incoming, None)
        except SignatureRefusedError as exc:
            refused = exc
        if refused.misfit:
            try:
                return self._judged(source, incoming, _LOOK_AGAIN_S)
            except SignatureRefusedError as exc:
                refused = exc
        raise Problem(
            rules.refused,
            "signature-refused",
            f"{refused.field}: {refused.problem}. Remedy: {refused.remedy}. Nothing was stored.",
            [FieldError(refused.field, refused.problem, refused.remedy)],
            headers={"Retry-After": "300"} if rules.refused == TRY_LATER else None,
        )

    def _judged(self, source: Source, incoming: Incoming, max_age: int | None) -> Accepted | Answer:
        form = Form(**source.hmac) if source.hmac else None
        tolerance = self.business.limits.signature_tolerance_seconds
        secrets = self.secrets(source.name, max_age)
        return verify(source.scheme, incoming, secrets, self.clock(), tolerance, form)

    # -- keeping -----------------------------------------------------------------------------------------------

    def _kept(self, source: Source, rules: Rules, delivery: Delivery) -> tuple[Delivery, Receipt]:
        parts = self._parts(source, rules, delivery)

        def forward(correlation_id: str) -> None:
            if parts is None or unfinished(parts) or delivery.large:
                self.deferred.send([dumps(message_of(source.name, delivery.id, correlation_id))])
            else:
                version = source_connector(source.connector).MAPPING_VERSION
                self.forwarding.send(Origin(source.name, delivery.id, correlation_id, version), parts)

        receipt = self.inbox.accept(delivery, forward)
        if not receipt.conflicting:
            return delivery, receipt
        if rules.keeps and delivery.content and not delivery.id.endswith(delivery.content[:_SUFFIX]):
            # Its vendor would only send it again: another content under a known id is another delivery.
            return self._kept(source, rules, replace(delivery, id=f"{delivery.id}-{delivery.content[:_SUFFIX]}"))
        raise Problem(
            409,
            "delivery-id-reused",
            f"webhook-id: {delivery.id} was delivered before with another body; the first one stands.",
            [FieldError("webhook-id", "used before for another body", "give each message its own id")],
        )

    def _parts(self, source: Source, rules: Rules, delivery: Delivery) -> Sequence[Part] | None:
        """What the delivery says; None for what cannot be mapped and is to be kept nevertheless."""
        connector, codes = source_connector(source.connector), self.business.codes_of(source.name)
        try:
            return parts_of(connector.translate(source.name, delivery.body, delivery.headers, codes))
        except ValidationError as exc:
            if rules.keeps:
                return None
            raise from_validation(exc) from exc
        except UnknownEventError as exc:
            if rules.keeps:
                return None
            known = ", ".join(exc.known)
            raise Problem(
                422,
                "unknown-event-type",
                f"type: {exc.event_type[:60]!r} is not one this source sends. Nothing was stored.",
                [FieldError("type", "unknown", f"send one of: {known}; or leave it out of the subscription")],
            ) from exc


def _read_by_the_mapping(source: Source, incoming: Incoming) -> dict[str, str]:
    """Headers that the mapping reads; one that came twice says nothing."""
    found = {name: incoming.headers.get(name, ()) for name in source_connector(source.connector).HEADERS}
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _reply(rules: Rules, delivery: Delivery, receipt: Receipt) -> Reply:
    match rules.body:
        case "soap":
            content_type, text = SOAP
            return Reply(rules.accepted, None, text, content_type)
        case "empty":
            return Reply(rules.accepted)
        case _:
            document = {
                "delivery_id": delivery.id,
                "duplicate": receipt.duplicate,
                "correlation_id": receipt.correlation_id,
            }
            return Reply(rules.accepted, document)
