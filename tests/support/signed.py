"""One good delivery of every scheme, with the vendors' published vectors where they publish any."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from crossdock.exchange.schemes import Accepted, Answer, Form, Incoming, verify

HUBSPOT_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
HUBSPOT_URL = "https://www.example.com/webhook_uri"
HUBSPOT_CLIENT_BODY = b"{'example_field':'example_value'}"
HUBSPOT_EVENTS = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW",'
    b'"appId":54321}]'
)
STRIPE_EVENT = b"""{
  "id": "evt_123",
  "object": "event",
  "account": "acct_123",
  "api_version": "2017-05-25",
  "created": 1533204620,
  "data": {
    "object": {
      "id": "ii_123",
      "object": "invoiceitem",
      "amount": 1000,
      "currency": "usd",
      "customer": "cus_123",
      "date": 1533204620,
      "description": "Test Invoice Item",
      "discountable": false,
      "invoice": "in_123",
      "livemode": false,
      "metadata": {},
      "period": {
        "start": 1533204620,
        "end": 1533204620
      },
      "proration": false,
      "quantity": 3
    }
  },
  "livemode": false,
  "pending_webhooks": 1,
  "request": {
    "id": "req_123",
    "idempotency_key": "idempotency-key-123"
  },
  "type": "invoiceitem.created"
}
"""
NOTIFICATIONS = (
    b'{"value":[{"subscriptionId":"webhookItemsId","clientState":"someClientState",'
    b'"expirationDateTime":"2018-10-29T07:52:31Z","resource":"api/v2.0/companies(b18aed47)/items(26814998)",'
    b'"changeType":"updated","lastModifiedDateTime":"2018-10-26T12:54:20.467Z"},'
    b'{"subscriptionId":"webhookCustomersId","clientState":"someClientState",'
    b'"expirationDateTime":"2018-10-29T12:50:30Z","resource":"api/v2.0/companies(b18aed47)/customers(130bbd17)",'
    b'"changeType":"created","lastModifiedDateTime":"2018-10-26T12:54:26.057Z"}]}'
)
ORGANISATION = "00D5e000000KQ2eEAG"
OUTBOUND = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
    '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
    f"<OrganizationId>{ORGANISATION}</OrganizationId><ActionId>04k5e000000CaRkAAK</ActionId>"
    '<SessionId xsi:nil="true"/><EnterpriseUrl>https://x.example</EnterpriseUrl><PartnerUrl>https://y.example</PartnerUrl>'
    "<Notification><Id>04l5e00000Gx7QzAAJ</Id>"
    '<sObject xsi:type="sf:Account" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
    "<sf:Id>0015e00000ZkM3hAAF</sf:Id><sf:Name>Acme &amp; Sons</sf:Name></sObject></Notification>"
    "</notifications></soapenv:Body></soapenv:Envelope>"
).encode()
FORM = Form(
    header="x-sig",
    content="v0:{timestamp}:{id}:{body}",
    encoding="hex",
    algorithm="sha512",
    prefix="v0=",
    timestamp="x-when",
    unit="ms",
    id="x-id",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A delivery that is accepted, and by what."""

    scheme: str
    secret: str
    incoming: Incoming
    now: datetime
    delivery_id: str
    form: Form | None = None
    timestamp: str = ""
    signature: str = ""
    other_secret: str = field(default="another-secret")

    def judged(self, *secrets: str, now: datetime | None = None, tolerance: int = 300) -> Accepted | Answer:
        """What the scheme says of it."""
        return verify(self.scheme, self.incoming, secrets or (self.secret,), now or self.now, tolerance, self.form)

    def with_headers(self, **changes: str | None) -> Sample:
        """The same with headers replaced (names with _ for -), or taken out."""
        headers = dict(self.incoming.headers)
        for key, value in changes.items():
            name = key.replace("_", "-")
            headers.pop(name, None)
            if value is not None:
                headers[name] = (value,)
        return replace(self, incoming=replace(self.incoming, headers=headers))

    def with_body(self, body: bytes) -> Sample:
        return replace(self, incoming=replace(self.incoming, body=body))

    def with_url(self, url: str) -> Sample:
        return replace(self, incoming=replace(self.incoming, url=url))


def b64(key: bytes, content: bytes, algorithm: str = "sha256") -> str:
    return base64.b64encode(hmac.new(key, content, algorithm).digest()).decode()


