"""Telling a shop, and writing a file, dies before and after each outside call and ends as if undisturbed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.handlers.test_crashes import consumes, everything, stocked
from tests.support import world as worlds
from tests.support.scenarios import Scenario, Stage, on, run
from tests.support.vendors import TOKEN, Shopify
from tests.support.world import configuration, dirty_message, later, set_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossdock.contracts.deliveries import HttpAnswer
    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

DROPS = "crossdock-local-drops"
TOLD = dirty_message("webshop", ("availability", "SKU-1"), ("availability", "SKU-2"))
SHOPIFY = {"system": "shop", "location": "77", "api_version": "2026-10", "reason": "correction"}
CSV = {"folder": "", "separator": ",", "spreadsheets": True}


class _Shop(Shopify):
    """A shop where nobody asks for digests."""

    def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        raise AssertionError((url, headers))


def _channel(stage: Stage, connector: str, settings: Mapping[str, Any]) -> None:
    stocked(stage)
    folder = Path(os.environ["CROSSDOCK_CONFIG"]).parent
    webshop = {"connector": connector, "publishes": ["availability"], "digest": False, "settings": settings}
    stage.world.patch.setenv("CROSSDOCK_CONFIG", str(configuration(folder, channels={"webshop": webshop})))


def _shop(stage: Stage) -> None:
    """SKU-1 is sold there; of SKU-2 the shop knows nothing, although a reference says otherwise."""
    _channel(stage, "shopify", SHOPIFY)
    stage.world.knows(("shop", "inventory_item/1001", "SKU-1"), ("shop", "inventory_item/1002", "SKU-2"))
    set_secret(stage.world, "channels/webshop", {"url": "https://demo.myshopify.com", "token": TOKEN})
    shop: Any = _Shop(stocked={"gid://shopify/InventoryItem/1001"})
    stage.endpoint = shop


def _files(stage: Stage) -> None:
    _channel(stage, "csv_drop", CSV)
    s3 = stage.world.target.s3
    s3.create_bucket(Bucket=DROPS)
    for held in s3.list_objects_v2(Bucket=DROPS).get("Contents", []):
        s3.delete_object(Bucket=DROPS, Key=held["Key"])
    stage.world.patch.setenv("DROPS_BUCKET", DROPS)


def _tell(stage: Stage) -> None:
    stage.world.forget_warm_state()
    stage.world.now = later((stage.world.now - worlds.NOW).total_seconds() + 31)  # a dead worker's lease is over
    consumes("deliver_to_channel", "channel-webshop", TOLD)(stage)


def _kept(stage: Stage) -> Any:
    rows = everything(stage)
    for row in [r for table in ("exchange", "exceptions") for r in rows[table]]:
        for instant in ("at", "acked", "first_seen", "gt", "due", "opened"):
            row.pop(instant, None)
    return rows


def _in_the_shop(stage: Stage) -> Any:
    shop: Any = stage.endpoint
    return _kept(stage), shop.quantities


def _in_the_bucket(stage: Stage) -> Any:
    s3 = stage.world.target.s3
    names = [held["Key"] for held in s3.list_objects_v2(Bucket=DROPS)["Contents"]]
    return _kept(stage), {name: s3.get_object(Bucket=DROPS, Key=name)["Body"].read() for name in names}


SCENARIOS = {
    # Refused with SKU-2, taken without it.
    "tell a shop": (Scenario("tell a shop", 0, _shop, _tell, _in_the_shop), "HTTP POST", 2),
    "write a file": (Scenario("write a file", 0, _files, _tell, _in_the_bucket), "s3.PutObject", 1),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_death_anywhere_leaves_the_vendor_with_what_is_true(
    name: str, engine: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, call, times = SCENARIOS[name]
    stage = on(scenario, engine, tmp_path, monkeypatch)
    calls, death = run(scenario, stage)
    expected = scenario.state(stage)
    assert (death, calls.count(call)) == ("", times), calls
    assert "5" in json.dumps(expected[1], default=str)

    for at in range(1, len(calls) + 1):
        for moment in ("before", "after"):
            stage = on(scenario, engine, tmp_path, monkeypatch)
            _, death = run(scenario, stage, at, moment)  # type: ignore[arg-type]  # both are moments
            assert death, f"nothing died {moment} call {at}"
            stage.world.forget_warm_state()
            scenario.work(stage)
            assert scenario.state(stage) == expected, death
