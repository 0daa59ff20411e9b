"""Business configuration: each mistake is named with its remedy. Corrections: a patch that fits, or why it does not."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from crossdock import config
from crossdock.config import ChannelPrices
from crossdock.config.alarm_terms import AlarmTerms
from crossdock.config.compile import ConfigError, compile_document, compile_file
from crossdock.config.model import from_document
from crossdock.exceptions.correction import CorrectionError, assignments_to_patch, corrected_message
from crossdock.exceptions.dead_letters import refusal_of
from crossdock.exceptions.model import Occurrence, basis, fingerprint, occurrence_id
from crossdock.platform.queues import Record, records_of
from tests.support.world import movement, movements_message, sqs_record

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
DOCUMENT: dict[str, Any] = {
    "distributor": {"name": "D", "time_zone": "Europe/London", "currency": "GBP"},
    "warehouses": {"MAIN": {"source": "wms"}},
    "sources": {"wms": {"connector": "generic_wms", "counts": True}},
    "channels": {"shop": {"connector": "signed_webhook", "publishes": ["price"], "warehouses": ["MAIN"]}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    *parents, last = path.split(".")
    at = document
    for parent in parents:
        at = at.setdefault(parent, {})
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return document


@pytest.mark.parametrize("name", ["demo.toml", "distributor.toml"])
def test_the_shipped_configurations_compile_and_load(name: str, tmp_path: Path) -> None:
    compiled = compile_file(ROOT / "config" / name)
    shipped = tmp_path / "business.json"
    shipped.write_text(json.dumps(compiled), encoding="utf-8")

    business = config.load(shipped)

    assert len(compiled["version"]) == 16
    assert compile_file(ROOT / "config" / name) == compiled
    assert [c.name for c in business.channels_for("availability")] == ["marketplace", "webshop"]
    assert [c.name for c in business.channels_for("price")] == ["webshop"]
    assert business.warehouses_of("wms") == set(business.warehouses)


def test_what_is_left_out_has_its_default() -> None:
    compiled = compile_document(DOCUMENT, "x.toml")

    assert compiled["channels"]["shop"] == {
        "connector": "signed_webhook",
        "publishes": ["price"],
        "warehouses": ["MAIN"],
        "buffer": 0,
        "currency": "GBP",
        "max_batch": 100,
        "max_concurrency": 2,
        "threshold": 0,
        "exact_below": 0,
        "restock_at": 0,
        "coalesce_seconds": 0,
        "digest": False,
        "prices": {
            "may_compute": [],
            "rounding": None,
            "scale": None,
            "max_discount_percent": "0",
            "grace_seconds": 30,
            "manifest_hours": 24,
        },
        "price_classes": ["list"],
        "dated": True,
        "settings": {},
        "limits": {"requests_per_second": 0, "burst": 1, "max_body_bytes": 0, "opens_after": 5},
    }
    assert compiled["price_classes"] == {
        "list": {
            "currency": "GBP",
            "segments": [],
            "customer": None,
            "branch": None,
            "region": None,
            "channel": None,
            "strategic": False,
            "late_after_seconds": 300,
        }
    }
    assert compiled["warehouses"]["MAIN"] == {
        "source": "wms",
        "leaves_with": "either",
        "latitude": None,
        "longitude": None,
        "observers": [],
        "silent_after_seconds": None,
    }
    assert compiled["sources"]["wms"]["supply"] is False
    assert (compiled["segments"], compiled["warehouse_sets"]) == ({}, {})
    assert compiled["limits"]["movements_per_request"] == 1000
    assert compiled["version"] != compile_document(changed("distributor.name", "E"), "x.toml")["version"]


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("distributor", ..., "distributor: "),
        ("distributor.time_zone", "London", "distributor.time_zone: 'London' is no IANA zone"),
        ("distributor.currency", "gbp", "distributor.currency: "),
        ("distributor.colour", "red", "distributor.colour: "),
        ("warehouses", {}, "warehouses: "),
        ("warehouses.MAIN.source", "erp", "warehouses.MAIN.source: 'erp' is not among [sources.*]"),
        ("warehouses.A#B", {"source": "wms"}, "warehouses.A#B"),
        ("sources.crossdock", {"connector": "generic_wms"}, "sources.crossdock: the name is taken"),
        ("sources.WMS", {"connector": "generic_wms"}, "sources.WMS"),
        ("sources.wms.scheme", "none", "sources.wms.scheme: "),
        ("channels.shop.publishes", [], "channels.shop.publishes: "),
        (
            "exceptions.owners",
            [{"owner": "desk", "source": "crm"}],
            "exceptions.owners.0.source: 'crm' is neither a source nor a channel; name one, or leave it out",
        ),
        ("exceptions.owners", [{"kind": "unknown_item"}], "exceptions.owners.0.owner: "),
        ("exceptions.due_minutes", 0, "exceptions.due_minutes: "),
        ("channels.shop.publishes", ["weather"], "channels.shop.publishes.0: "),
        ("channels.shop.warehouses", ["MOON"], "channels.shop.warehouses: 'MOON' is not among [warehouses.*]"),
        ("channels.shop.buffer", -1, "channels.shop.buffer: "),
        ("channels.shop.buffer", "2", "channels.shop.buffer: "),
        ("channels.shop.max_batch", 101, "channels.shop.max_batch: "),
        ("channels.shop.max_concurrency", 1, "channels.shop.max_concurrency: "),
        ("channels.shop.warehouses", ["MAIN", "MAIN"], "channels.shop.warehouses: 'MAIN' stands in it more than once"),
        ("warehouses.MAIN.latitude", 51.5, "warehouses.MAIN.latitude: write both latitude and longitude"),
        ("warehouses.MAIN", {"source": "wms", "latitude": 91, "longitude": 0}, "warehouses.MAIN.latitude: "),
        ("segments.gold", {"warehouses": []}, "segments.gold.warehouses: "),
        ("segments.gold", {"warehouses": ["MOON"]}, "segments.gold.warehouses: 'MOON' is not among [warehouses.*]"),
        ("segments.gold", {"warehouses": ["MAIN"], "buffer": -1}, "segments.gold.buffer: "),
        (
            "segments.gold",
            {"warehouses": ["MAIN"], "channel": "shopp"},
            "segments.gold.channel: 'shopp' is not among [channels.*]; add it or leave it out",
        ),
        ("warehouse_sets.south", ["MOON"], "warehouse_sets.south: 'MOON' is not among [warehouses.*]"),
        ("warehouse_sets.south", [], "warehouse_sets.south: "),
        ("price_classes.gold", {"channel": "shopp"}, "price_classes.gold.channel: 'shopp' is not among [channels.*]"),
        ("price_classes.gold", {"segments": ["a b"]}, "price_classes.gold.segments.0: "),
        ("price_classes.gold", {"late_after_seconds": 10}, "price_classes.gold.late_after_seconds: "),
        ("channels.shop.price_classes", ["gold"], "channels.shop.price_classes: 'gold' is not among [price_classes.*]"),
        ("channels.shop.price_classes", [], "channels.shop.price_classes: "),
        (
            "channels.shop",
            {
                "connector": "signed_webhook",
                "publishes": ["availability"],
                "warehouses": ["MAIN"],
                "price_classes": ["list"],
            },
            "channels.shop.price_classes: it publishes no prices",
        ),
        ("reconciliation.sightings", 0, "reconciliation.sightings: "),
        ("limits.body_bytes", 5_000_000, "limits.body_bytes: "),
        ("limits.webhook_bytes", 5_000_000, "limits.webhook_bytes: "),
        ("limits.movements_per_request", 1001, "limits.movements_per_request: "),
    ],
)
def test_each_mistake_is_named(path: str, value: Any, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compile_document(changed(path, value), "x.toml")

    first, *lines = str(caught.value).splitlines()
    assert first == "x.toml cannot be used:"
    assert any(line.strip().startswith(named) for line in lines), lines


def test_segments_and_warehouse_sets_are_read_as_they_are_written(tmp_path: Path) -> None:
    document = changed("segments", {"gold": {"warehouses": ["MAIN"], "buffer": 2, "channel": "shop"}})
    document["warehouse_sets"] = {"all": ["MAIN"]}
    document["warehouses"]["MAIN"] |= {"latitude": 51.5, "longitude": 0}
    shipped = tmp_path / "business.json"
    shipped.write_text(json.dumps(compile_document(document, "x.toml")), encoding="utf-8")

    business = config.load(shipped)

    assert business.segments == {"gold": config.Segment("gold", ("MAIN",), 2, "shop")}
    assert business.warehouse_sets == {"all": ("MAIN",)}
    assert (business.warehouses["MAIN"].latitude, business.warehouses["MAIN"].longitude) == (51.5, 0)


def test_a_file_that_is_missing_or_no_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        compile_file(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("a = = b", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.toml: not valid TOML"):
        compile_file(tmp_path / "bad.toml")


def test_a_layer_without_a_configuration_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"compiled from config/\*\.toml"):
        config.load(tmp_path / "business.json")


# -- corrections -----------------------------------------------------------------------------------------------


def occurrence(corrected: Any = None) -> Occurrence:
    message = movements_message(movement("m1", item="NEW"))
    pointer = "/movements/0"
    return Occurrence("g", "o", "open", "d", "movements", pointer, message, corrected, "cd-1", "at", 0, None)


def test_a_name_is_a_field_of_the_fact_and_a_path_is_one_of_the_message() -> None:
    patch = assignments_to_patch(occurrence(), {"item": "A1", "/source": "erp"})

    assert patch == [
        {"op": "add", "path": "/movements/0/item", "value": "A1"},
        {"op": "add", "path": "/source", "value": "erp"},
    ]
    after = corrected_message(occurrence(), patch)
    assert (after["movements"][0]["item"], after["source"]) == ("A1", "erp")


def test_a_correction_goes_on_from_the_last_one_and_leaves_both_untouched() -> None:
    first = corrected_message(occurrence(), [{"op": "replace", "path": "/source", "value": "erp"}])
    before = occurrence(first)

    second = corrected_message(before, [{"op": "replace", "path": "/movements/0/quantity", "value": 9}])

    assert (second["source"], second["movements"][0]["quantity"]) == ("erp", 9)
    assert before.message["movements"][0]["quantity"] == 5
    assert before.original["source"] == "wms"


@pytest.mark.parametrize(
    "patch",
    [
        [{"op": "replace", "path": "/nothing/here", "value": 1}],
        [{"op": "remove", "path": "/movements/7"}],
        [{"op": "test", "path": "/source", "value": "erp"}],
        [{"op": "conjure", "path": "/source"}],
        [{"path": "/source"}],
        [{"op": "replace", "path": "source", "value": 1}],
        [{"op": "replace", "path": "", "value": []}],
        [{"op": "replace", "path": "/source", "value": "wms"}],
        [],
    ],
)
def test_a_patch_that_does_not_fit_or_changes_nothing_is_an_error_that_says_so(patch: list[dict[str, Any]]) -> None:
    with pytest.raises(CorrectionError, match=r"does not fit|changes nothing|replaced the whole message"):
        corrected_message(occurrence(), patch)


def test_a_basis_tells_payloads_apart_and_not_their_order() -> None:
    assert basis({"a": 1, "b": 2}) == basis({"b": 2, "a": 1})
    assert basis({"a": 1}) != basis({"a": 2})


# -- dead letters ----------------------------------------------------------------------------------------------


def letter(queue: str, body: Any) -> Record:
    return records_of({"Records": [sqs_record(queue, body)]})[0]


def test_a_dead_letter_goes_back_to_the_queue_it_died_in() -> None:
    found = refusal_of(letter("channel-webshop-dlq", {"channel": "webshop", "keys": []}), "crossdock-local-")

    assert (found.kind, found.source, found.subject, found.route) == (
        "dead_letter",
        "webshop",
        "queue/channel-webshop",
        "channel-webshop",
    )


def test_an_event_that_the_bus_could_not_deliver_goes_back_without_its_envelope() -> None:
    event = {"id": "erp:1", "sourcesystem": "erp", "correlationid": "cd-1", "data": {}}
    whole = {"version": "0", "detail-type": "pricing.rules.changed.v1", "source": "crossdock.erp", "detail": event}

    found = refusal_of(letter("failures", whole), "crossdock-local-")

    assert (found.route, found.source, found.correlation_id) == ("prices", "erp", "cd-1")
    assert found.message == event


def test_what_a_schedule_could_not_deliver_is_not_replayed_into_the_failures() -> None:
    found = refusal_of(letter("failures", {"source": "wms"}), "crossdock-local-")

    assert (found.kind, found.source, found.subject, found.route) == ("dead_letter", "wms", "queue/failures", "")


def test_equal_causes_are_one_group_and_equal_facts_one_occurrence() -> None:
    one = refusal_of(letter("prices-dlq", {"source": "erp", "a": 1}), "crossdock-local-")
    two = refusal_of(letter("prices-dlq", {"source": "erp", "a": 2}), "crossdock-local-")
    other = refusal_of(letter("counts-dlq", {"source": "erp", "a": 1}), "crossdock-local-")

    assert fingerprint(one) == fingerprint(two) != fingerprint(other)
    assert occurrence_id(one) != occurrence_id(two)
    assert occurrence_id(one) == occurrence_id(refusal_of(letter("prices-dlq", {"source": "erp", "a": 1}), "x"))


def test_price_classes_are_read_as_they_are_written(tmp_path: Path) -> None:
    document = changed("price_classes", {"gold": {"segments": ["vip"], "region": "north", "strategic": True}})
    document["channels"]["shop"] |= {"price_classes": ["gold"], "dated": False}
    shipped = tmp_path / "business.json"
    shipped.write_text(json.dumps(compile_document(document, "x.toml")), encoding="utf-8")

    business = config.load(shipped)

    gold = config.PriceClass("gold", "GBP", segments=("vip",), region="north", strategic=True)
    assert business.price_classes == {"gold": gold}
    assert [c.name for c in business.channels_of("gold")] == ["shop"]
    assert business.channels_of("list") == []
    assert business.channels["shop"].dated is False


def test_channels_that_name_no_price_class_hold_the_list_prices_of_their_currency() -> None:
    document = changed("channels.shop.currency", "EUR")
    document["channels"]["plain"] = copy.deepcopy(DOCUMENT["channels"]["shop"])

    compiled = compile_document(document, "x.toml")

    assert {n: c["price_classes"] for n, c in compiled["channels"].items()} == {"shop": ["list_eur"], "plain": ["list"]}
    assert {n: c["currency"] for n, c in compiled["price_classes"].items()} == {"list_eur": "EUR", "list": "GBP"}


def test_pricing_and_what_a_channel_may_compute_are_read_as_they_are_written() -> None:
    raw = tomllib.loads((ROOT / "config" / "demo.toml").read_text())
    raw["pricing"] = {"level_policy": "NEWEST", "unit_scales": {"GBP": 4}, "quote_minutes": 5, "four_eyes": True}
    raw["channels"]["webshop"]["prices"] = {
        "may_compute": ["round", "discount"],
        "scale": 2,
        "max_discount_percent": "5",
        "grace_seconds": 0,
    }

    business = from_document(compile_document(raw, "x.toml"))

    assert business.pricing.settings["level_policy"] == "NEWEST"
    assert business.pricing.settings["unit_scales"] == {"GBP": 4}
    assert (business.pricing.quote_minutes, business.pricing.quote_days, business.pricing.four_eyes) == (5, 400, True)
    assert business.channels["webshop"].prices == ChannelPrices(
        may_compute=("round", "discount"), scale=2, max_discount_percent="5", grace_seconds=0
    )
    assert business.channels["marketplace"].prices == ChannelPrices(), "what is not said may not be computed"


@pytest.mark.parametrize(
    ("prices", "field"),
    [
        ({"may_compute": ["round"]}, "channels.webshop.prices.scale"),
        ({"scale": 2}, "channels.webshop.prices.scale"),
        ({"rounding": "up"}, "channels.webshop.prices.scale"),
        ({"may_compute": ["discount"]}, "channels.webshop.prices.max_discount_percent"),
        ({"max_discount_percent": "5"}, "channels.webshop.prices.max_discount_percent"),
        ({"may_compute": ["guess"]}, "channels.webshop.prices.may_compute.0"),
        ({"max_discount_percent": "100"}, "channels.webshop.prices.max_discount_percent"),
        ({"grace_seconds": 3601}, "channels.webshop.prices.grace_seconds"),
    ],
)
def test_what_a_channel_may_compute_is_said_whole(prices: dict[str, Any], field: str) -> None:
    raw = tomllib.loads((ROOT / "config" / "demo.toml").read_text())
    raw["channels"]["webshop"]["prices"] = prices
    with pytest.raises(ConfigError, match=field.replace(".", r"\.")):
        compile_document(raw, "x.toml")


def test_who_mends_exceptions_is_read_as_it_is_written() -> None:
    assert from_document(compile_document(DOCUMENT, "x.toml")).exceptions == config.ExceptionTerms(1440, ())

    owners = [
        {"owner": "pricing desk", "kind": "conflicting_price", "due_minutes": 60},
        {"owner": "shop", "source": "shop"},
    ]
    document = changed("exceptions", {"due_minutes": 240, "owners": owners})

    assert from_document(compile_document(document, "x.toml")).exceptions == config.ExceptionTerms(
        240,
        (
            config.Owner("pricing desk", kind="conflicting_price", due_minutes=60),
            config.Owner("shop", source="shop"),
        ),
    )


def test_the_business_says_from_what_on_alarms_ring() -> None:
    usual = from_document(compile_document(DOCUMENT, "x.toml"))
    assert usual.alarms == AlarmTerms(money_held_up={usual.currency: 10_000})
    assert from_document({**compile_document(DOCUMENT, "x.toml"), "alarms": None}).alarms == AlarmTerms()

    document = changed("alarms", {"money_held_up": {"EUR": 500, "GBP": 400}, "drifted_rows": 7})
    assert from_document(compile_document(document, "x.toml")).alarms == AlarmTerms(
        money_held_up={"EUR": 500, "GBP": 400}, drifted_rows=7
    )


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("alarms.money_held_up", {"pounds": 10}, "alarms.money_held_up.pounds"),
        ("alarms.money_held_up", {"GBP": 0}, "alarms.money_held_up.GBP"),
        ("alarms.refused_webhooks", 0, "alarms.refused_webhooks"),
        ("alarms.channel_behind_seconds", 10, "alarms.channel_behind_seconds"),
        ("alarms.loud", True, "alarms.loud"),
    ],
)
def test_a_threshold_that_is_none_is_named(path: str, value: Any, field: str) -> None:
    with pytest.raises(ConfigError, match=field.replace(".", r"\.")):
        compile_document(changed(path, value), "x.toml")


# -- the sandbox ---------------------------------------------------------------------------------------------------

SANDBOX: dict[str, Any] = {
    **DOCUMENT,
    "warehouses": {"MAIN": {"source": "wms"}, "SANDBOX": {"source": "sandbox"}},
    "sources": {**DOCUMENT["sources"], "sandbox": {"connector": "generic_wms", "counts": True}},
    "channels": {
        **DOCUMENT["channels"],
        "sandbox": {"connector": "signed_webhook", "publishes": ["availability"], "warehouses": ["SANDBOX"]},
    },
}


def test_a_sandbox_stands_beside_what_is_real() -> None:
    business = from_document(compile_document(SANDBOX, "test"))
    assert business.warehouses_of("sandbox") == {"SANDBOX"}
    assert business.channels["sandbox"].warehouses == ("SANDBOX",)


@pytest.mark.parametrize(
    ("section", "name", "field", "value", "place"),
    [
        ("warehouses", "SANDBOX", "source", "wms", "warehouses.SANDBOX.source: 'wms' is not the sandbox's"),
        ("warehouses", "MAIN", "source", "sandbox", "warehouses.MAIN.source: 'sandbox' is the sandbox's"),
        ("channels", "sandbox", "warehouses", ["MAIN"], "channels.sandbox.warehouses: 'MAIN' is not the sandbox's"),
        ("channels", "shop", "warehouses", ["SANDBOX"], "channels.shop.warehouses: 'SANDBOX' is the sandbox's"),
        ("sources", "sandbox", "connector", "generic_erp", "sources.sandbox.connector: 'generic_erp' speaks of more"),
        ("sources", "sandbox", "supply", True, "sources.sandbox.supply: would let the sandbox speak of every"),
    ],
)
def test_nothing_joins_the_sandbox_to_what_is_real(section: str, name: str, field: str, value: Any, place: str) -> None:
    document = copy.deepcopy(SANDBOX)
    document[section][name][field] = value
    with pytest.raises(ConfigError) as caught:
        compile_document(document, "test")
    assert place in str(caught.value)
