"""GET /v1/deliveries: what two partners' channels were told, each its own; and cursors that are nobody else's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.exchange import deliveries
from crossdock.exchange.shadow import Claim, ShadowStore
from crossdock.platform import allowances
from crossdock.platform.limits import Limiter
from crossdock.platform.outbound import Http
from tests.support.endpoint import Endpoint
from tests.support.world import (
    NOW_TEXT,
    Context,
    World,
    api_event,
    configuration,
    dirty_message,
    later,
    movement,
    movements_message,
    set_secret,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

ACME = {"partner": "acme", "channels": "webshop", "scopes": "deliveries:read prices:books prices:read"}
BETA = {"partner": "beta", "channels": "marketplace", "scopes": "deliveries:read prices:books prices:read"}


def asked(world: World, who: dict[str, str], query: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    event = api_event(None, route="GET /v1/deliveries", query=query, **who)
    answer = world.call("list_deliveries", event, Context())
    document: dict[str, Any] = json.loads(answer["body"])
    following = document.get("next")
    assert answer["headers"].get("Link") == (f'<{following}>; rel="next"' if following else None)
    return answer["statusCode"], document


def listed(world: World, who: dict[str, str], **query: str) -> list[dict[str, Any]]:
    """All pages of a question."""
    found: list[dict[str, Any]] = []
    wanted: dict[str, str] = dict(query)
    while True:
        status, document = asked(world, who, wanted)
        assert status == 200, document
        found += document["deliveries"]
        if not document["next"]:
            return found
        wanted = query_of(document["next"])


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture
def told(world: World) -> World:
    """The webshop acknowledged SKU-1, would not take SKU-2, did not answer for SKU-3; SKU-4 is under way."""
    endpoint = Endpoint()
    world.patch.setattr(Http, "post", lambda _, *args: endpoint.post(*args))
    for n in range(1, 5):
        world.knows(("wms", f"A{n}", f"SKU-{n}"))
        moved = movements_message(movement(f"m{n}", 5, item=f"A{n}"))
        world.call("apply_movements", world.queue_event("movements", [moved]))
    world.project()

    def tell(channel: str, *skus: str) -> None:
        marks = dirty_message(channel, *(("availability", sku) for sku in skus))
        world.call("deliver_to_channel", world.queue_event(f"channel-{channel}", [marks]), Context())

    refusal = {"rejected": [{"sku": "SKU-2", "reason": "no such listing"}]}
    endpoint.answer = HttpAnswer(200, json.dumps(refusal).encode())
    tell("webshop", "SKU-1", "SKU-2")
    endpoint.answer = HttpAnswer(503)
    tell("webshop", "SKU-3")
    endpoint.answer = HttpAnswer(200)
    endpoint.held.clear()
    tell("marketplace", "SKU-1")
    shadow = ShadowStore(world.table("exchange"), world.clock)
    shadow.claim("webshop", "availability", [(Claim("SKU-4", 1, "{}", shadow.lease()[1]), None)])
    return world


def test_each_item_says_what_became_of_it(told: World) -> None:
    found = {d["item"]: d for d in listed(told, ACME)}

    common = {"channel": "webshop", "kind": "availability", "version": 1, "decided_at": NOW_TEXT}
    nothing = {"acknowledged_version": 0, "acknowledged_at": None}
    assert found == {
        "SKU-1": {
            **common,
            "item": "SKU-1",
            "state": "acknowledged",
            "acknowledged_version": 1,
            "acknowledged_at": NOW_TEXT,
        },
        "SKU-2": {**common, **nothing, "item": "SKU-2", "state": "rejected", "reason": "no such listing"},
        "SKU-3": {**common, **nothing, "item": "SKU-3", "state": "waiting"},
        "SKU-4": {**common, **nothing, "item": "SKU-4", "state": "told"},
    }
    told.now = later(31)
    assert next(d["state"] for d in listed(told, ACME) if d["item"] == "SKU-4") == "waiting", "whoever sent it died"


def test_a_partner_sees_its_own_channels_and_no_others(told: World) -> None:
    assert [(d["channel"], d["item"]) for d in listed(told, BETA)] == [("marketplace", "SKU-1")]
    status, document = asked(told, BETA, {"channel": "webshop"})
    assert (status, document["type"]) == (403, "urn:crossdock:problem:channel-not-yours")
    assert asked(told, BETA, {"channel": "no-such"})[1]["detail"] == document["detail"].replace("webshop", "no-such")
    assert listed(told, {**BETA, "channels": ""}) == []
    assert listed(told, {**BETA, "channels": "removed"}) == [], "a channel that is configured no more"
    status, document = asked(told, {**ACME, "scopes": "inventory:read"})
    assert (status, document["type"]) == (403, "urn:crossdock:problem:scope-missing")


@pytest.mark.parametrize("state", deliveries.PROGRESS)
def test_a_state_is_asked_for(told: World, state: str) -> None:
    everything = listed(told, ACME)
    assert listed(told, ACME, state=state) == [d for d in everything if d["state"] == state] != []


def test_one_item_is_asked_for(told: World) -> None:
    everything = listed(told, ACME)
    assert listed(told, ACME, item="SKU-2") == [d for d in everything if d["item"] == "SKU-2"]
    assert listed(told, ACME, item="SKU-2", state="acknowledged") == []
    assert listed(told, ACME, item="SKU-9") == []
    assert listed(told, ACME, kind="price") == []


def test_one_item_is_found_under_each_price_class(world: World, tmp_path: Path) -> None:
    classes = {"gold": {"currency": "GBP", "segments": ["gold"], "strategic": False, "late_after_seconds": 300}}
    webshop = {"publishes": ["price"], "price_classes": ["list", "gold"]}
    path = configuration(tmp_path, channels={"webshop": webshop}, price_classes=classes)
    world.patch.setenv("CROSSDOCK_CONFIG", str(path))
    world.forget_warm_state()
    shadow = ShadowStore(world.table("exchange"), world.clock)
    for key in ("SKU-1", "SKU-1@gold", "SKU-1@old"):
        shadow.claim("webshop", "price", [(Claim(key, 1, "{}", ""), None)])
    found = [(d["item"], d["price_class"], d["state"]) for d in listed(world, ACME, item="SKU-1")]
    assert found == [("SKU-1", "list", "waiting"), ("SKU-1", "gold", "waiting")]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_together_are_the_whole(told: World, limit: int) -> None:
    pages = listed(told, ACME, limit=str(limit))
    assert pages == listed(told, ACME)
    assert len(asked(told, ACME, {"limit": str(limit)})[1]["deliveries"]) == limit


def test_a_page_that_reads_much_and_finds_little_can_be_gone_on_with(told: World) -> None:
    told.patch.setattr(deliveries, "_READ_AT_MOST", 1)
    assert [d["item"] for d in listed(told, ACME, state="rejected")] == ["SKU-2"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "٣"},
        {"state": "lost"},
        {"kind": "orders"},
        {"item": ""},
        {"item": "\ud800"},
        {"item": "A" * 201},
        {"page": "2"},
        {"cursor": ""},
        {"cursor": "x"},
        {"cursor": "é"},
        {"cursor": "A" * 2000},
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_name(told: World, query: dict[str, str]) -> None:
    status, document = asked(told, ACME, query)
    assert (status, [e["field"] for e in document["errors"]]) == (422, list(query))


# -- cursors -------------------------------------------------------------------------------------------------------


def test_a_cursor_is_for_one_partner_and_one_question(told: World) -> None:
    _, document = asked(told, ACME, {"limit": "1"})
    following = query_of(document["next"])
    cursor = following["cursor"]
    assert asked(told, ACME, following)[0] == 200

    both = {**BETA, "channels": "webshop"}
    assert asked(told, both, {"limit": "1"})[0] == 200
    changed = cursor[:-1] + ("A" if cursor[-1] != "A" else "Q")
    for who, query in (
        (both, following),
        (ACME, {"limit": "2", "cursor": cursor}),
        (ACME, {"limit": "1", "state": "waiting", "cursor": cursor}),
        (ACME, {"cursor": cursor}),
        (ACME, {"limit": "1", "cursor": cursor[:-2]}),
        (ACME, {"limit": "1", "cursor": changed}),
        (ACME, {"limit": "1", "cursor": cursor + "="}),
    ):
        status, problem = asked(told, who, query)
        assert (status, problem["type"]) == (422, "urn:crossdock:problem:cursor-unusable"), query
        assert cursor not in json.dumps(problem)


def test_a_cursor_ends_with_its_key(told: World) -> None:
    _, document = asked(told, ACME, {"limit": "1"})
    set_secret(told, "cursors/key", {"k1": "another one"})
    told.forget_warm_state()
    assert asked(told, ACME, query_of(document["next"]))[0] == 422


def test_a_listing_goes_on_where_it_was_when_the_partner_has_other_channels_meanwhile(told: World) -> None:
    both = {**ACME, "channels": "marketplace webshop"}
    webshop = listed(told, ACME)
    status, first = asked(told, both, {"limit": "1"})
    assert (status, [d["channel"] for d in first["deliveries"]]) == (200, ["marketplace"])
    _, second = asked(told, both, query_of(first["next"]))  # the end of the marketplace
    following = query_of(second["next"])
    assert second["deliveries"] == []

    _, withdrawn = asked(told, ACME, following)
    _, given = asked(told, {**ACME, "channels": "anew marketplace webshop"}, following)
    assert [withdrawn["deliveries"], given["deliveries"]] == [webshop[:1], webshop[:1]]
    status, over = asked(told, {**ACME, "channels": "marketplace"}, following)
    assert (status, over["deliveries"], over["next"]) == (200, [], None)


# -- limits --------------------------------------------------------------------------------------------------------


@pytest.fixture
def counting(told: World) -> World:
    """Calls are counted by the world's clock."""
    limiter = Limiter(told.table("limits"), lambda: int(told.now.timestamp() * 1_000_000))
    told.patch.setattr(allowances, "_limiter", lambda _: limiter)
    return told


