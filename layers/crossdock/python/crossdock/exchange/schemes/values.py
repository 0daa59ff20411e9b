"""What a scheme judges, and what it can say: a delivery is accepted, answered, or refused (SignatureRefusedError)."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from crossdock.exchange.schemes.forms import Form


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as it came: raw body, header names in lower case, every value of a header that came several times.

    `url` is the full address that the sender called, query included; some schemes sign it.
    """

    method: str
    url: str
    headers: Mapping[str, tuple[str, ...]]
    body: bytes

    @classmethod
    def of(cls, method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes) -> "Incoming":
        """Builds one from (name, value) pairs, whatever the case of the names."""
        found: dict[str, tuple[str, ...]] = {}
        for name, value in headers:
            found[name.lower()] = (*found.get(name.lower(), ()), value)
        return cls(method.upper(), url, found, body)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a delivery is judged by: the active secrets, the present instant, and how far clocks may differ (seconds).

    `form` describes the source's own signature, for the scheme generic-hmac.
    """

    secrets: Sequence[str]
    now: datetime
    tolerance_s: int = 300
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A delivery that comes from its source.

    `delivery_id` recognises it when it comes again; printable ASCII. `content` is a hash of what it says, equal for
    every attempt: attempt numbers and the like are left out. `event_type` and `sent_at` are what the sender says of
    them, None where it says nothing. `expires_at` is when the subscription behind it ends, where the sender tells.
    """

    delivery_id: str
    content: str
    event_type: str | None = None
    sent_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A request that is no delivery but wants exactly this answer: a handshake, or a ping. Nothing is kept of it."""

    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"
    why: str = ""


Judge = Callable[[Incoming, Trust], Accepted | Answer]
"""Raises SignatureRefusedError, or NotConfiguredError when a secret of ours cannot be used."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way of proving where a delivery comes from.

    `secret` says what the vendor calls it; `id_from` what recognises a delivery that comes again; `cautions` what it
    cannot prove. `signs_url`: the address is part of what is signed. `forms` are its signatures as data, for finding
    out why one does not fit; `given` says that we make the secret (and the vendor is told), not the vendor.
    """

    name: str
    secret: str
    id_from: str
    judge: Judge
    forms: tuple[Form, ...] = ()
    signs_url: bool = False
    given: bool = False
    cautions: tuple[str, ...] = field(default=())


def hashed(*parts: bytes) -> str:
    """A short name for content: 40 hexadecimal digits of its SHA-256, each part counted with its length."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:40]


def body_id(body: bytes) -> str:
    """The delivery id where the vendor sends none: what is said again is the same delivery."""
    return f"sha256-{hashed(body)}"
