"""Salesforce outbound messages: SOAP, known by the organisation's id, acknowledged by SOAP.

Source: Salesforce's pages on outbound messaging and its WSDL. Nothing is signed. The organisation id is in every
message and is no secret, so a source's secret may be `<organisation id>:<token>`; the endpoint then is called with
`?token=…`, which only who set it up knows. (Salesforce's client certificate at the gateway is the stronger way.) A
message that is sent again has the same notification ids, another session id, and perhaps newer fields.

The XML is read by expat with everything refused that is no plain element: document types, entities, processing
instructions. So nothing can be expanded or fetched.
"""

import hmac
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.parsers import expat

from crossdock.exchange.schemes.values import Accepted, Incoming, Scheme, Trust, hashed
from crossdock.exchange.signatures import SignatureRefusedError
from crossdock.platform.errors import NotConfiguredError

_OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_PLACE = (f"{_SOAP} Envelope", f"{_SOAP} Body", f"{_OUTBOUND} notifications")
_ORGANISATION = re.compile(r"00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?")
_ID = re.compile(r"[A-Za-z0-9]{15,18}")
_SHORT = 15
_DEEPEST = 32
_LONGEST_ID = 64
_MOST = 100  # notifications in one message, says the WSDL

ACKNOWLEDGED = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    f'<soapenv:Body><notificationsResponse xmlns="{_OUTBOUND}"><Ack>true</Ack></notificationsResponse></soapenv:Body>'
    "</soapenv:Envelope>"
)
"""What Salesforce wants to read; anything else makes it send the message again, for 24 hours."""


class _NotPlainError(Exception):
    """Raised inside expat to stop it."""


@dataclass(slots=True)
class _Message:
    """What is read on the way through: where we are, and what was found."""

    path: list[str] = field(default_factory=list)
    organisation: str = ""
    ids: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > _DEEPEST:
            raise _NotPlainError("is nested too deep")
        if not self._in_session():
            self.said.append(f"<{name} {sorted(attributes.items())}")
        if self._at("Notification"):
            self.ids.append("")
            if len(self.ids) > _MOST:
                raise _NotPlainError(f"has more than {_MOST} notifications")
        if self._at("Notification", "sObject"):
            kind = next((v for k, v in attributes.items() if k.endswith(" type")), "")
            self.kinds.add(kind.rpartition(":")[2])

    def end(self, _: str) -> None:
        if not self._in_session():
            self.said.append(">")
        self.path.pop()

    def text(self, data: str) -> None:
        if not self._in_session():
            self.said.append(data)
        if self._at("OrganizationId"):
            self.organisation = (self.organisation + data)[:_LONGEST_ID]
        elif self._at("Notification", "Id"):
            self.ids[-1] = (self.ids[-1] + data)[:_LONGEST_ID]

    def _at(self, *names: str) -> bool:
        return self.path == [*_PLACE, *(f"{_OUTBOUND} {name}" for name in names)]

    def _in_session(self) -> bool:
        place = [*_PLACE, f"{_OUTBOUND} SessionId"]
        return self.path[: len(place)] == place


def _salesforce(incoming: Incoming, trust: Trust) -> Accepted:
    message = _read(incoming.body)
    if not _ORGANISATION.fullmatch(message.organisation.strip()):
        raise SignatureRefusedError(
            "OrganizationId", "is missing or no organisation's id", "send what Salesforce's outbound message sends"
        )
    token = _token(incoming.url)
    fits = False
    for secret in trust.secrets:
        fits |= _is(secret, message.organisation.strip(), token)
    if not fits:
        raise SignatureRefusedError(
            "OrganizationId",
            "belongs to none of the active secrets, or the token of the address does not",
            "make the source's secret <organisation id>:<token> and the endpoint's address …?token=<token>",
            misfit=True,
        )
    ids = [i.strip() for i in message.ids]
    if not ids or not all(_ID.fullmatch(i) for i in ids):
        raise SignatureRefusedError("Notification.Id", "is missing", "send what Salesforce's outbound message sends")
    content = hashed("".join(message.said).encode("utf-8", "surrogatepass"))
    return Accepted(
        delivery_id=f"{ids[0]}-{content[:24]}",
        content=content,
        event_type=message.kinds.pop() if len(message.kinds) == 1 else None,
    )


def _read(body: bytes) -> _Message:
    message = _Message()
    # UTF-8 whatever the document says of itself: Salesforce sends nothing else, and one reading is one meaning.
    parser = expat.ParserCreate(encoding="UTF-8", namespace_separator=" ")
    parser.StartElementHandler = message.start
    parser.EndElementHandler = message.end
    parser.CharacterDataHandler = message.text
    parser.StartDoctypeDeclHandler = _refused("has a document type")
    parser.EntityDeclHandler = _refused("declares an entity")
    parser.UnparsedEntityDeclHandler = _refused("declares an entity")
    parser.ExternalEntityRefHandler = _refused("names an outside entity")
    parser.ProcessingInstructionHandler = _refused("has a processing instruction")
    try:
        parser.Parse(body, True)  # noqa: FBT003 - expat takes it by position only: this is all there is
    except expat.ExpatError as exc:
        raise SignatureRefusedError("body", "is not XML", "send the SOAP message as Salesforce makes it") from exc
    except _NotPlainError as exc:
        raise SignatureRefusedError("body", str(exc), "send the SOAP message as Salesforce makes it") from exc
    return message


def _refused(what: str) -> Any:
    def refuse(*_: object) -> None:
        raise _NotPlainError(what)

    return refuse


def _token(url: str) -> str:
    try:
        given = parse_qs(urlsplit(url).query, max_num_fields=50).get("token", [])
    except ValueError:
        return ""
    return given[0] if len(given) == 1 else ""


def _is(secret: str, organisation: str, token: str) -> bool:
    """Whether a secret names organisation and token. An id has 15 characters; three more are their checksum."""
    wanted, _, own_token = secret.partition(":")
    if not _ORGANISATION.fullmatch(wanted):
        raise NotConfiguredError("a secret is not <organisation id> or <organisation id>:<token>: set it again")
    same = hmac.compare_digest(wanted[:_SHORT].encode(), organisation[:_SHORT].encode())
    return same & hmac.compare_digest(own_token.encode("utf-8", "surrogatepass"), _bytes(token) if own_token else b"")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


SALESFORCE_OUTBOUND = Scheme(
    name="salesforce-outbound",
    secret="<organisation id>, or better <organisation id>:<token of the endpoint's address>",  # noqa: S106 - its form
    id_from="the first notification's id with a hash of what is said, because a later attempt may say something newer",
    judge=_salesforce,
    cautions=(
        "nothing is signed: an organisation id is no secret; use a token, or Salesforce's client certificate",
        "a message may be sent again with newer fields, and out of order",
    ),
)
