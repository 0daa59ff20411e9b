"""HubSpot's three signatures.

    v1   X-HubSpot-Signature     hex SHA-256 of secret + body                      (webhooks of older apps)
    v2   X-HubSpot-Signature     hex SHA-256 of secret + method + URI + body       (workflow actions, cards)
    v3   X-HubSpot-Signature-v3  base64 HMAC-SHA256 of method + URI + body + time  (milliseconds; five minutes at most)

Source: HubSpot's page on validating requests. For v3 twelve percent-encoded characters of the URI are decoded before it
is signed, no others; v2 takes the URI as it was called. A source takes one version only: a request carries the older
ones too, and the weakest that is taken is what a source is worth.
"""

import json
import re
from dataclasses import replace
from functools import partial
from typing import Any

from crossdock.exchange.schemes.forms import Form, prove
from crossdock.exchange.schemes.reading import json_of, label, text_in
from crossdock.exchange.schemes.values import Accepted, Incoming, Scheme, Trust, body_id, hashed
from crossdock.exchange.signatures import SignatureRefusedError

_V1 = Form(header="x-hubspot-signature", content="{body}", encoding="hex", keyed="joining")
_V2 = replace(_V1, content="{method}{url}{body}")
_V3 = Form(
    header="x-hubspot-signature-v3",
    content="{method}{url}{body}{timestamp}",
    timestamp="x-hubspot-request-timestamp",
    unit="ms",
    at_most_s=300,
)
_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)


def decoded_uri(uri: str) -> str:
    """The URI as v3 signs it: once over, so that %253A stays what it is."""
    return _ENCODED.sub(lambda found: _DECODED[found[0].upper()], uri)


def _v1_or_v2(form: Form, version: str, incoming: Incoming, trust: Trust) -> Accepted:
    said = label(incoming, "x-hubspot-signature-version")
    if said is not None and said.lower() != version:
        raise SignatureRefusedError(
            "x-hubspot-signature-version",
            f"is {said[:10]}, and this source takes {version}",
            f"set the source's scheme to hubspot-{said[:10].lower()}, or better to hubspot-v3",
        )
    prove(form, incoming, trust)
    return _accepted(incoming)


def _v3(incoming: Incoming, trust: Trust) -> Accepted:
    proven = prove(_V3, replace(incoming, url=decoded_uri(incoming.url)), trust)
    return replace(_accepted(incoming), sent_at=proven.sent_at)


def _accepted(incoming: Incoming) -> Accepted:
    """HubSpot names no delivery, and counts its attempts in the body: so what is said besides is the identity."""
    events = json_of(incoming.body)
    content = _content(events)
    if content is None:
        return Accepted(body_id(incoming.body), hashed(incoming.body))
    kinds = {text_in(event, "subscriptionType") for event in events}
    return Accepted(f"sha256-{content}", content, kinds.pop() if len(kinds) == 1 else None)


def _content(events: Any) -> str | None:
    if not isinstance(events, list) or not events or not all(isinstance(e, dict) for e in events):
        return None
    said = [{key: value for key, value in event.items() if key != "attemptNumber"} for event in events]
    try:
        return hashed(json.dumps(said, sort_keys=True).encode())
    except (ValueError, RecursionError):
        return None


_SECRET = "the app's client secret"  # noqa: S105 - what it is, not one
_ID = "a hash of the events without their attemptNumber; of a body that is no list of events, a hash of the body"
_WEAK = "no timestamp is signed, and the hash is not keyed: take hubspot-v3 where it is sent"

V1 = Scheme("hubspot-v1", _SECRET, _ID, partial(_v1_or_v2, _V1, "v1"), (_V1,), cautions=(_WEAK,))
V2 = Scheme("hubspot-v2", _SECRET, _ID, partial(_v1_or_v2, _V2, "v2"), (_V2,), signs_url=True, cautions=(_WEAK,))
V3 = Scheme("hubspot-v3", _SECRET, _ID, _v3, (_V3,), signs_url=True)
