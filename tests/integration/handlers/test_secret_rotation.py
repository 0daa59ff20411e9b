"""A webhook signed with a secret that is newer than the one a warm function keeps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.world import SECRET, Context, World, moved, movement, set_secret, webhook_event

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.integration

NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@pytest.fixture
def wait(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass for what the function keeps, as it is kept in the cloud: for a minute."""
    monkeypatch.setenv("STAGE", "prod")
    ahead = [0.0]
    real = time.monotonic
    monkeypatch.setattr("crossdock.platform.secrets.time.monotonic", lambda: real() + ahead[0])

    def passes(seconds: float) -> None:
        ahead[0] += seconds

    return passes


def status(world: World, delivery: str, secret: str) -> Any:
    event = webhook_event(moved(movement(delivery)), delivery=delivery, secret=secret)
    return world.call("receive_webhook", event, Context())["statusCode"]


def test_a_new_secret_is_looked_for_when_a_signature_fits_none_but_not_for_every_forgery(
    world: World, wait: Callable[[float], None]
) -> None:
    assert status(world, "m1", SECRET) == 202
    set_secret(world, "sources/wms", {"signing_secrets": [NEW, SECRET]})

    at_once = status(world, "m2", NEW)
    wait(3)
    soon = status(world, "m2", NEW)

    assert (at_once, soon) == (401, 202)


def test_a_secret_that_was_dropped_is_refused_a_minute_later(world: World, wait: Callable[[float], None]) -> None:
    assert status(world, "m1", SECRET) == 202
    set_secret(world, "sources/wms", {"signing_secrets": [NEW]})

    wait(30)
    kept = status(world, "m2", SECRET)
    wait(31)

    assert (kept, status(world, "m3", SECRET)) == (202, 401)
