"""A sandbox partner on the handlers: it moves and holds what is the sandbox's, and can touch nothing real."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crossdock_cli.partner_checks import SANDBOX_SCOPES
from tests.support.reserving import body, header, line, post, stocked
from tests.support.world import Context, World, api_event, configuration, movement

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

TRIAL = {"partner": "trial", "sources": "sandbox", "channels": "sandbox", "scopes": " ".join(SANDBOX_SCOPES)}
CHANNEL = {
    "connector": "signed_webhook",
    "publishes": ["availability"],
    "warehouses": ["SANDBOX"],
    "buffer": 0,
    "currency": "GBP",
    "max_batch": 100,
    "max_concurrency": 2,
}


@pytest.fixture
def trial(world: World, tmp_path: Path) -> World:
    """Ten real A1 in MAIN, and a sandbox beside it that knows the same item."""
    path = configuration(
        tmp_path,
        warehouses={"SANDBOX": {"source": "sandbox"}},
        sources={"sandbox": {"connector": "generic_wms", "scheme": "standard-webhooks", "counts": True}},
        channels={"sandbox": CHANNEL},
    )
    world.patch.setenv("CROSSDOCK_CONFIG", str(path))
    world.forget_warm_state()
    stocked(world, A1=10)
    world.knows(("sandbox", "A1", "A1"))
    return world


def move(world: World, *movements: dict[str, Any], **fields: Any) -> tuple[int, dict[str, Any]]:
    """POST /v1/inventory/movements, and what comes of it."""
    event = api_event({"movements": list(movements), **fields}, route="POST /v1/inventory/movements", **TRIAL)
    answer = world.call("receive_movements", event, Context())
    world.call("apply_movements", world.queue_event("movements", world.take("movements")), Context())
    world.project()
    return answer["statusCode"], json.loads(answer["body"])


def test_it_moves_and_holds_what_is_the_sandboxs(trial: World) -> None:
    real = header(trial)

    assert move(trial, movement("s1", 7, warehouse="SANDBOX"))[0] == 202
    status, held = post(trial, body(line(quantity=4), channel="sandbox"), **TRIAL)

    assert (status, held["places"][0]["warehouse"]) == (201, "SANDBOX")
    assert header(trial, warehouse="SANDBOX") == {"oh": 7, "av": 3, "rsv": 4, "cm": 0}
    assert header(trial) == real


def test_it_cannot_move_real_stock(trial: World) -> None:
    real = header(trial)

    assert move(trial, movement("s1", -10, warehouse="MAIN", type="adjustment"))[0] == 202
    status, problem = move(trial, movement("s2", 10), source="wms")

    assert [(g.kind, g.source) for g in trial.exceptions.groups()] == [("not_the_owner", "sandbox")]
    assert (status, problem["type"]) == (403, "urn:crossdock:problem:source-not-yours")
    assert header(trial) == real


def test_it_cannot_hold_real_stock(trial: World) -> None:
    real = header(trial)
    answers = [
        post(trial, body(line(), channel="sandbox"), key="k1", **TRIAL),  # nothing is there
        post(trial, body(line(warehouse="MAIN"), channel="sandbox"), key="k2", **TRIAL),
        post(trial, body(line(), channel="webshop"), key="k3", **TRIAL),
    ]
    assert [(status, p["type"].rpartition(":")[2]) for status, p in answers] == [
        (409, "not-available"),
        (422, "unknown-warehouse"),
        (403, "channel-not-yours"),
    ]
    assert header(trial) == real
