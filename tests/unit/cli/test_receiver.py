"""The demo's channel: what it accepts, keeps, counts, and how it can be made ill."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from crossdock_cli.demo.receiver import Channel, Counts, ForgedError, Receiver, verify

pytestmark = pytest.mark.unit

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
NOW = 1_614_265_330


def headers(body: bytes, secret: str = SECRET, stamp: int = NOW, message_id: str = "msg_1") -> dict[str, str]:
    """As the official library signs."""
    signature = Webhook(secret).sign(message_id, datetime.fromtimestamp(stamp, UTC), body.decode())
    return {"webhook-id": message_id, "webhook-timestamp": str(stamp), "webhook-signature": signature}


def availability(*items: tuple[str, int, int], correlation: str = "c-1") -> bytes:
    return json.dumps(
        {
            "type": "availability.changed.v1",
            "timestamp": "2026-11-21T10:00:00Z",
            "data": {
                "channel": "webshop",
                "items": [
                    {"sku": sku, "version": version, "available": quantity, "correlation_ids": [correlation]}
                    for sku, version, quantity in items
                ],
            },
        }
    ).encode()


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def channel(clock: Clock) -> Channel:
    return Channel("webshop", [SECRET], clock=clock)


def deliver(channel: Channel, body: bytes) -> tuple[HTTPStatus, dict[str, Any]]:
    return channel.deliver(headers(body), body)


# -- signatures ---------------------------------------------------------------------------------


def test_the_published_vector_verifies() -> None:
    """From the Standard Webhooks specification's reference libraries."""
    given = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }

    verify([SECRET], given, b'{"test": 2432232314}', NOW)


def test_any_signature_under_any_secret_may_match() -> None:
    body = b"{}"
    given = headers(body, OTHER)
    given["webhook-signature"] = "v1,AAAA v1a,xyz " + given["webhook-signature"]

    verify([SECRET, OTHER], given, body, NOW)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"webhook-signature": ""}, "a webhook-* header is missing"),
        ({"webhook-id": "msg_2"}, "no signature matches"),
        ({"webhook-signature": "v1,AAAA"}, "no signature matches"),
        ({"webhook-signature": "v1,ü"}, "no signature matches"),
        ({"webhook-timestamp": "yesterday"}, "webhook-timestamp is not a time near now"),
        ({"webhook-timestamp": str(NOW - 301)}, "webhook-timestamp is not a time near now"),
        ({"webhook-timestamp": str(NOW + 301)}, "webhook-timestamp is not a time near now"),
    ],
)
def test_what_is_not_authentic_is_forged(change: dict[str, str], why: str) -> None:
    with pytest.raises(ForgedError, match=f"^{why.replace('*', '[*]')}$"):
        verify([SECRET], {**headers(b"{}"), **change}, b"{}", NOW)


def test_a_changed_body_is_forged() -> None:
    with pytest.raises(ForgedError):
        verify([SECRET], headers(b'{"a":1}'), b'{"a": 1}', NOW)


# -- what is kept and counted -------------------------------------------------------------------


def test_the_highest_version_is_kept_whatever_the_order(channel: Channel) -> None:
    for version, quantity in ((2, 20), (1, 10), (2, 20), (3, 30)):
        assert deliver(channel, availability(("A", version, quantity))) == (HTTPStatus.OK, {})

    held = channel.held("availability", "A")
    assert held is not None
    assert (held.version, held.value) == (3, 30)
    assert channel.counts() == Counts(deliveries=4, received=4, acknowledged=4, stale=1, repeated=1)


def test_prices_and_availability_are_told_apart(channel: Channel) -> None:
    windows = [{"from": "2026-01-01T00:00:00Z", "to": None, "tiers": [{"min_quantity": 1, "unit_price": "2.55"}]}]
    price = {
        "type": "price.changed.v1",
        "timestamp": "2026-11-21T10:00:00Z",
        "data": {"channel": "webshop", "items": [{"sku": "A", "version": 7, "currency": "GBP", "windows": windows}]},
    }
    deliver(channel, availability(("A", 3, 30)))
    deliver(channel, json.dumps(price).encode())

    assert {sku: (held.version, held.value) for sku, held in channel.everything_held("price").items()} == {
        "A": (7, windows)
    }
    assert channel.everything_held("availability")["A"].version == 3


def test_a_forged_delivery_changes_nothing_but_its_count(channel: Channel) -> None:
    body = availability(("A", 1, 10))

    status, _ = channel.deliver(headers(body, OTHER), body)

    assert status == HTTPStatus.UNAUTHORIZED
    assert channel.held("availability", "A") is None
    assert channel.counts() == Counts(deliveries=1, forged_rejected=1)


