"""Signatures described as data: which header, what is signed, how it is written. Every keyed hash is checked here.

    Form   webhook-signature: v1,<base64>   over  {id}.{timestamp}.{body}   with SHA-256
             header          prefix encoding      content                        algorithm

Each active secret and each offered signature is compared, in constant time, so that two secrets can be active while one
is rotated. Which of them fits is not told.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from crossdock.exchange.schemes.reading import check_age, decoded, from_base64, identifier, required, unix_time
from crossdock.exchange.signatures import SignatureRefusedError
from crossdock.platform.errors import NotConfiguredError

if TYPE_CHECKING:
    from crossdock.exchange.schemes.values import Incoming, Trust

_PLACES = re.compile(r"\{(id|timestamp|method|url|body)\}")
_WHSEC = "whsec_"
_MOST_SIGNATURES = 32


@dataclass(frozen=True, slots=True)
class Form:
    """How a vendor writes its signature.

    `content` names what is signed: {id} {timestamp} {method} {url} {body} and the characters between them. Several
    signatures in one header are split at `separator`; those that do not begin with `prefix` are of another version and
    count for nothing. The timestamp stands in the header `timestamp`, after `timestamp_prefix` where it shares one;
    `unit` is s or ms. `key`: the secret is `text`, `base64` (whsec_ may stand before it), or `hex`. `keyed`: by HMAC,
    or by `joining` secret and content, which is weaker and what old schemes do. `at_most_s` caps the tolerance.
    """

    header: str
    content: str = "{body}"
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "base64"
    prefix: str = ""
    separator: str = ""
    timestamp: str = ""
    timestamp_prefix: str = ""
    unit: Literal["s", "ms"] = "s"
    id: str = ""
    key: Literal["text", "base64", "hex"] = "text"
    keyed: Literal["hmac", "joining"] = "hmac"
    at_most_s: int | None = None

    def needs(self, place: str) -> bool:
        """Whether `id`, `timestamp`, `method`, `url` or `body` is part of what is signed."""
        return f"{{{place}}}" in self.content


@dataclass(frozen=True, slots=True)
class Proven:
    """What a signature proves: the id and the instant it covers, None where it covers none."""

    id: str | None
    sent_at: datetime | None


def prove(form: Form, incoming: "Incoming", trust: "Trust") -> Proven:
    """Raises SignatureRefusedError unless one offered signature is by one active secret, and recent enough."""
    offered = required(incoming, form.header)
    message_id = _id(form, incoming)
    timestamp = _timestamp(form, incoming)
    sent_at = None
    if timestamp is not None:
        tolerance = trust.tolerance_s if form.at_most_s is None else min(trust.tolerance_s, form.at_most_s)
        sent = unix_time(timestamp, form.timestamp, form.unit)
        sent_at = check_age(sent, form.timestamp, trust.now, tolerance)
    content = signed_content(form, incoming, message_id or "", timestamp or "")
    expected = [digest(form, key_of(form, secret), content) for secret in trust.secrets]
    if not _fits(expected, signatures(form, offered)):
        raise SignatureRefusedError(
            form.header,
            "fits none of the active secrets",
            f"sign {shown(form)} over the exact bytes you send, with the secret you were given",
            misfit=True,
        )
    return Proven(message_id, sent_at)


def shown(form: Form) -> str:
    """What is signed, as people write it: `id.timestamp.body`."""
    return f"`{_PLACES.sub(lambda m: m[1], form.content)}`"


def signed_content(form: Form, incoming: "Incoming", message_id: str, timestamp: str) -> bytes:
    """The bytes that are signed."""
    values = {
        "id": message_id.encode(),
        "timestamp": timestamp.encode(),
        "method": incoming.method.encode("utf-8", "surrogatepass"),
        "url": incoming.url.encode("utf-8", "surrogatepass"),
        "body": incoming.body,
    }
    return filled(form.content, values)


def filled(template: str, values: Mapping[str, bytes]) -> bytes:
    """The template with its places filled; what stands between them is taken as UTF-8."""
    parts = _PLACES.split(template)  # text, place, text, place, …, text
    return b"".join(values[part] if n % 2 else part.encode() for n, part in enumerate(parts))


def digest(form: Form, key: bytes, content: bytes) -> bytes:
    """The signature's bytes under one key."""
    if form.keyed == "joining":
        return hashlib.new(form.algorithm, key + content).digest()
    return hmac.new(key, content, form.algorithm).digest()


def key_of(form: Form, secret: str) -> bytes:
    """The key that a secret of ours stands for. Raises NotConfiguredError when it cannot be one."""
    key: bytes | None
    if form.key == "base64":
        key = from_base64(secret.removeprefix(_WHSEC))
    elif form.key == "hex":
        key = decoded(secret, "hex")
    else:
        key = secret.encode("utf-8", "surrogatepass")
    if not key:
        written = {"base64": "`whsec_` + base64", "hex": "hexadecimal digits", "text": "a text"}[form.key]
        raise NotConfiguredError(f"a signing secret is empty or not {written}: rotate it")
    return key


def signatures(form: Form, offered: str) -> list[bytes]:
    """The signatures in a header that are of this form's version and can be read."""
    parts = offered.split(form.separator) if form.separator else [offered]
    ours = (part.strip(" ") for part in parts[:_MOST_SIGNATURES])
    found = (decoded(part[len(form.prefix) :], form.encoding) for part in ours if part.startswith(form.prefix))
    return [signature for signature in found if signature]


def _fits(expected: Sequence[bytes], offered: Sequence[bytes]) -> bool:
    fits = False
    for signature in offered:
        for own in expected:
            fits |= hmac.compare_digest(own, signature)
    return fits


def _id(form: Form, incoming: "Incoming") -> str | None:
    """The id that is signed; one that is not signed is read by the scheme, which knows what it is worth."""
    if not form.needs("id"):
        return None
    required(incoming, form.id, 256)
    return identifier(incoming, form.id)


def _timestamp(form: Form, incoming: "Incoming") -> str | None:
    if not form.timestamp:
        return None
    value = required(incoming, form.timestamp)
    if not form.timestamp_prefix:
        return value
    parts = [part.strip(" ") for part in value.split(form.separator)[:_MOST_SIGNATURES]]
    found = [part.removeprefix(form.timestamp_prefix) for part in parts if part.startswith(form.timestamp_prefix)]
    if len(found) != 1:
        raise SignatureRefusedError(
            form.timestamp,
            f"names {len(found)} timestamps",
            f"write one {form.timestamp_prefix}<seconds>, and signatures as {form.prefix}<digits>",
        )
    return found[0]
