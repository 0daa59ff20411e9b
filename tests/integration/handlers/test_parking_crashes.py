"""Parking and coming back die before and after each outside call, get their work again, and lose and double nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.exchange import breaker
from crossdock.exchange.breaker import Health
from crossdock.exchange.delivery import Dirty
from crossdock.exchange.health_store import HealthStore
from crossdock.exchange.park_store import ParkStore
from crossdock.exchange.suspect_store import SuspectStore
from crossdock.exchange.suspects import ALONE, Suspicion
from crossdock.flows.draining import message as drains
from crossdock.platform.clock import to_text
from crossdock.pricing.cell_store import CellStore, Stored
from crossdock.pricing.cells import Cell, Step, Window
from tests.integration.handlers.test_crashes import consumes, stocked
from tests.support.lane import Lane, lanes
from tests.support.scenarios import Scenario, Stage, dies_everywhere
from tests.support.world import CORRELATION, NOW, NOW_TEXT, Context, World, dirty_message

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

REJECTS = HttpAnswer(200, b'{"rejected":[{"sku":"SKU-2","reason":"no such listing"}]}')
MARKED = dirty_message("webshop", ("availability", "SKU-1"), ("availability", "SKU-2"), ("price", "SKU-1"))
NOTE = ("PEND#webshop#list", f"{NOW_TEXT}#1")


def _priced(stage: Stage) -> None:
    stocked(stage)
    cell = Cell("GBP", "EA", (Window(None, None, (Step(1, Decimal("2.55")),), ("erp:r1@1",)),), frozenset())
    row = Stored(1, cell.document(), cell.price_hash, 0, since=NOW_TEXT)
    CellStore(stage.world.table("pricing")).write("list", {"SKU-1": (None, row)})
    stage.world.table("exchange").put({"pk": NOTE[0], "sk": NOTE[1], "keys": ["SKU-1"]})


def _healthy(stage: Stage, health: Health) -> None:
    HealthStore(stage.world.table("exchange")).change("webshop", breaker.NEVER_CALLED, lambda _: health)


def _open(world: World, seconds: int) -> Health:
    until = to_text(world.now + timedelta(seconds=seconds))
    return Health(state="open", pause_s=5, until=until, since=NOW_TEXT, error="HTTP 503")


def _lane(stage: Stage) -> Lane:
    (stage.kept,) = lanes(stage.world, "webshop", seen_by="webhooks")
    return stage.kept


# -- parking ---------------------------------------------------------------------------------------------------


def _down(stage: Stage) -> None:
    _priced(stage)
    _healthy(stage, _open(stage.world, 3600))
    _lane(stage)


def _about_to_open(stage: Stage) -> None:
    _priced(stage)
    _healthy(stage, Health(fails=4))
    stage.endpoint.answer = HttpAnswer(503)
    _lane(stage)


def _mark(stage: Stage) -> None:
    stage.world.now += timedelta(seconds=31)  # a dead worker's lease is over
    announced = {**MARKED, "price_class": "list", "since": NOW_TEXT, "pending": list(NOTE)}
    consumes("deliver_to_channel", "channel-webshop", announced)(stage)


def _parked(stage: Stage) -> Any:
    """What is parked, how the channel is, and whether a message that drains is under way; not how often, since when."""
    rows = stage.world.rows("exchange")
    parked = [{n: v for n, v in r.items() if n not in {"n", "rev", "since"}} for r in rows if r["pk"][:5] == "PARK#"]
    (health,) = [r for r in rows if r["pk"] == "CH#webshop"]
    noted = [r for r in rows if r["pk"].startswith(("NOTED#", "PEND#"))]
    return parked, health["state"], health["chain"] != "", noted, bool(stage.kept.drains()), stage.endpoint.held


# -- coming back -----------------------------------------------------------------------------------------------


def _back(stage: Stage) -> None:
    _priced(stage)
    stage.endpoint.answer = REJECTS
    parks = ParkStore(stage.world.table("exchange"), stage.world.clock)
    parks.park("webshop", "availability", [Dirty("SKU-1", (CORRELATION,)), Dirty("SKU-2", (CORRELATION,))], "")
    parks.park("webshop", "price", [Dirty("SKU-1", (CORRELATION,))], "list/")
    parks.note("webshop", [NOTE])
    _healthy(stage, replace(_open(stage.world, -1), hop=7, chain=to_text(NOW)))
    _lane(stage).put(drains("webshop", 7))


def _drain(stage: Stage) -> None:
    """The messages on the queue and those they send; a message whose worker died comes again."""
    stage.kept.run(300)


def _told(stage: Stage) -> Any:
    rows = stage.world.rows("exchange")
    left = [r for r in rows if r["pk"].startswith(("PARK#", "NOTED#", "PEND#"))]
    (health,) = [r for r in rows if r["pk"] == "CH#webshop"]
    shadows = [(r["sk"], r["ver"], r["ack"], r["val"]) for r in rows if r["pk"].startswith("SH#")]
    groups = [(g.kind, g.subject, g.open) for g in stage.world.exceptions.groups()]
    return left, health["state"], health["chain"], shadows, stage.endpoint.held, groups, stage.kept.messages


# -- an item that it fails over ---------------------------------------------------------------------------------


def _poisoned(stage: Stage) -> None:
    """The channel is coming back, and fails over whatever holds SKU-2, for the last time."""
    _back(stage)
    _healthy(stage, Health(state="half", wins=1, taken=5, spare=6, hop=7, chain=to_text(NOW), since=NOW_TEXT))
    held = SuspectStore(stage.world.table("exchange"))
    held.note("webshop", "availability", {"SKU-2": Suspicion(ALONE, 4, 4, NOW_TEXT, NOW_TEXT)})
    post, down, well = stage.endpoint.post, HttpAnswer(500, detail="HTTP 500"), HttpAnswer(200)

    def fails(url: str, headers: Any, body: bytes) -> HttpAnswer:
        stage.endpoint.answer = down if b"SKU-2" in body else well
        return post(url, headers, body)

    stage.endpoint.post = fails  # type: ignore[method-assign]  # an endpoint that looks into what it is sent


def _isolated(stage: Stage) -> Any:
    left, state, _, _, held, groups, messages = _told(stage)
    return left, state, held, groups, [m.body for m in messages]


# -- the watch -------------------------------------------------------------------------------------------------


def _lost(stage: Stage) -> None:
    _back(stage)
    stage.kept.messages.clear()
    stage.world.now += timedelta(seconds=600)


def _watch_and_drain(stage: Stage) -> None:
    stage.world.call("watch_channels", {}, Context())
    stage.kept.run(300)


SCENARIOS = [
    Scenario("park for a channel that is down", 9, _down, _mark, _parked),
    Scenario("fail and park", 17, _about_to_open, _mark, _parked),
    Scenario("come back", 50, _back, _drain, _told),
    Scenario("refuse what is failed over", 51, _poisoned, _drain, _isolated),
    Scenario("find a lost message", 59, _lost, _watch_and_drain, _told),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_a_death_anywhere_loses_nothing_that_is_parked(
    scenario: Scenario, engine: Target, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "by_chance", lambda: 0.5)
    dies_everywhere(scenario, engine, tmp_path, monkeypatch)