def test_a_channel_that_does_not_verify_accepts_it(clock: Clock) -> None:
    channel = Channel("marketplace", [], verifies=False, clock=clock)

    assert channel.deliver({}, availability(("A", 1, 10))) == (HTTPStatus.OK, {})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"type":"other"}', b'{"type":"price.changed.v1","data":{"items":[{}]}}']
)
def test_what_is_signed_but_not_a_delivery_is_unreadable(channel: Channel, body: bytes) -> None:
    assert deliver(channel, body)[0] == HTTPStatus.BAD_REQUEST
    assert channel.counts() == Counts(deliveries=1, unreadable=1)


def test_arrivals_are_recorded_by_correlation_id(channel: Channel, clock: Clock) -> None:
    deliver(channel, availability(("A", 1, 10), correlation="c-1"))
    clock.now += 2
    deliver(channel, availability(("A", 2, 20), correlation="c-1"))
    deliver(channel, availability(("B", 1, 20), correlation="c-2"))

    assert channel.arrivals("c-1") == [NOW, NOW + 2]
    assert channel.all_arrivals() == {"c-1": NOW, "c-2": NOW + 2}
    assert channel.arrivals("c-3") == []


# -- illness ------------------------------------------------------------------------------------


def test_while_failing_it_takes_nothing_in(channel: Channel, clock: Clock) -> None:
    channel.fail_for(5)
    first = deliver(channel, availability(("A", 1, 10)))[0]
    clock.now += 5
    second = deliver(channel, availability(("A", 1, 10)))[0]

    assert (first, second) == (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.OK)
    assert channel.counts() == Counts(deliveries=2, failed=1, received=1, acknowledged=1)


def test_an_outage_that_waits_for_a_delivery_lasts_from_then_on(channel: Channel, clock: Clock) -> None:
    channel.fail_next_for(5)
    clock.now += 60

    first = deliver(channel, availability(("A", 1, 5)))
    clock.now += 4.9
    second = deliver(channel, availability(("A", 1, 5)))
    clock.now += 0.1
    third = deliver(channel, availability(("A", 1, 5)))

    assert [status for status, _ in (first, second, third)] == [503, 503, 200]
    assert channel.counts().failed == 2


def test_one_refused_item_does_not_hold_up_the_others(channel: Channel) -> None:
    channel.refuse("B", "no such product")

    answer = deliver(channel, availability(("A", 1, 10), ("B", 1, 20)))
    channel.accept("B")
    later = deliver(channel, availability(("B", 1, 20)))

    assert answer == (HTTPStatus.OK, {"rejected": [{"sku": "B", "reason": "no such product"}]})
    assert later == (HTTPStatus.OK, {})
    assert channel.counts() == Counts(deliveries=2, received=3, acknowledged=2, refused=1)


# -- over HTTP ----------------------------------------------------------------------------------


@pytest.fixture
def client() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=10)


def test_over_http_a_real_delivery_is_acknowledged_with_an_empty_object(client: httpx.Client) -> None:
    with Receiver() as receiver:
        shop = receiver.add_channel("webshop", [SECRET])
        body = availability(("A", 1, 10))
        answer = client.post(receiver.url("webshop"), content=body, headers=headers(body, stamp=int(time.time())))

        assert (answer.status_code, answer.json()) == (200, {})
        assert client.post(receiver.url("webshop"), content=body).status_code == 401
        assert client.post(receiver.url("nowhere"), content=body).status_code == 404
        assert shop.counts() == Counts(deliveries=2, received=1, acknowledged=1, forged_rejected=1)


def test_a_hanging_answer_goes_out_when_the_channel_recovers(client: httpx.Client) -> None:
    with Receiver() as receiver:
        shop = receiver.add_channel("webshop", [], verifies=False)
        shop.hang(30)
        with pytest.raises(httpx.ReadTimeout):
            client.post(receiver.url("webshop"), content=availability(("A", 1, 1)), timeout=0.2)
        threading.Timer(0.1, shop.recover).start()
        begun = time.monotonic()
        answer = client.post(receiver.url("webshop"), content=availability(("A", 2, 2)))

    assert answer.status_code == 200
    assert time.monotonic() - begun < 5


def test_parallel_deliveries_are_all_counted() -> None:
    with Receiver() as receiver:
        shop = receiver.add_channel("webshop", [], verifies=False)

        def send(start: int) -> None:
            with httpx.Client(trust_env=False, timeout=10) as own:
                for version in range(start, start + 25):
                    own.post(receiver.url("webshop"), content=availability(("A", version, version)))

        senders = [threading.Thread(target=send, args=(1 + 25 * n,)) for n in range(8)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

        held = shop.held("availability", "A")
        assert held is not None
        assert (held.version, shop.counts().acknowledged) == (200, 200)
