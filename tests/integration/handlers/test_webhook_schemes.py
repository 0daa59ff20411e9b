"""Webhooks of every scheme through the function: what its vendor is answered, and what is kept."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from crossdock.exchange.answers import RULES
from crossdock.exchange.schemes import SCHEMES, Form, Incoming
from crossdock.exchange.schemes.salesforce import ACKNOWLEDGED
from crossdock.exchange.schemes.signing import signed
from tests.support.world import (
    BODIES,
    CORRELATION,
    NOW,
    Context,
    World,
    configuration,
    moved,
    movement,
    set_secret,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

HOST = "api.example"
HMAC = {"header": "x-sig", "content": "{timestamp}.{body}", "encoding": "hex", "timestamp": "x-when"}
SECRETS = {
    "standard-webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "svix": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "salesforce-outbound": "00D5e000000KQ2eEAG:s3cret",
}
KEYED = sorted(set(SCHEMES) - {"business-central", "salesforce-outbound"})
KEEPERS = sorted(name for name, rules in RULES.items() if rules.keeps)
MESSAGE = {"v": 1, "kind": "webhook", "source": "wms", "correlation_id": CORRELATION}


def secret_of(scheme: str) -> str:
    return SECRETS.get(scheme, "a-secret")


def with_scheme(world: World, folder: Path, scheme: str, **changes: Any) -> None:
    """The source wms, signing by this scheme."""
    fields = {"scheme": scheme, **({"hmac": HMAC} if scheme == "generic-hmac" else {}), **changes}
    world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(folder, sources={"wms": fields})))
    set_secret(world, "sources/wms", {"signing_secrets": [secret_of(scheme)]})
    world.forget_warm_state()


def delivery(scheme: str, body: Any, secret: str | None = None, **headers: str) -> dict[str, Any]:
    """A webhook event as API Gateway sends it, signed by the scheme."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    incoming = Incoming.of("POST", f"https://{HOST}/live/webhooks/wms", [("Host", HOST)], raw)
    made = signed(
        scheme, secret or secret_of(scheme), incoming, NOW, Form(**HMAC) if scheme == "generic-hmac" else None
    )
    return event(made, **headers)


def event(incoming: Incoming, **headers: str) -> dict[str, Any]:
    path, _, query = incoming.url.partition("?")
    several = {
        **{n: list(v) for n, v in incoming.headers.items()},
        **{k.replace("_", "-"): [v] for k, v in headers.items()},
    }
    several["X-Correlation-Id"] = [CORRELATION]
    return {
        "httpMethod": "POST",
        "resource": "/webhooks/{source}",
        "pathParameters": {"source": "wms"},
        "headers": {n: v[-1] for n, v in several.items()},
        "multiValueHeaders": several,
        "multiValueQueryStringParameters": parse_qs(query) or None,
        "requestContext": {"path": path.removeprefix(f"https://{HOST}"), "domainName": HOST},
        "body": base64.b64encode(incoming.body).decode(),
        "isBase64Encoded": True,
    }


def send(world: World, sent: dict[str, Any]) -> tuple[int, str, dict[str, str]]:
    answer = world.call("receive_webhook", sent, Context())
    return answer["statusCode"], answer["body"], answer["headers"]


def assert_untouched(world: World) -> None:
    assert all(rows == [] for rows in world.dump().values())
    assert world.take("movements") == []
    assert world.take("webhooks") == []


