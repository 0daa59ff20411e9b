"""Publication of prices dies before and after each outside call, gets its work again, and ends as if undisturbed."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.flows import price_publication
from crossdock.pricing.facts import part
from tests.integration.handlers.test_crashes import everything, unique
from tests.support import world as worlds
from tests.support.publishing import OPEN, Prices, rule
from tests.support.scenarios import Scenario, Stage, dies_everywhere
from tests.support.world import CORRELATION, Context, later

if TYPE_CHECKING:
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

SOON, BEGINS = "2026-12-01T00:00:00.000000Z", "2098-12-01T00:00:00.000000Z"
RULES = (
    rule(1, 1, "2.55", valid_to=SOON),
    rule(2, 1, "2.00", valid_from=BEGINS),
    rule(3, 1, "1.00", item="E2"),
    rule(4, 1, "0.90", item="E2", scope={"segment": "gold"}),
)


def _prices(stage: Stage) -> Prices:
    """The webshop holds the prices of two classes."""
    found = Prices(stage.world, Path(os.environ["CROSSDOCK_CONFIG"]).parent, stage.endpoint)
    found.classes("list", "gold")
    return found


def _changed(stage: Stage) -> None:
    prices = _prices(stage)
    prices.rules(*RULES)
    stage.kept = [r for r in prices.records() if r["dynamodb"]["Keys"]["pk"]["S"][:2] in {"I#", "X#"}]


def _spread(stage: Stage) -> None:
    stage.world.call("spread_price_changes", {"Records": stage.kept}, Context())


def _asked(stage: Stage) -> Any:
    return unique(stage.world.take("price-cells"))


def _spread_already(stage: Stage) -> None:
    prices = _prices(stage)
    prices.rules(*RULES)
    stage.kept = prices.spread(prices.records())


def _publish(stage: Stage) -> None:
    """The messages that there are and, once they are done, those that they put on the queue."""
    while stage.kept:  # what a death leaves undone stays on the queue
        event = stage.world.queue_event("price-cells", stage.kept)
        assert stage.world.call("publish_prices", event, Context()) == {"batchItemFailures": []}
        stage.kept = stage.world.take("price-cells")


def _scheduled(stage: Stage) -> Any:
    client = stage.world.target.session.client("scheduler", **stage.world.target.options)
    found = client.list_schedules(GroupName="crossdock-local-price-windows")["Schedules"]
    return everything(stage), [s["Name"] for s in found]


def _of_a_family(stage: Stage) -> None:
    prices = _prices(stage)
    for n in (1, 2):
        prices.families(f"SKU-{n}", 1, "tools")
    prices.rules(rule(1, 1, "4.00", item=None, scope={"family": "tools"}))
    asked = next(m for m in prices.spread(prices.records()) if m["kind"] == "spread")
    stage.kept = [{**asked, "groups": [part(f"SKU-{n}") for n in (1, 2)]}]
    stage.world.patch.setattr(price_publication, "PAGE", 1)


def _published(stage: Stage) -> Prices:
    prices = _prices(stage)
    prices.rules(*RULES)
    prices.publish(*prices.spread(prices.records()))
    return prices


def _due(stage: Stage) -> None:
    _published(stage)
    stage.world.now = datetime.fromisoformat(SOON)
    stage.kept = [OPEN]
    stage.world.patch.setattr(price_publication, "parts", lambda: [part("SKU-1")])  # fifteen others are empty


def _announced(stage: Stage) -> None:
    stage.kept = _published(stage).records()
    stage.kept = [r for r in stage.kept if r["dynamodb"]["Keys"]["pk"]["S"].startswith("P#")]


def _announce(stage: Stage) -> None:
    stage.world.call("announce_changes", {"Records": stage.kept}, Context())


def _marked(stage: Stage) -> Any:
    return stage.world.rows("exchange"), unique(stage.world.take("channel-webshop"))


def _to_deliver(stage: Stage) -> None:
    prices = _published(stage)
    stage.kept = prices.announce(prices.records())


def _deliver(stage: Stage) -> None:
    stage.world.now = later((stage.world.now - worlds.NOW).total_seconds() + 31)  # a dead worker's lease is over
    event = stage.world.queue_event("channel-webshop", stage.kept)
    assert stage.world.call("deliver_to_channel", event, Context()) == {"batchItemFailures": []}


def _held(stage: Stage) -> Any:
    rows = stage.world.rows("exchange")
    for row in rows:
        for instant in ("at", "acked"):
            row.pop(instant, None)
    return rows, stage.endpoint.held


def _down(stage: Stage) -> None:
    prices = _published(stage)
    stage.endpoint.answer = HttpAnswer(503)
    told = prices.announce(prices.records())
    prices.deliver(*told)
    stage.world.now = later(600)


def _watch(stage: Stage) -> None:
    stage.world.call("watch_prices", {"check": "late", "correlation_id": CORRELATION})


def _told_of(stage: Stage) -> Any:
    return stage.world.rows("exceptions"), stage.world.rows("exchange")


SCENARIOS = [
    Scenario("spread changed rules", 1, _changed, _spread, _asked),
    Scenario("publish cells", 12, _spread_already, _publish, _scheduled),
    Scenario("publish a family", 24, _of_a_family, _publish, _scheduled),
    Scenario("open a window", 16, _due, _publish, _scheduled),
    Scenario("announce prices", 2, _announced, _announce, _marked),
    Scenario("deliver prices", 15, _to_deliver, _deliver, _held),
    Scenario("tell of late prices", 14, _down, _watch, _told_of),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_a_death_anywhere_publishes_the_same_prices(
    scenario: Scenario, engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_everywhere(scenario, engine, tmp_path, monkeypatch)
