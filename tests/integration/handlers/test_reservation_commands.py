"""`crossdock reservations show, list, release, expire, sweep` over what the functions have stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock.inventory.reserving import Reservations
from crossdock_cli import reservations
from crossdock_cli.errors import CliError
from crossdock_cli.main import app
from tests.support.reserving import act, body, header, line, post, stocked
from tests.support.world import CORRELATION, later

if TYPE_CHECKING:
    from tests.support.world import World

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(world: World) -> World:
    stocked(world, A1=10, A2=5)
    world.patch.setattr(reservations, "connect", lambda _: world.target)
    world.patch.setattr(reservations, "system_clock", lambda: world.now)
    return world


def crossdock(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["reservations", *arguments])
    if isinstance(done.exception, CliError):
        raise done.exception
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def document(*arguments: str) -> Any:
    return json.loads(crossdock(*arguments, "--json"))


def test_a_reservation_is_shown_with_its_partner_and_its_trace(shop: World) -> None:
    _, held = post(shop, body(line("1"), line("2", "A2", 2)))

    found = document("show", held["id"])

    assert (found["status"], found["partner"], found["correlation_id"]) == ("held", "acme", CORRELATION)
    assert found["lines"] == held["lines"]
    text = crossdock("show", held["id"])
    assert "held until 2026-11-21T08:15:00.000Z, acme for webshop" in text
    assert f"crossdock trace {CORRELATION}" in text


def test_a_refused_one_says_what_was_short(shop: World) -> None:
    _, refused = post(shop, body(line(quantity=11)))

    assert "short: 11 of A1 asked of MAIN, 10 available" in crossdock("show", refused["reservation"])


def test_the_holds_of_an_item_are_listed_by_their_end(shop: World) -> None:
    _, late = post(shop, body(line(quantity=1)), "late")
    _, soon = post(shop, body(line(quantity=2), expires_in_seconds=30), "soon")
    post(shop, body(line("1", "A2", 1)), "of-another-item")
    shop.now = later(30)

    found = document("list", "A1", "--warehouse", "MAIN")

    assert [(h["id"], h["quantity"], h["shard"], h["expired"]) for h in found] == [
        (soon["id"], 2, None, True),
        (late["id"], 1, None, False),
    ]
    assert document("list", "A1", "--warehouse", "MOON") == []
    assert "expired: counts as free" in crossdock("list", "A1")


def test_the_holds_on_shards_are_listed_with_them(shop: World) -> None:
    Reservations(shop.table("inventory"), shop.clock).balancer.promote("A1", "MAIN", 2)
    _, held = post(shop, body(line(quantity=3)))  # more than the header keeps for itself

    (found,) = document("list", "A1")
    assert (found["id"], found["quantity"], found["shard"] in {0, 1}) == (held["id"], 3, True)


def test_a_hold_is_released_by_hand_and_the_rest_is_said(shop: World) -> None:
    _, held = post(shop)

    assert document("release", held["id"])["status"] == "released"
    assert header(shop)["rsv"] == 0
    with pytest.raises(CliError, match="it was not expired: it has ended in another way"):
        crossdock("expire", held["id"])


def test_a_hold_is_expired_by_hand_when_its_time_is_over(shop: World) -> None:
    _, held = post(shop, body(expires_in_seconds=30))
    with pytest.raises(CliError, match="its time is not over"):
        crossdock("expire", held["id"])
    shop.now = later(30)

    assert document("expire", held["id"])["status"] == "expired"
    assert header(shop)["rsv"] == 0
    with pytest.raises(CliError, match="its time was over"):
        crossdock("release", held["id"])


def test_what_has_lost_its_row_is_swept(shop: World) -> None:
    _, held = post(shop, body(expires_in_seconds=30))
    shop.table("inventory").delete((f"RSV#{held['id']}", "R"))
    assert document("sweep", "A1") == []
    shop.now = later(30)

    assert [h["id"] for h in document("sweep", "A1")] == [held["id"]]

    assert header(shop) == {"oh": 10, "av": 10, "rsv": 0, "cm": 0}
    assert act(shop, held["id"], "read")[0] == 404
    assert post(shop, body(expires_in_seconds=30))[0] == 409, "and its writer can never claim it"
    assert "0 holds" in crossdock("sweep", "A1")


@pytest.mark.parametrize("arguments", [("show", "a" * 20), ("show", "../x"), ("release", "x"), ("list", "NOPE")])
def test_what_is_not_there_is_one_line_and_a_remedy(shop: World, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CliError) as caught:
        crossdock(*arguments)
    assert caught.value.remedy
