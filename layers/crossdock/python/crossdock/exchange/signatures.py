"""Standard Webhooks signatures as we make them, over the raw bytes; `crossdock.exchange.schemes` checks others'.

Source: the Standard Webhooks specification 1.0. The signed content is `id.timestamp.body`; the signature is
`v1,` + base64(HMAC-SHA256(secret, content)); a header may carry several, separated by spaces; a secret is written
`whsec_` + base64.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from crossdock.platform.errors import CrossdockError, NotConfiguredError

_PREFIX = "whsec_"
_VERSION = "v1"
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class SignatureRefusedError(CrossdockError):
    """A delivery that is not proven to come from its source. `field` is the header, `remedy` what to do about it.

    The text never says more than the sender knows already. `misfit`: it fits no secret, and might fit a newer one.
    """

    def __init__(self, field: str, problem: str, remedy: str, *, misfit: bool = False) -> None:
        super().__init__(f"{field}: {problem}")
        self.misfit = misfit
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
