"""Outbound messages: the SOAP envelope, read into plain values.

Source: Salesforce's description of the outbound messaging WSDL: `notifications` holds up to 100 of `Notification`,
each with its own Id and an `sObject` of the fields that the message was set up with.
"""

from dataclasses import dataclass, field
from xml.parsers import expat

from crossdock.contracts import native

_DEPTH = 12
_MOST = 1000
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NOTIFICATION = ("Envelope", "Body", "notifications", "Notification")
_RECORD = (*_NOTIFICATION, "sObject")


@dataclass(slots=True)
class Record:
    """One record: the name of its object (Account) and the texts of its fields, None where a field is empty."""

    object: str
    fields: dict[str, str | None] = field(default_factory=dict)


class _DoctypeError(Exception):
    """A document type: what it declares could grow without end, and no message has one."""


class _Reader:
    """Follows the elements; keeps the fields of records and nothing else."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._empty = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name.rpartition(" ")[2])
        if len(self._path) > _DEPTH:
            raise ValueError("is nested deeper than any message")
        self._text = []
        self._empty = attributes.get(f"{_XSI} nil") in {"true", "1"}
        if tuple(self._path) == _RECORD:
            self.records.append(Record(attributes.get(f"{_XSI} type", "").rpartition(":")[2]))
            if len(self.records) > _MOST:
                raise ValueError(f"has more than {_MOST} records")

    def text(self, piece: str) -> None:
        self._text.append(piece)

    def end(self, _: str) -> None:
        if tuple(self._path[:-1]) == _RECORD:
            self.records[-1].fields[self._path[-1]] = None if self._empty else "".join(self._text)
        self._path.pop()
        self._empty = False

    def doctype(self, *_: object) -> None:
        raise _DoctypeError


def read(body: bytes) -> list[Record]:
    """The records of a message. Raises pydantic.ValidationError when it is none."""
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(body, True)  # noqa: FBT003 - the signature of expat
    except _DoctypeError:
        raise native.refused((), "has a document type", "send the message as Salesforce does, without one") from None
    except (expat.ExpatError, ValueError) as exc:
        problem = f"is no outbound message: {exc}"[:200]
        raise native.refused((), problem, "send one whole SOAP message in UTF-8") from exc
    if not reader.records:
        remedy = "send the message as Salesforce does: notifications with at least one Notification"
        raise native.refused(("notifications",), "hold no sObject", remedy)
    return reader.records
