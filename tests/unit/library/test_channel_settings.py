"""[channels.x.settings]: completed where it is right, and every mistake named with its field and remedy."""

from __future__ import annotations

from typing import Any

import pytest

from crossdock.config.compile import ConfigError, compile_document
from crossdock.config.model import from_document

pytestmark = pytest.mark.unit

NOTHING: dict[str, Any] = {}
FULL = {
    "shopify": {"location": "77", "price_lists": {"gold": "5"}},
    "bigcommerce": {"location": 1, "price_lists": {"list": 3, "gold": 4}},
    "csv_drop": NOTHING,
}


def compiled(connector: str, settings: dict[str, Any], **channel: Any) -> dict[str, Any]:
    document = {
        "distributor": {"name": "D", "time_zone": "Europe/London", "currency": "GBP"},
        "warehouses": {"MAIN": {"source": "wms"}},
        "sources": {"wms": {"connector": "generic_wms"}},
        "price_classes": {"list": {}, "gold": {"segments": ["gold"]}},
        "channels": {
            "shop": {
                "connector": connector,
                "publishes": ["availability", "price"],
                "warehouses": ["MAIN"],
                "price_classes": ["list", "gold"],
                "dated": False,
                "settings": settings,
                **channel,
            }
        },
    }
    return compile_document(document, "x.toml")


def mistakes(connector: str, settings: dict[str, Any], **channel: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        compiled(connector, settings, **channel)
    first, *lines = str(caught.value).splitlines()
    assert first == "x.toml cannot be used:"
    return [line.strip() for line in lines]


def test_what_a_kind_knows_by_itself_is_completed() -> None:
    shops = {kind: compiled(kind, dict(settings))["channels"]["shop"]["settings"] for kind, settings in FULL.items()}
    assert shops == {
        "shopify": {
            "system": None,
            "location": "77",
            "own_prices": "list",
            "price_lists": {"gold": "5"},
            "api_version": "2026-10",
            "reason": "correction",
        },
        "bigcommerce": {"system": None, "location": 1, "price_lists": {"list": 3, "gold": 4}},
        "csv_drop": {"folder": "", "separator": ",", "spreadsheets": True},
    }
    assert from_document(compiled("csv_drop", {"separator": ";"})).channels["shop"].settings["separator"] == ";"


def test_files_hold_dates_and_a_channel_of_stock_alone_needs_no_price_list() -> None:
    assert compiled("csv_drop", {}, dated=True)["channels"]["shop"]["dated"] is True
    stock = compiled("shopify", {"location": "77"}, publishes=["availability"], price_classes=None, dated=True)
    assert stock["channels"]["shop"]["settings"]["price_lists"] == {}


@pytest.mark.parametrize(
    ("connector", "settings", "channel", "named"),
    [
        ("shopfy", {}, {}, "channels.shop.connector: 'shopfy' is no kind of channel; docs/channels.md lists them"),
        ("generic_wms", {}, {}, "channels.shop.connector: 'generic_wms' is no kind of channel"),
        ("signed_webhook", {"colour": 1}, {}, "channels.shop.settings: signed_webhook has none; leave it out"),
        ("shopify", {**FULL["shopify"], "colour": 1}, {}, "channels.shop.settings.colour: "),
        ("shopify", {"price_lists": {"gold": "5"}}, {}, "channels.shop.settings.location: is missing; name the shop's"),
        ("shopify", {**FULL["shopify"], "location": 77}, {}, "channels.shop.settings.location: "),
        ("shopify", {**FULL["shopify"], "location": "gid://x"}, {}, "channels.shop.settings.location: "),
        (
            "shopify",
            {"location": "77"},
            {},
            "channels.shop.settings.price_lists.gold: is missing; name the shop's price",
        ),
        (
            "shopify",
            {**FULL["shopify"], "price_lists": {"gold": "5", "vip": "6"}},
            {},
            "channels.shop.settings.price_lists.vip: is not among price_classes; add it there or leave it out",
        ),
        (
            "shopify",
            {**FULL["shopify"], "price_lists": {"gold": "5", "list": "6"}},
            {},
            "channels.shop.settings.price_lists.list: is own_prices too; leave out one of the two",
        ),
        ("shopify", {**FULL["shopify"], "api_version": "2026-11"}, {}, "channels.shop.settings.api_version: "),
        (
            "shopify",
            {**FULL["shopify"], "api_version": "2026-01"},
            {},
            "channels.shop.settings.api_version: must be 2026-04 or later",
        ),
        ("shopify", FULL["shopify"], {"dated": True}, "channels.shop.dated: a shop holds no prices that begin later"),
        ("bigcommerce", {"location": 1, "price_lists": {"gold": 4}}, {}, "channels.shop.settings.price_lists.list: is"),
        ("bigcommerce", {**FULL["bigcommerce"], "location": 0}, {}, "channels.shop.settings.location: "),
        ("bigcommerce", {"location": 1, "price_lists": {"list": "3"}}, {}, "channels.shop.settings.price_lists.list: "),
        ("csv_drop", {"folder": "x"}, {}, "channels.shop.settings.folder: "),
        ("csv_drop", {"separator": "|"}, {}, "channels.shop.settings.separator: "),
    ],
)
def test_each_mistake_in_a_channels_settings_is_named(
    connector: str, settings: dict[str, Any], channel: dict[str, Any], named: str
) -> None:
    assert any(line.startswith(named) for line in mistakes(connector, dict(settings), **channel))
