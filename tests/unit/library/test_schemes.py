"""Every scheme: its vendor's published vectors, and what must not pass when one thing is changed."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from crossdock.exchange.schemes import SCHEMES, Accepted, Answer, Incoming, SignatureRefusedError, verify
from crossdock.platform.errors import NotConfiguredError
from tests.support.signed import (
    HUBSPOT_CLIENT_BODY,
    HUBSPOT_SECRET,
    HUBSPOT_URL,
    STRIPE_EVENT,
    Sample,
    at,
    b64,
    hexed,
    samples,
)

pytestmark = pytest.mark.unit

ALL = samples()
KEYED = sorted(name for name, s in ALL.items() if s.signature)
TIMED = sorted(name for name, s in ALL.items() if s.timestamp)


def refused(sample: Sample, *secrets: str, now: datetime | None = None) -> SignatureRefusedError:
    with pytest.raises(SignatureRefusedError) as caught:
        sample.judged(*secrets, now=now)
    assert caught.value.field
    assert caught.value.problem
    assert caught.value.remedy
    return caught.value


def accepted(sample: Sample, *secrets: str) -> Accepted:
    found = sample.judged(*secrets)
    assert isinstance(found, Accepted)
    return found


def test_there_is_a_sample_of_every_scheme() -> None:
    assert sorted(ALL) == sorted(SCHEMES)


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_good_delivery_is_accepted_under_its_id(name: str) -> None:
    found = accepted(ALL[name]).delivery_id

    assert found.startswith(ALL[name].delivery_id)
    assert found == accepted(ALL[name]).delivery_id
    assert found.isascii()
    assert found.isprintable()
    assert " " not in found


# -- the same for every scheme ------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ALL))
def test_another_secret_is_refused_and_one_of_two_is_enough_while_they_are_rotated(name: str) -> None:
    sample = ALL[name]
    refused(sample, sample.other_secret)
    assert accepted(sample, sample.other_secret, sample.secret) == accepted(sample)
    assert accepted(sample, sample.secret, sample.other_secret) == accepted(sample)


@pytest.mark.parametrize("name", sorted(ALL))
def test_without_an_active_secret_nothing_passes(name: str) -> None:
    sample = ALL[name]
    with pytest.raises(SignatureRefusedError):
        verify(name, sample.incoming, (), sample.now, 300, sample.form)


@pytest.mark.parametrize("name", KEYED)
@pytest.mark.parametrize("change", ["append", "cut", "flip", "newline", "empty", "mark"])
def test_a_changed_body_is_refused(name: str, change: str) -> None:
    body = ALL[name].incoming.body
    changed = {
        "append": body + b" ",
        "cut": body[:-1],
        "flip": bytes([body[0] ^ 1]) + body[1:],
        "newline": body + b"\n",
        "empty": b"",
        "mark": b"\xef\xbb\xbf" + body,
    }[change]

    assert refused(ALL[name].with_body(changed)).field == ALL[name].signature


@pytest.mark.parametrize("name", KEYED)
def test_a_missing_empty_or_repeated_signature_is_refused(name: str) -> None:
    sample = ALL[name]
    header = sample.signature
    value = sample.incoming.headers[header][0]
    for values in ((), ("",), (value, value), (value, "x")):
        headers = {**sample.incoming.headers, header: values}
        changed = replace(sample, incoming=replace(sample.incoming, headers=headers))
        assert refused(changed).field == header


@pytest.mark.parametrize("name", KEYED)
@pytest.mark.parametrize("change", ["other", "cut", "spaces", "long", "unprintable", "not ascii", "lower", "garbage"])
def test_a_changed_signature_is_refused(name: str, change: str) -> None:
    header = ALL[name].signature
    value = ALL[name].incoming.headers[header][0]
    start = value.index("v1=") + 3 if "v1=" in value else len(value) // 2
    changed = {
        "other": value[:start] + ("1" if value[start] != "1" else "2") + value[start + 1 :],
        "cut": value[: start + 6],
        "spaces": value[: start + 6] + " " + value[start + 6 :],
        "long": value + "A" * 9000,
        "unprintable": value + "\n",
        "not ascii": value + "é",
        "lower": value.lower() if value.lower() != value else value.replace("1=", "2=").replace("256=", "255=") + "0",
        "garbage": "@,=;. v1 ,, v1= t=",
    }[change]

    assert refused(ALL[name].with_headers(**{header.replace("-", "_"): changed})).field == header


@pytest.mark.parametrize("name", KEYED)
def test_a_signature_in_another_encoding_is_refused(name: str) -> None:
    header = ALL[name].signature
    value = ALL[name].incoming.headers[header][0]
    form = ALL[name].form or SCHEMES[name].forms[-1 if name == "svix" else 0]
    mark = value.index(form.prefix) + len(form.prefix)
    text = value[mark:].split(",")[0]
    as_hex = form.encoding == "hex"
    changed = value[:mark] + (
        base64.b64encode(bytes.fromhex(text)).decode() if as_hex else base64.b64decode(text).hex()
    )

    assert refused(ALL[name].with_headers(**{header.replace("-", "_"): changed})).field == header


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("github", "sha256=" + hexed(b"It's a Secret to Everybody", b"Hello, World!", "sha1")),
        ("github", "sha1=" + hexed(b"It's a Secret to Everybody", b"Hello, World!", "sha1")),
        ("github", "sha512=" + hexed(b"It's a Secret to Everybody", b"Hello, World!", "sha512")),
        ("shopify", b64(b"hush", ALL["shopify"].incoming.body, "sha1")),
        ("shopify", b64(b"hush", ALL["shopify"].incoming.body, "sha512")),
        ("woocommerce", b64(b"woo", ALL["woocommerce"].incoming.body, "md5")),
        ("stripe", "t=1533204620,v0=82216eca827bcb7b34b8055eb2d2d9e6bc13b9ac39ded14a61e69f70c565f53a"),
        ("stripe", "t=1533204620,v1=" + hexed(b"webhook_secret", b"1533204620." + STRIPE_EVENT, "sha512")),
        ("generic-hmac", "v0=" + hexed(b"k", b'v0:1700000000123:d-1:{"n": 1}', "sha256")),
        ("hubspot-v3", b64(HUBSPOT_SECRET.encode(), b"POST" + HUBSPOT_URL.encode() + HUBSPOT_CLIENT_BODY, "sha256")),
    ],
)
def test_another_algorithm_or_version_is_refused(name: str, signature: str) -> None:
    refused(ALL[name].with_headers(**{ALL[name].signature.replace("-", "_"): signature}))


@pytest.mark.parametrize("name", TIMED)
def test_within_the_tolerance_it_is_taken_and_beyond_it_refused_though_the_signature_fits(name: str) -> None:
    sample = ALL[name]
    sent = accepted(sample).sent_at
    assert sent is not None
    for seconds in (-300, -299, 0, 299, 300):
        assert isinstance(sample.judged(now=sent + timedelta(seconds=seconds)), Accepted)
    for seconds in (-301, 301, 86_400, 10**8):
        assert refused(sample, now=sent + timedelta(seconds=seconds)).field == sample.timestamp


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize(
    "text", ["1614265331", "1614265330.5", "-1", "+1", "٣", "9" * 40, "", " ", "0x10", "1e9", "NaN"]
)
def test_a_changed_timestamp_is_refused(name: str, text: str) -> None:
    sample = ALL[name]
    header = sample.timestamp
    value = sample.incoming.headers[header][0]
    changed = value.replace("t=1533204620", f"t={text}") if "t=" in value else text
    found = sample.with_headers(**{header.replace("-", "_"): changed})

    refused(found)
    refused(replace(found, now=at(1614265331)))


@pytest.mark.parametrize("name", ["standard-webhooks", "svix", "bigcommerce", "generic-hmac"])
@pytest.mark.parametrize("text", ["msg_other", "", "a b", "m" * 257, "m\n", "mé"])
def test_a_changed_id_is_refused_where_it_is_signed(name: str, text: str) -> None:
    header = {"svix": "svix_id", "generic-hmac": "x_id"}.get(name, "webhook_id")

    refused(ALL[name].with_headers(**{header: text}))


@pytest.mark.parametrize(
    ("name", "header"),
    [("shopify", "x_shopify_webhook_id"), ("github", "x_github_delivery"), ("woocommerce", "x_wc_webhook_delivery_id")],
)
def test_an_id_that_is_not_signed_falls_back_to_the_body_and_is_refused_when_it_cannot_be_a_key(
    name: str, header: str
) -> None:
    assert accepted(ALL[name].with_headers(**{header: None})).delivery_id.startswith("sha256-")
    for text in ("a b", "m" * 257, "m\t", "é"):
        assert refused(ALL[name].with_headers(**{header: text})).field == header.replace("_", "-")


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_same_delivery_again_has_the_same_id_and_content(name: str) -> None:
    first, again = accepted(ALL[name]), accepted(ALL[name])

    assert (again.delivery_id, again.content) == (first.delivery_id, first.content)


# -- what is special about each -----------------------------------------------------------------


def test_bigcommerce_signs_as_the_official_library_does_with_its_client_secret_in_base64() -> None:
    now = datetime.now(UTC)
    library = Webhook(base64.b64encode(b"client-secret").decode())
    body = '{"scope":"store/order/created","data":{"type":"order","id":1}}'
    headers = [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", str(int(now.timestamp()))),
        ("webhook-signature", library.sign("msg_1", now, body)),
    ]
    found = verify("bigcommerce", Incoming.of("POST", "", headers, body.encode()), ["client-secret"], now, 300)

    assert isinstance(found, Accepted)
    assert (found.delivery_id, found.event_type) == ("msg_1", "store/order/created")


def test_svix_and_the_standard_are_one_scheme_with_two_sets_of_names() -> None:
    crossed = replace(ALL["svix"], scheme="standard-webhooks")

    assert accepted(crossed).delivery_id == ALL["svix"].delivery_id
    assert refused(crossed.with_headers(webhook_id="other")).field == "webhook-signature"


def test_of_several_signatures_one_is_enough() -> None:
    v1 = "v1=82216eca827bcb7b34b8055eb2d2d9e6bc13b9ac39ded14a61e69f70c565f53a"
    bad = "v1=" + "0" * 64
    for value in (f"t=1533204620,{bad},{v1}", f"{v1}, t=1533204620 ,{bad}", f"{bad},{v1},t=1533204620"):
        assert isinstance(ALL["stripe"].with_headers(stripe_signature=value).judged(), Accepted)
    for value in (f"t=1533204620,{bad}", f"t=1533204620,t=1533204620,{v1}", v1, f"t=1533204620;{v1}"):
        refused(ALL["stripe"].with_headers(stripe_signature=value))


def test_stripe_counts_pending_webhooks_in_the_body_which_is_no_other_content() -> None:
    other = STRIPE_EVENT.replace(b'"pending_webhooks": 1', b'"pending_webhooks": 0')
    signed = f"t=1533204620,v1={hexed(b'webhook_secret', b'1533204620.' + other)}"
    again = accepted(ALL["stripe"].with_body(other).with_headers(stripe_signature=signed))

    assert (again.delivery_id, again.content) == ("evt_123", accepted(ALL["stripe"]).content)
    assert again.event_type == "invoiceitem.created"


def test_shopify_says_what_and_when_without_signing_it() -> None:
    found = accepted(ALL["shopify"])

    assert found.event_type == "orders/create"
    assert found.sent_at == datetime(2026, 11, 21, 8, 0, 0, 123_000, UTC)
    odd = ALL["shopify"].with_headers(x_shopify_triggered_at="yesterday", x_shopify_topic="x" * 999)
    assert (accepted(odd).sent_at, accepted(odd).event_type) == (None, None)


def test_a_secret_is_used_as_the_text_it_is_whatever_it_looks_like() -> None:
    body = ALL["shopify"].incoming.body
    for secret in ("whsec_MfKQ9r8G", "deadbeef", "päss wörd", " spaced "):
        signed = ALL["shopify"].with_headers(x_shopify_hmac_sha256=b64(secret.encode(), body))
        assert isinstance(signed.judged(secret), Accepted)


def test_woocommerce_pings_without_a_signature_and_wants_exactly_200() -> None:
    ping = Incoming.of("POST", "", [("Content-Type", "application/x-www-form-urlencoded")], b"webhook_id=17")

    assert verify("woocommerce", ping, ["woo"], at(0), 300) == Answer(200, why="the ping of a new webhook")


@pytest.mark.parametrize(
    "body", [b"webhook_id=17\n", b"webhook_id=", b"webhook_id=x", b"webhook_id=17&a=1", b"", b"{}"]
)
def test_what_is_no_ping_needs_a_signature(body: bytes) -> None:
    with pytest.raises(SignatureRefusedError, match="x-wc-webhook-signature: is missing"):
        verify("woocommerce", Incoming.of("POST", "", [], body), ["woo"], at(0), 300)
    with pytest.raises(SignatureRefusedError, match="x-wc-webhook-signature"):
        verify(
            "woocommerce", Incoming.of("POST", "", [("X-WC-Webhook-Signature", "")], b"webhook_id=1"), ["w"], at(0), 1
        )


def test_two_orders_that_woocommerce_sends_in_one_second_share_its_id_and_are_two_deliveries() -> None:
    other = b'{"id":2}'
    second = ALL["woocommerce"].with_body(other).with_headers(x_wc_webhook_signature=b64(b"woo", other))

    assert accepted(second).delivery_id != accepted(ALL["woocommerce"]).delivery_id


# HubSpot: method, URI and version


@pytest.mark.parametrize("name", ["hubspot-v2", "hubspot-v3"])
@pytest.mark.parametrize(
    "url", ["", "http://www.example.com/webhook_uri", HUBSPOT_URL + "/", HUBSPOT_URL + "?a=1", HUBSPOT_URL.upper()]
)
def test_hubspot_signs_the_whole_address(name: str, url: str) -> None:
    refused(ALL[name].with_url(url))


def test_hubspot_signs_the_method_and_an_empty_body() -> None:
    get = Incoming.of(
        "get",
        HUBSPOT_URL,
        [("X-HubSpot-Signature", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e")],
        b"",
    )
    assert isinstance(verify("hubspot-v2", get, [HUBSPOT_SECRET], at(0), 300), Accepted)
    with pytest.raises(SignatureRefusedError):
        verify("hubspot-v2", replace(get, method="POST"), [HUBSPOT_SECRET], at(0), 300)


def test_hubspots_own_client_agrees_on_v1_and_v2() -> None:
    for name, url, signature in (
        ("hubspot-v1", "", "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"),
        ("hubspot-v2", HUBSPOT_URL, "4fe4e3a7d3cf09db53be39d0a58130e2aaba074ec123a9e355b876a689a1c383"),
    ):
        incoming = Incoming.of("POST", url, [("X-HubSpot-Signature", signature)], HUBSPOT_CLIENT_BODY)
        assert isinstance(verify(name, incoming, [HUBSPOT_SECRET], at(0), 300), Accepted)


@pytest.mark.parametrize(("name", "version"), [("hubspot-v1", "v2"), ("hubspot-v2", "v1"), ("hubspot-v2", "v9")])
def test_a_source_takes_one_version_of_hubspots_signature(name: str, version: str) -> None:
    changed = ALL[name].with_headers(x_hubspot_signature_version=version)

    assert refused(changed).field == "x-hubspot-signature-version"
    refused(replace(ALL["hubspot-v1"], scheme="hubspot-v3"))


@pytest.mark.parametrize(
    ("called", "signed"),
    [
        ("?a=%3A%2f%3F%40%21%24%27%28%29%2A%2C%3b", "?a=:/?@!$'()*,;"),
        ("?a=%20b+c%26%3D%25", "?a=%20b+c%26%3D%25"),
        ("?a=%253A", "?a=%253A"),
        ("/p%C3%A9%3A?q=%2F", "/p%C3%A9:?q=/"),
        ("?a=:", "?a=:"),
    ],
)
def test_hubspot_v3_decodes_twelve_characters_of_the_address_and_no_others(called: str, signed: str) -> None:
    content = b"POST" + (HUBSPOT_URL + signed).encode() + HUBSPOT_CLIENT_BODY + b"15000000"
    signature = b64(HUBSPOT_SECRET.encode(), content)
    sample = ALL["hubspot-v3"].with_url(HUBSPOT_URL + called).with_headers(x_hubspot_signature_v3=signature)

    assert isinstance(sample.judged(), Accepted)


def test_hubspot_v3_never_tolerates_more_than_five_minutes() -> None:
    late = at(15000) + timedelta(seconds=301)
    with pytest.raises(SignatureRefusedError, match="at most 300 s"):
        ALL["hubspot-v3"].judged(now=late, tolerance=3600)
    with pytest.raises(SignatureRefusedError, match="at most 60 s"):
        ALL["hubspot-v3"].judged(now=at(15061), tolerance=60)


def test_hubspot_counts_attempts_in_the_body_which_is_the_same_delivery() -> None:
    body = ALL["hubspot-v1"].incoming.body.replace(b'"attemptNumber":0', b'"attemptNumber":3')
    signature = hashlib.sha256(HUBSPOT_SECRET.encode() + body).hexdigest()
    again = accepted(ALL["hubspot-v1"].with_body(body).with_headers(x_hubspot_signature=signature))

    assert again == accepted(ALL["hubspot-v1"])
    assert again.event_type == "contact.creation"


# Business Central


def test_business_central_wants_its_token_back() -> None:
    token = "Validation: Testing client application reachability for subscription Request-Id: 1-2"
    url = "https://x.example/webhooks/erp?validationToken=Validation%3A+Testing+client+application+reachability+for+"
    found = verify(
        "business-central", Incoming.of("POST", url + "subscription+Request-Id%3A%201-2", [], b""), ["s"], at(0), 300
    )

    assert isinstance(found, Answer)
    assert (found.status, found.body, found.content_type) == (200, token, "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    "query",
    [
        "validationToken=",
        "validationToken=a&validationToken=b",
        "validationToken=%0D%0Aa",
        "validationToken=%FF",
        "validationToken=" + "a" * 3000,
        "&".join(f"a{n}=1" for n in range(99)),
    ],
)
def test_a_token_that_cannot_be_echoed_is_refused(query: str) -> None:
    with pytest.raises(SignatureRefusedError):
        verify("business-central", Incoming.of("POST", f"https://x.example/?{query}", [], b""), ["s"], at(0), 300)


def test_business_central_proves_every_notification_and_says_when_the_subscription_ends() -> None:
    sample = ALL["business-central"]
    assert accepted(sample).expires_at == datetime(2018, 10, 29, 7, 52, 31, tzinfo=UTC)
    second = sample.incoming.body.rindex(b"someClientState")
    for state in (b"x", b"", b"someClientStat"):
        changed = sample.incoming.body[:second] + state + sample.incoming.body[second + 15 :]
        assert refused(sample.with_body(changed)).field == "value[1].clientState"
    mixed = sample.incoming.body[:second] + b"other" + sample.incoming.body[second + 15 :]
    assert isinstance(sample.with_body(mixed).judged("someClientState", "other"), Accepted)
    assert isinstance(sample.with_body(b"\xef\xbb\xbf" + sample.incoming.body).judged(), Accepted)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"value":[]}',
        b'{"value":[1]}',
        b'{"value":{"clientState":"someClientState"}}',
        b'{"value":[{"clientState":1}]}',
        b'{"value":[{}]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"value":[{"clientState"',
    ],
)
def test_what_is_no_list_of_notifications_is_refused(body: bytes) -> None:
    refused(ALL["business-central"].with_body(body))


# Salesforce


def test_salesforce_is_known_by_its_organisation_short_or_long_and_by_a_token_of_the_address() -> None:
    sample = ALL["salesforce-outbound"]
    assert accepted(sample, "00D5e000000KQ2e") == accepted(sample)
    assert accepted(sample).event_type == "Account"
    secret = "00D5e000000KQ2eEAG:s3cret"
    refused(sample, secret)
    refused(sample.with_url("https://x.example/webhooks/crm?token=other"), secret)
    refused(sample.with_url("https://x.example/webhooks/crm?token=s3cret&token=s3cret"), secret)
    assert isinstance(sample.with_url("https://x.example/webhooks/crm?token=s3cret").judged(secret), Accepted)


def test_a_message_of_salesforce_that_is_sent_again_has_another_session_and_perhaps_newer_fields() -> None:
    sample = ALL["salesforce-outbound"]
    session = sample.incoming.body.replace(b'<SessionId xsi:nil="true"/>', b"<SessionId>abc</SessionId>")
    newer = sample.incoming.body.replace(b"Acme &amp; Sons", b"Acme &amp; Daughters")

    first, again, changed = (
        accepted(s).delivery_id for s in (sample, sample.with_body(session), sample.with_body(newer))
    )
    assert first != changed
    assert first.startswith("04l5e00000Gx7QzAAJ-")
    # What stands in the session says nothing; that it is not nil is an attribute of an element we skip.
    assert first == again


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ((b"<soapenv:Envelope", b'<!DOCTYPE x [<!ENTITY a "b">]><soapenv:Envelope'), "body"),
        ((b"<soapenv:Envelope", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><soapenv:Envelope'), "body"),
        ((b"Acme &amp; Sons", b"&xxe;"), "body"),
        ((b"<soapenv:Envelope", b"<?php x?><soapenv:Envelope"), "body"),
        ((b"</soapenv:Envelope>", b""), "body"),
        ((b"</soapenv:Envelope>", b"</soapenv:Envelope><x/>"), "body"),
        ((b"Acme", b"\xff\xfe"), "body"),
        ((b"<sf:Name>", b"<sf:Name>" + b"<a>" * 50), "body"),
        ((b"00D5e000000KQ2eEAG", b"00D5e000000KQ2EEAG"), "OrganizationId"),
        ((b"00D5e000000KQ2eEAG", b""), "OrganizationId"),
        ((b"00D5e000000KQ2eEAG", b"0" * 5000), "OrganizationId"),
        ((b"<Id>04l5e00000Gx7QzAAJ</Id>", b""), "Notification.Id"),
        ((b"04l5e00000Gx7QzAAJ", b"04l#"), "Notification.Id"),
        ((b"2005/09/outbound", b"2005/09/other"), "OrganizationId"),
    ],
)
def test_xml_that_is_not_a_plain_outbound_message_is_refused(change: tuple[bytes, bytes], field: str) -> None:
    sample = ALL["salesforce-outbound"]

    assert refused(sample.with_body(sample.incoming.body.replace(*change, 1))).field == field


def test_entities_are_never_expanded() -> None:
    laughs = b'<!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY a%d "&a%s;&a%s;">' % (n, str(n - 1).encode() if n else b"", str(n - 1).encode() if n else b"")
        for n in range(30)
    )
    body = laughs + b"]><l>&a29;</l>"

    assert refused(ALL["salesforce-outbound"].with_body(body)).problem == "has a document type"


# -- secrets of ours ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("standard-webhooks", "whsec_!"),
        ("standard-webhooks", ""),
        ("svix", "whsec_"),
        *((name, "") for name in ("bigcommerce", "shopify", "woocommerce", "stripe", "github", "hubspot-v1")),
        *((name, "") for name in ("hubspot-v2", "hubspot-v3", "business-central", "generic-hmac")),
        ("salesforce-outbound", "whsec_abc"),
        ("salesforce-outbound", ""),
    ],
)
def test_a_secret_of_ours_that_is_unusable_is_our_fault_and_not_the_senders(name: str, secret: str) -> None:
    with pytest.raises(NotConfiguredError):
        verify(name, ALL[name].incoming, [secret], ALL[name].now, 300, ALL[name].form)


def test_a_generic_source_that_is_not_described_is_our_fault() -> None:
    with pytest.raises(NotConfiguredError, match=r"\[sources\.<name>\.hmac\]"):
        verify("generic-hmac", ALL["generic-hmac"].incoming, ["k"], at(0), 300)