@pytest.mark.parametrize("scheme", KEYED)
def test_a_delivery_is_accepted_as_its_vendor_wants_and_kept_once(scheme: str, world: World, tmp_path: Path) -> None:
    with_scheme(world, tmp_path, scheme)
    rules, sent = RULES[scheme], delivery(scheme, moved(movement("m1", 5)))

    first, again = send(world, sent), send(world, sent)

    assert (first[0], again[0]) == (rules.accepted, rules.accepted)
    if rules.body == "json":
        assert [json.loads(b)["duplicate"] for _, b, _ in (first, again)] == [False, True]
    else:
        assert (first[1], first[2]["Content-Type"]) == ("", "text/plain; charset=utf-8")
    (row,) = world.rows("exchange")
    assert json.loads(zlib.decompress(row["body"])) == moved(movement("m1", 5))
    assert [m["movements"] for m in world.take("movements")] == [[movement("m1", 5)]] * 2
    assert world.take("webhooks") == []


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_by_another_secret_nothing_is_kept_and_the_answer_makes_no_vendor_delete_anything(
    scheme: str, world: World, tmp_path: Path
) -> None:
    with_scheme(world, tmp_path, scheme)
    other = {"salesforce-outbound": "00D5e000000KQ2fEAG:s3cret"}.get(scheme, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")

    status, body, headers = send(world, delivery(scheme, moved(movement("m1")), other))

    assert status == RULES[scheme].refused
    assert json.loads(body)["type"] == "urn:crossdock:problem:signature-refused"
    assert headers.get("Retry-After") == ("300" if status == 429 else None)
    assert_untouched(world)


@pytest.mark.parametrize("scheme", KEEPERS)
@pytest.mark.parametrize("body", [{"type": "stock.stolen", "data": {}}, b"{not json"])
def test_what_cannot_be_mapped_is_kept_where_a_refusal_would_cost_the_subscription(
    scheme: str, body: Any, world: World, tmp_path: Path
) -> None:
    with_scheme(world, tmp_path, scheme)
    status, answered, headers = send(world, delivery(scheme, body))

    assert status == RULES[scheme].accepted
    (row,) = world.rows("exchange")
    id_ = row["pk"].removeprefix("IN#wms#")
    assert world.take("webhooks") == [{**MESSAGE, "delivery": id_}]
    assert world.take("movements") == []
    if scheme == "salesforce-outbound":
        assert (answered, headers["Content-Type"]) == (ACKNOWLEDGED, "text/xml; charset=utf-8")


@pytest.mark.parametrize("scheme", sorted(set(KEYED) - set(KEEPERS)))
def test_elsewhere_it_is_refused_and_nothing_is_kept(scheme: str, world: World, tmp_path: Path) -> None:
    with_scheme(world, tmp_path, scheme)

    assert send(world, delivery(scheme, {"type": "stock.stolen", "data": {}}))[0] == 422
    assert_untouched(world)


def test_a_sources_own_answers_stand_over_those_of_its_scheme(world: World, tmp_path: Path) -> None:
    with_scheme(world, tmp_path, "standard-webhooks", answers={"accepted": 204, "refused": 403, "keeps": True})

    assert send(world, delivery("standard-webhooks", moved(movement("m1"))))[0] == 204
    assert send(world, delivery("standard-webhooks", b"{", SECRETS["svix"][:-2] + "xw"))[0] == 403
    assert send(world, delivery("standard-webhooks", b"{not json"))[0] == 204
    assert [m["kind"] for m in world.take("webhooks")] == ["webhook"]


def test_what_could_not_be_mapped_becomes_an_exception_and_its_replay_maps_it_anew(
    world: World, tmp_path: Path
) -> None:
    with_scheme(world, tmp_path, "shopify")
    stolen = {"type": "stock.stolen", "timestamp": "2026-11-21T07:59:00Z", "data": {"n": 1.10}}
    send(world, delivery("shopify", stolen))
    messages = world.take("webhooks")

    assert world.call("map_webhooks", world.queue_event("webhooks", messages), Context()) == {"batchItemFailures": []}

    group, occurrence = _exception(world)
    assert (group["kind"], group["source"], group["subject"]) == ("unknown_event", "wms", "stock.stolen")
    assert (occurrence["route"], occurrence["pointer"]) == ("webhooks", "/body")
    assert json.loads(occurrence["message"]) == {**messages[0], "body": stolen}
    assert world.take("movements") == []
    corrected = {**messages[0], "body": moved(movement("m1", 3))}
    world.call("map_webhooks", world.queue_event("webhooks", [corrected]), Context())
    assert [m["movements"] for m in world.take("movements")] == [[movement("m1", 3)]]


def _exception(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    rows = world.rows("exceptions")
    head = next(r for r in rows if r["sk"] == "HEAD")
    return head, next(r for r in rows if r["sk"] != "HEAD")


def test_a_large_delivery_is_kept_as_an_object_and_mapped_behind_the_answer(world: World, tmp_path: Path) -> None:
    with_scheme(world, tmp_path, "standard-webhooks")
    facts = [movement(f"m{n:04d}" + "x" * 90, 1) for n in range(1000)]
    body = json.dumps(moved(*facts)).encode()
    assert 200_000 < len(body) < 1_000_000

    status, _, _ = send(world, delivery("standard-webhooks", body))

    assert status == 202
    (row,) = world.rows("exchange")
    stored = world.target.s3.get_object(Bucket=BODIES, Key=row["obj"])["Body"].read()
    assert zlib.decompress(stored) == body
    assert "body" not in row
    messages = world.take("webhooks")
    assert (len(messages), world.take("movements")) == (1, [])
    world.call("map_webhooks", world.queue_event("webhooks", messages), Context())
    assert [m for message in world.take("movements") for m in message["movements"]] == facts


def test_a_delivery_that_the_inbox_no_longer_holds_is_an_exception(world: World) -> None:
    message = {**MESSAGE, "delivery": "gone"}

    assert world.call("map_webhooks", world.queue_event("webhooks", [message, {"a": 1}, "x"]), Context()) == {
        "batchItemFailures": []
    }
    kinds = sorted(r["kind"] for r in world.rows("exceptions") if r["sk"] == "HEAD")
    assert kinds[0] == "delivery_gone"


def test_handshake_and_ping_are_answered_exactly_and_nothing_is_kept(world: World, tmp_path: Path) -> None:
    with_scheme(world, tmp_path, "business-central")
    called = Incoming.of("POST", f"https://{HOST}/live/webhooks/wms?validationToken=abc-1", [("Host", HOST)], b"")
    status, body, headers = send(world, event(called))
    assert (status, body, headers["Content-Type"]) == (200, "abc-1", "text/plain; charset=utf-8")
    with_scheme(world, tmp_path, "woocommerce")
    ping = Incoming.of("POST", f"https://{HOST}/live/webhooks/wms", [("Host", HOST)], b"webhook_id=9")
    assert send(world, event(ping))[:2] == (200, "")
    assert_untouched(world)


def test_an_id_that_comes_again_with_another_content_is_another_delivery_where_its_vendor_cannot_be_refused(
    world: World, tmp_path: Path
) -> None:
    with_scheme(world, tmp_path, "github")
    for number in ("m1", "m2", "m2"):
        sent = delivery("github", moved(movement(number)), x_github_delivery="d1")
        assert send(world, sent)[0] == 202

    ids = [r["pk"] for r in world.rows("exchange")]
    assert ids[0] == "IN#wms#d1"
    assert len(ids) == 2
    assert ids[1].startswith("IN#wms#d1-")
    assert len(world.take("movements")) == 3


def test_a_header_that_came_twice_is_refused(world: World, tmp_path: Path) -> None:
    with_scheme(world, tmp_path, "github")
    sent = delivery("github", moved(movement("m1")))
    value = sent["multiValueHeaders"]["x-hub-signature-256"][0]
    sent["multiValueHeaders"]["x-hub-signature-256"] = [value, value]

    assert send(world, sent)[0] == 401
    assert_untouched(world)


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_a_test_of_the_source_is_proven_and_keeps_nothing(scheme: str, world: World, tmp_path: Path) -> None:
    with_scheme(world, tmp_path, scheme)

    status, body, _ = send(world, delivery(scheme, b"{}", x_crossdock_test="1"))

    assert (status, json.loads(body)["test"]) == (200, "accepted")
    assert (
        send(
            world,
            delivery(
                scheme, b"{}", "00D5e000000KQ2fEAG" if "sales" in scheme else "whsec_C2FVsBQI", x_crossdock_test="1"
            ),
        )[0]
        >= 400
    )
    assert_untouched(world)


def test_a_queue_that_is_down_is_503_and_the_vendors_retry_succeeds(world: World, tmp_path: Path) -> None:
    with_scheme(world, tmp_path, "shopify")
    sent = delivery("shopify", {"type": "stock.stolen", "data": {}})
    url = world.urls["webhooks"]
    world.patch.setenv("WEBHOOKS_QUEUE_URL", url + "-gone")
    world.forget_warm_state()
    assert send(world, sent)[0] == 503
    world.patch.setenv("WEBHOOKS_QUEUE_URL", url)
    world.forget_warm_state()

    assert send(world, sent)[0] == 200
    assert len(world.take("webhooks")) == 1
    assert len(world.rows("exchange")) == 1


ODD_BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'{"value":[{}]}',
    b"\xff\xfe",
    b"<a/>",
    b"[" * 20_000,
    b"webhook_id=1",
    b"1" * 5_000,
)
# Headers that prove nothing may be odd.
UNSIGNED = ("github", "shopify", "woocommerce", "business-central", "salesforce-outbound")
ODD_TEXTS = ("", ",", "v1,", "t=1,v1=zz", "sha256=zz", "\u0663", "1.5", "A" * 9_000, "\x00", "a\tb", "-1")


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_whatever_is_sent_is_refused_and_never_an_error(scheme: str, world: World, tmp_path: Path) -> None:
    with_scheme(world, tmp_path, scheme)
    good = delivery(scheme, b"{}")
    names = [n for n in good["multiValueHeaders"] if n not in {"host", "X-Correlation-Id"}]
    tried = [
        {**good, "body": base64.b64encode(body).decode(), "multiValueHeaders": {}, "headers": {}} for body in ODD_BODIES
    ]
    for name in names:
        for text in ODD_TEXTS:
            tried.append({**good, "multiValueHeaders": {**good["multiValueHeaders"], name: [text]}})
            tried.append({**good, "multiValueHeaders": {**good["multiValueHeaders"], name: [text, text]}})
    tried += [
        {**good, "multiValueHeaders": None, "headers": None, "requestContext": None},
        {**good, "isBase64Encoded": False, "body": "\ud800"},
        {**good, "body": None, "multiValueHeaders": {"x": None}, "headers": {"x": None}},
        {**good, "multiValueQueryStringParameters": {"validationToken": ["\ud800"], "token": None}, "body": ""},
    ]

    statuses = {send(world, sent)[0] for sent in tried}

    assert statuses <= {200, 202, 400, 401, 422, 429}
    accepted = [r["pk"] for r in world.rows("exchange")]
    assert accepted == [] or scheme in UNSIGNED
