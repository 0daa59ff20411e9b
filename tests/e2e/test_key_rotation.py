"""The runbook of keys is followed: old and new hold side by side, and afterwards the old one is refused."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from crossdock_cli.secrets import signing_secrets
from tests.support.runbooks import filled, runbook
from tests.support.system import MOVED_AT, movement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.system import Said, System

PARTNER = "rotated-by-the-book"
SKU = "KEY-A"


class Follower:
    """Types the page's commands one by one, and looks at the world behind each."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.values = {"SOURCE": "wms", "CHANNEL": "webshop", "PARTNER": PARTNER, "CREDENTIAL": ""}
        self.left = list(runbook("key-rotation").commands)

    def until(self, beginning: str) -> Said:
        """Types commands up to and with the next that begins so; gives back what that one said, as JSON."""
        while True:
            command = self.left.pop(0)
            said = self.system.crossdock(*filled(command, self.values), "--json")
            assert said.code == 0, (command, said.err)
            if command.startswith(f"crossdock {beginning}"):
                return said


def taken(system: System, secret: str) -> bool:
    moved = {"movements": [movement(f"key-{secrets.token_hex(6)}", SKU, 1)]}
    body = json.dumps({"type": "stock.moved", "timestamp": MOVED_AT, "data": moved}).encode()
    return system.deliver("wms", body, secret=secret).status_code == 202


def listed(system: System, key: str, query: str = "") -> int:
    return system.http.get(f"/v1/deliveries{query}", headers={"x-api-key": key}).status_code


def proven(system: System, quote: dict[str, Any]) -> bool:
    names = ("line", "item", "quantity", "unit", "unit_price", "extended_price")
    lines = [{n: line[n] for n in names} for line in quote["lines"]]
    answer = system.post({"token": quote["token"], "lines": lines}, "/v1/quotes/verify")
    return answer.status_code == 200 and bool(answer.json()["valid"])


def quoted(system: System) -> dict[str, Any]:
    asked = {"lines": [{"line": "1", "item": SKU, "quantity": 1}]}
    answer = system.post(asked, "/v1/quotes", idempotency_key=f"key-{secrets.token_hex(6)}")
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture
def priced(system: System) -> System:
    system.knows(SKU)
    tiers = [{"min_quantity": "1", "value": "2.55"}]
    rule = {"rule_id": "KEY-LIST", "version": 1, "item": f"ERP/{SKU}", "currency": "GBP", "tiers": tiers}
    prices = {"prices": [{**rule, "valid_from": "2026-01-01T00:00:00Z"}]}
    assert system.webhook("erp", "prices.changed", prices).status_code == 202
    system.until("it has a price", lambda: "token" in quoted(system))
    return system


def test_every_secret_is_changed_without_a_gap_and_the_old_one_is_refused_afterwards(priced: System) -> None:
    system = priced
    follower = Follower(system)
    _source(system, follower)
    _channel(system, follower)
    _partner(system, follower)
    _quotes(system, follower)
    follower.until("partners renew-cursors")
    trail = [one["command"] for one in follower.until("audit list").document]
    assert {"sources rotate", "channels set", "partners rotate", "partners end", "quotes rotate"} <= set(trail)
    assert follower.left == []
    assert system.crossdock("partners", "remove", PARTNER).code == 0


def _source(system: System, follower: Follower) -> None:
    [old] = signing_secrets(system.target.secret_document("sources", "wms"))
    new = follower.until("sources rotate").document["signing_secret"]
    system.forget_secrets()
    system.until("the new secret holds", lambda: taken(system, new))
    assert taken(system, old), "both hold"
    follower.until("sources rotate")
    system.until("the old secret is refused", lambda: not taken(system, old))
    assert taken(system, new)


def _channel(system: System, follower: Follower) -> None:
    channel = system.channels["webshop"]
    [old] = signing_secrets(system.target.secret_document("channels", "webshop"))
    new = follower.until("channels set").document["signing_secret"]

    def signed_with() -> list[bool]:
        """Whether the next delivery verifies by the old and by the new secret."""
        before = len(seen)
        system.send(movement(f"key-{secrets.token_hex(6)}", SKU, 1))
        system.until("a delivery came", lambda: len(seen) > before)
        return [_verifies(secret, *seen[-1]) for secret in (old, new)]

    seen: list[tuple[bytes, dict[str, str]]] = []
    deliver = channel.deliver

    def noting(headers: Mapping[str, str], body: bytes) -> Any:
        seen.append((body, dict(headers)))
        return deliver(headers, body)

    channel.deliver = noting  # type: ignore[method-assign]
    try:
        channel.secrets[:] = [old, new]
        system.until("deliveries carry both signatures", lambda: signed_with() == [True, True])
        follower.until("channels set")
        system.until("deliveries carry the new one alone", lambda: signed_with() == [False, True])
    finally:
        channel.deliver = deliver  # type: ignore[method-assign]
        channel.secrets[:] = [new]


def _verifies(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body.decode(), headers)
    except WebhookVerificationError:
        return False
    return True


def _partner(system: System, follower: Follower) -> None:
    added = system.crossdock("partners", "add", PARTNER, "--scope", "deliveries:read", "--channel", "webshop", "--json")
    old = added.document["api_key"]
    follower.values["CREDENTIAL"] = _credential(system)
    rotated = follower.until("partners rotate").document
    assert (listed(system, old, "?item=X"), listed(system, rotated["api_key"], "?item=X")) == (200, 200)
    assert rotated["old_ends_at"]
    follower.until("partners end")
    # The authorizer keeps what it found for a minute.
    system.until("the old key is refused", lambda: listed(system, old, "?item=X") == 401, seconds=90)
    assert listed(system, rotated["api_key"], "?item=X") == 200


def _credential(system: System) -> str:
    partners = system.crossdock("partners", "list", "--json").document
    (found,) = [p for p in partners if p["name"] == PARTNER]
    return str(found["credentials"][0]["id"][:12])


def _quotes(system: System, follower: Follower) -> None:
    before = quoted(system)
    sealed = follower.until("quotes rotate").document["seals_with"]
    new: Callable[[], bool] = lambda: quoted(system)["token"].split(".")[1] == sealed  # noqa: E731 - read once below
    # A running function keeps its keys for a minute.
    system.until("new quotes are sealed with the new key", new, seconds=90)
    after = quoted(system)
    assert (proven(system, before), proven(system, after)) == (True, True)
    follower.until("quotes rotate")
    system.until("quotes under the old key stand no more", lambda: not proven(system, before), seconds=90)
    assert proven(system, after)
