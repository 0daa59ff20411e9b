"""Standard Webhooks signatures, both ways, over the raw bytes.

Source: the Standard Webhooks specification 1.0. The signed content is `id.timestamp.body`; the signature is
`v1,` + base64(HMAC-SHA256(secret, content)); a header may carry several, separated by spaces; a secret is written
`whsec_` + base64.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from crossdock.platform.errors import CrossdockError, NotConfiguredError

_PREFIX = "whsec_"
_VERSION = "v1"
_DIGITS = 15
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_LENGTHS = dict(zip(HEADERS, (256, 4096, 4096), strict=True))
"""Characters; an id becomes part of a key, and a key has an end."""


class SignatureRefusedError(CrossdockError):
    """A delivery that is not proven to come from its source. `field` is the header, `remedy` what to do about it.

    The text never says more than the sender knows already.
    """

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


def sign(secret: str, message_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """The three headers for a delivery."""
    timestamp = str(int(sent_at.timestamp()))
    digest = base64.b64encode(_digest(_key(secret), message_id, timestamp, body)).decode()
    return dict(zip(HEADERS, (message_id, timestamp, f"{_VERSION},{digest}"), strict=True))


def sign_with_all(secrets: Sequence[str], message_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """The three headers with a signature of every active secret: a receiver changes to the new one when it likes."""
    signed = [sign(secret, message_id, sent_at, body) for secret in secrets]
    return {**signed[0], HEADERS[2]: " ".join(s[HEADERS[2]] for s in signed)}


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime, tolerance_s: int) -> str:
    """The delivery id of a delivery whose signature fits one of the active secrets.

    `headers` have lower-case names. Every secret and every offered signature is compared, in constant time each, so
    that two secrets can be active while one is rotated. Raises SignatureRefusedError, or NotConfiguredError when a
    secret of ours is unusable.
    """
    message_id, timestamp, offered = (_required(headers, name) for name in HEADERS)
    _check_age(timestamp, now, tolerance_s)
    expected = [_digest(_key(secret), message_id, timestamp, body) for secret in secrets]
    fits = False
    for signature in _signatures(offered):
        for digest in expected:
            fits |= hmac.compare_digest(digest, signature)
    if not fits:
        raise SignatureRefusedError(
            "webhook-signature",
            "fits none of the active secrets",
            "sign `id.timestamp.body` over the exact bytes you send, with the secret you were given",
        )
    return message_id


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    if not value or len(value) > _LENGTHS[name] or not value.isascii() or not value.isprintable():
        raise SignatureRefusedError(name, "missing, unreadable or too long", "send the three Standard Webhooks headers")
    return value


def _check_age(timestamp: str, now: datetime, tolerance_s: int) -> None:
    if not timestamp.isdecimal() or len(timestamp) > _DIGITS:
        raise SignatureRefusedError("webhook-timestamp", "is not whole seconds since 1970", "send Unix seconds")
    age = now.timestamp() - int(timestamp)
    if abs(age) > tolerance_s:
        when = "in the past" if age > 0 else "in the future"
        raise SignatureRefusedError(
            "webhook-timestamp",
            f"lies {abs(int(age))} s {when}; at most {tolerance_s} s are tolerated",
            "sign each attempt anew and check the sender's clock",
        )


def _signatures(offered: str) -> list[bytes]:
    found = []
    for part in offered.split(" "):
        version, _, encoded = part.partition(",")
        if version != _VERSION:
            continue
        try:
            found.append(base64.b64decode(encoded, validate=True))
        except binascii.Error:
            continue
    return found


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as exc:
        raise NotConfiguredError("a signing secret is not `whsec_` + base64: rotate it") from exc
    if not key:
        raise NotConfiguredError("a signing secret is empty: rotate it")
    return key


def _digest(key: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    return hmac.new(key, content, hashlib.sha256).digest()
