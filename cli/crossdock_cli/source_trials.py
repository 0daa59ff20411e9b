"""Deliveries that try a source out: proven ones, and ones that are not."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from crossdock.exchange.answers import rules_of
from crossdock.exchange.schemes import Form, Incoming, SignatureRefusedError, verify
from crossdock.exchange.schemes.signing import signed
from crossdock.flows.receiving import TEST_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from crossdock.contracts.deliveries import HttpAnswer

    Post = Callable[[str, Mapping[str, str], bytes], HttpAnswer]

_ORGANISATION: Final = "00D000000000000"  # a message of nobody's is refused before any secret is looked at
_TOLERANCE_S: Final = 300
_BODY: Final = b'{"type":"crossdock.test"}'


@dataclass(frozen=True, slots=True)
class Trial:
    """One delivery: what it was, whether it was answered as it must be, and how."""

    what: str
    good: bool
    status: int
    said: str

    def document(self) -> dict[str, Any]:
        return asdict(self)


def form_of(source: Mapping[str, Any]) -> Form | None:
    """The signature that a source of generic-hmac describes."""
    return Form(**source["hmac"]) if source.get("hmac") else None


def check_secret(scheme: str, secret: str, now: datetime, form: Form | None = None) -> None:
    """Raises NotConfiguredError when nothing can be proven by it. Nothing is sent."""
    plain = Incoming.of("POST", "https://example.com/", [], _BODY)
    with suppress(SignatureRefusedError):
        made = signed(scheme, _ORGANISATION if scheme == "salesforce-outbound" else secret, plain, now, form)
        verify(scheme, made, [secret], now, _TOLERANCE_S, form)


def run(post: Post, url: str, source: Mapping[str, Any], active: Sequence[str], now: datetime) -> list[Trial]:
    """Tries each active secret, the newest first, and two deliveries that prove nothing."""
    form = form_of(source)
    scheme = str(source["scheme"])
    refused = rules_of(scheme, source.get("answers")).refused
    plain = Incoming.of("POST", url, [(TEST_HEADER, "1")], _BODY)
    trials = []
    for number, secret in enumerate(active, 1):
        what = "by the newest secret" if number == 1 else f"by secret {number}"
        trials.append(_trial(post, what, signed(scheme, secret, plain, now, form), 200))
    trials.append(_trial(post, "without a proof", plain, refused))
    if scheme not in {"business-central", "salesforce-outbound"}:
        made = signed(scheme, active[0], plain, now, form)
        changed = Incoming(made.method, made.url, made.headers, _BODY + b" ")
        trials.append(_trial(post, "changed after it was signed", changed, refused))
    return trials


def _trial(post: Post, what: str, incoming: Incoming, wanted: int) -> Trial:
    headers = {name: values[0] for name, values in incoming.headers.items()}
    answer = post(incoming.url, {"content-type": "application/json", **headers}, incoming.body)
    return Trial(what, answer.status == wanted, answer.status, _said(answer))


def _said(answer: HttpAnswer) -> str:
    try:
        document = json.loads(answer.body)
    except ValueError:
        return answer.detail[:200]
    if not isinstance(document, dict):
        return ""
    return str(document.get("detail") or document.get("test") or "")[:200]
