"""Standard Webhooks 1.0, Svix's own header names for it, and BigCommerce, which signs with its client secret so.

Sources: the Standard Webhooks specification; Svix's manual verification page; BigCommerce's page on HTTPS webhooks,
which has the client secret's own bytes for the key (it is handed to the library in base64). BigCommerce's payload has
its own `hash`, which anybody can make and which proves nothing.
"""

from dataclasses import replace

from crossdock.exchange.schemes.forms import Form, prove
from crossdock.exchange.schemes.reading import json_of, text_in
from crossdock.exchange.schemes.values import Accepted, Incoming, Scheme, Trust, hashed

_FORM = Form(
    header="webhook-signature",
    content="{id}.{timestamp}.{body}",
    prefix="v1,",
    separator=" ",
    timestamp="webhook-timestamp",
    id="webhook-id",
    key="base64",
)
_SVIX = replace(_FORM, header="svix-signature", timestamp="svix-timestamp", id="svix-id")
_BIGCOMMERCE = replace(_FORM, key="text")


def _standard(incoming: Incoming, trust: Trust) -> Accepted:
    # Some senders use Svix's names; a delivery that has both is judged by the standard's.
    ours = any(name in incoming.headers for name in (_FORM.header, _FORM.timestamp, _FORM.id))
    theirs = any(name in incoming.headers for name in (_SVIX.header, _SVIX.timestamp, _SVIX.id))
    return _accepted(_SVIX if theirs and not ours else _FORM, incoming, trust, "type")


def _bigcommerce(incoming: Incoming, trust: Trust) -> Accepted:
    return _accepted(_BIGCOMMERCE, incoming, trust, "scope")


def _accepted(form: Form, incoming: Incoming, trust: Trust, event: str) -> Accepted:
    proven = prove(form, incoming, trust)
    return Accepted(
        delivery_id=proven.id or "",
        content=hashed(incoming.body),
        event_type=text_in(json_of(incoming.body), event),
        sent_at=proven.sent_at,
    )


STANDARD_WEBHOOKS = Scheme(
    name="standard-webhooks",
    secret="`whsec_` + base64",  # noqa: S106 - how a secret is written, not one
    id_from="the header webhook-id (or svix-id), which is signed",
    judge=_standard,
    forms=(_FORM, _SVIX),
    given=True,
)
SVIX = replace(STANDARD_WEBHOOKS, name="svix")
BIGCOMMERCE = Scheme(
    name="bigcommerce",
    secret="the app's client secret, as it is",  # noqa: S106 - how a secret is written, not one
    id_from="the header webhook-id, which is signed",
    judge=_bigcommerce,
    forms=(_BIGCOMMERCE,),
)
