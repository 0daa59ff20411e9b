"""Stripe: `Stripe-Signature: t=<seconds>,v1=<hex>,v1=<hex>,v0=<hex>`, HMAC-SHA256 over `t.body`.

Source: Stripe's page on verifying signatures. Several v1 come while an endpoint's secret is rotated; v0 is made for
test events and proves nothing. The secret is used as the text it is, whsec_ included.
"""

import json

from crossdock.exchange.schemes.forms import Form, prove
from crossdock.exchange.schemes.reading import json_of, text_in
from crossdock.exchange.schemes.values import Accepted, Incoming, Scheme, Trust, body_id, hashed

_FORM = Form(
    header="stripe-signature",
    content="{timestamp}.{body}",
    encoding="hex",
    prefix="v1=",
    separator=",",
    timestamp="stripe-signature",
    timestamp_prefix="t=",
)


def _stripe(incoming: Incoming, trust: Trust) -> Accepted:
    proven = prove(_FORM, incoming, trust)
    event = json_of(incoming.body)
    return Accepted(
        delivery_id=text_in(event, "id") or body_id(incoming.body),
        content=_content(event, incoming.body),
        event_type=text_in(event, "type"),
        sent_at=proven.sent_at,
    )


def _content(event: object, body: bytes) -> str:
    """How many webhooks are still to be delivered (`pending_webhooks`) changes from attempt to attempt."""
    if not isinstance(event, dict):
        return hashed(body)
    try:
        said = {key: value for key, value in event.items() if key != "pending_webhooks"}
        return hashed(json.dumps(said, sort_keys=True).encode())
    except (ValueError, RecursionError):
        return hashed(body)


STRIPE = Scheme(
    name="stripe",
    secret="the endpoint's secret, whsec_ included",  # noqa: S106 - what it is, not one
    id_from="the event's id in the body, which is signed; where there is none, a hash of the body",
    judge=_stripe,
    forms=(_FORM,),
)
