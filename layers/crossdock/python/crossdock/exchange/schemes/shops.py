"""Shopify and WooCommerce: base64 of HMAC-SHA256 over the raw body, and nothing else is signed.

Sources: Shopify's pages on verifying and structure of deliveries (the webhook id is the same for every attempt; the key
is the app's client secret, and up to an hour passes before a new one is used); WooCommerce's class-wc-webhook.php (the
ping of a new webhook is the form field `webhook_id`, unsigned, and wants exactly 200; a delivery id is made from the
webhook and the second, so that two orders of one second share it).
"""

import re
from datetime import datetime

from crossdock.exchange.schemes.forms import Form, prove
from crossdock.exchange.schemes.reading import identifier, instant, label
from crossdock.exchange.schemes.values import Accepted, Answer, Incoming, Scheme, Trust, body_id, hashed

_SHOPIFY = Form(header="x-shopify-hmac-sha256")
_WOOCOMMERCE = Form(header="x-wc-webhook-signature")
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")


def _shopify(incoming: Incoming, trust: Trust) -> Accepted:
    prove(_SHOPIFY, incoming, trust)
    return Accepted(
        delivery_id=identifier(incoming, "x-shopify-webhook-id") or body_id(incoming.body),
        content=hashed(incoming.body),
        event_type=label(incoming, "x-shopify-topic"),
        sent_at=_instant(label(incoming, "x-shopify-triggered-at")),
    )


def _woocommerce(incoming: Incoming, trust: Trust) -> Accepted | Answer:
    # Only what has no signature header at all can be a ping: a signature that does not fit is refused.
    if _WOOCOMMERCE.header not in incoming.headers and _PING.fullmatch(incoming.body):
        return Answer(200, why="the ping of a new webhook")
    prove(_WOOCOMMERCE, incoming, trust)
    named = identifier(incoming, "x-wc-webhook-delivery-id")
    content = hashed(incoming.body)
    return Accepted(
        delivery_id=f"{named}-{content[:16]}" if named else body_id(incoming.body),
        content=content,
        event_type=label(incoming, "x-wc-webhook-topic"),
    )


def _instant(text: str | None) -> datetime | None:
    return instant(text) if text else None


_UNSIGNED = "the headers are not signed: id and event type are what the sender says, only the body is proven"
_UNTIMED = "no timestamp is signed: a recorded delivery is recognised by its id or body, however old it is"

SHOPIFY = Scheme(
    name="shopify",
    secret="the app's client secret",  # noqa: S106 - what it is, not one
    id_from="the header X-Shopify-Webhook-Id; where it is missing, a hash of the body",
    judge=_shopify,
    forms=(_SHOPIFY,),
    cautions=(_UNSIGNED, _UNTIMED),
)
WOOCOMMERCE = Scheme(
    name="woocommerce",
    secret="the webhook's secret",  # noqa: S106 - what it is, not one
    id_from="the header X-WC-Webhook-Delivery-ID with a hash of the body, because two of one second share the header",
    judge=_woocommerce,
    forms=(_WOOCOMMERCE,),
    given=True,
    cautions=(_UNSIGNED, _UNTIMED),
)
