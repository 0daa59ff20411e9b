"""What docs/channels.md shows of configuration is what the configuration takes."""

from __future__ import annotations

import re
import tomllib

import pytest

from crossdock.config.compile import compile_document
from infra.stages import ROOT

pytestmark = pytest.mark.unit

TEXT = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
BASE = """
[distributor]
name = "D"
time_zone = "Europe/London"
currency = "GBP"
[warehouses.NORTH]
source = "wms"
[warehouses.SOUTH]
source = "wms"
[sources.wms]
connector = "generic_wms"
[sources.crm]
connector = "salesforce"
[ownership]
version = 1
[[ownership.rules]]
attributes = ["*"]
owner = "crm"
[price_classes.list]
[price_classes.gold]
segments = ["gold"]
"""


@pytest.mark.parametrize("block", BLOCKS, ids=lambda b: re.search(r"connector = \"(\w+)\"", b)[1])
def test_each_kinds_example_can_be_used(block: str) -> None:
    ((_, channel),) = compile_document(tomllib.loads(BASE + block), "x.toml")["channels"].items()
    assert f"| `{channel['connector']}` |" in TEXT
    assert channel["settings"]


def test_every_kind_with_settings_has_its_example() -> None:
    kinds = {p.parent.name for p in (ROOT / "layers/crossdock/python/crossdock/connectors").glob("*/settings.py")}
    told = {re.search(r"connector = \"(\w+)\"", b)[1] for b in BLOCKS}
    assert told == kinds == {"shopify", "bigcommerce", "csv_drop", "salesforce"}