def limited(world: World, partner: str) -> dict[str, Any]:
    event = api_event(None, route="GET /v1/deliveries", query={"item": "SKU-1"}, **{**ACME, "partner": partner})
    event["requestContext"]["authorizer"] |= {"rate": "1", "burst": "3"}
    return dict(world.call("list_deliveries", event, Context()))


def test_each_partner_uses_up_its_own_share(counting: World) -> None:
    answers = [limited(counting, "greedy") for _ in range(5)]
    assert [a["statusCode"] for a in answers] == [200, 200, 200, 429, 429]
    assert [a["headers"]["RateLimit"] for a in answers] == [
        '"partner";r=2;t=1',
        '"partner";r=1;t=2',
        '"partner";r=0;t=3',
        '"partner";r=0;t=3',
        '"partner";r=0;t=3',
    ]
    assert {a["headers"]["RateLimit-Policy"] for a in answers} == {'"partner";q=3;w=3'}
    assert answers[-1]["headers"]["Retry-After"] == "1"
    assert json.loads(answers[-1]["body"])["type"] == "urn:crossdock:problem:too-many-requests"

    modest = limited(counting, "modest")
    assert (modest["statusCode"], modest["headers"]["RateLimit"]) == (200, '"partner";r=2;t=1')
    assert [r["pk"] for r in counting.rows("limits")] == ["LIMIT#greedy", "LIMIT#modest"]
    counting.now = later(1)
    assert [limited(counting, "greedy")["statusCode"] for _ in range(2)] == [200, 429]
