"""Reading what strangers send: one value or a refusal that names the field, never another error."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crossdock.exchange.signatures import SignatureRefusedError

if TYPE_CHECKING:
    from crossdock.exchange.schemes.values import Incoming

LONGEST = 8_192
"""Characters of a header; gateways take no more either."""
_LONGEST_ID = 256
_DIGITS = 15
_HEX = re.compile(r"[0-9a-fA-F]+")
_SHOWN = re.compile(r"[!-~]+")


def required(incoming: "Incoming", name: str, longest: int = LONGEST) -> str:
    """The one value of a header. Refuses one that is missing, sent twice, not printable ASCII, or too long."""
    values = incoming.headers.get(name, ())
    if len(values) > 1:
        raise SignatureRefusedError(name, f"came {len(values)} times", "send it once, and let no proxy repeat it")
    value = values[0] if values else ""
    if not value:
        raise SignatureRefusedError(name, "is missing", "send this header; check that no proxy takes it out")
    if len(value) > longest:
        raise SignatureRefusedError(name, f"has {len(value):,} characters", f"send at most {longest:,}")
    if not value.isascii() or not value.isprintable():
        raise SignatureRefusedError(name, "is not printable ASCII", "send plain characters, without line ends")
    return value


def optional(incoming: "Incoming", name: str, longest: int = LONGEST) -> str | None:
    """As `required`, but None where the header did not come."""
    return required(incoming, name, longest) if any(incoming.headers.get(name, ())) else None


def identifier(incoming: "Incoming", name: str) -> str | None:
    """An id in a header, or None where it did not come: it becomes part of a key, so it has no spaces and an end."""
    value = optional(incoming, name, _LONGEST_ID)
    if value is not None and not _SHOWN.fullmatch(value):
        raise SignatureRefusedError(name, "has spaces in it", "send an id of printable ASCII without spaces")
    return value


def label(incoming: "Incoming", name: str) -> str | None:
    """What a header says about the delivery, if it is readable; nothing depends on it, so nothing is refused for it."""
    values = incoming.headers.get(name, ())
    fits = len(values) == 1 and len(values[0]) <= _LONGEST_ID and values[0].isascii() and values[0].isprintable()
    return (values[0] or None) if fits else None


def unix_time(text: str, field: str, unit: str) -> float:
    """Seconds since 1970 of a whole number of seconds (`s`) or milliseconds (`ms`)."""
    words = {"s": "Unix seconds", "ms": "Unix milliseconds"}[unit]
    if not text.isascii() or not text.isdecimal() or len(text) > _DIGITS:
        raise SignatureRefusedError(field, f"is not whole {words}", f"send {words} as digits alone")
    return int(text) / (1000 if unit == "ms" else 1)


def check_age(sent: float, field: str, now: datetime, tolerance_s: int) -> datetime:
    """The instant of `sent` (seconds since 1970), refused when it lies further from now than is tolerated."""
    age = now.timestamp() - sent
    if abs(age) > tolerance_s:
        when = "in the past" if age > 0 else "in the future"
        raise SignatureRefusedError(
            field,
            f"lies {abs(int(age))} s {when}; at most {tolerance_s} s are tolerated",
            "sign each attempt anew and check the sender's clock",
        )
    return datetime.fromtimestamp(sent, UTC)


def decoded(text: str, encoding: str) -> bytes | None:
    """The bytes of a signature in `hex` or `base64`, or None when it is not written that way, to the last bit."""
    if encoding == "hex":
        return bytes.fromhex(text) if _HEX.fullmatch(text) and len(text) % 2 == 0 else None
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one, and so is the error for a letter outside of ASCII
        return None
    return found if base64.b64encode(found).decode() == text else None


def from_base64(text: str) -> bytes | None:
    """The bytes of a secret in base64, or None when it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def json_of(body: bytes) -> Any:
    """The JSON document in a body, a byte order mark allowed, or None when there is none that can be read."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # RecursionError: nested deeper than any document of a vendor
        return None


def text_in(document: Any, key: str) -> str | None:
    """The printable text under a key of an object, or None."""
    value = document.get(key) if isinstance(document, Mapping) else None
    if not isinstance(value, str) or not value or len(value) > _LONGEST_ID:
        return None
    return value if _SHOWN.fullmatch(value) else None


def instant_in(document: Any, key: str) -> datetime | None:
    """The RFC 3339 instant under a key of an object, or None."""
    value = document.get(key) if isinstance(document, Mapping) else None
    if not isinstance(value, str):
        return None
    return instant(value)


def instant(text: str) -> datetime | None:
    """The instant of an RFC 3339 text, or None when it is none or names no offset."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None
