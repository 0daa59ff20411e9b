"""Standard Webhooks: the specification's vectors, agreement with the official library, and what must not pass."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from crossdock.exchange.schemes import Accepted, Incoming, SignatureRefusedError
from crossdock.exchange.schemes import verify as judge
from crossdock.exchange.signatures import sign, sign_with_all
from crossdock.platform.errors import NotConfiguredError
from tests.support.examples import examples

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.unit

# The vector that the specification and its libraries publish.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SIGNED_AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def verify(secrets: Sequence[str], headers: dict[str, str], body: bytes, now: datetime, tolerance_s: int) -> str:
    found = judge("standard-webhooks", Incoming.of("POST", "", headers.items(), body), secrets, now, tolerance_s)
    assert isinstance(found, Accepted)
    return found.delivery_id


def headers(**changes: str) -> dict[str, str]:
    right = {"webhook-id": MESSAGE_ID, "webhook-timestamp": "1614265330", "webhook-signature": SIGNATURE}
    return right | {k.replace("_", "-"): v for k, v in changes.items()}


def verified(
    changed: dict[str, str] | None = None, body: bytes = BODY, *secrets: str, now: datetime = SIGNED_AT
) -> str:
    return verify(secrets or (SECRET,), headers() if changed is None else changed, body, now, 300)


def test_we_sign_the_published_vector() -> None:
    assert sign(SECRET, MESSAGE_ID, SIGNED_AT, BODY) == headers()


def test_we_verify_the_published_vector() -> None:
    assert verified() == MESSAGE_ID


@given(
    st.binary(min_size=1, max_size=64).map(lambda key: "whsec_" + base64.b64encode(key).decode()),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=4),
)
@examples(100)
def test_we_and_the_official_library_take_each_others_signatures(secret: str, document: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    body = json.dumps(document).encode()
    official = Webhook(secret)

    assert official.verify(body, sign(secret, "msg_1", now, body)) == document
    theirs = headers(
        webhook_id="msg_1",
        webhook_timestamp=str(int(now.timestamp())),
        webhook_signature=official.sign("msg_1", now, body.decode()),
    )
    assert verify([secret], theirs, body, now, 300) == "msg_1"
    with pytest.raises(WebhookVerificationError):
        official.verify(body + b" ", sign(secret, "msg_1", now, body))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"webhook_id": "msg_p5jXN8AQM9LWM0D4loKWxJel"}, "webhook-signature"),
        ({"webhook_timestamp": "1614265331"}, "webhook-signature"),
        ({"webhook_signature": SIGNATURE[:-2] + "A="}, "webhook-signature"),
        ({"webhook_signature": SIGNATURE.replace("v1,", "v2,")}, "webhook-signature"),
        ({"webhook_signature": SIGNATURE.replace("v1,", "v1a,")}, "webhook-signature"),
        ({"webhook_signature": SIGNATURE.removeprefix("v1,")}, "webhook-signature"),
        ({"webhook_signature": "v1," + SIGNATURE}, "webhook-signature"),
        ({"webhook_signature": "v1,"}, "webhook-signature"),
        ({"webhook_signature": "v1,@@@"}, "webhook-signature"),
        ({"webhook_signature": "v1,g0hM9SsE"}, "webhook-signature"),
        ({"webhook_signature": SIGNATURE.lower()}, "webhook-signature"),
        ({"webhook_signature": ""}, "webhook-signature"),
        ({"webhook_signature": "v1," + "A" * 5000}, "webhook-signature"),
        ({"webhook_signature": SIGNATURE + "é"}, "webhook-signature"),
        ({"webhook_id": ""}, "webhook-id"),
        ({"webhook_id": "m\n"}, "webhook-id"),
        ({"webhook_id": "m" * 257}, "webhook-id"),
        ({"webhook_timestamp": ""}, "webhook-timestamp"),
        ({"webhook_timestamp": "1614265330.5"}, "webhook-timestamp"),
        ({"webhook_timestamp": "-1614265330"}, "webhook-timestamp"),
        ({"webhook_timestamp": "٣"}, "webhook-timestamp"),
        ({"webhook_timestamp": "9" * 16}, "webhook-timestamp"),
    ],
)
def test_a_changed_header_is_refused_and_named(changes: dict[str, str], field: str) -> None:
    with pytest.raises(SignatureRefusedError) as caught:
        verified(headers(**changes))

    assert caught.value.field == field
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_refused_and_named(name: str) -> None:
    with pytest.raises(SignatureRefusedError) as caught:
        verified({k: v for k, v in headers().items() if k != name})

    assert caught.value.field == name


@pytest.mark.parametrize("body", [b"", BODY + b" ", BODY[:-1], BODY.replace(b" ", b""), BODY.replace(b"2", b"3", 1)])
def test_a_changed_body_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureRefusedError):
        verified(None, body)


def test_another_secret_is_refused_and_one_of_several_is_enough() -> None:
    with pytest.raises(SignatureRefusedError):
        verified(None, BODY, OTHER_SECRET)
    assert verified(None, BODY, OTHER_SECRET, SECRET) == MESSAGE_ID
    assert verified(None, BODY, SECRET, OTHER_SECRET) == MESSAGE_ID


def test_one_of_several_signatures_is_enough() -> None:
    offered = f"v2,AAAA v1,AAAA nonsense {SIGNATURE} v1a,BBBB"

    assert verified(headers(webhook_signature=offered)) == MESSAGE_ID


@pytest.mark.parametrize("seconds", [-300, -299, 0, 300])
def test_within_the_tolerance_it_is_taken(seconds: int) -> None:
    assert verified(now=SIGNED_AT + timedelta(seconds=seconds)) == MESSAGE_ID


@pytest.mark.parametrize(("seconds", "when"), [(301, "in the past"), (-301, "in the future"), (10**8, "in the past")])
def test_beyond_the_tolerance_it_is_refused_though_the_signature_fits(seconds: int, when: str) -> None:
    with pytest.raises(SignatureRefusedError, match=when) as caught:
        verified(now=SIGNED_AT + timedelta(seconds=seconds))

    assert caught.value.field == "webhook-timestamp"


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!", "", "whsec_abc"])
def test_a_secret_of_ours_that_is_unusable_is_our_fault_and_not_the_senders(secret: str) -> None:
    with pytest.raises(NotConfiguredError, match="rotate it"):
        verified(None, BODY, secret)


def test_without_a_secret_nothing_passes() -> None:
    with pytest.raises(SignatureRefusedError):
        verify([], headers(), BODY, SIGNED_AT, 300)


def test_a_delivery_carries_a_signature_of_every_active_secret() -> None:
    new, old = "whsec_" + base64.b64encode(b"new" * 8).decode(), "whsec_" + base64.b64encode(b"old" * 8).decode()
    signed = sign_with_all([new, old], "msg_1", datetime(2026, 11, 21, 8, tzinfo=UTC), b"{}")

    assert signed["webhook-signature"].count("v1,") == 2
    for secret in (new, old):
        assert verify([secret], signed, b"{}", datetime(2026, 11, 21, 8, tzinfo=UTC), 300) == "msg_1"
