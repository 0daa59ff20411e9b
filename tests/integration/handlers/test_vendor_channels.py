"""Shops and files as channels, from the mark of a change to what the vendor holds and what is kept of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.platform.outbound import Http
from tests.support.publishing import Prices
from tests.support.vendors import TOKEN, BigCommerce, Shopify
from tests.support.world import (
    Context,
    World,
    configuration,
    dirty_message,
    later,
    movement,
    movements_message,
    price,
    set_secret,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.integration

DROPS = "crossdock-local-drops"
SHOPIFY: Mapping[str, Any] = {
    "system": "shop",
    "location": "77",
    "own_prices": "list",
    "price_lists": {"gold": "5"},
    "api_version": "2026-10",
    "reason": "correction",
}
BIGCOMMERCE: Mapping[str, Any] = {"system": None, "location": 1, "price_lists": {"list": 3, "gold": 4}}
CSV: Mapping[str, Any] = {"folder": "", "separator": ",", "spreadsheets": True}
LEVELS = [("availability", f"SKU-{n}") for n in range(1, 4)]


def channel(world: World, folder: Path, connector: str, settings: Mapping[str, Any], **more: Any) -> None:
    """The webshop is one of this kind."""
    webshop = {"connector": connector, "publishes": ["availability"], "digest": False, "dated": False, **more}
    path = configuration(folder, channels={"webshop": webshop})
    document = json.loads(path.read_text())
    document["channels"]["webshop"]["settings"] = dict(settings)  # whole: not joined with what another kind had
    path.write_text(json.dumps(document))
    world.patch.setenv("CROSSDOCK_CONFIG", str(path))
    world.forget_warm_state()


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Shopify:
    """A Shopify shop with SKU-1 to SKU-3, and a channel that tells it."""
    found = Shopify(price_lists={"gid://shopify/PriceList/5": "GBP"})
    for n in range(1, 4):
        found.stocked.add(f"gid://shopify/InventoryItem/{1000 + n}")
        found.variants[f"gid://shopify/ProductVariant/{n}"] = f"gid://shopify/Product/{n}"
        world.knows(("shop", f"variant/{n}", f"SKU-{n}"), ("shop", f"inventory_item/{1000 + n}", f"SKU-{n}"))
    channel(world, tmp_path, "shopify", SHOPIFY)
    set_secret(world, "channels/webshop", {"url": "https://demo.myshopify.com", "token": TOKEN})
    world.patch.setattr(Http, "post", lambda _, *args: found.post(*args))
    return found


@pytest.fixture
def store(world: World, tmp_path: Path) -> BigCommerce:
    """A BigCommerce store with SKU-1 to SKU-3, and a channel that tells it and names no other system's references."""
    found = BigCommerce(variants={1, 2, 3}, price_lists={3: "gbp", 4: "gbp"})
    world.knows(*(("webshop", f"variant/{n}", f"SKU-{n}") for n in range(1, 4)))
    channel(world, tmp_path, "bigcommerce", BIGCOMMERCE)
    set_secret(world, "channels/webshop", {"url": found.base, "token": TOKEN})
    world.patch.setattr(Http, "put", lambda _, *args: found.put(*args))
    return found


def stock(world: World, number: int = 1, **quantities: int) -> None:
    """These items (SKU_1=5) have so many units more in MAIN."""
    for sku in quantities:
        world.knows(("wms", f"A-{sku}", sku.replace("_", "-")))
    movements = [movement(f"m{number}-{sku}", q, item=f"A-{sku}") for sku, q in quantities.items()]
    world.call("apply_movements", world.queue_event("movements", [movements_message(*movements)]))
    world.project()


def deliver(world: World, *messages: Any) -> list[str]:
    answer = world.call("deliver_to_channel", world.queue_event("channel-webshop", messages), Context())
    return [f["itemIdentifier"] for f in answer["batchItemFailures"]]


def acknowledged(world: World) -> dict[str, tuple[int, int]]:
    """By key: the version that was sent last, and the one that was acknowledged."""
    return {
        r["sk"].partition("#")[2]: (r["ver"], r["ack"]) for r in world.rows("exchange") if r["pk"].startswith("SH#")
    }


def units(shop: Shopify) -> dict[str, int]:
    return {item.rpartition("/")[2]: quantity for item, quantity in shop.quantities.items()}


# -- Shopify ---------------------------------------------------------------------------------------------------


def test_a_shop_is_told_the_stock_that_is_true_and_its_acknowledgement_is_kept(world: World, shop: Shopify) -> None:
    stock(world, SKU_1=5, SKU_2=6, SKU_3=7)

    assert deliver(world, dirty_message("webshop", *LEVELS)) == []

    assert units(shop) == {"1001": 5, "1002": 6, "1003": 7}
    assert acknowledged(world) == {"SKU-1": (1, 1), "SKU-2": (1, 1), "SKU-3": (1, 1)}