def hexed(key: bytes, content: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(key, content, algorithm).hexdigest()


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def samples() -> dict[str, Sample]:
    """By scheme. Vectors of standard-webhooks, stripe, github and hubspot-v1 to v3 are their vendors'."""
    return {s.scheme: s for s in (*_standard(), *_bodies(), *_hubspot(), *_unsigned(), _generic())}


def hash_id(content: bytes) -> str:
    return "sha256-" + hashlib.sha256(len(content).to_bytes(8, "big") + content).hexdigest()[:40]


def _standard() -> list[Sample]:
    secret, other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    message, stamp, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
    signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    made = []
    for scheme, prefix in (("standard-webhooks", "webhook"), ("svix", "svix")):
        names = [(f"{prefix}-id", message), (f"{prefix}-timestamp", stamp), (f"{prefix}-signature", signature)]
        incoming = Incoming.of("POST", "", names, body)
        made.append(
            Sample(
                scheme, secret, incoming, at(1614265330), message, None, names[1][0], names[2][0], other_secret=other
            )
        )
    body = (
        b'{"store_id":"11111","producer":"stores/abcde","scope":"store/order/statusUpdated",'
        b'"data":{"type":"order","id":173331},"hash":"3f9ea420af83450d7ef9f78b08c8af25b2213637"}'
    )
    signed = "v1," + b64(b"client-secret", f"{message}.{stamp}.".encode() + body)
    names = [("webhook-id", message), ("webhook-timestamp", stamp), ("webhook-signature", signed)]
    incoming = Incoming.of("POST", "", names, body)
    made.append(
        Sample(
            "bigcommerce", "client-secret", incoming, at(1614265330), message, None, "webhook-timestamp", names[2][0]
        )
    )
    return made


def _bodies() -> list[Sample]:
    now = at(1792000000)
    order = b'{"id":820982911946154508,"name":"#9999","note":"caf\xc3\xa9"}'
    shop = [
        ("X-Shopify-Hmac-Sha256", b64(b"hush", order)),
        ("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        ("X-Shopify-Topic", "orders/create"),
        ("X-Shopify-Triggered-At", "2026-11-21T08:00:00.123Z"),
    ]
    woo = [
        ("X-WC-Webhook-Signature", b64(b"woo", order)),
        ("X-WC-Webhook-Delivery-ID", "6d5ad6c1"),
        ("X-WC-Webhook-Topic", "order.updated"),
    ]
    github = [
        ("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
        ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        ("X-GitHub-Event", "push"),
    ]
    v1 = "82216eca827bcb7b34b8055eb2d2d9e6bc13b9ac39ded14a61e69f70c565f53a"
    v0 = "63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef"
    stripe = [("Stripe-Signature", f"t=1533204620,v1={v1},v0={v0}")]
    woo_id = "6d5ad6c1-" + hash_id(order).removeprefix("sha256-")[:16]
    return [
        Sample(
            "shopify", "hush", Incoming.of("POST", "", shop, order), now, shop[1][1], signature="x-shopify-hmac-sha256"
        ),
        Sample(
            "woocommerce", "woo", Incoming.of("POST", "", woo, order), now, woo_id, signature="x-wc-webhook-signature"
        ),
        Sample(
            "github",
            "It's a Secret to Everybody",
            Incoming.of("POST", "", github, b"Hello, World!"),
            now,
            github[1][1],
            signature="x-hub-signature-256",
        ),
        Sample(
            "stripe",
            "webhook_secret",
            Incoming.of("POST", "", stripe, STRIPE_EVENT),
            at(1533204620),
            "evt_123",
            None,
            "stripe-signature",
            "stripe-signature",
        ),
    ]


def _hubspot() -> list[Sample]:
    now = at(15000)
    event = (
        b'[{"appId": 54321, "changeFlag": "NEW", "changeSource": "CRM", "eventId": 1, "objectId": 123, '
        b'"occurredAt": 1564113600000, "portalId": 62515, "subscriptionId": 12345, '
        b'"subscriptionType": "contact.creation"}]'
    )
    old = "x-hubspot-signature"
    return [
        Sample(
            "hubspot-v1",
            HUBSPOT_SECRET,
            Incoming.of(
                "POST",
                "",
                [
                    (old, "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"),
                    ("X-HubSpot-Signature-Version", "v1"),
                ],
                HUBSPOT_EVENTS,
            ),
            now,
            hash_id(event),
            signature=old,
        ),
        Sample(
            "hubspot-v2",
            HUBSPOT_SECRET,
            Incoming.of(
                "POST",
                HUBSPOT_URL,
                [
                    (old, "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900"),
                    ("X-HubSpot-Signature-Version", "v2"),
                ],
                b'{"example_field":"example_value"}',
            ),
            now,
            hash_id(b'{"example_field":"example_value"}'),
            signature=old,
        ),
        Sample(
            "hubspot-v3",
            HUBSPOT_SECRET,
            Incoming.of(
                "POST",
                HUBSPOT_URL,
                [
                    ("X-HubSpot-Signature-v3", "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw="),
                    ("X-HubSpot-Request-Timestamp", "15000000"),
                ],
                HUBSPOT_CLIENT_BODY,
            ),
            now,
            hash_id(HUBSPOT_CLIENT_BODY),
            None,
            "x-hubspot-request-timestamp",
            "x-hubspot-signature-v3",
        ),
    ]


def _unsigned() -> list[Sample]:
    now = at(1540000000)
    return [
        Sample(
            "business-central",
            "someClientState",
            Incoming.of("POST", "https://x.example/webhooks/erp", [], NOTIFICATIONS),
            now,
            hash_id(NOTIFICATIONS),
        ),
        Sample(
            "salesforce-outbound",
            ORGANISATION,
            Incoming.of("POST", "https://x.example/webhooks/crm", [("Content-Type", "text/xml")], OUTBOUND),
            now,
            "04l5e00000Gx7QzAAJ-",
            other_secret="00D5e000000KQ2fEAG",
        ),
    ]


def _generic() -> Sample:
    body = b'{"n": 1}'
    signature = "v0=" + hexed(b"k", b"v0:1700000000123:d-1:" + body, "sha512")
    headers = [("X-Sig", signature), ("X-When", "1700000000123"), ("X-Id", "d-1")]
    incoming = Incoming.of("POST", "", headers, body)
    return Sample("generic-hmac", "k", incoming, at(1700000000), "d-1", FORM, "x-when", "x-sig")