def test_a_delivery_that_comes_twice_is_one_set(world: World, shop: Shopify) -> None:
    stock(world, SKU_1=5)
    for _ in range(3):
        assert deliver(world, dirty_message("webshop", LEVELS[0])) == []
    assert len(shop.requests) == 1

    # Its answer was lost: it is set again, to the same.
    stock(world, 2, SKU_1=1)
    answers = [HttpAnswer(0, detail="reset"), None]
    taken = shop.post

    def lost(_: Http, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        taken_answer = taken(url, headers, body)
        return answers.pop(0) or taken_answer

    world.patch.setattr(Http, "post", lost)
    assert deliver(world, dirty_message("webshop", LEVELS[0])) == ["message-0"]
    assert deliver(world, dirty_message("webshop", LEVELS[0])) == []
    assert units(shop) == {"1001": 6}
    assert acknowledged(world) == {"SKU-1": (2, 2)}


def test_items_that_the_shop_refuses_or_that_have_no_reference_are_exceptions_and_the_rest_is_told(
    world: World, shop: Shopify
) -> None:
    stock(world, SKU_1=5, SKU_2=6, SKU_9=9)
    shop.stocked.remove("gid://shopify/InventoryItem/1002")

    assert deliver(world, dirty_message("webshop", *LEVELS[:2], ("availability", "SKU-9"))) == []

    assert units(shop) == {"1001": 5}
    assert acknowledged(world) == {"SKU-1": (1, 1), "SKU-2": (1, 0), "SKU-9": (1, 0)}
    details = {g.subject: g.detail.partition(": ")[2] for g in world.exceptions.groups()}
    assert details == {
        "availability/SKU-2": "Shopify: could not be found (INVALID_INVENTORY_ITEM)",
        "availability/SKU-9": "nothing says which inventory_item of shop it is: "
        "crossdock xref add shop inventory_item/NUMBER 'SKU-9'",
    }


def test_a_reference_that_was_added_counts_with_the_replay(world: World, shop: Shopify) -> None:
    stock(world, SKU_9=9)
    deliver(world, dirty_message("webshop", ("availability", "SKU-9")))
    (group,) = world.exceptions.groups()
    (occurrence,) = world.exceptions.occurrences(group.id)
    world.knows(("shop", "inventory_item/1009", "SKU-9"))
    shop.stocked.add("gid://shopify/InventoryItem/1009")

    assert world.exceptions.begin_replay(occurrence, "run-1", "ann")
    mark = {"exception": group.id, "occurrence": occurrence.id, "run": "run-1"}
    assert deliver(world, {**occurrence.message, "replay": mark}) == []

    assert units(shop) == {"1009": 9}
    assert list(world.exceptions.groups()) == []


def test_a_throttled_shop_leaves_the_items_waiting_and_nothing_is_an_exception(world: World, shop: Shopify) -> None:
    stock(world, SKU_1=5)
    shop.points = 3

    assert deliver(world, dirty_message("webshop", LEVELS[0])) == ["message-0"]
    assert (units(shop), acknowledged(world)) == ({}, {"SKU-1": (1, 0)})

    stock(world, 2, SKU_1=2)
    shop.points = 1_000
    world.now = later(60)  # it said when to come again
    assert deliver(world, dirty_message("webshop", LEVELS[0])) == []
    assert units(shop) == {"1001": 7}
    assert acknowledged(world) == {"SKU-1": (2, 2)}
    assert list(world.exceptions.groups()) == []


def test_what_was_told_before_the_throttle_is_not_told_again(world: World, shop: Shopify, tmp_path: Path) -> None:
    _cells(Prices(world, tmp_path))
    channel(world, tmp_path, "shopify", SHOPIFY, publishes=["price"], price_classes=["list", "gold"])
    world.patch.setattr(Http, "post", lambda _, *args: shop.post(*args))
    shop.points = 14  # which products, and what of theirs; nothing is left for the price list

    assert deliver(world, dirty_message("webshop", ("price", "SKU-1"), ("price", "SKU-1@gold"))) == ["message-0"]
    assert acknowledged(world) == {"SKU-1": (1, 1), "SKU-1@gold": (1, 0)}

    shop.points = 1_000
    world.now = later(60)
    before = len(shop.requests)
    assert deliver(world, dirty_message("webshop", ("price", "SKU-1"), ("price", "SKU-1@gold"))) == []
    assert len(shop.requests) == before + 1
    assert shop.prices == {
        ("list", "gid://shopify/ProductVariant/1"): "2.55",
        ("gid://shopify/PriceList/5", "gid://shopify/ProductVariant/1"): "2.55",
    }


def _cells(prices: Prices) -> None:
    """SKU-1 costs 2.55 for everybody, and that is published."""
    prices.rules(price("R1", 1, "2.55"))
    prices.compute()


def test_a_token_that_is_not_taken_holds_up_the_channel_alone_and_says_the_remedy(
    world: World, shop: Shopify, caplog: pytest.LogCaptureFixture
) -> None:
    stock(world, SKU_1=5)
    set_secret(world, "channels/webshop", {"url": "https://demo.myshopify.com", "token": "revoked"})
    world.forget_warm_state()

    assert deliver(world, dirty_message("webshop", LEVELS[0])) == ["message-0"]

    said = [vars(r).get("reason") or "" for r in caplog.records]
    assert any("crossdock channels set webshop --token TOKEN" in reason for reason in said)
    assert (units(shop), list(world.exceptions.groups())) == ({}, [])
    set_secret(world, "channels/webshop", {"url": "https://demo.myshopify.com", "token": TOKEN})
    world.forget_warm_state()
    assert deliver(world, dirty_message("webshop", LEVELS[0])) == []
    assert units(shop) == {"1001": 5}


def test_a_channel_whose_token_was_never_set_keeps_its_messages(world: World, shop: Shopify) -> None:
    stock(world, SKU_1=5)
    set_secret(world, "channels/webshop", {"status": "unset"})
    assert deliver(world, dirty_message("webshop", LEVELS[0])) == ["message-0"]
    assert shop.urls == []


# -- BigCommerce -----------------------------------------------------------------------------------------------


def test_a_store_is_told_and_what_it_refuses_is_an_exception(world: World, store: BigCommerce) -> None:
    stock(world, SKU_1=5, SKU_2=6, SKU_3=7)
    store.by_product.add(2)

    assert deliver(world, dirty_message("webshop", *LEVELS)) == []

    assert store.quantities == {1: 5, 3: 7}
    assert acknowledged(world) == {"SKU-1": (1, 1), "SKU-2": (1, 0), "SKU-3": (1, 1)}
    (group,) = world.exceptions.groups()
    assert "variant_id 2 is tracked by product" in group.detail


def test_a_store_whose_quota_is_used_up_is_told_later(world: World, store: BigCommerce) -> None:
    stock(world, SKU_1=5)
    store.quota = 0
    assert deliver(world, dirty_message("webshop", LEVELS[0])) == ["message-0"]
    store.quota = 1
    world.now = later(60)
    assert deliver(world, dirty_message("webshop", LEVELS[0])) == []
    assert (store.quantities, store.quota) == ({1: 5}, 0)


def test_a_store_holds_the_prices_of_each_class(world: World, store: BigCommerce, tmp_path: Path) -> None:
    _cells(Prices(world, tmp_path))
    channel(world, tmp_path, "bigcommerce", BIGCOMMERCE, publishes=["price"], price_classes=["list", "gold"])

    assert deliver(world, dirty_message("webshop", ("price", "SKU-1"), ("price", "SKU-1@gold"))) == []

    assert {key: record["price"] for key, record in store.records.items()} == {(3, 1): 2.55, (4, 1): 2.55}


# -- files -----------------------------------------------------------------------------------------------------


@pytest.fixture
def drops(world: World, tmp_path: Path) -> World:
    """A channel of files. It has no secret of its own: none is asked for."""
    world.target.s3.create_bucket(Bucket=DROPS)
    world.patch.setenv("DROPS_BUCKET", DROPS)
    set_secret(world, "channels/webshop", {"status": "unset"})
    channel(world, tmp_path, "csv_drop", CSV)
    return world


def objects(world: World) -> dict[str, bytes]:
    listed = world.target.s3.list_objects_v2(Bucket=DROPS).get("Contents", [])
    return {o["Key"]: world.target.s3.get_object(Bucket=DROPS, Key=o["Key"])["Body"].read() for o in listed}


def test_a_delivery_is_a_file_in_the_bucket_and_acknowledged_when_it_is_there(drops: World) -> None:
    stock(drops, SKU_1=5, SKU_2=6)

    assert deliver(drops, dirty_message("webshop", *LEVELS[:2])) == []

    ((name, body),) = objects(drops).items()
    assert name.startswith("webshop/availability/")
    assert body == b"sku,version,available\r\nSKU-1,1,5\r\nSKU-2,1,6\r\n"
    assert acknowledged(drops) == {"SKU-1": (1, 1), "SKU-2": (1, 1)}


def test_a_file_whose_delivery_died_before_it_was_acknowledged_is_written_over(
    drops: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(drops, SKU_1=5)

    class DeadError(Exception):
        pass

    def dies(*_: Any) -> None:
        raise DeadError

    with monkeypatch.context() as patch:
        patch.setattr("crossdock.exchange.shadow.ShadowStore.acknowledge", dies)
        assert deliver(drops, dirty_message("webshop", LEVELS[0])) == ["message-0"]
    assert acknowledged(drops) == {"SKU-1": (1, 0)}
    # The lease of the dead one ends with its time.
    drops.now = drops.now.replace(minute=5)
    assert deliver(drops, dirty_message("webshop", LEVELS[0])) == []

    assert len(objects(drops)) == 1
    assert acknowledged(drops) == {"SKU-1": (1, 1)}


def test_without_its_bucket_a_channel_waits(drops: World) -> None:
    stock(drops, SKU_1=5)
    drops.patch.setenv("DROPS_BUCKET", "crossdock-local-no-such-bucket")
    drops.forget_warm_state()

    assert deliver(drops, dirty_message("webshop", LEVELS[0])) == ["message-0"]

    assert acknowledged(drops) == {"SKU-1": (1, 0)}
    assert list(drops.exceptions.groups()) == []
